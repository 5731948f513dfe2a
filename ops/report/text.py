"""The whole plan as people read it: a tree for each component, counts, archives, contracts, and the verdict last."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from blueprint.contracts import ContractResult
from blueprint.findings import Finding
from ops.embedded.record import Registration
from ops.invocation import pasteable, relative
from ops.report.gather import Plan
from ops.terminal import Style, clip, columns, count, size

_DETAILS: Final = (
    *("role", "schedule", "tableId", "datasetId", "ttlConfig", "collection", "pushConfig"),
    *("accountId", "secretId", "service", "displayName", "name"),
)
"""Inputs that tell resources of one kind apart, the most telling first."""
_QUOTED: Final = re.compile("`[^`]*`")
_KEPT: Final = "\x00"
"""Stands for a space at which no line is broken: a command on two lines cannot be pasted."""


def render(plan: Plan, style: Style) -> Iterator[str]:
    """Yield the lines of the whole report."""
    yield title(plan, style)
    if any(each.custom for each in plan.resources):
        yield ""
        yield from _trees(plan, components(plan), style)
        yield from _loose(plan, style)
        yield ""
        yield from _kinds(plan, style)
    if plan.archives:
        yield ""
        yield from _archives(plan, style)
    if plan.results:
        yield ""
        yield from _contracts(plan, style)
    yield from findings(plan, style)
    yield verdict(plan, style)


def part(plan: Plan, only: str, style: Style) -> Iterator[str]:
    """Yield what the plan holds of one component, kind of component, kind of resource, or resource."""
    chosen = selected(plan, only)
    tops = [each for each in chosen if not each.custom]
    yield title(plan, style)
    yield ""
    if tops:
        yield from _trees(plan, tops, style)
    else:
        rows = [(kind(each.type), each.name, _detail(each, each.name)) for each in chosen]
        yield from (clip(f"  {line}", style.width) for line in columns(rows))
    yield from findings(plan, style)
    yield verdict(plan, style)


def selected(plan: Plan, only: str) -> list[Registration]:
    """Return the components that `only` names or is the kind of, else the resources, else nothing."""
    word = only.lower()

    def called(each: Registration) -> bool:
        return word in (each.name.lower(), kind(each.type).lower(), each.type.rpartition(":")[2].lower())

    tops = [each for each in components(plan) if called(each)]
    return tops or [each for each in plan.resources if each.custom and called(each)]


def parts(plan: Plan) -> list[str]:
    """Return everything that `selected` takes, resources by their kind."""
    tops = components(plan)
    kinds = {kind(each.type) for each in (*tops, *(each for each in plan.resources if each.custom))}
    return sorted({*kinds, *(each.name for each in tops)})


def title(plan: Plan, style: Style) -> str:
    """Return the first line: what is planned, and where it lies when that is not here."""
    place = "" if plan.root == Path.cwd() else f"in {relative(plan.root)}"
    return style.heading(f"Plan of {plan.project or plan.root.name}, stack {plan.stack}", place)


def components(plan: Plan) -> list[Registration]:
    """Return the components that nothing but the stack holds, by kind and name."""
    roots = {each.urn for each in plan.resources if not each.parent}
    tops = (each for each in plan.resources if each.parent in roots and not each.custom)
    return sorted(tops, key=_by_kind)


def loose(plan: Plan) -> list[Registration]:
    """Return the resources that no component holds."""
    roots = {each.urn for each in plan.resources if not each.parent}
    return [each for each in plan.resources if each.parent in roots and each.custom]


def inside(plan: Plan, component: Registration) -> int:
    """Return how many resources a component holds, those of components in it included."""
    return _below(component, _children(plan))


def findings(plan: Plan, style: Style) -> Iterator[str]:
    """Yield every finding, warnings first, and an empty line after each sort."""
    yield ""
    for heading, found, colour in (("Warnings", plan.warnings, "yellow"), ("Violations", plan.violations, "red")):
        if found:
            yield style.paint(heading, "bold", colour)
            for finding in found:
                yield from told(finding, style, colour)
            yield ""


def told(finding: Finding, style: Style, colour: str) -> Iterator[str]:
    """Yield a finding: its place, so that a terminal can open it, and the sentence below."""
    yield f"  {style.paint(str(finding.at), colour)}  {style.paint(f'[{finding.rule}]', 'dim')}"
    message = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _KEPT), pasteable(finding.message))
    for line in textwrap.wrap(message, style.width - 4, break_long_words=False, break_on_hyphens=False):
        yield f"    {line.replace(_KEPT, ' ')}"


def verdict(plan: Plan, style: Style) -> str:
    """Return the last line: whether the plan is sound, and how much there is of it."""
    resources = sum(plan.kinds.values())
    components = sum(1 for each in plan.resources if "component" in each.options)
    warned = f", {count(len(plan.warnings), 'warning')}" if plan.warnings else ""
    if plan.violations:
        found = count(len(plan.violations), "violation")
        return f"{style.cross} {style.paint('Refused', 'red', 'bold')}: {found}{warned}. Nothing would be deployed."
    counted = ", ".join(
        [
            f"{count(resources, 'resource')} in {count(components, 'component')}",
            count(len(plan.archives), "archive"),
            f"{count(len(plan.results), 'contract')} passed",
        ]
    )
    return f"{style.tick} {style.paint('Sound', 'green', 'bold')}: {counted}{warned}."


def kind(type_token: str) -> str:
    """Return a type token as people write it: `pubsub.Topic`, or the last part of a component's."""
    parts = type_token.split(":")
    if parts[:2] == ["pulumi", "providers"]:
        return f"{parts[2]}.Provider"
    module = parts[1].split("/")[0] if len(parts) > 2 else ""
    return parts[-1] if module in ("", "index") or parts[0] != "gcp" else f"{module}.{parts[-1]}"


def _children(plan: Plan) -> Mapping[str, list[Registration]]:
    children: dict[str, list[Registration]] = {}
    for each in plan.resources:
        children.setdefault(each.parent, []).append(each)
    return children


def _trees(plan: Plan, tops: Sequence[Registration], style: Style) -> Iterator[str]:
    children = _children(plan)
    for index, top in enumerate(tops):
        if index:
            yield ""
        reason = next((str(place) for place in plan.reasons(top)), "")
        words = (kind(top.type), count(_below(top, children), "resource"), reason)
        yield style.heading(top.name, "  ".join(word for word in words if word))
        yield from _branches(top, children, style, "")


def _loose(plan: Plan, style: Style) -> Iterator[str]:
    if found := loose(plan):
        yield ""
        yield style.heading("stack")
        yield from _lines(found, _children(plan), style, "", "")


def _by_kind(resource: Registration) -> tuple[str, str]:
    return (resource.type, resource.name)


def _below(resource: Registration, children: Mapping[str, list[Registration]]) -> int:
    return sum(each.custom + _below(each, children) for each in children.get(resource.urn, ()))


def _branches(
    parent: Registration, children: Mapping[str, list[Registration]], style: Style, indent: str
) -> Iterator[str]:
    yield from _lines(sorted(children.get(parent.urn, ()), key=_by_kind), children, style, indent, parent.name)


def _lines(
    siblings: list[Registration], children: Mapping[str, list[Registration]], style: Style, indent: str, within: str
) -> Iterator[str]:
    child, last, bar, space = style.branches
    kinds = [kind(each.type) for each in siblings]
    kind_width = max(len(text) for text in kinds) if kinds else 0
    names = [each.name.removeprefix(f"{within}-").lstrip("-") for each in siblings]
    room = style.width - len(indent) - 3 - kind_width - 4
    name_width = min(max((len(name) for name in names), default=0), max(room - 30, 24))
    for index, (each, shown, name) in enumerate(zip(siblings, kinds, names, strict=True)):
        final = index == len(siblings) - 1
        detail = clip(_detail(each, name).removeprefix(f"{within} "), max(room - name_width, 0))
        look = ("cyan",) if each.custom else ("bold",)
        line = f"{style.paint(indent + (last if final else child), 'dim')}{style.paint(shown.ljust(kind_width), *look)}  {clip(name, name_width, head=0.4).ljust(name_width)}  {style.paint(detail, 'dim')}"
        yield line.rstrip()
        yield from _branches(each, children, style, indent + (space if final else bar))


def _detail(resource: Registration, shown: str) -> str:
    """Return what a resource is about beyond the name already shown."""
    for name in _DETAILS:
        value = resource.inputs.get(name)
        if name == "pushConfig" and isinstance(value, Mapping):
            return f"→ {plain(value.get('pushEndpoint'))}"
        if name == "ttlConfig" and value is not None:
            return f"TTL on {resource.inputs.get('collection')}.{resource.inputs.get('field')}"
        if isinstance(value, str) and value and value not in (shown, resource.name):
            return value.splitlines()[0].removeprefix("roles/")
    return ""


def plain(value: object) -> str:
    """Return a shown value as one line; references as `‹property of name›`."""
    if isinstance(value, Mapping):
        if "$ref" in value:
            name = str(value["$ref"]).rpartition("::")[2]
            return f"‹{value['property']} of {name}›" if "property" in value else f"‹{name}›"
        if "$concat" in value:
            return "".join(plain(part) for part in value["$concat"])
        if "$unknown" in value:
            names = ", ".join(str(urn).rpartition("::")[2] for urn in value["$unknown"])
            return f"‹computed from {names}›" if names else "‹known after the deployment›"
        return "{" + ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(plain(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _kinds(plan: Plan, style: Style) -> Iterator[str]:
    kinds = sorted(((kind(token), number) for token, number in plan.kinds.items()), key=lambda pair: pair[0])
    yield style.heading("Resources by kind", count(sum(plan.kinds.values()), "resource"))
    cells = [f"{number:>5}  {name}" for name, number in kinds]
    height = -(-len(cells) // 2)
    left, right = cells[:height], [*cells[height:], *[""] * (height - len(cells[height:]))]
    width = max(len(cell) for cell in left)
    for first, second in zip(left, right, strict=True):
        yield f"{first.ljust(width)}   {second}".rstrip()


def failures(plan: Plan, style: Style) -> tuple[list[ContractResult], str]:
    """Return the contracts that refuse the plan, and the heading above all of them."""
    failed = [each for each in plan.results if any(found.severity == "violation" for found in each.findings)]
    return failed, style.heading("Contracts", f"{len(plan.results) - len(failed)} of {len(plan.results)} passed")


def _archives(plan: Plan, style: Style) -> Iterator[str]:
    total = sum(archive.length for archive in plan.archives)
    yield style.heading("Archives", f"{count(len(plan.archives), 'function')}, {size(total)}")
    rows = [
        (each.function, count(len(each.files), "file"), size(each.length), f"sha256:{each.sha256[:16]}")
        for each in plan.archives
    ]
    yield from (f"  {line}" for line in columns(rows, right=(1, 2)))


def _contracts(plan: Plan, style: Style) -> Iterator[str]:
    failed, heading = failures(plan, style)
    yield heading
    width = max(len(each.contract.id) for each in plan.results)
    for each in plan.results:
        sign = style.cross if each in failed else style.tick
        room = style.width - width - 12
        title = clip(each.contract.title, room)
        checked = style.paint(f"{each.checked:>6,}", "dim")
        yield f"  {sign} {each.contract.id.ljust(width)}  {title.ljust(room)}{checked}"
