"""The functions and operators of GoogleSQL with their signatures, and which signature a call means.

`functions.txt` is written by Google's analyzer (`make sql` compares it): one function a line, its signatures after
the colon; `T1` is any one type, `?` optional, `*` repeated, `= name` takes a name, `!` only by name, PART is a date
part and WORD another keyword. An operator's name begins with `$`. `UNTYPED` are functions that BigQuery has beside
the analyzer's: they exist, what they take and return is not known here. `unlisted.txt` names what the analyzer has
and BigQuery's reference does not name: whether BigQuery has them is not known here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, NamedTuple

from analysis.sql.types import ANY, UNTOLD, Type, Typed, TypeField, common, distance, struct

FunctionMode = Literal["scalar", "aggregate", "analytic"]
PART, WORD = Type("PART"), Type("WORD")

UNTYPED = frozenset([
    "BAG_OF_WORDS", "COLLATE", "DLP_DETERMINISTIC_DECRYPT", "DLP_DETERMINISTIC_ENCRYPT", "DLP_KEY_CHAIN",
    "JSON_FLATTEN", "SEARCH", "TEXT_ANALYZE", "TF_IDF", "TYPEOF",
])  # fmt: skip
# Documented for BigQuery and no part of the analyzer.
BIGQUERY = """
CONTAINS_SUBSTR scalar: (ANY, STRING, STRING? = json_scope!) BOOL
MAX_BY aggregate: (T1, T2) T1
MIN_BY aggregate: (T1, T2) T1
"""


class Argument(NamedTuple):
    """One argument of a signature."""

    type: Type
    many: Literal["one", "optional", "repeated"]
    name: str
    only_by_name: bool


class FunctionSignature(NamedTuple):
    """What a function takes and returns."""

    arguments: tuple[Argument, ...]
    result: Type


class SqlFunction(NamedTuple):
    """One function or operator."""

    name: str
    mode: FunctionMode
    signatures: tuple[FunctionSignature, ...]

    def takes_part(self, position: int) -> bool:
        """True when some signature has a date part or another keyword at `position`."""
        return any(
            each.arguments[position].type in (PART, WORD) for each in self.signatures if position < len(each.arguments)
        )

    @property
    def spreads_interval(self) -> bool:
        """True when `INTERVAL 1 DAY` stands for a number and a part, as in DATE_ADD."""
        kinds = [[argument.type.kind for argument in each.arguments] for each in self.signatures]
        return any(("INT64", "PART") in pairwise(each) for each in kinds) and self.name != "$INTERVAL"


@functools.cache
def functions() -> Mapping[str, SqlFunction]:
    """Every function and operator by its name in upper case."""
    found = {}
    text = Path(__file__).with_name("functions.txt").read_text(encoding="utf-8")
    for line in (text + BIGQUERY.strip()).splitlines():
        head, _, tail = line.partition(": ")
        name, mode = head.split(" ")
        found[name] = SqlFunction(name, _mode(mode), tuple(_signature(each) for each in tail.split("; ")))
    return found


@functools.cache
def unlisted() -> frozenset[str]:
    """Functions of the analyzer that BigQuery's reference does not name."""
    return frozenset(Path(__file__).with_name("unlisted.txt").read_text(encoding="utf-8").split())


def _mode(text: str) -> FunctionMode:
    return "aggregate" if text == "aggregate" else "analytic" if text == "analytic" else "scalar"


def _signature(text: str) -> FunctionSignature:
    inner, _, result = text[1:].rpartition(") ")
    return FunctionSignature(tuple(map(_argument, split(inner))), parse_type(result))


_MARKS: Final[Mapping[str, Literal["optional", "repeated"]]] = {"?": "optional", "*": "repeated"}


def _argument(text: str) -> Argument:
    kind, _, name = text.partition(" = ")
    return Argument(parse_type(kind.rstrip("?*")), _MARKS.get(kind[-1], "one"), name.rstrip("!"), name.endswith("!"))


def split(text: str) -> Iterator[str]:
    """The parts of a list between commas outside `<>` and `()`."""
    depth = start = 0
    for index, sign in enumerate(text):
        depth += (sign in "<(") - (sign in ">)")
        if sign == "," and depth == 0:
            yield text[start:index].strip()
            start = index + 1
    if text[start:].strip():
        yield text[start:].strip()


def parse_type(text: str) -> Type:
    """The type that `text` spells; the inverse of `str`."""
    outer, bracket, inner = text.partition("<")
    if not bracket:
        return Type(text)
    inner = inner.removesuffix(">")
    if outer != "STRUCT":
        return Type(outer, parse_type(inner))
    return struct(TypeField(*_named(each)) for each in split(inner))


def _named(text: str) -> tuple[str, Type]:
    found = re.match(r"(\w+) (.+)", text)
    return (found[1], parse_type(found[2])) if found else ("", parse_type(text))


def call(function: SqlFunction, values: Sequence[Typed], named: Mapping[str, Typed]) -> Type | None:
    """The type that a call returns, `ANY` where that cannot be told; None where no signature takes the arguments."""
    matches = [found for each in function.signatures if (found := _match(each, values, named)) is not None]
    if not matches:
        return None
    results = {result for _, result in matches}
    if len(results) > 1 and any(not value.type.known for value in values):
        return ANY
    return min(matches, key=lambda pair: pair[0])[1]


def _match(
    signature: FunctionSignature, values: Sequence[Typed], named: Mapping[str, Typed]
) -> tuple[int, Type] | None:
    formal = _assigned(signature.arguments, values, named)
    if formal is None:
        return None
    bound: dict[str, Type] = {}
    for name in ("T1", "T2"):
        given = [_inside(value, argument.type) for argument, value in formal if _variable(argument.type) == name]
        if None in given:
            return None
        if given:
            found = common(value for value in given if value is not None)
            if found is None:
                return None
            bound[name] = found.type
    steps = [distance(value, _filled(argument.type, bound)) for argument, value in formal]
    if None in steps:
        return None
    result = _filled(signature.result, bound)
    return sum(step or 0 for step in steps), result


def _assigned(
    arguments: Sequence[Argument], values: Sequence[Typed], named: Mapping[str, Typed]
) -> list[tuple[Argument, Typed]] | None:
    """Each value with the argument that it is given for; None where there are too many or too few."""
    by_name = {each.name.casefold(): each for each in arguments if each.name}
    if any(name.casefold() not in by_name for name in named):
        return None
    taken = {name.casefold() for name in named}
    places = [each for each in arguments if not each.only_by_name and each.name.casefold() not in taken - {""}]
    repeated = [each for each in places if each.many == "repeated"]
    needed = sum(each.many == "one" for each in places)
    rounds = max(0, len(values) - needed) // len(repeated) if repeated else 0
    if repeated and not values and not named and len(arguments) == 1 and arguments[0].type.kind == "T1":
        return None
    optional = len(values) - needed - rounds * len(repeated)
    if optional < 0 or optional > sum(each.many == "optional" for each in places):
        return None
    lined: list[Argument] = []
    block = tuple(repeated) * rounds
    for each in places:
        if each.many == "repeated":
            lined.extend(block)
            block = ()
        elif each.many == "one" or optional > 0:
            lined.append(each)
            optional -= each.many == "optional"
    if any(each.only_by_name and each.many == "one" and each.name.casefold() not in taken for each in arguments):
        return None
    pairs = list(zip(lined, values, strict=True))
    return pairs + [(by_name[name.casefold()], value) for name, value in named.items()]


def _variable(kind: Type) -> str:
    return _variable(kind.element) if kind.element is not None else kind.kind if kind.kind in ("T1", "T2") else ""


def _inside(value: Typed, kind: Type) -> Typed | None:
    """The part of a value that stands where the signature has a variable; None where it has another shape."""
    if kind.element is None:
        return value
    if value.type.kind in ("NULL", "ANY"):
        return value if value.type.kind == "NULL" else UNTOLD
    if value.type.kind != kind.kind:
        return None
    return Typed(value.type.element or ANY, value.origin if value.origin in ("array", "null") else "")


def _filled(kind: Type, bound: Mapping[str, Type]) -> Type:
    if kind.element is not None:
        return Type(kind.kind, _filled(kind.element, bound))
    return bound.get(kind.kind, kind)
