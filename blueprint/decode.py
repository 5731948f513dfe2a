"""From a YAML tree to frozen dataclasses, and from the same dataclasses to a JSON Schema.

One description serves both: the dataclass. Its annotations say what a value may be, `declared(...)` carries the
sentence that an editor shows. Understood annotations: str, int, float, bool, `Literal`, `tuple[T, ...]`,
`Mapping[str, T]`, `T | None`, dataclasses, `Json` (anything), and `Annotated[...]` with `Pattern`, `Range` or
`DURATION`. Every mistake is collected; nothing is raised.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union

from blueprint.findings import Finding, Location
from blueprint.yamlsource import Node

T = TypeVar("T")
Json = object
"""Marks a field that takes any JSON value as it is."""


@dataclass(frozen=True)
class Pattern:
    """The whole text must match `regex`; `what` completes the sentence "... must be <what>"."""

    regex: str
    what: str


@dataclass(frozen=True)
class Range:
    """The number must lie between `low` and `high`, both included; `source` is where the limit comes from."""

    low: float
    high: float
    source: str = ""


@dataclass(frozen=True)
class _DurationMark:
    """Marks a number of seconds that is written as a number and a unit."""


DURATION = _DurationMark()
Duration = Annotated[int, DURATION]
"""Seconds; written `30s`, `15m`, `2h` or `400d`."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d{1,9})([smhd])")


def declared(doc: str, *, default: Any = dataclasses.MISSING, factory: Any = dataclasses.MISSING) -> Any:
    """Describe a field: `doc` is what editors show; with `default` or `factory` the field may be left out."""
    if factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=factory, metadata={"doc": doc}, kw_only=True)
    return dataclasses.field(default=default, metadata={"doc": doc}, kw_only=True)


def parse_duration(text: str) -> int | None:
    """Return the seconds of `30s`, `15m`, `2h` or `400d`, or None where the text is not one of these."""
    match = _DURATION.fullmatch(text)
    return int(match[1]) * _UNITS[match[2]] if match else None


@functools.cache
def _hints(cls: Any) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)


@functools.cache
def _fields(cls: Any) -> dict[str, dataclasses.Field[Any]]:
    return {f.name.rstrip("_"): f for f in dataclasses.fields(cls) if f.name not in ("name", "at")}


def _plain_name(annotation: Any) -> str:
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(annotation, "a value")


class Decoder:
    """Turns nodes into typed values and collects what is wrong under one rule id."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.findings: list[Finding] = []

    def refuse(self, message: str, at: Location) -> None:
        """Record one violation."""
        self.findings.append(Finding(self.rule, message, at))

    def decode(self, cls: type[T], node: Node, what: str, name: str | None = None) -> T | None:
        """Return `node` as an instance of the dataclass `cls`, or None where that is impossible.

        `what` names the thing in sentences ("function 'x'"); `name` fills the field `name` where `cls` has one.
        """
        if not isinstance(node.value, Mapping):
            self.refuse(f"{what} must be a mapping of keys to values.", node.at)
            return None
        hints, fields = _hints(cls), _fields(cls)  # type: ignore[arg-type]  # lru_cache wants Hashable; every class is
        for key, value in node.value.items():
            if key not in fields:
                self.refuse(
                    f"{what} has the unknown key '{key}'; {_did_you_mean(key, fields)}",
                    value.key_at or value.at,
                )
        arguments: dict[str, Any] = {}
        sound = True
        for key, field in fields.items():
            child = node.value.get(key)
            if child is None:
                if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                    self.refuse(f"{what} lacks the key '{key}'; add it.", node.key_at or node.at)
                    sound = False
                continue
            value = self.value(hints[field.name], child, f"'{key}' of {what}")
            if value is _BAD:
                sound = False
            else:
                arguments[field.name] = value
        if "name" in hints:
            arguments["name"] = name
        if "at" in hints:
            arguments["at"] = node.key_at or node.at
        return cls(**arguments) if sound else None

    def value(self, annotation: Any, node: Node, what: str) -> Any:
        """Return `node` as a value of `annotation`, or the mark for "no value" after recording why."""
        if annotation is object:
            return node.plain()
        origin = typing.get_origin(annotation)
        if origin is Annotated:
            return self.annotated(annotation, node, what)
        if origin is Literal:
            return self.choice(typing.get_args(annotation), node, what)
        if origin in (Union, types.UnionType):
            return self.union(annotation, node, what)
        if origin is tuple:
            return self.sequence(typing.get_args(annotation)[0], node, what)
        if origin is Mapping or origin is typing.get_origin(Mapping[str, str]):
            return self.mapping(typing.get_args(annotation)[1], node, what)
        if dataclasses.is_dataclass(annotation):
            decoded = self.decode(typing.cast(type, annotation), node, what)
            return _BAD if decoded is None else decoded
        return self.scalar(annotation, node, what)

    def scalar(self, annotation: Any, node: Node, what: str) -> Any:
        """Return the plain value of `node` where it has the annotated type."""
        value = node.value
        if annotation is float and type(value) is int:
            return float(value)
        if type(value) is not annotation:
            self.refuse(f"{what} must be {_plain_name(annotation)}, not {_describe(node)}.", node.at)
            return _BAD
        return value

    def annotated(self, annotation: Any, node: Node, what: str) -> Any:
        """Return the value where it also keeps the marks of `Annotated[...]`."""
        base, *marks = typing.get_args(annotation)
        if DURATION in marks:
            seconds = parse_duration(node.value) if isinstance(node.value, str) else None
            if seconds is None:
                self.refuse(
                    f"{what} must be a number and a unit such as 30s, 15m, 2h or 7d, not {_describe(node)}.",
                    node.at,
                )
                return _BAD
            return seconds
        value = self.value(base, node, what)
        for mark in marks:
            if value is _BAD:
                break
            if isinstance(mark, Pattern) and not re.fullmatch(mark.regex, value):
                self.refuse(f"{what} must be {mark.what}; '{value}' is not.", node.at)
                value = _BAD
            elif isinstance(mark, Range) and not mark.low <= value <= mark.high:
                source = f" ({mark.source})" if mark.source else ""
                self.refuse(f"{what} must lie between {mark.low:g} and {mark.high:g}{source}, not {value}.", node.at)
                value = _BAD
        return value

    def choice(self, choices: tuple[Any, ...], node: Node, what: str) -> Any:
        """Return the value where it is one of `choices`."""
        if node.value in choices and type(node.value) in {type(choice) for choice in choices}:
            return node.value
        listed = ", ".join(f"'{choice}'" for choice in choices)
        self.refuse(f"{what} must be one of {listed}, not {_describe(node)}.", node.at)
        return _BAD

    def union(self, annotation: Any, node: Node, what: str) -> Any:
        """Return the value as the member of a union that its shape selects: mapping, list or scalar."""
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        if node.value is None and len(members) < len(typing.get_args(annotation)):
            return None
        shaped = [member for member in members if _shape(member) == _node_shape(node)]
        return self.value((shaped or members)[0], node, what)

    def sequence(self, item: Any, node: Node, what: str) -> Any:
        """Return a tuple of decoded items; repeated plain items are refused."""
        if not isinstance(node.value, tuple):
            self.refuse(f"{what} must be a list, not {_describe(node)}.", node.at)
            return _BAD
        values = [self.value(item, child, f"item {number} of {what}") for number, child in enumerate(node.value, 1)]
        seen: set[object] = set()
        for value, child in zip(values, node.value, strict=True):
            if isinstance(value, str):
                if value in seen:
                    self.refuse(f"{what} names '{value}' twice; keep one.", child.at)
                seen.add(value)
        return _BAD if any(value is _BAD for value in values) else tuple(values)

    def mapping(self, item: Any, node: Node, what: str) -> Any:
        """Return a mapping of names to decoded items; dataclass items learn their name."""
        if not isinstance(node.value, Mapping):
            self.refuse(f"{what} must be a mapping of names, not {_describe(node)}.", node.at)
            return _BAD
        result: dict[str, Any] = {}
        for key, child in node.value.items():
            label = f"'{key}' in {what}"
            value = (
                self.decode(typing.cast(type, item), child, label, name=key)
                if dataclasses.is_dataclass(item)
                else self.value(item, child, label)
            )
            if value is not None and value is not _BAD:
                result[key] = value
        return types.MappingProxyType(result)


class _Bad:
    """The mark for "no value": the reason has been recorded."""


_BAD = _Bad()


def _describe(node: Node) -> str:
    if isinstance(node.value, tuple):
        return "a list"
    if isinstance(node.value, Mapping):
        return "a mapping"
    return "nothing" if node.value is None else f"'{node.value}'"


def _did_you_mean(key: str, known: Mapping[str, object]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known keys are {', '.join(sorted(known))}."


def _shape(annotation: Any) -> str:
    origin = typing.get_origin(annotation)
    if origin is tuple:
        return "list"
    if dataclasses.is_dataclass(annotation) or origin is typing.get_origin(Mapping[str, str]):
        return "mapping"
    return "scalar"


def _node_shape(node: Node) -> str:
    return "list" if isinstance(node.value, tuple) else "mapping" if isinstance(node.value, Mapping) else "scalar"


def json_schema(cls: type, title: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of YAML that decodes to `cls`."""
    definitions: dict[str, Any] = {}
    root = _object_schema(cls, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _object_schema(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints, fields = _hints(cls), _fields(cls)
    properties = {}
    for name, field in fields.items():
        schema = _schema(hints[field.name], definitions)
        doc = field.metadata.get("doc")
        properties[name] = {"description": doc, **schema} if doc else schema
    required = [
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    description = (cls.__doc__ or "").strip().split("\n\n")[0]
    schema = {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }
    return {**schema, "required": required} if required else schema


def _schema(annotation: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    plain = {str: "string", int: "integer", float: "number", bool: "boolean"}
    if annotation is object:
        return {}
    if annotation in plain:
        return {"type": plain[annotation]}
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _annotated_schema(arguments[0], arguments[1:], definitions)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        schemas = [_schema(member, definitions) for member in arguments if member is not type(None)]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if dataclasses.is_dataclass(annotation):
        name = typing.cast(type, annotation).__name__
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = _object_schema(typing.cast(type, annotation), definitions)
        return {"$ref": f"#/$defs/{name}"}
    return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}


def _annotated_schema(base: Any, marks: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if DURATION in marks:
        return {"type": "string", "pattern": f"^{_DURATION.pattern}$"}
    schema = _schema(base, definitions)
    for mark in marks:
        if isinstance(mark, Pattern):
            schema["pattern"] = f"^(?:{mark.regex})$"
        elif isinstance(mark, Range):
            schema |= {"minimum": mark.low, "maximum": mark.high}
    return schema
