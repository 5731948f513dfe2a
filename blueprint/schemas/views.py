"""Puts views in an order in which each follows what it reads, and resolves their queries against the tables.

A stored view is more than a query: its columns have names, each its own, and it takes no parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from analysis.sql.scope import Relation
from blueprint.findings import Finding
from blueprint.schemas.bigquery import Column, Schemas, View
from blueprint.schemas.cache import SchemaCache
from blueprint.schemas.statements import RULE, CheckedStatement, catalog, check_statement, field


def resolve_views(
    schemas: Schemas, cache: SchemaCache, project: str | None = None
) -> tuple[dict[str, View], list[Finding]]:
    """The views with references and columns filled in, each after what it reads, and what is wrong with them.

    A view in a circle, or over a missing table or column, is a finding and is left out, as are the views over it.
    """
    findings: list[Finding] = []
    known = catalog(replace(schemas, views={}))
    opened = known | {name: Relation((), open=True) for name in schemas.views}
    reads = {
        view.id: {each.id for each in _checked(view, opened, cache, project).references if each.id in schemas.views}
        for view in schemas.views.values()
    }
    done: dict[str, View] = {}
    for name in _order(reads, findings, schemas.views):
        view = schemas.views[name]
        if reads[name] - set(done):
            continue  # what it reads has a finding of its own
        checked = _checked(view, known, cache, project)
        faults = [*checked.findings, *_unstorable(view, checked)]
        findings += [*faults, *checked.notes]
        if faults:
            continue
        done[name] = replace(
            view,
            references=checked.references,
            unqualified=checked.unqualified,
            columns=_described(view, checked.columns, findings),
        )
        known[name] = Relation(tuple(map(field, done[name].columns)), open=checked.columns is None)
    return done, findings


def _order(reads: Mapping[str, set[str]], findings: list[Finding], views: Mapping[str, View]) -> list[str]:
    graph = {name: {each for each in found if each in reads} for name, found in sorted(reads.items())}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = [str(name) for name in error.args[1]]
        message = f"Views read each other in a circle ({' → '.join(circle)}); break it."
        findings.append(Finding(RULE, message, views[circle[0]].at))
        return _order({name: found for name, found in reads.items() if name not in circle}, findings, views)


def _checked(view: View, tables: Mapping[str, Relation], cache: SchemaCache, project: str | None) -> CheckedStatement:
    return check_statement(view.query, tables, view.query_at, project=project, query_only=True, cache=cache)


def _unstorable(view: View, checked: CheckedStatement) -> Iterator[Finding]:
    """What may stand in a query and not in a stored view."""
    for name, at in checked.parameters:
        yield Finding(RULE, f"A view takes no parameters, and this one uses @{name}; write the value.", at)
    for name, at in checked.clocks:
        message = f"{name} without a zone is the day of UTC, and what is derived from this view depends on it; write the pipeline's zone."
        yield Finding(RULE, message, at)
    seen: set[str] = set()
    for position, column in enumerate(checked.columns or (), 1):
        if not column.name:
            message = f"Column {position} of view `{view.id}` has no name; give it one with AS."
            yield Finding(RULE, message, view.query_at)
        elif column.name.casefold() in seen:
            message = f"View `{view.id}` has two columns `{column.name}`; give each a name of its own."
            yield Finding(RULE, message, view.query_at)
        seen.add(column.name.casefold())


def _described(view: View, found: tuple[Column, ...] | None, findings: list[Finding]) -> tuple[Column, ...]:
    """Join the query's columns with the names and descriptions that CREATE VIEW lists, which must be as many."""
    if not view.columns or found is None:
        return found or view.columns
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
