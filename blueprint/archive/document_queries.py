"""The queries on documents that code asks, in two forms:

    store.find(collection, ((field, "==", value), ...), order=(field, "DESCENDING"))
    collection.where(filter=FieldFilter(field, "==", value)).order_by(field, direction="DESCENDING")

A query may be put together over several names and functions. One whose fields cannot be told is one too: without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analysis.python.call_sites import CodePlace, argument
from analysis.python.events import Call
from analysis.python.program import Program
from analysis.python.values import CallResult, Constant, Member, SequenceValue, Thing, Value, parts_of, possible

_NARROWS = ("where", "order_by")
_ENDS = (*_NARROWS, "limit", "stream", "get", "count")
_NOTHING = Constant(None)


class AskedQuery(NamedTuple):
    """What one query asks: fields with operators, fields with directions; None where they cannot be told."""

    conditions: tuple[tuple[str, str], ...] | None
    order: tuple[tuple[str, str], ...]
    place: CodePlace


def asked_queries(program: Program, module: str) -> Iterator[AskedQuery]:
    """Yield the queries of one module, each where it is whole."""
    nothing: list[tuple[str, Call]] = []
    for method, call in program.once("queries", module, "", lambda: list(_queries(program, module)), nothing):
        place = CodePlace(module, call.line, call.around)
        if method == "find":
            yield from _found(program, call, place)
        else:
            yield from _chained(program, CallResult(call.function, call.arguments, call.keywords), place)


def _queries(program: Program, module: str) -> Iterator[tuple[str, Call]]:
    """Yield the calls that are whole queries, by their methods: a part of a chain is none."""
    chains: list[tuple[str, Call]] = []
    inside: set[Value] = set()
    for callee, call in program.calls(module):
        method = callee.rpartition(".")[2]
        if method == "find" and "." in callee and len(call.arguments) >= 2:
            yield method, call
        elif method in _ENDS and isinstance(call.function, Member):
            inside.update(each for each in parts_of(call.function) if isinstance(each, CallResult))
            chain = CallResult(call.function, call.arguments, call.keywords)
            if any(_method(step) in _NARROWS for step in _steps(chain)):
                chains.append((method, call))
    for method, call in chains:
        if CallResult(call.function, call.arguments, call.keywords) not in inside:
            yield method, call


def _found(program: Program, call: Call, place: CodePlace) -> Iterator[AskedQuery]:
    order = argument(call, 2, "order") or _NOTHING
    for given, where in program.reached(SequenceValue((call.arguments[1], order)), place):
        if not isinstance(given, SequenceValue):
            yield AskedQuery(None, (), where)
            continue
        for listed in possible(given.items[0]):
            if isinstance(listed, SequenceValue):  # a text's `find` takes a number there
                yield _asked([*listed.items], [given.items[1]], where)


def _chained(program: Program, chain: Value, place: CodePlace) -> Iterator[AskedQuery]:
    for given, where in program.reached(chain, place):
        for each in possible(given):
            steps = list(_steps(each))[::-1]
            conditions = [_condition(step) for step in steps if _method(step) == "where"]
            orders = [_ordered(step) for step in steps if _method(step) == "order_by"]
            yield _asked(conditions, orders, where)


def _steps(value: Value) -> Iterator[CallResult]:
    """Yield the calls of a chain, last one first."""
    while isinstance(value, CallResult) and isinstance(value.function, Member):
        yield value
        value = value.function.owner


def _method(step: CallResult) -> str:
    return step.function.name if isinstance(step.function, Member) else ""


def _condition(step: CallResult) -> Value:
    given = dict(step.keywords).get("filter")
    return SequenceValue(given.arguments if isinstance(given, CallResult) else step.arguments)


def _ordered(step: CallResult) -> Value:
    direction = dict(step.keywords).get("direction", Constant("ASCENDING"))
    return SequenceValue((*step.arguments[:1], *(step.arguments[1:2] or (direction,))))


def _asked(conditions: list[Value], orders: list[Value], place: CodePlace) -> AskedQuery:
    compared = [_pair(each) for each in conditions]
    ordered = [_pair(each) for each in orders if each != _NOTHING]
    known = all(compared) and all(pair and pair[1] in ("ASCENDING", "DESCENDING") for pair in ordered)
    if not known:
        return AskedQuery(None, (), place)
    return AskedQuery(tuple(filter(None, compared)), tuple(filter(None, ordered)), place)


def _pair(value: Value) -> tuple[str, str] | None:
    texts = [_text(each) for each in value.items[:2]] if isinstance(value, SequenceValue) else []
    return (texts[0], texts[1]) if len(texts) == 2 and texts[0] and texts[1] else None


def _text(value: Value) -> str:
    """Return a text; of a name of the client's, such as `Query.DESCENDING`, its last part."""
    if isinstance(value, Constant):
        return value.value if isinstance(value.value, str) else ""
    name = value.name.rpartition(".")[2] if isinstance(value, Thing | Member) else ""
    return name if name.endswith("SCENDING") else ""
