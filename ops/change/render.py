"""Write a difference down: as text for a terminal, and as Markdown for a comment or release notes.

Markdown is for a page that others wrote parts of: every value stands in a code span that it cannot leave, so that it
can neither mention people, nor link, nor hold HTML; and the whole is bounded, as GitHub bounds a comment.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from ops.change.model import ArchiveChange, Broken, Meaning, Operation, PlanDifference, PropertyChange, Rank, Resource
from ops.terminal import Style, clip, count

MARK = "<!-- plan-difference -->"
"""First line of the comment; by it the comment is found again and updated."""
MAX_COMMENT = 60_000
"""Longest Markdown in characters; GitHub refuses comments above 65,536."""
MAX_CHANGES = 40
"""How many properties of one resource are shown."""
MAX_VALUE = 160
MAX_SENTENCE = 600
_SIGNS: dict[Operation, str] = {"added": "+", "removed": "-", "changed": "~", "replaced": "±", "kept": "="}
_LOOKS: dict[Operation, str] = {
    "added": "green",
    "removed": "red",
    "changed": "yellow",
    "replaced": "red",
    "kept": "yellow",
}
_SECTIONS = (
    ("start", "What starts work"),
    ("stateful", "What holds data"),
    ("permission", "Permissions"),
    ("alert", "Alerts"),
    ("other", "Everything else"),
)
_MEANINGS: tuple[tuple[Rank, str], ...] = (
    ("start", "What starts, and when"),
    ("data", "Data"),
    ("permission", "Who may do what"),
    ("alert", "What people are told"),
    ("rest", "The rest"),
)
MAX_MEANINGS = 60
"""How many sentences of one rank are shown."""


def verdict(difference: PlanDifference, name: Callable[[str], str] = str) -> str:
    """Return the difference in one sentence; `name` writes down what a side is called."""
    if difference.broken:
        found = count(len(difference.broken), "contract violation")
        return f"Refused: {found} that {name(difference.base)} does not have."
    if difference.refused:
        return f"{name(difference.refused)} is refused by its own contracts, so its resources cannot be compared."
    if difference.empty:
        return "No difference: a deployment would change nothing."
    operations = Counter(each.operation for each in difference.resources)
    words = [f"{operations[each]} {each}" for each in _SIGNS if operations[each]]
    parts = (
        [f"{count(len(difference.resources), 'resource differs', 'resources differ')} ({', '.join(words)})"]
        if words
        else []
    )
    if difference.meanings:
        parts.insert(0, count(len(difference.meanings), "thing works otherwise", "things work otherwise"))
    parts += (
        [count(len(difference.archives), "archive with other content", "archives with other content")]
        if difference.archives
        else []
    )
    stakes = [
        count(number, *names)
        for weight, names in (
            ("permission", ("permission",)),
            ("stateful", ("resource that holds data", "resources that hold data")),
        )
        if (number := sum(each.weight == weight for each in difference.resources))
    ]
    return "; ".join(parts) + (f". At stake: {', '.join(stakes)}." if stakes else ".")


def text(difference: PlanDifference, style: Style) -> Iterator[str]:
    """Yield the lines for a terminal."""
    for broken in difference.broken:
        yield f"{style.cross} {broken.at}: {broken.message} [{broken.rule}]"
    for mended in difference.mended:
        yield f"{style.tick} No longer: {mended.at}: {mended.message} [{mended.rule}]"
    for title, meanings in told(difference):
        yield ""
        yield style.heading(title)
        yield from (f"  {clip(each.sentence, MAX_SENTENCE)}" for each in meanings)
    for title, resources in sections(difference):
        yield ""
        yield style.heading(title)
        for entity, members in groupby(resources, key=lambda each: each.entity):
            yield f"  {entity}"
            for each in members:
                sign = style.paint(_SIGNS[each.operation], _LOOKS[each.operation], "bold")
                yield f"    {sign} {clip(_line(each), style.width - 6)}"
                yield from (f"        {_change(change, style.width - 8)}" for change in each.changes)
    if difference.archives:
        yield ""
        yield style.heading("Archives")
    for archive in difference.archives:
        yield f"  {_SIGNS[archive.operation]} {archive.function}"
        yield from (f"      {_SIGNS[file.operation]} {file.path}" for file in archive.files)
    yield ""
    yield verdict(difference)


def markdown(difference: PlanDifference, title: str = "Plan difference") -> str:
    """Return the difference as Markdown of at most `MAX_COMMENT` characters."""
    lines = [
        MARK,
        f"## {title}",
        "",
        f"{code(difference.base)} → {code(difference.head)}, stack {code(difference.stack)}",
        "",
        f"**{verdict(difference, code)}**",
    ]
    lines += _findings("Newly broken", difference.broken) + _findings("No longer broken", difference.mended)
    for title_of_rank, meanings in told(difference):
        lines += ["", f"### {title_of_rank}", ""]
        lines += [f"* {code(each.sentence, MAX_SENTENCE)}" for each in meanings[:MAX_MEANINGS]]
        if len(meanings) > MAX_MEANINGS:
            lines.append(f"* and {count(len(meanings) - MAX_MEANINGS, 'more sentence')}")
    for title_of_section, resources in sections(difference):
        lines += ["", f"### {title_of_section}", ""]
        for entity, members in groupby(resources, key=lambda each: each.entity):
            lines.append(f"* {code(entity)}")
            for each in members:
                lines += _entry(each)
    lines += _archives(difference.archives)
    return _bounded(lines)


def code(value: str, limit: int = MAX_VALUE) -> str:
    """Return `value` as a code span that it cannot leave, on one line.

    A run of backticks ends a span of as many, and GitHub's renderer finds no span that is fenced by more than 80. So no
    value keeps its backticks: each is shown as the letter that looks like it.
    """
    line = clip(_UNSEEN.sub(" ", value).replace("`", "\u02cb"), limit).strip()
    return f"`{line or ' '}`"


_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


def told(difference: PlanDifference) -> Iterator[tuple[str, list[Meaning]]]:
    """Yield what the difference means, by what is at stake, each under its title."""
    for rank, title in _MEANINGS:
        if found := difference.meaning(rank):
            yield title, found


def sections(difference: PlanDifference) -> Iterator[tuple[str, list[Resource]]]:
    """Yield the resources that differ, by what they are for, each under its title."""
    for weight, title in _SECTIONS:
        found = [each for each in difference.resources if each.weight == weight]
        if found:
            yield title, found


def _line(resource: Resource) -> str:
    about = f"  {resource.about}" if resource.about and resource.about != resource.name else ""
    return f"{resource.kind} {resource.name}{about}"


def _change(change: PropertyChange, width: int) -> str:
    fate = "  (replaces the resource)" if change.replaces else f"  ({change.note})" if change.note else ""
    path = clip(change.path, width // 2, head=0.3)
    room = max(width - len(path) - len(fate) - 5, 20)
    before, after = change.before or "nothing", change.after or "nothing"
    first = max(room // 2, room - len(after))
    before = clip(before, first)
    return f"{path}: {before} → {clip(after, room - len(before))}{fate}"


def _entry(resource: Resource) -> list[str]:
    fate = {
        "removed": " **and its data**" if resource.weight == "stateful" else "",
        "replaced": " **loses its data**" if resource.weight == "stateful" else "",
    }.get(resource.operation, "")
    about = f": {code(resource.about)}" if resource.about and resource.about != resource.name else ""
    lines = [f"  * {resource.operation}{fate} {code(resource.kind)} {code(resource.name)}{about}"]
    for change in resource.changes[:MAX_CHANGES]:
        fate = " — replaces the resource" if change.replaces else f" — {code(change.note)}" if change.note else ""
        values = " → ".join(code(value) if value else "nothing" for value in (change.before, change.after))
        lines.append(f"    * {code(change.path)}: {values}{fate}")
    if len(resource.changes) > MAX_CHANGES:
        lines.append(f"    * and {count(len(resource.changes) - MAX_CHANGES, 'more property', 'more properties')}")
    return lines


def _findings(title: str, found: Iterable[Broken]) -> list[str]:
    lines = [f"* {code(each.at)}: {code(each.message, 600)} ({code(each.rule)})" for each in found]
    return ["", f"### {title}", "", *lines] if lines else []


def _archives(archives: Sequence[ArchiveChange]) -> list[str]:
    if not archives:
        return []
    lines = ["", "### Archives", ""]
    for archive in archives:
        files = ", ".join(f"{file.operation} {code(file.path)}" for file in archive.files[:MAX_CHANGES])
        more = len(archive.files) - MAX_CHANGES
        rest = f" and {count(more, 'more file')}" if more > 0 else ""
        lines.append(f"* {archive.operation} {code(archive.function)}: {files}{rest}")
    return lines


def _bounded(lines: Sequence[str]) -> str:
    """Return the lines that fit, and how many did not."""
    kept, used = [], 0
    for number, line in enumerate(lines):
        used += len(line) + 1
        if used > MAX_COMMENT - 200:
            left = len(lines) - number
            kept += ["", f"…and {count(left, 'more line')}; `make diff BASE=… HEAD=…` shows all of it."]
            break
        kept.append(line)
    return "\n".join(kept) + "\n"
