"""Values as JSON, for the cache of records."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.python.typed_json import register
from analysis.python.values import (
    CallResult,
    Choice,
    CodePath,
    Constant,
    DictValue,
    Member,
    Parameter,
    SequenceValue,
    SomeOf,
    Text,
    Thing,
    Unknown,
    Value,
)

_KINDS: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        SequenceValue,
        SomeOf,
        DictValue,
        Thing,
        Parameter,
        Member,
        CallResult,
        Text,
        CodePath,
        Choice,
        Unknown,
    )
}


def to_json(value: object) -> object:
    """Return a value as JSON has it, whose parts are told the same way: constants as they are, others after their kind."""
    if isinstance(value, Constant):
        return ["bytes", value.value.decode("latin-1")] if isinstance(value.value, bytes) else value.value
    if isinstance(value, Value):
        return [value.__class__.__name__, *(getattr(value, name) for name in value.__match_args__)]
    return value


def from_json(raw: object) -> Value:
    """Return what `to_json` was given."""
    if not isinstance(raw, list):
        return Constant(raw)  # type: ignore[arg-type]
    kind, *parts = raw
    if kind == "bytes":
        return Constant(str(parts[0]).encode("latin-1"))
    if kind in ("Thing", "Parameter", "CodePath", "Unknown"):
        return _KINDS[kind](*parts)  # type: ignore[no-any-return]
    if kind == "Member":
        return Member(from_json(parts[0]), parts[1])
    if kind == "CallResult":
        function, arguments, keywords = parts
        named = tuple((name, from_json(each)) for name, each in keywords)
        return CallResult(from_json(function), tuple(map(from_json, arguments)), named)
    if kind == "Choice":
        turns = tuple(tuple((loop, turn) for loop, turn in each) for each in parts[1])
        return Choice(tuple(map(from_json, parts[0])), turns)
    return _KINDS[kind](*(tuple(map(from_json, part)) for part in parts))  # type: ignore[no-any-return]


register(Value, from_json)
