"""Contracts on Firestore: collections do not grow for ever, and every query has its index."""

from __future__ import annotations

from blueprint.contracts import Inspection, contract
from blueprint.model import Blueprint
from blueprint.schemas.firestore import FOLDER, Index
from blueprint.schemas.firestore_queries import OPERATORS, covers, index_of


@contract("collections-expire", "Every collection's documents expire", incidents=(70,))
def collections_expire(plan: Blueprint, report: Inspection) -> None:
    """A document per run grew to 106,000; nothing removed any."""
    manifest = plan.manifest
    phases = {phase.collection: phase.at for phase in manifest.phases.values()}
    collections = phases | dict.fromkeys(manifest.store.collections.values(), manifest.store.at)
    for collection, at in collections.items():
        report.check()
        if plan.firestore.whole and plan.firestore.ttl_of(collection) is None:
            of_phases = "expiry of phases" if collection in phases else ""
            report.violation(f"Documents of '{collection}' never expire; give it a `ttl` in {FOLDER}/.", at, of_phases)


@contract("queries-indexed", "Every Firestore query has the index it needs", incidents=(68,))
def queries_indexed(plan: Blueprint, report: Inspection) -> None:
    """The emulator answers without an index, production refuses: a missing index is never found by tests."""
    code = dict.fromkeys(query for archive in plan.archives.values() for query in archive.uses.document_queries)
    queries = [query for query in code if query.conditions is not None]
    whole = len(queries) == len(code) and plan.code_is_whole
    for query in code.keys() - set(queries):
        message = "The fields of this query cannot be told; write them as literals or module constants."
        report.violation(message, query.at)
    needed: set[Index] = set()
    own = {each.field for each in plan.firestore.own}
    alone = set()
    for query in queries:
        report.check()
        for operator in (each for _, each in query.conditions or () if each not in OPERATORS):
            report.violation(
                f"Firestore has no operator `{operator}`; write one of {', '.join(sorted(OPERATORS))}.", query.at
            )
        fields = index_of(query)
        if fields is None:
            asked = dict.fromkeys(name for name, _ in (*(query.conditions or ()), *query.order))
            alone |= set(asked)
            for field in (name for name in asked if name not in own and plan.firestore.whole):
                report.violation(
                    f"This query needs an index of `{field}` alone, and no collection has one; add the field to `queried` in {FOLDER}/.",
                    query.at,
                    f"index {field}",
                )
            continue
        matching = [index for index in plan.firestore.indexes if covers(index, fields)]
        needed.update(matching)
        if not matching and plan.firestore.whole:
            told = ", ".join(
                f"{each.field_path} {(each.order or 'array').lower()}" for each in fields if each.field_path[:2] != "__"
            )
            message = f"This query needs the composite index ({told}); add it to a file in {FOLDER}/."
            report.violation(message, query.at, f"index {told}")
    for each in plan.firestore.own:
        if each.field not in {"*", *alone} and whole:
            report.warning(
                f"No query asks for `{each.field}` of '{each.collection}' alone; take it out of `queried`.", each.at
            )
    for index in plan.firestore.indexes:
        if index not in needed and whole:
            report.warning(f"No query needs this index of '{index.collection}'; remove it.", index.at)
