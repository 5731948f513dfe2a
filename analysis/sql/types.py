"""Types of GoogleSQL as values: what a column is, what a value may become without a cast, and what it may be cast to.

`ANY` is the type that could not be told; it fits everywhere and never makes a fault.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Origin = Literal["", "integer", "float", "text", "null", "array", "parameter"]


class TypeField(NamedTuple):
    """A column, or a field of a STRUCT; without a name where the text gives none."""

    name: str
    type: Type


@dataclass(frozen=True)
class Type:
    """One type: `kind` is GoogleSQL's name; ARRAY and RANGE have an element, STRUCT has fields."""

    kind: str
    element: Type | None = None
    fields: tuple[TypeField, ...] = ()

    def __str__(self) -> str:
        if self.element is not None:
            return f"{self.kind}<{self.element}>"
        if self.kind == "STRUCT":
            return f"STRUCT<{', '.join(f'{each.name} {each.type}'.strip() for each in self.fields)}>"
        return self.kind

    @property
    def settled(self) -> Type:
        """The type that a column gets: INT64 where nothing but NULL says one."""
        if self.element is not None:
            return Type(self.kind, self.element.settled)
        return Type(
            "INT64" if self.kind == "NULL" else self.kind,
            fields=tuple(TypeField(each.name, each.type.settled) for each in self.fields),
        )

    @property
    def known(self) -> bool:
        """False where some part of the type could not be told."""
        inner = (self.element,) if self.element is not None else tuple(each.type for each in self.fields)
        return self.kind != "ANY" and all(each.known for each in inner)

    def field(self, name: str) -> tuple[TypeField, ...]:
        """The fields called `name`; names have no case."""
        return tuple(each for each in self.fields if each.name.casefold() == name.casefold())


ANY, BOOL, BYTES, DATE, DATETIME, FLOAT64, INT64, INTERVAL, JSON, NULL, STRING, TIME, TIMESTAMP = map(Type, [
    "ANY", "BOOL", "BYTES", "DATE", "DATETIME", "FLOAT64", "INT64", "INTERVAL", "JSON", "NULL", "STRING", "TIME",
    "TIMESTAMP",
])  # fmt: skip
SCALARS = frozenset([
    "BOOL", "BYTES", "DATE", "DATETIME", "FLOAT64", "INT64", "INTERVAL", "JSON", "NUMERIC", "BIGNUMERIC", "STRING",
    "TIME", "TIMESTAMP", "GEOGRAPHY",
])  # fmt: skip
ALIASES = {
    **dict.fromkeys(("INT", "SMALLINT", "INTEGER", "BIGINT", "TINYINT", "BYTEINT"), "INT64"),
    "BOOLEAN": "BOOL",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
}
"""Other spellings of a type → its name (GoogleSQL data types reference)."""


class Typed(NamedTuple):
    """An expression's type, and whether it is a literal or a parameter, which may become more than a column may."""

    type: Type
    origin: Origin = ""
    text: str = ""  # what a literal string says
    parts: tuple[Typed, ...] = ()  # of a constructed STRUCT: its values, each of which may be a literal


UNTOLD = Typed(ANY)


def array(element: Type) -> Type:
    """ARRAY of `element`."""
    return Type("ARRAY", element)


def struct(fields: Iterable[TypeField]) -> Type:
    """STRUCT of `fields`."""
    return Type("STRUCT", fields=tuple(fields))


# From a kind to the kinds that it becomes by itself, nearest first (GoogleSQL conversion rules: coercion).
COERCIONS: dict[str, tuple[str, ...]] = {
    "INT64": ("FLOAT64", "NUMERIC", "BIGNUMERIC"),
    "NUMERIC": ("BIGNUMERIC", "", "FLOAT64"),
    "BIGNUMERIC": ("", "", "FLOAT64"),
    "DATE": ("DATETIME",),
}
# What a literal of a kind may become beside that (GoogleSQL conversion rules: literal coercion).
LITERALS: dict[str, frozenset[str]] = {
    "text": frozenset({"DATE", "DATETIME", "TIME", "TIMESTAMP", "BYTES"}),
    "float": frozenset({"NUMERIC", "BIGNUMERIC"}),
    "parameter": frozenset({"DATE", "DATETIME", "TIME", "TIMESTAMP"}),
}
_TEXTS = {"STRING", "BYTES"}
_NUMBERS = {"INT64", "FLOAT64", "NUMERIC", "BIGNUMERIC"}
_TIMES = {"DATE", "DATETIME", "TIMESTAMP", "TIME", "STRING"}
CASTS: dict[str, set[str]] = {
    "INT64": {*_NUMBERS, "BOOL", "STRING"},
    "FLOAT64": {*_NUMBERS, "STRING"},
    "NUMERIC": {*_NUMBERS, "STRING"},
    "BIGNUMERIC": {*_NUMBERS, "STRING"},
    "BOOL": {"BOOL", "INT64", "STRING"},
    "STRING": {*_NUMBERS, *_TIMES, *_TEXTS, "BOOL", "INTERVAL", "RANGE"},
    "BYTES": _TEXTS,
    "DATE": {"STRING", "DATE", "DATETIME", "TIMESTAMP"},
    "DATETIME": _TIMES,
    "TIMESTAMP": _TIMES,
    "TIME": {"STRING", "TIME"},
    "INTERVAL": {"STRING", "INTERVAL"},
    "JSON": {"JSON"},
    "GEOGRAPHY": {"GEOGRAPHY"},
    "RANGE": {"RANGE", "STRING"},
}
"""What CAST takes (GoogleSQL conversion functions reference)."""


def distance(value: Typed, wanted: Type) -> int | None:
    """How far `value` is from `wanted` without a cast: 0 for the same type, None where it does not fit."""
    have = value.type
    if "ANY" in (have.kind, wanted.kind) or have == wanted or have.kind == "NULL":
        return 0
    if have.kind != wanted.kind:
        return _between_kinds(value, wanted)
    if have.kind == "STRUCT":
        if len(have.fields) != len(wanted.fields):
            return None
        given = value.parts or [Typed(each.type, value.origin) for each in have.fields]
        steps = [distance(mine, theirs.type) for mine, theirs in zip(given, wanted.fields, strict=True)]
        return None if None in steps else sum(step or 0 for step in steps)
    if have.element is None or wanted.element is None:
        return 0
    if have.kind == "RANGE" or value.origin not in ("array", "null", "parameter"):
        return 0 if same(have.element, wanted.element) else None
    return distance(Typed(have.element, "integer"), wanted.element)


def _between_kinds(value: Typed, wanted: Type) -> int | None:
    near = COERCIONS.get(value.type.kind, ())
    if wanted.kind in near:
        return near.index(wanted.kind) + 1
    if wanted.kind in LITERALS.get(value.origin, ()) and value.type.kind in {"STRING", "FLOAT64"}:
        return 1 if value.origin != "text" or spells(value.text, wanted.kind) else None
    return None


_DECIMAL = r"\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\s*"
_DAY = r"\d{1,4}-\d{1,2}-\d{1,2}"
_HOUR = r"([01]?\d|2[0-3]):[0-5]?\d(:([0-5]?\d|60)(\.\d{0,9})?)?"
_SPELLINGS = {
    "DATE": re.compile(_DAY),
    "TIME": re.compile(_HOUR),
    "DATETIME": re.compile(rf"{_DAY}([ tT]{_HOUR})?"),
    "TIMESTAMP": re.compile(rf"{_DAY}([ tT]{_HOUR})?([zZ]|[+-]\d{{1,2}}(:\d{{2}})?| (?P<zone>[A-Za-z_+\-0-9/]+))?"),
    "NUMERIC": re.compile(_DECIMAL),
    "BIGNUMERIC": re.compile(_DECIMAL),
}


def spells(text: str, kind: str) -> bool:
    """True when a string literal is a value of the type (GoogleSQL lexical structure: date and time literals)."""
    if kind not in _SPELLINGS:
        return True
    found = _SPELLINGS[kind].fullmatch(text)
    if found is None or not _is_zone(found.groupdict().get("zone")):
        return False
    if kind not in ("DATE", "DATETIME", "TIMESTAMP"):
        return True
    year, month, day = (int(each) for each in re.findall(r"\d+", text)[:3])
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


def _is_zone(name: str | None) -> bool:
    try:
        return name is None or bool(zoneinfo.ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        return False


def same(one: Type, other: Type) -> bool:
    """True when both are one type as far as can be told; names of fields do not count."""
    if "ANY" in (one.kind, other.kind):
        return True
    if one.kind != other.kind or len(one.fields) != len(other.fields):
        return False
    if one.element is not None and other.element is not None:
        return same(one.element, other.element)
    return all(same(mine.type, theirs.type) for mine, theirs in zip(one.fields, other.fields, strict=True))


def common(values: Iterable[Typed]) -> Typed | None:
    """The type that all `values` become, or None where there is none; literals follow the others."""
    listed = [value for value in values if value.type.kind != "NULL"]
    if not listed:
        return Typed(NULL, "null")
    if any(value.type.kind == "ANY" for value in listed):
        return UNTOLD
    firm = [value for value in listed if not value.origin] or listed
    candidates = [value.type for value in firm]
    candidates += [Type(kind) for kind in ("FLOAT64", "BIGNUMERIC", "DATETIME", "TIMESTAMP")]
    reached: list[tuple[int, Type]] = []
    for candidate in candidates:
        steps = [distance(value, candidate) for value in listed]
        if None not in steps:
            reached.append((sum(step or 0 for step in steps), candidate))
    if not reached and all(value.type.kind == "STRUCT" for value in listed):
        return _common_struct(listed)
    if not reached:
        return None
    origin = firm[0].origin if len({value.origin for value in listed}) == 1 else ""
    return Typed(min(reached, key=lambda pair: pair[0])[1], origin)


def _common_struct(values: list[Typed]) -> Typed | None:
    if len({len(value.type.fields) for value in values}) != 1:
        return None
    fields = []
    for column in zip(*(value.type.fields for value in values), strict=True):
        found = common(Typed(field.type, value.origin) for field, value in zip(column, values, strict=True))
        if found is None:
            return None
        fields.append(TypeField(column[0].name, found.type))
    return Typed(struct(fields), values[0].origin)


def castable(have: Type, wanted: Type) -> bool:
    """True when CAST from `have` to `wanted` exists."""
    if "ANY" in (have.kind, wanted.kind) or have.kind == "NULL":
        return True
    if have.kind == "ARRAY" and wanted.kind == "ARRAY":
        return have.element is None or wanted.element is None or castable(have.element, wanted.element)
    if have.kind == "STRUCT" and wanted.kind == "STRUCT":
        pairs = zip(have.fields, wanted.fields, strict=False)
        return len(have.fields) == len(wanted.fields) and all(castable(one.type, two.type) for one, two in pairs)
    return wanted.kind in CASTS.get(have.kind, ())


def comparable(kind: Type) -> bool:
    """True when `=` takes values of the type."""
    return _all(kind, without={"JSON", "GEOGRAPHY"}) and kind.kind != "ARRAY"


def sortable(kind: Type) -> bool:
    """True when ORDER BY, `<` and MAX take values of the type."""
    return kind.kind not in {"JSON", "GEOGRAPHY", "ARRAY", "STRUCT", "INTERVAL?"}


def groupable(kind: Type) -> bool:
    """True when GROUP BY, DISTINCT and PARTITION BY take values of the type."""
    return _all(kind, without={"JSON", "GEOGRAPHY"})


def _all(kind: Type, without: set[str]) -> bool:
    if kind.kind in without:
        return False
    inner = (kind.element,) if kind.element is not None else tuple(each.type for each in kind.fields)
    return all(_all(each, without) for each in inner)
