"""Check inputs against the types of the provider's SDK: unknown names, missing names, wrong types.

The table `types.json` is written by `python -m ops.provider_types`, `plugin.json` by `python -m ops.provider_plugin`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypedDict, cast

from provider.values import UNKNOWN, is_asset, is_number, plain, properties


class Shape(TypedDict):
    """The properties of a kind or nested object by wire name, each with its encoded type."""

    properties: dict[str, str]
    required: list[str]


class ResourceShape(Shape):
    """A resource kind: inputs as in `Shape`, those that are computed when left out, and all its outputs."""

    computed: list[str]
    outputs: dict[str, str]


class ShapeTable(TypedDict):
    """The whole of `types.json`."""

    sdk: str
    kinds: dict[str, ResourceShape]
    objects: dict[str, Shape]


@cache
def table() -> ShapeTable:
    """Return the parsed `types.json`."""
    return cast(ShapeTable, json.loads(Path(__file__).with_name("types.json").read_bytes()))


@cache
def plugin() -> Mapping[str, Any]:
    """Return the parsed `plugin.json`: what the provider itself says and the SDK does not."""
    return cast("Mapping[str, Any]", json.loads(Path(__file__).with_name("plugin.json").read_bytes()))


def computed(name: str) -> frozenset[str]:
    """Return the properties of a nested object that the provider fills in when they are left out."""
    return frozenset(plugin()["computed"].get(name, ()))


def check_shape(shape: Shape, inputs: Mapping[str, object], place: str = "") -> Iterator[str]:
    """Yield a sentence for each property that `shape` does not know, lacks, or has with another type."""
    given = dict(properties(inputs))
    for name in shape["required"]:
        if name not in given:
            yield f"Property `{_join(place, name)}` is required; set it."
    for name, value in given.items():
        here = _join(place, name)
        if name in shape["properties"]:
            yield from _check_type(shape["properties"][name], value, here)
        else:
            near = difflib.get_close_matches(name, shape["properties"], n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"it knows {_names(shape['properties'])}."
            yield f"Property `{here}` does not exist; {hint}"


def _check_type(encoded: str, value: object, place: str) -> Iterator[str]:
    value = plain(value)
    if value == UNKNOWN or value is None or encoded == "any":
        return
    if encoded.startswith("#"):
        if isinstance(value, Mapping) and not is_asset(value):
            yield from check_shape(table()["objects"][encoded[1:]], value, place)
            return
    elif encoded.startswith("["):
        if isinstance(value, list | tuple):
            for index, element in enumerate(value):
                yield from _check_type(encoded[1:], element, f"{place}[{index}]")
            return
    elif encoded.startswith("{"):
        if isinstance(value, Mapping) and not is_asset(value):
            for key, element in value.items():
                yield from _check_type(encoded[1:], element, f"{place}[{key}]")
            return
    elif _is_scalar(encoded, value):
        return
    yield f"Property `{place}` must be {_describe(encoded)}, not {_shown(value)}."


def _is_scalar(encoded: str, value: object) -> bool:
    match encoded:
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return is_number(value) and float(cast(float, value)).is_integer()
        case "number":
            return is_number(value)
        case _:
            return is_asset(value)


def _describe(encoded: str) -> str:
    names = {"[": "a list", "{": "a map", "#": "an object", "asset": "an asset or archive"}
    return names.get(encoded[0]) or names.get(encoded) or f"a{'n' * (encoded == 'integer')} {encoded}"


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _names(names: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
