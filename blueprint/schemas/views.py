"""Puts views in an order in which each follows what it reads, and resolves their queries against the
tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

from blueprint.findings import Finding
from blueprint.schemas.bigquery import Column, Reference, Schemas, View
from blueprint.schemas.cache import (
    Cache,
    decode_columns,
    decode_findings,
    decode_references,
    encode_findings,
)
from blueprint.schemas.queries import RULE, Resolved, references, resolve


def resolve_views(schemas: Schemas, cache: Cache, project: str | None = None) -> tuple[dict[str, View], list[Finding]]:
    """The views with references and columns filled in, each after what it reads, and what is wrong with them.

    A view in a circle, or over a missing table or column, is a finding and is left out, as are the views
    over it.
    """
    findings: list[Finding] = []
    reads: dict[str, tuple[Reference, ...]] = {}
    unqualified: dict[str, tuple[int, ...]] = {}
    for view in schemas.views.values():
        found = _references(view, cache, project)
        findings.extend(found.findings)
        if not found.findings:
            reads[view.id] = found.references
            unqualified[view.id] = found.unqualified
    done: dict[str, View] = {}
    columns: dict[str, tuple[Column, ...]] = {
        table.id: table.columns for table in (*schemas.tables.values(), *schemas.external.values())
    }
    for name in _order(reads, findings, schemas.views):
        view = schemas.views[name]
        waits = [
            reference.id for reference in reads[name] if reference.id in schemas.views and reference.id not in done
        ]
        if waits:
            continue  # what it reads has a finding of its own
        result = _resolve(view, reads[name], columns, cache, project)
        findings.extend(result.findings)
        if not result.findings:
            done[name] = replace(
                view,
                references=reads[name],
                unqualified=unqualified[name],
                columns=_described(view, result.columns, findings),
            )
            columns[name] = done[name].columns
    return done, findings


def _order(reads: Mapping[str, tuple[Reference, ...]], findings: list[Finding], views: Mapping[str, View]) -> list[str]:
    from graphlib import CycleError, TopologicalSorter

    graph = {name: {ref.id for ref in found if ref.id in reads} for name, found in sorted(reads.items())}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = [str(name) for name in error.args[1]]
        message = f"Views read each other in a circle ({' → '.join(circle)}); break it."
        findings.append(Finding(RULE, message, views[circle[0]].at))
        return _order({name: found for name, found in reads.items() if name not in circle}, findings, views)


def _references(view: View, cache: Cache, project: str | None) -> Resolved:
    key = cache.key("references", view.query, str(view.query_at), project or "")
    stored = cache.get(key)
    if stored is not None:
        try:
            return Resolved(
                references=decode_references(stored["references"]),
                unqualified=tuple(stored["unqualified"]),
                findings=decode_findings(stored["findings"]),
            )
        except (KeyError, TypeError, AttributeError):
            pass
    found = references(view.query, view.query_at, project=project)
    value = {
        "references": [asdict(item) for item in found.references],
        "unqualified": found.unqualified,
        "findings": encode_findings(found.findings),
    }
    cache.put(key, value)
    return found


def _resolve(
    view: View,
    reads: Iterable[Reference],
    tables: Mapping[str, tuple[Column, ...]],
    cache: Cache,
    project: str | None,
) -> Resolved:
    known = {item.id: [asdict(column) for column in tables[item.id]] for item in reads if item.id in tables}
    key = cache.key("resolve", view.query, str(view.query_at), project or "", json.dumps(known, sort_keys=True))
    stored = cache.get(key)
    if stored is not None:
        try:
            return Resolved(
                columns=decode_columns(stored["columns"]),
                findings=decode_findings(stored["findings"]),
            )
        except (KeyError, TypeError, AttributeError):
            pass
    result = resolve(view.query, tables, view.query_at, project=project)
    value = {
        "columns": [asdict(column) for column in result.columns],
        "findings": encode_findings(result.findings),
    }
    cache.put(key, value)
    return result


def _described(view: View, found: tuple[Column, ...], findings: list[Finding]) -> tuple[Column, ...]:
    """Join the query's columns with the names and descriptions that CREATE VIEW lists, which must be as
    many.
    """
    if not view.columns:
        return found
    if len(view.columns) != len(found):
        message = (
            f"The view lists {len(view.columns)} columns but its query returns {len(found)}; make the lists the same."
        )
        findings.append(Finding(RULE, message, view.at))
        return found
    for listed, column in zip(view.columns, found, strict=True):
        if listed.name != column.name:
            message = f"The view lists column `{listed.name}` where its query returns `{column.name}`; only the query is deployed, so use its name."
            findings.append(Finding(RULE, message, listed.at))
    return tuple(
        replace(column, name=listed.name, description=listed.description, at=listed.at)
        for column, listed in zip(found, view.columns, strict=True)
    )
