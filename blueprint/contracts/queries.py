"""Contracts on queries and the code that asks them: each is given its parameters and returns the columns that are read."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.archive.model import ColumnRead, QueryCall, QueryText
from blueprint.contracts import Inspection, contract
from blueprint.contracts.tables import GATE_PARAMETER
from blueprint.findings import Location
from blueprint.model import Blueprint
from blueprint.schemas.cache import SchemaCache, reader_hash
from blueprint.schemas.loader import CACHE
from blueprint.schemas.statements import CheckedStatement, catalog, check_statement
from blueprint.sources import FOLDER


@contract("queries-fit-code", "Queries are given what they ask for and return what is read", incidents=(68,))
def queries_fit_code(plan: Blueprint, report: Inspection) -> None:
    """A misspelt parameter or a column that a query no longer returns fails at night, or is taken for "no rows"."""
    statements = _Statements(plan)
    missing: dict[str, list[Location]] = {}
    messages: dict[tuple[str, Location], None] = {}
    for name, archive in plan.archives.items():
        declared = _declared(plan, name)
        for call in archive.uses.query_calls:
            report.check()
            if problem := _call_problem(call, statements, declared):
                messages[problem, call.at] = None
    for read, declared in _reads(plan):
        report.check()
        for lacking in _read_problems(read, statements, declared):
            places = missing.setdefault(lacking, [])
            places += [read.at] if read.at not in places else []
    for message, at in messages:
        report.violation(message, at)
    for fault, places in missing.items():
        more = f" Places where it is read so: {len(places)}." if len(places) > 1 else ""
        report.violation(f"{fault}{more}", places[0])


def _reads(plan: Blueprint) -> Iterator[tuple[ColumnRead, tuple[str, ...]]]:
    """Yield what code reads of rows; where it does without a column, what any function asks there may have it."""
    found: dict[ColumnRead, tuple[str, ...]] = {}
    careful: dict[tuple[str | None, Location], list[QueryText]] = {}
    for name, archive in plan.archives.items():
        for read in archive.uses.column_reads:
            if read.careful:
                careful.setdefault((read.column, read.at), []).extend(read.queries)
            else:
                found[read] = _declared(plan, name)
    yield from found.items()
    for (column, at), queries in careful.items():
        yield ColumnRead(column, tuple(dict.fromkeys(queries)), True, at), ()


class _Statements:
    """Reads each text once, at the place where it stands."""

    def __init__(self, plan: Blueprint) -> None:
        self._tables, self._project = catalog(plan.schemas), plan.stack.project
        self.declared_in = plan.manifest.at.file
        self._cache = SchemaCache(plan.root / CACHE, reader_hash())
        self._places = {
            call.query.text: call.at
            for archive in plan.archives.values()
            for call in archive.uses.query_calls
            if call.query is not None
        }

    def read(self, query: QueryText) -> tuple[CheckedStatement, Location]:
        """Return a statement as it is read, and where it begins."""
        place = query.at or self._places.get(query.text) or Location(FOLDER)
        at = Location(place.file, place.line, 1)
        return check_statement(query.text, self._tables, at, project=self._project, cache=self._cache), at


def _declared(plan: Blueprint, function: str) -> tuple[str, ...]:
    """Return the files and folders whose queries people answer for: those of the function's `resources` that hold any."""
    declared = plan.manifest.functions[function]
    named = (f"{FOLDER}/{declared.folder}/{each}".rstrip("/") for each in declared.resources)
    return tuple(each for each in named if each.endswith(".sql") or any((plan.root / each).rglob("*.sql")))


def _answered_for(at: Location | None, declared: tuple[str, ...]) -> bool:
    return at is not None and any(at.file == each or at.file.startswith(f"{each}/") for each in declared)


def _call_problem(call: QueryCall, statements: _Statements, declared: tuple[str, ...]) -> str | None:
    """Return what does not fit between a query and the call that asks it."""
    if call.query is None:
        if declared:
            return None
        return "Not known which query is asked here; write it as a constant or as a file beside the code that is named literally, or list the files of queries in the function's `resources`."
    checked, at = statements.read(call.query)
    places = {name.casefold(): (name, place) for name, place in checked.parameters}
    if call.given is None:
        if not places or _answered_for(call.query.at, declared):
            return None
        return f"Not known whether this call gives the query at {at} its {_listed(name for name, _ in places.values())}; name each parameter literally, or list the query's file in the function's `resources`."
    given = {name.casefold(): name for name in call.given}
    if at.file == statements.declared_in:  # a gate's: what else it asks for, `gates-ask-their-date` says
        if GATE_PARAMETER not in places:
            return None
        places = {GATE_PARAMETER: places[GATE_PARAMETER]}
    lacking = [(name, place) for folded, (name, place) in places.items() if folded not in given]
    hidden = "{" in call.query.text or not checked.kind or bool(checked.findings)
    unused = [] if hidden else [name for folded, name in given.items() if folded not in places]
    if lacking and unused:
        return (
            f"The query asks for {_placed(lacking)}, and this call gives {_listed(unused)} instead; spell both alike."
        )
    if lacking:
        return f"The query asks for {_placed(lacking)}, which this call does not give; give it."
    if unused:
        return f"This call gives {_listed(unused)}, which the query at {at} does not ask for; leave it out, or use it there."
    return None


def _placed(parameters: list[tuple[str, Location]]) -> str:
    return ", ".join(f"@{name} at {place}" for name, place in parameters)


def _listed(names: Iterator[str] | list[str]) -> str:
    return ", ".join(f"@{name}" for name in names)


def _read_problems(read: ColumnRead, statements: _Statements, declared: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with the reading of a column, and what to do."""
    found = [(*statements.read(query), query) for query in read.queries]
    if read.column is None:
        _, at, query = found[0]
        if not _answered_for(query.at, declared):
            yield f"Not known which column of the query at {at} is read here; name it literally, or list the query's file in the function's `resources`."
        return
    lacking = []
    for checked, at, _ in found:
        if checked.columns is None or checked.findings:  # not told here; what is wrong is another contract's
            if read.careful:
                return
        elif read.column.casefold() not in {column.name.casefold() for column in checked.columns}:
            lacking.append((at, ", ".join(column.name for column in checked.columns)))
    if read.careful and len(lacking) < len(found):
        return
    for at, columns in lacking:
        yield f"The code reads `{read.column}` of a row, and the query at {at} returns {columns or 'none'}; select `{read.column}`, or correct the name."
