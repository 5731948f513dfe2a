"""Where the value is written that the provider would refuse: a resource is declared by our code, and its values are a user's.

The refused property is looked up in the resource, and its value in the files that users write. It is known when it stands once
in the part of the declaration that asks for the resource, or once in all of them; else the line that asks for the resource is
named, and only where nothing does, the line of the program.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from blueprint import yamlsource
from blueprint.findings import Finding, Location
from blueprint.loader import FILE
from blueprint.yamlsource import YamlNode
from ops.embedded.record import Registration
from provider.values import value_at

_PROPERTY: Final = re.compile(r"Propert(?:y|ies) `([^`]+)`")
_KEY: Final = re.compile(r'; ("(?:[^"\\]|\\.)*") is not')
SHORTEST: Final = 3
"""A value of fewer characters stands in too many places to be looked for as part of another."""


@dataclass(frozen=True)
class About:
    """A finding, the resource that it is about, and the lines of the declaration that ask for the resource."""

    finding: Finding
    resource: Registration
    asked_by: Sequence[Location]


@dataclass(frozen=True)
class Written:
    """A value in a user's file: its path of keys, and where it stands."""

    text: str
    key: str
    at: Location


def placed(found: Iterable[About], root: Path, stack: str) -> Iterator[Finding]:
    """Yield findings about resources at the places where users wrote what they are about, one for each place and rule."""
    files = {name: list(_scalars(root, name)) for name in (FILE, f"Pulumi.{stack}.yaml") if (root / name).is_file()}
    together: dict[tuple[str, Written], list[Finding]] = {}
    for each in found:
        written = _written(_refused(each), each.asked_by, files)
        if written is not None:
            together.setdefault((each.finding.rule, written), []).append(each.finding)
        else:
            yield replace(each.finding, at=each.asked_by[0]) if each.asked_by else each.finding
    for (_, written), findings in together.items():
        others = f", and the same is refused of {len(findings) - 1} more" if len(findings) > 1 else ""
        message = f"{findings[0].message} The value is that of `{written.key}`{others}."
        yield replace(findings[0], message=message, at=written.at)


def _refused(about: About) -> str:
    """Return the value that a finding complains of, as text; nothing where there is none."""
    property_, key = _PROPERTY.search(about.finding.message), _KEY.search(about.finding.message)
    value = _plain(value_at(about.resource.inputs, property_[1])) if property_ else ""
    return value or (str(json.loads(key[1])) if key else "")


def _written(text: str, asked_by: Sequence[Location], files: Mapping[str, Sequence[Written]]) -> Written | None:
    near = [each for place in asked_by for each in _below(files.get(place.file, ()), place)]
    for scope in (near, [each for found in files.values() for each in found]) if text else ():
        whole = {each.at: each for each in scope if each.text == text}
        parts = {each.at: each for each in scope if len(each.text) >= SHORTEST and each.text in text}
        for candidates in (whole, parts):
            longest = max((len(each.text) for each in candidates.values()), default=0)
            best = [each for each in candidates.values() if len(each.text) == longest]
            if len(best) == 1:
                return best[0]
    return None


def _plain(value: object) -> str:
    """Return a shown value as text, without what only a deployment knows."""
    if isinstance(value, Mapping):
        return "".join(_plain(part) for part in value.get("$concat", ()) if isinstance(part, str))
    return "" if value is None or isinstance(value, bool | list) else str(value)


def _scalars(root: Path, name: str) -> Iterator[Written]:
    tree, _ = yamlsource.load(root / name, name)
    if tree is not None:
        yield from _walk(tree, ())


def _walk(node: YamlNode, keys: tuple[str, ...]) -> Iterator[Written]:
    if isinstance(node.value, Mapping):
        for name, child in node.value.items():
            if child.key_at is not None:  # names of things are keys
                yield Written(name, ".".join((*keys, name)), child.key_at)
            yield from _walk(child, (*keys, name))
    elif isinstance(node.value, tuple):
        for child in node.value:
            yield from _walk(child, keys)
    elif isinstance(node.value, str | int | float) and not isinstance(node.value, bool):
        yield Written(str(node.value), ".".join(keys), node.at)


def _below(written: Sequence[Written], place: Location) -> Iterator[Written]:
    """Yield what stands in the part of the declaration that begins at a place."""
    top = next((each.key for each in written if (each.at.line, each.at.column) == (place.line, place.column)), None)
    if top is not None:
        yield from (each for each in written if f"{each.key}.".startswith(f"{top}."))
