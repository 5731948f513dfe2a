"""Every query of the functions is held to the code that asks it: each parameter, and each column that is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from blueprint.archive import Uses
from blueprint.archive.model import ColumnRead, QueryCall, QueryText
from blueprint.check import check
from blueprint.contracts import Inspection
from blueprint.contracts.queries import queries_fit_code
from blueprint.findings import Location
from blueprint.model import Blueprint
from tests.blueprint.test_contracts import ROOT, STACK

FUNCTION = "self-heal-predictions"
FILE = QueryText(
    "SELECT severity AS status FROM nba_orchestration.service_errors WHERE severity = @day",
    Location("functions/self_heal/q.sql", 1),
)
AT = Location("functions/self_heal/heal.py", 7)


@pytest.fixture(scope="session")
def plan() -> Blueprint:
    blueprint = check(ROOT, STACK).blueprint
    assert blueprint is not None
    return blueprint


def said(plan: Blueprint) -> list[str]:
    report = Inspection("queries-fit-code")
    queries_fit_code(plan, report)
    assert {finding.severity for finding in report.findings} <= {"violation"}
    return [str(finding) for finding in report.findings]


def with_text(plan: Blueprint, old: QueryText, text: str) -> Blueprint:
    """Return the plan as it would be with another text at the same place, and all that was read of the code."""

    def new(query: QueryText) -> QueryText:
        return replace(query, text=text) if query == old else query

    archives = {}
    for name, archive in plan.archives.items():
        uses = archive.uses
        calls = tuple(replace(each, query=each.query and new(each.query)) for each in uses.query_calls)
        reads = tuple(replace(each, queries=tuple(map(new, each.queries))) for each in uses.column_reads)
        archives[name] = replace(archive, uses=replace(uses, query_calls=calls, column_reads=reads))
    return replace(plan, archives=archives)


def own_queries(plan: Blueprint) -> list[QueryText]:
    calls = [call.query for archive in plan.archives.values() for call in archive.uses.query_calls]
    return list(dict.fromkeys(each for each in calls if each and each.at and each.at.file.endswith(".sql")))


def test_the_functions_pass_and_all_their_queries_are_seen(plan: Blueprint) -> None:
    assert said(plan) == []
    files = {query.at.file for query in own_queries(plan) if query.at}
    assert files == {str(each.relative_to(ROOT)) for each in (ROOT / "functions").glob("*/queries/*.sql")}


def test_every_parameter_is_held_to_the_code(plan: Blueprint) -> None:
    seen = 0
    for query in own_queries(plan):
        for name in sorted(set(re.findall(r"@(\w+)", query.text))):
            seen += 1
            changed = with_text(plan, query, re.sub(rf"@{name}\b", f"@{name}_x", query.text))
            assert [each for each in said(changed) if f"asks for @{name}_x" in each and f"@{name} instead" in each], (
                name
            )
    assert seen >= 19


def test_every_column_is_held_to_the_code(plan: Blueprint) -> None:
    seen = 0
    for query in own_queries(plan):
        head = re.search(r"SELECT (.*?)\nFROM", query.text, re.DOTALL)
        for column in re.split(r",\s*(?![^()]*\))", head[1]) if head else ():
            seen += 1
            renamed = f"{column.rpartition(' AS ')[0] or column} AS something_else"
            found = said(with_text(plan, query, query.text.replace(column, renamed, 1)))
            name = column.rpartition(" AS ")[2]
            assert [each for each in found if f"reads `{name}` of a row" in each and "something_else" in each], column
    assert seen >= 14


@pytest.mark.parametrize(
    ("uses", "sentence"),
    [
        (Uses(query_calls=(QueryCall(FILE, (), AT),)), "asks for @day at functions/self_heal/q.sql:1:82, which this"),
        (Uses(query_calls=(QueryCall(FILE, ("DAY",), AT),)), ""),
        (Uses(query_calls=(QueryCall(FILE, ("day", "to"), AT),)), "gives @to, which the query at"),
        (Uses(query_calls=(QueryCall(FILE, None, AT),)), "Not known whether this call gives"),
        (Uses(query_calls=(QueryCall(None, ("day",), AT),)), "Not known which query is asked here"),
        (Uses(query_calls=(QueryCall(QueryText("SELECT 1 AS x"), None, AT),)), ""),
        (Uses(column_reads=(ColumnRead("STATUS", (FILE,), False, AT),)), ""),
        (Uses(column_reads=(ColumnRead("state", (FILE,), True, AT),)), "reads `state` of a row"),
        (Uses(column_reads=(ColumnRead("state", (FILE, QueryText("SELECT 1 AS state")), True, AT),)), ""),
        (Uses(column_reads=(ColumnRead("state", (FILE, QueryText("SELECT 1 AS state")), False, AT),)), "reads `state`"),
        (Uses(column_reads=(ColumnRead("x", (QueryText("SELECT y FROM nba_orchestration.gone"),), False, AT),)), ""),
        (Uses(column_reads=(ColumnRead(None, (FILE,), False, AT),)), "Not known which column"),
        (Uses(column_reads=(ColumnRead("state", (FILE,), False, AT), ColumnRead("state", (FILE,), False, replace(AT, line=9)))), "Places where it is read so: 2."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("declared", [(), ("q.sql",), ("teams.json",)])
def test_one_use(plan: Blueprint, uses: Uses, sentence: str, declared: tuple[str, ...]) -> None:
    function = replace(plan.manifest.functions[FUNCTION], resources=declared)
    manifest = replace(plan.manifest, functions={**plan.manifest.functions, FUNCTION: function})
    archives = {FUNCTION: replace(plan.archives[FUNCTION], uses=uses)}
    found = said(replace(plan, manifest=manifest, archives=archives))
    wanted: Callable[[str], bool] = lambda each: sentence in each and each.startswith(str(AT))  # noqa: E731
    answered_for = declared == ("q.sql",) and sentence.startswith("Not known")
    assert [wanted(each) for each in found] == ([True] if sentence and not answered_for else [])
