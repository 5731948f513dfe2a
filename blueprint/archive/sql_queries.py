"""The SQL that code asks of BigQuery: its text, the parameters that it is given, and the columns that are read of its rows.

The client is asked by `query` and `query_and_wait`; functions of ours around them are followed to who calls those. A text
is a literal, a `.sql` file beside the code, or a gate's from the view. What cannot be told is None, never nothing.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from analysis.python.call_sites import CodePlace, argument
from analysis.python.events import ATTRIBUTE
from analysis.python.flow import Flow, last_name, texts
from analysis.python.graph import Closure
from analysis.python.opened import from_working_folder
from analysis.python.program import Program
from analysis.python.text_values import shown
from analysis.python.values import (
    KEYWORDS,
    UNKNOWN,
    CallResult,
    CodePath,
    Constant,
    Member,
    Parameter,
    SequenceValue,
    Text,
    Thing,
    Value,
    parts_of,
    possible,
)
from blueprint.archive.model import ColumnRead, QueryCall, QueryText
from blueprint.archive.sql import is_sql
from blueprint.findings import Location

_ASKS = {"query", "query_and_wait"}
_READS = {"__getitem__", "get", ATTRIBUTE}
_OF_ROWS = tuple(map(Constant, ("get", "items", "keys", "values")))
_NOTHING = SequenceValue(())


class QueryTexts(NamedTuple):
    """Where texts are found: data files by their path in the archive, and those of the view."""

    files: Mapping[str, QueryText]
    view: tuple[QueryText, ...]


class SqlQueries:
    """Reads what one closure asks.

    Args:
        closure: the finished graph.
        program: its records, put together.
        at: the place to name in findings.
        texts: the texts that are no literals.
    """

    def __init__(
        self, closure: Closure, program: Program, at: Callable[[CodePlace], Location], texts: QueryTexts
    ) -> None:
        self._closure, self._program, self._at, self._texts = closure, program, at, texts
        self._flow = Flow(program, lambda call: last_name(call.function) in _ASKS and bool(_text_of(call)))

    def calls(self, module: str) -> Iterator[QueryCall]:
        """Yield the queries that one module asks, each at the place that says which one it is."""
        for callee, call in self._program.calls(module):
            method = callee.removesuffix(".__init__").rpartition(".")[2]
            text = argument(call, 0, "query") if method in _ASKS else None
            if text is None or self._program.is_own(callee):
                continue
            place = CodePlace(module, call.line, call.around)
            given = _given(argument(call, 1, "job_config"))
            sure = _is_client(self._program.linked(call.function, module), method, call.keywords)
            for asked, where in self._program.reached(SequenceValue((text, given)), place):
                if isinstance(asked, SequenceValue):
                    yield from self._asked(asked.items[0], asked.items[1], self._at(where), sure)

    def _asked(self, value: Value, given: Value, at: Location, sure: bool) -> Iterator[QueryCall]:
        for text in possible(value):
            found = self._found(text, sure)
            for each in found or ():
                yield QueryCall(each, _names(given), at)
            nobody_calls = isinstance(text, Parameter)  # what is a parameter here is one of a function without callers
            if found is None and sure and not nobody_calls:
                yield QueryCall(None, _names(given), at)

    def _found(self, value: Value, sure: bool) -> tuple[QueryText, ...] | None:
        """Return the texts that a value is: none where it is no SQL, None where that cannot be told."""
        if isinstance(value, Constant | Text):
            text = shown(value)
            told = isinstance(value, Constant)
            return (QueryText(text),) if is_sql(text) or (sure and told) else () if told else None
        if any(isinstance(each, Member) and each.name == "queries" for each in parts_of(value)):
            return self._texts.view
        files = {self._inside(each) for each in parts_of(value) if isinstance(each, CodePath) or _is_sql_file(each)}
        if files and "" not in files and not files & self._closure.resources.keys():
            return ()  # that they are not there is told where they are named
        found = [self._texts.files[each] for each in files if each in self._texts.files]
        return tuple(found) if len(found) == len(files) == 1 else None

    def _inside(self, value: Value) -> str:
        """Return where a file that is named from a module or the working folder on lies in the archive."""
        path = from_working_folder(value)
        if not isinstance(path, CodePath):
            return ""
        base = self._closure.modules.get(path.base)
        if base is None or path.path is None or path.pattern:
            return ""
        origin = base.inside if base.file else f"{base.inside}/"
        return posixpath.normpath(posixpath.join(posixpath.dirname(origin), path.path))

    def reads(self, module: str) -> Iterator[ColumnRead]:
        """Yield the columns that one module reads of rows, each with the queries that the row may come of."""
        calls = self._program.calls(module)
        tested = {each for callee, call in calls if callee.endswith(".__contains__") for each in call.arguments}
        for callee, call in calls:
            method, row = callee.rpartition(".")[2], call.function
            if method not in _READS or not isinstance(row, Member) or not row.open or not call.arguments:
                continue
            place = CodePlace(module, call.line, call.around)
            careful = method == "get" or call.arguments[0] in tested or "KeyError" in call.around.catches
            if method == ATTRIBUTE and call.arguments[0] in _OF_ROWS:
                continue
            owner, key = (self._program.linked(each, module) for each in (row.owner, call.arguments[0]))
            if not key.given:
                yield from self._read(owner, key, self._at(place), careful)
            elif owner.given or self._queries_of(owner):  # else it comes of no query, whatever callers give
                for pair, where in self._program.reached(SequenceValue((row.owner, call.arguments[0])), place):
                    given = pair.items if isinstance(pair, SequenceValue) else (UNKNOWN, UNKNOWN)
                    yield from self._read(given[0], given[1], self._at(where), careful)

    def _read(self, row: Value, key: Value, at: Location, careful: bool) -> Iterator[ColumnRead]:
        if isinstance(key, Constant) and not isinstance(key.value, str):
            return
        calls = self._queries_of(row)
        if not calls or any(each.depth > 0 for each in self._flow.origins(key)):  # a key of the row itself is there
            return
        queries = dict.fromkeys(each for call in calls for each in self._texts_of(call))
        careful = careful or not queries.keys().isdisjoint(self._texts.view)
        for name in texts(key) or (None,) if queries else ():
            yield ColumnRead(name, tuple(queries), careful, at)

    def _queries_of(self, row: Value) -> set[CallResult]:
        """Return the queries that a row may come of."""
        return {each.call for each in self._flow.origins(row) if each.depth == 1}

    def _texts_of(self, call: CallResult) -> Iterator[QueryText]:
        sure = _is_client(call.function, last_name(call.function), call.keywords)
        for text, _ in self._program.reached(_text_of(call) or UNKNOWN, CodePlace("", 0)):
            for each in possible(text):
                yield from self._found(each, sure) or ()


def _is_sql_file(value: Value) -> bool:
    return isinstance(value, Constant) and isinstance(value.value, str) and value.value.endswith(".sql")


_CLIENT = Thing("google.cloud.bigquery.Client")


def _is_client(function: Value, method: str, keywords: tuple[tuple[str, Value], ...]) -> bool:
    """Return whether it is surely BigQuery that is asked, whatever the text is."""
    made = possible(function.owner) if isinstance(function, Member) else ()
    named = any(name == "job_config" for name, _ in keywords)
    return method == "query_and_wait" or named or any(isinstance(e, CallResult) and e.function == _CLIENT for e in made)


def _text_of(call: CallResult) -> Value | None:
    return call.arguments[0] if call.arguments else dict(call.keywords).get("query")


def _given(config: Value | None) -> Value:
    """Return the names of parameters in a job's configuration, or the keywords of the function around that they are."""
    if config is None or config == Constant(None):
        return _NOTHING
    listed = dict(config.keywords).get("query_parameters", UNKNOWN) if isinstance(config, CallResult) else UNKNOWN
    items = listed.items if isinstance(listed, SequenceValue) else ()
    named = [
        each for each in items if isinstance(each, CallResult) and last_name(each.function).endswith("QueryParameter")
    ]
    if len(named) == len(items) and isinstance(listed, SequenceValue):
        return SequenceValue(tuple(each.arguments[0] if each.arguments else _named(each) for each in named))
    around = {each for each in parts_of(listed) if isinstance(each, Parameter) and each.name == KEYWORDS}
    return CallResult(Member(around.pop(), "keys")) if len(around) == 1 else UNKNOWN


def _named(parameter: CallResult) -> Value:
    return dict(parameter.keywords).get("name", UNKNOWN)


def _names(given: Value) -> tuple[str, ...] | None:
    items = given.items if isinstance(given, SequenceValue) else (UNKNOWN,)
    found = [texts(each) for each in items]
    return None if None in found else tuple(sorted({name for each in found for name in each or ()}))
