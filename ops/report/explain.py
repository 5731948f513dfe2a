"""One resource in full: every input and option, why it exists, and what depends on it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from blueprint.findings import Location
from ops.embedded.record import Registration
from ops.report.gather import Plan
from ops.report.text import kind, plain
from ops.terminal import Style

_PHYSICAL = ("name", "accountId", "tableId", "datasetId", "secretId", "displayName", "collection")


def find(plan: Plan, name: str) -> list[Registration]:
    """Return the resources that `name` may mean: by URN, else logical name, else name in the cloud."""
    for match in (
        lambda each: each.urn == name,
        lambda each: each.name == name,
        lambda each: any(each.inputs.get(key) == name for key in _PHYSICAL),
    ):
        if found := [each for each in plan.resources if match(each)]:
            return found
    return []


def suggestions(plan: Plan, name: str) -> list[str]:
    """Return names that exist and look like `name`."""
    return near(name, sorted({each.name for each in plan.resources}))


def near(name: str, known: Sequence[str]) -> list[str]:
    """Return those of `known` that look like `name`, else those that hold it."""
    found = difflib.get_close_matches(name, known, n=5, cutoff=0.5)
    return found or [each for each in known if name.lower() in each.lower()][:5]


def as_json(plan: Plan, resource: Registration) -> dict[str, object]:
    """Return the resource with its reasons and dependents, for machines."""
    return {
        **resource.as_json(),
        "because": [{"file": place.file, "line": place.line} for place in plan.reasons(resource)],
        "dependents": [each.urn for each in dependents(plan, resource)],
    }


def dependents(plan: Plan, resource: Registration) -> list[Registration]:
    """Return the resources that wait for this one."""
    return [each for each in plan.resources if resource.urn in _sequence(each.options.get("dependencies"))]


def render(plan: Plan, resource: Registration, style: Style) -> Iterator[str]:
    """Yield the lines about one resource."""
    yield style.heading(resource.name, kind(resource.type))
    parent = plan.by_urn.get(resource.parent)
    facts = [("urn", resource.urn), ("type", resource.type), ("parent", parent.name if parent else "")]
    for label, value in facts:
        if value:
            yield f"  {style.paint(label.ljust(8), 'dim')}{value}"
    reasons = plan.reasons(resource)
    if not reasons:
        yield f"  {style.paint('because'.ljust(8), 'dim')}the program needs it, whatever is declared"
    for index, place in enumerate(reasons):
        label = "because" if not index else ""
        yield f"  {style.paint(label.ljust(8), 'dim')}{place}  {style.paint(declared_line(plan.root, place), 'green')}".rstrip()
    if resource.source:
        yield f"  {style.paint('code'.ljust(8), 'dim')}{resource.source}"
    yield ""
    yield style.heading("Inputs")
    yield from _mapping(resource.inputs, style, 1) if resource.inputs else ["  none"]
    options = {name: value for name, value in resource.options.items() if name != "propertyDependencies"}
    if options:
        yield ""
        yield style.heading("Options")
        yield from _mapping(_named(options), style, 1)
    if waiting := dependents(plan, resource):
        yield ""
        yield style.heading("Needed by")
        yield from (f"  {each.name}  {style.paint(kind(each.type), 'dim')}" for each in waiting)


def declared_line(root: Path, place: Location) -> str:
    """Return the text at a place of the project, where there is one."""
    path = root / place.file
    if place.line is None or not path.is_file():
        return ""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[place.line - 1].strip() if place.line <= len(lines) else ""


def _named(options: Mapping[str, object]) -> dict[str, object]:
    """Return options with URNs of other resources shortened to their names."""

    def short(value: object) -> object:
        if isinstance(value, str) and value.startswith("urn:pulumi:"):
            return f"‹{value.rpartition('::')[2]}›"
        if isinstance(value, list):
            return [short(item) for item in value]
        if isinstance(value, Mapping) and "$ref" not in value:
            return {name: short(item) for name, item in value.items()}
        return value

    return {name: short(value) for name, value in options.items()}


def _mapping(values: Mapping[str, object], style: Style, depth: int) -> Iterator[str]:
    indent = "  " * depth
    width = max(len(name) for name in values)
    for name, value in values.items():
        label = style.paint(name.ljust(width), "cyan")
        if isinstance(value, Mapping) and value and not any(str(key).startswith("$") for key in value):
            yield f"{indent}{style.paint(name, 'cyan')}"
            yield from _mapping(value, style, depth + 1)
        elif isinstance(value, list) and value and any(isinstance(item, Mapping) for item in value):
            yield f"{indent}{style.paint(name, 'cyan')}"
            yield from _items(value, style, depth + 1)
        elif isinstance(value, str) and "\n" in value:
            yield f"{indent}{style.paint(name, 'cyan')}"
            yield from (f"{indent}  {style.paint('│', 'dim')} {line}".rstrip() for line in value.splitlines())
        elif isinstance(value, list) and len(plain(value)) > style.width - len(indent) - width - 2:
            yield f"{indent}{style.paint(name, 'cyan')}"
            yield from (f"{indent}  - {plain(item)}" for item in value)
        else:
            yield f"{indent}{label}  {plain(value)}".rstrip()


def _items(values: Sequence[object], style: Style, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for value in values:
        if isinstance(value, Mapping) and value and not any(str(key).startswith("$") for key in value):
            lines = list(_mapping(value, style, depth + 1))
            yield f"{indent}- {lines[0].lstrip()}"
            yield from lines[1:]
        else:
            yield f"{indent}- {plain(value)}"


def _sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
