"""The plan on one screen: a line for each component, contracts as a line unless they fail, findings, the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ops.embedded.record import Registration
from ops.report import text
from ops.report.gather import Plan
from ops.terminal import Style, clip, columns, count, size

MOST: Final = 29
"""Lines that components may take; of a pipeline with more, the kinds with the most of them take a line together."""


def render(plan: Plan, style: Style) -> Iterator[str]:
    """Yield the lines of the report."""
    yield text.title(plan, style)
    if any(each.custom for each in plan.resources):
        yield ""
        yield from (f"  {line}" for line in _components(plan, text.components(plan), style))
        yield ""
    if plan.archives:
        files = sum(len(archive.files) for archive in plan.archives)
        total = size(sum(archive.length for archive in plan.archives))
        yield style.heading("Archives", f"{count(len(plan.archives), 'function')}, {count(files, 'file')}, {total}")
    if plan.results:
        yield from _contracts(plan, style)
    yield from text.findings(plan, style)
    yield text.verdict(plan, style)


def _components(plan: Plan, tops: list[Registration], style: Style) -> Iterator[str]:
    kinds = Counter(text.kind(each.type) for each in tops)
    together: set[str] = set()
    for kind, number in kinds.most_common():
        if len(tops) - sum(kinds[each] - 1 for each in together) > MOST and number > 1:
            together.add(kind)
    rows = []
    for kind in sorted(kinds):
        members = [each for each in tops if text.kind(each.type) == kind]
        if kind in together:
            inside = sum(text.inside(plan, each) for each in members)
            rows.append((kind, count(len(members), "component"), count(inside, "resource"), ""))
            continue
        for each in members:
            place = next((f"{at.file}:{at.line}" for at in plan.reasons(each)), "")
            rows.append((kind, each.name, count(text.inside(plan, each), "resource"), place))
    if loose := text.loose(plan):
        rows.append(("", "outside components", count(len(loose), "resource"), ""))
    room = style.width - 2 - max(len(line) for line in columns([row[:3] for row in rows]))
    yield from columns([(*row[:3], clip(row[3], max(room - 2, 20), head=0)) for row in rows], right=(2,))


def _contracts(plan: Plan, style: Style) -> Iterator[str]:
    failed, heading = text.failures(plan, style)
    yield heading
    for each in failed:
        yield f"  {style.cross} {clip(f'{each.contract.id}: {each.contract.title}', style.width - 4)}"
