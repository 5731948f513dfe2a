"""What the code of one closure uses outside itself, by what it calls and says: the basis of grants and env.

A value is followed through names, modules and the functions that it is passed to. What only running the code tells is
kept as `{expression}`, so that nobody mistakes it for absent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from analysis.python.call_sites import CodePlace
from analysis.python.graph import Closure
from analysis.python.program import Program
from blueprint.archive.document_queries import asked_queries
from blueprint.archive.model import CodeQuery, CodeTableUse, ColumnRead, DocumentQuery, QueryCall, QueryText, Use, Uses
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
    kinds: dict[str, set[Use]] = {}
    queries: dict[CodeQuery, None] = {}
    asked: dict[DocumentQuery, None] = {}

    def at(place: CodePlace) -> Location:
        return Location(places.get(place.module, place.module), place.line)

    def add_query(text: str, where: Location) -> None:
        tables, error = read_sql(text)
        uses = tuple(CodeTableUse(each.table, where, each.written) for each in tables)
        queries[CodeQuery(text, where, uses, error)] = None

    for module in places:
        settled = program.once("uses", module, "", lambda module=module: settled_uses(program, module), ModuleUses())  # type: ignore[misc]
        asked.update(
            dict.fromkeys(
                DocumentQuery(each.conditions, each.order, at(each.place)) for each in asked_queries(program, module)
            )
        )
        for found in (settled, asked_uses(program, module, settled.open)):
            for kind, name, place in found.uses:
                kinds.setdefault(kind, set()).add(Use(name, at(place)))
            for text, place in found.queries:
                add_query(text, at(place))
            for table, written, place in found.tables:
                queries[CodeQuery("", at(place), (CodeTableUse(table, at(place), written),))] = None
    for imported in closure.third_party:
        api = _api(imported.module)
        if api:
            kinds.setdefault("apis", set()).add(Use(api, at(CodePlace(imported.importer, imported.fact.line))))
    for text, where in [*carried, *((each.text, each.at) for each in files.values() if each.at)]:
        add_query(text, where)
    calls: dict[QueryCall, None] = {}
    reads: dict[ColumnRead, None] = {}
    if any(use.name == "bigquery" for use in kinds.get("apis", ())):
        view = tuple(QueryText(text, where) for text, where in carried)
        sql = SqlQueries(closure, program, at, QueryTexts(files, view))
        for module in places:
            calls.update(dict.fromkeys(sql.calls(module)))
            reads.update(dict.fromkeys(sql.reads(module)))

    def order(use: Use) -> tuple[str, str, int]:
        return use.name, use.at.file, use.at.line or 0

    return Uses(
        queries=tuple(queries),
        document_queries=tuple(asked),
        query_calls=tuple(calls),
        column_reads=tuple(reads),
        **{kind: tuple(sorted(found, key=order)) for kind, found in kinds.items()},
    )


def _api(module: str) -> str | None:
    parts = module.split(".")
    return next(
        (_APIS[name] for name in (".".join(parts[:n]) for n in range(len(parts), 0, -1)) if name in _APIS), None
    )
