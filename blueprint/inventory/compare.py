"""What differs between a resource as it must be declared and as a program declared it.

A declared value is plain data, or one of the forms in which `pulumi preview` and the offline plan show what only a
deployment knows. Who compares says how such forms look, by a `ValueReader`; everything else is the same on the real engine
and offline.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from blueprint.inventory.resource import Expected, Joined, KnownValue, Ref, UploadedFile, referred
from blueprint.services import apis_of
from blueprint.stack import hidden

SHOWN = 120
"""Characters of a value that a sentence shows."""


class ValueReader(Protocol):
    """How one evaluator shows values that only a deployment knows; each answers None where it cannot say."""

    def refers(self, value: object, expected: Ref) -> bool | None:
        """Say whether a declared value is this property of this resource."""

    def joins(self, value: object, expected: Joined) -> bool | None:
        """Say whether a declared value is this text with these properties inside."""

    def holds(self, value: object, expected: UploadedFile) -> bool | None:
        """Say whether a declared value is the file with this content."""

    def equals(self, value: object, expected: KnownValue) -> bool | None:
        """Say whether a declared value is this input of another resource."""

    def hides(self, value: object) -> bool | None:
        """Say whether a declared value is a secret that the blueprint has no key for."""


@dataclass(frozen=True, order=True)
class InputDifference:
    """One input or option that is not as implied; `path` is its name in the provider's schema, dotted."""

    path: str
    sentence: str


def of_inputs(expected: Expected, inputs: Mapping[str, object], reader: ValueReader) -> Iterator[InputDifference]:
    """Yield what differs in the inputs: one that nobody expects, an expected one that is missing or different."""
    yield from _of_object(expected.inputs, inputs, "", reader)


def waits_for(expected: Expected) -> frozenset[str]:
    """Return the logical names of everything that must exist before this resource is made."""
    services = (f"{api.removesuffix('.googleapis.com')}-api" for api in apis_of(expected.kind))
    return frozenset({*referred(expected.inputs), *expected.waits_for, *services})


def refers_to(expected: Expected) -> dict[str, frozenset[str]]:
    """Return each input that is computed from other resources, with their logical names."""
    found = {name: frozenset(referred(value)) for name, value in expected.inputs.items()}
    return {name: names for name, names in found.items() if names}


def _of_value(expected: object, value: object, path: str, reader: ValueReader) -> Iterator[InputDifference]:
    match expected:
        case Ref():
            same = reader.refers(value, expected)
        case Joined():
            same = reader.joins(value, expected)
        case UploadedFile():
            same = reader.holds(value, expected)
        case str() if hidden(expected):
            same = reader.hides(value)
        case KnownValue():
            same = reader.equals(value, expected)
        case Mapping() if isinstance(value, Mapping):
            yield from _of_object(expected, value, f"{path}.", reader)
            return
        case list() | tuple() if isinstance(value, Sequence) and not isinstance(value, str):
            yield from _of_list(expected, value, path, reader)
            return
        case _:
            same = (type(value) is type(expected) and value == expected) or same_number(value, expected)
    if same is False:
        yield InputDifference(path, f"`{path}` is {shown(value)}, the declaration implies {shown(expected)}.")


def _of_object(
    expected: Mapping[str, object], value: Mapping[str, object], prefix: str, reader: ValueReader
) -> Iterator[InputDifference]:
    for name, each in expected.items():
        path = f"{prefix}{name}"
        if value.get(name) is None:
            yield InputDifference(path, f"`{path}` is not set, the declaration implies {shown(each)}.")
        else:
            yield from _of_value(each, value[name], path, reader)
    for name in sorted(set(value) - set(expected)):
        if value[name] is not None:
            path = f"{prefix}{name}"
            yield InputDifference(path, f"`{path}` is {shown(value[name])}, and nothing implies such an input.")


def _of_list(
    expected: Sequence[object], value: Sequence[object], path: str, reader: ValueReader
) -> Iterator[InputDifference]:
    if len(expected) != len(value):
        sentence = f"`{path}` has {len(value)} items, the declaration implies {len(expected)}: {shown(expected)}."
        yield InputDifference(path, sentence)
        return
    for number, (one, other) in enumerate(zip(expected, value, strict=True)):
        yield from _of_value(one, other, f"{path}[{number}]", reader)


def same_number(value: object, expected: object) -> bool:
    """Say whether two numbers are equal: the engine sends every number as a float."""
    kinds = (int, float)
    if isinstance(value, bool) or isinstance(expected, bool):
        return False
    return isinstance(value, kinds) and isinstance(expected, kinds) and value == expected


def shown(value: object) -> str:
    """Return a value as a sentence shows it, on one line and cut."""
    match value:
        case Ref(resource=resource, property=name):
            return f"`{name}` of '{resource}'"
        case KnownValue(value=known):
            return shown(known)
        case Joined(parts=parts):
            return " + ".join(map(shown, parts))
        case UploadedFile(sha256=digest):
            return f"the file with SHA-256 {digest[:12]}…"
        case {"$ref": str(urn), "property": str(name)}:
            return f"`{name}` of '{urn.rpartition('::')[2]}'"
        case {"$ref": str(urn)}:
            return f"'{urn.rpartition('::')[2]}'"
        case {"$concat": list(parts)}:
            return " + ".join(map(shown, parts))
        case {"$unknown": list(urns)}:
            names = " and ".join(f"'{str(urn).rpartition('::')[2]}'" for urn in urns)
            return f"what a deployment computes from {names or 'nothing that is shown'}"
        case _:
            text = json.dumps(_plain(value), ensure_ascii=False, sort_keys=True)
            return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _plain(value: object) -> object:
    match value:
        case {"$ref": _} | {"$concat": _} | {"$unknown": _}:
            return shown(value)
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case Ref() | KnownValue() | Joined() | UploadedFile():
            return shown(value)
        case str() | int() | float() | bool() | None:
            return value
        case _:
            return str(value)
