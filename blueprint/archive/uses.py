"""What the code of one closure uses outside itself, by what it calls and says: the basis of grants and env.

A value is followed through names, modules and the functions that it is passed to. What only running the code tells is
kept as `{expression}`, so that nobody mistakes it for absent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial

from analysis.python.call_sites import CodePlace
from analysis.python.graph import Closure
from analysis.python.program import Program
from blueprint.archive.document_queries import asked_queries
from blueprint.archive.model import CodeQuery, CodeTableUse, DocumentQuery, QueryText, Use, Uses
from blueprint.archive.module_uses import ModuleUses, asked_uses, settled_uses
from blueprint.archive.sql import read_sql
from blueprint.archive.sql_queries import QueryTexts, SqlQueries
from blueprint.findings import Location

_APIS = {
    "google.cloud.firestore": "firestore",
    "google.cloud.firestore_v1": "firestore",
    "google.cloud.pubsub": "pubsub",
    "google.cloud.pubsub_v1": "pubsub",
    "google.pubsub_v1": "pubsub",
    "google.cloud.bigquery": "bigquery",
    "google.cloud.bigquery_storage": "bigquery",
    "google.cloud.storage": "storage",
    "google.cloud.secretmanager": "secretmanager",
    "google.cloud.logging": "logging",
    "google.cloud.monitoring_v3": "monitoring",
    "google.cloud.tasks": "cloudtasks",
    "google.cloud.tasks_v2": "cloudtasks",
    "google.cloud.scheduler": "cloudscheduler",
    "google.cloud.scheduler_v1": "cloudscheduler",
    "google.cloud.run_v2": "run",
}


def read_uses(
    closure: Closure,
    program: Program,
    places: Mapping[str, str],
    files: Mapping[str, QueryText],
    carried: Collection[tuple[str, Location]],
) -> Uses:
    """Return the uses of a closure.

    Args:
        closure: the finished graph.
        program: its records, put together.
        places: module → the file to name in locations.
        files: the SQL in data files, by their path in the archive.
        carried: SQL in generated files, with its place.
    """
    at = partial(_location, places)
    kinds: dict[str, set[Use]] = {}
    queries: dict[CodeQuery, None] = {}
    for found in (each for module in places for each in _of_module(program, module)):
        for kind, name, place in found.uses:
            kinds.setdefault(kind, set()).add(Use(name, at(place)))
        queries |= dict.fromkeys(_query(text, at(place)) for text, place in found.queries)
        for table, written, place in found.tables:
            queries[CodeQuery("", at(place), (CodeTableUse(table, at(place), written),))] = None
    for imported in closure.third_party:
        if api := _api(imported.module):
            kinds.setdefault("apis", set()).add(Use(api, at(CodePlace(imported.importer, imported.fact.line))))
    texts = [*carried, *((each.text, each.at) for each in files.values() if each.at)]
    queries |= dict.fromkeys(_query(text, where) for text, where in texts)
    asked = dict.fromkeys(
        DocumentQuery(each.conditions, each.order, at(each.place))
        for module in places
        for each in asked_queries(program, module)
    )
    sql = SqlQueries(closure, program, at, QueryTexts(files, tuple(QueryText(*each) for each in carried)))
    reading = tuple(places) if any(use.name == "bigquery" for use in kinds.get("apis", ())) else ()
    return Uses(
        queries=tuple(queries),
        document_queries=tuple(asked),
        query_calls=tuple(dict.fromkeys(each for module in reading for each in sql.calls(module))),
        column_reads=tuple(dict.fromkeys(each for module in reading for each in sql.reads(module))),
        **{kind: tuple(sorted(found, key=_order)) for kind, found in kinds.items()},
    )


def _of_module(program: Program, module: str) -> Iterator[ModuleUses]:
    """Yield what one module uses: whoever calls it, and by what its callers say."""
    settled = program.once("uses", module, "", lambda: settled_uses(program, module), ModuleUses())
    yield settled
    yield asked_uses(program, module, settled.open)


def _location(places: Mapping[str, str], place: CodePlace) -> Location:
    return Location(places.get(place.module, place.module), place.line)


def _query(text: str, at: Location) -> CodeQuery:
    tables, error = read_sql(text)
    return CodeQuery(text, at, tuple(CodeTableUse(each.table, at, each.written) for each in tables), error)


def _order(use: Use) -> tuple[str, str, int]:
    return use.name, use.at.file, use.at.line or 0


def _api(module: str) -> str | None:
    parts = module.split(".")
    return next(
        (_APIS[name] for name in (".".join(parts[:n]) for n in range(len(parts), 0, -1)) if name in _APIS), None
    )
