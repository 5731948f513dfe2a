"""From a YAML tree to the frozen dataclasses of a grammar. Every mistake is collected; nothing is raised."""

from __future__ import annotations

import dataclasses
import difflib
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar, Union

from shared.declaration.grammar import DURATION, Range, TextPattern

from blueprint.findings import Finding, Location
from blueprint.grammar import Word, duration_text, fields_of, hints_of, parse_duration
from blueprint.yamlsource import Unread, YamlNode

T = TypeVar("T")


def _plain_name(annotation: Any) -> str:
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    return names.get(annotation, "a value")


class Decoder:
    """Turns nodes into typed values and collects what is wrong under one rule id.

    One node is judged once, however many things share it. `whole` tells whether everything that was declared is in the
    result: a value that is wrong is left out with the entry that needs it, a number is stood in for so that the rest of
    the entry can be looked at, and an unknown key, which takes nothing away, is left aside.
    """

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.findings: list[Finding] = []
        self.whole = True
        self._told: set[tuple[Location, str]] = set()

    def refuse(
        self, message: str, at: Location, about: str = "value", *, harmless: bool = False, cause: str = ""
    ) -> None:
        """Record one violation, once for what it is about at its place."""
        self.whole = self.whole and harmless
        if (at, about) not in self._told:
            self._told.add((at, about))
            self.findings.append(Finding(self.rule, message, at, cause=cause))

    def decode(self, cls: type[T], node: YamlNode, what: str, name: str | None = None) -> T | None:
        """Return `node` as an instance of the dataclass `cls`, or None where that is impossible.

        `what` names the thing in sentences ("function 'x'"); `name` fills the field `name` where `cls` has one.
        """
        arguments = self.arguments(cls, node, what)
        if arguments is None or any(value is _BAD for value in arguments.values()):
            return None
        hints = hints_of(cls)  # type: ignore[arg-type]  # lru_cache wants Hashable; every class is
        if "name" in hints:
            arguments["name"] = name
        if "at" in hints:
            arguments["at"] = node.key_at or node.at
        if "places" in hints and isinstance(node.value, Mapping):
            arguments["places"] = types.MappingProxyType(dict(_places(node.value)))
        return cls(**arguments)

    def arguments(self, cls: type[T], node: YamlNode, what: str) -> dict[str, Any] | None:
        """Return the fields of `cls` as far as `node` gives them; those that cannot be read are not among them, or bad."""
        if isinstance(node.value, Unread):
            self.whole = False
            return None
        if not isinstance(node.value, Mapping):
            self.refuse(f"{what} must be a mapping of keys to values.", node.at)
            return None
        hints, fields = hints_of(cls), fields_of(cls)  # type: ignore[arg-type]  # lru_cache wants Hashable; every class is
        meant = self._unknown_keys(node.value, fields, what)
        arguments: dict[str, Any] = {}
        for key, field in fields.items():
            child = node.value.get(key)
            optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            if child is None and optional:
                continue
            if child is None:
                if key not in meant:
                    lacks = f"lacks {key}"
                    self.refuse(
                        f"{what} lacks the key '{key}'; add it.", node.place, lacks, cause=f"{cls.__name__} {lacks}"
                    )
                arguments[field.name] = _BAD
                continue
            value = self.value(hints[field.name], child, f"'{key}' of {what}")
            if value is _BAD and optional and _number_in(hints[field.name]):
                continue
            arguments[field.name] = _stand_in(hints[field.name]) if value is _BAD else value
        return arguments

    def _unknown_keys(self, given: Mapping[str, YamlNode], fields: Mapping[str, object], what: str) -> set[str]:
        """Refuse keys that are no field; return the fields that they seem to be meant for."""
        meant = set()
        for key, value in given.items():
            if key in fields:
                continue
            close = [name for name in difflib.get_close_matches(key, fields, n=1) if name not in given]
            meant |= set(close)
            hint = f"did you mean '{close[0]}'?" if close else f"known keys are {', '.join(sorted(fields))}."
            self.refuse(f"{what} has the unknown key '{key}'; {hint}", value.place, "key", harmless=not close)
        return meant

    def value(self, annotation: Any, node: YamlNode, what: str) -> Any:
        """Return `node` as a value of `annotation`, or the mark for "no value" after recording why."""
        if isinstance(node.value, Unread):
            self.whole = False
            return _BAD
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

    def scalar(self, annotation: Any, node: YamlNode, what: str) -> Any:
        """Return the plain value of `node` where it has the annotated type."""
        value = node.value
        if annotation is float and type(value) is int:
            return float(value)
        if type(value) is not annotation:
            hint = " put it in quotes." if annotation is str and _scalar(value) else ""
            self.refuse(
                f"{what} must be {_plain_name(annotation)}, not {_describe(node)}{';' if hint else '.'}{hint}", node.at
            )
            return _BAD
        return value

    def annotated(self, annotation: Any, node: YamlNode, what: str) -> Any:
        """Return the value where it also keeps the marks of `Annotated[...]`."""
        base, *marks = typing.get_args(annotation)
        word = next((mark.word for mark in marks if isinstance(mark, Word)), None)
        if word is not None and isinstance(node.value, str):
            self.refuse(f"{what} must be a list, or the word '{word}', not {_describe(node)}.", node.at)
            return _BAD
        value = self.duration(node, what) if DURATION in marks else self.value(base, node, what)
        for mark in marks:
            if value is _BAD:
                break
            if isinstance(mark, TextPattern) and not re.fullmatch(mark.regex, value):
                self.refuse(f"{what} must be {mark.what}; '{_clipped(value)}' is not.", node.at)
                value = _BAD
            elif isinstance(mark, Range) and not mark.low <= value <= mark.high:
                shown: Callable[[float], str] = duration_text if DURATION in marks else "{:g}".format
                source = f" ({mark.source})" if mark.source else ""
                wanted = f"{shown(mark.low)} and {shown(mark.high)}{source}"
                self.refuse(f"{what} must lie between {wanted}, not {_describe(node)}.", node.at)
                value = _BAD
        return value

    def duration(self, node: YamlNode, what: str) -> Any:
        """Return the seconds of a number and a unit."""
        seconds = parse_duration(node.value) if isinstance(node.value, str) else None
        if seconds is None:
            message = f"{what} must be a number and a unit such as 30s, 15m, 2h or 7d, not {_describe(node)}."
            self.refuse(message, node.at)
            return _BAD
        return seconds

    def choice(self, choices: tuple[Any, ...], node: YamlNode, what: str) -> Any:
        """Return the value where it is one of `choices`."""
        if node.value in choices and type(node.value) in {type(choice) for choice in choices}:
            return node.value
        listed = ", ".join(f"'{choice}'" for choice in choices)
        self.refuse(f"{what} must be one of {listed}, not {_describe(node)}.", node.at)
        return _BAD

    def union(self, annotation: Any, node: YamlNode, what: str) -> Any:
        """Return the value as the member of a union that its shape selects: mapping, list or scalar."""
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        if node.value is None and len(members) < len(typing.get_args(annotation)):
            return None
        shaped = [member for member in members if _shape(member) == _node_shape(node)]
        return self.value((shaped or members)[0], node, what)

    def sequence(self, item: Any, node: YamlNode, what: str) -> Any:
        """Return a tuple of decoded items; repeated plain items are refused."""
        if not isinstance(node.value, tuple):
            self.refuse(f"{what} must be a list, not {_describe(node)}.", node.at)
            return _BAD
        values = [self.value(item, child, f"item {number} of {what}") for number, child in enumerate(node.value, 1)]
        seen: set[object] = set()
        for value, child in zip(values, node.value, strict=True):
            if isinstance(value, str):
                if value in seen:
                    self.refuse(f"{what} names '{_clipped(value)}' twice; keep one.", child.at, "twice", harmless=True)
                seen.add(value)
        return _BAD if any(value is _BAD for value in values) else tuple(values)

    def mapping(self, item: Any, node: YamlNode, what: str) -> Any:
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


def _places(given: Mapping[str, YamlNode]) -> Iterator[tuple[str, Location]]:
    """Yield where each key has its value from, keys of a mapping in it as `key.name`."""
    for key, node in given.items():
        yield key, node.at if _scalar(node.value) else node.place
        if isinstance(node.value, Mapping):
            yield from ((f"{key}.{name}", child.place) for name, child in node.value.items())


def _number_in(annotation: Any) -> Any:
    """Return the number type of an annotation, its marks included, or None where it takes no number."""
    members = (
        typing.get_args(annotation) if typing.get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    )
    for member in members:
        base = typing.get_args(member)[0] if typing.get_origin(member) is Annotated else member
        if base in (int, float):
            return member
    return None


def _stand_in(annotation: Any) -> Any:
    """Return a number for a required one that is wrong, so that the rest is looked at; nothing is declared from it."""
    number = _number_in(annotation)
    marks = typing.get_args(number)[1:] if number is not None else ()
    lows = [mark.low for mark in marks if isinstance(mark, Range)]
    return _BAD if number is None else (lows[0] if lows else 1)


class _Bad:
    """The mark for "no value": the reason has been recorded."""


_BAD = _Bad()


def _describe(node: YamlNode) -> str:
    if isinstance(node.value, tuple):
        return "a list"
    if isinstance(node.value, Mapping):
        return "a mapping"
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return "nothing" if node.value is None else f"'{_clipped(str(node.value))}'"


def _clipped(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _scalar(value: object) -> bool:
    return isinstance(value, str | int | float)


def _shape(annotation: Any) -> str:
    origin = typing.get_origin(annotation)
    if origin is tuple:
        return "list"
    if dataclasses.is_dataclass(annotation) or origin is typing.get_origin(Mapping[str, str]):
        return "mapping"
    return "scalar"


def _node_shape(node: YamlNode) -> str:
    return "list" if isinstance(node.value, tuple) else "mapping" if isinstance(node.value, Mapping) else "scalar"
