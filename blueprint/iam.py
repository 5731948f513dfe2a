"""Grants derived from what a function does: no role is written down, each has the lines of code that need it.

The rules are one table from a use to a role on the smallest resource that Google Cloud lets carry it. Firestore has no
IAM below the project, and a query job belongs to a project; everything else is granted on the thing itself. Who only reads
documents or rows may only read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from blueprint.findings import Location

if TYPE_CHECKING:
    from blueprint.archive import Archive, Use
    from blueprint.manifest import Manifest
    from blueprint.names import Names
    from blueprint.schemas.bigquery import Schemas

GrantScope = Literal["project", "topic", "dataset", "table", "secret"]

READ_DOCUMENTS = "roles/datastore.viewer"
WRITE_DOCUMENTS = "roles/datastore.user"
QUERY_JOB = "roles/bigquery.jobUser"
READ = "roles/bigquery.dataViewer"
WRITE_TABLE = "roles/bigquery.dataEditor"
PUBLISH = "roles/pubsub.publisher"
READ_SECRET = "roles/secretmanager.secretAccessor"  # a role's name, not a credential


@dataclass(frozen=True)
class Grant:
    """One additive member grant to a function's runtime identity.

    `target` is the topic, dataset, `dataset.table` or secret (empty for the project), `because` the lines that
    need it, code first, then the declaration.
    """

    function: str
    role: str
    scope: GrantScope
    target: str
    because: tuple[Location, ...]

    @property
    def slug(self) -> str:
        """Return the part of the logical name that tells this grant from the function's others."""
        role = self.role.removeprefix("roles/").replace(".", "-").lower()
        return f"{role}-{self.target}".rstrip("-") if self.target else role


def grants(manifest: Manifest, names: Names, archives: Mapping[str, Archive], schemas: Schemas) -> tuple[Grant, ...]:
    """Return every grant that the functions of the plan need, ordered by function, role and target."""
    found: dict[tuple[str, str, GrantScope, str], list[Location]] = {}
    for function in manifest.functions:
        archive = archives.get(function)
        if archive is not None:
            for role, scope, target, at in _needs(manifest, names, schemas, function, archive):
                places = found.setdefault((function, role, scope, target), [])
                if at not in places:
                    places.append(at)
    return tuple(
        Grant(function, role, scope, target, tuple(places))
        for (function, role, scope, target), places in sorted(found.items())
    )


Need = tuple[str, GrantScope, str, Location]


def _needs(manifest: Manifest, names: Names, schemas: Schemas, function: str, archive: Archive) -> Iterator[Need]:
    uses, declared = archive.uses, manifest.functions[function]
    documents = WRITE_DOCUMENTS if uses.document_writes else READ_DOCUMENTS
    for at in (*_reached(uses.apis, "firestore"), *(use.at for use in uses.document_writes)):
        yield documents, "project", "", at
    yield from ((QUERY_JOB, "project", "", at) for at in _reached(uses.apis, "bigquery"))
    for table in uses.tables:
        dataset, _, _ = table.table.rpartition(".")
        if dataset and "{" not in table.table and table.written:
            yield WRITE_TABLE, "table", table.table, table.at
        elif dataset and "{" not in dataset:
            yield from ((READ, *place, table.at) for place in _read_in(table.table, schemas))
    for topic in manifest.published_by(function):
        for at in _reached(uses.apis, "pubsub"):
            yield PUBLISH, "topic", topic, at
    if declared.trigger.topic is not None:
        dead_letter = names.dead_letter_topic(names.subscription(function, declared.trigger.topic))
        for at in _reached(uses.apis, "pubsub"):
            yield PUBLISH, "topic", dead_letter, at
    for variable in declared.secrets:
        read = [use.at for use in uses.env if use.name == variable]
        for at in read or [declared.at]:
            yield READ_SECRET, "secret", manifest.secrets[variable].secret, at


def _read_in(name: str, schemas: Schemas) -> Iterator[tuple[GrantScope, str]]:
    """Yield what must be readable for a query of one table or view.

    A table of this project is granted alone, a view with everything that it reads. What is owned elsewhere may be a view
    over anything in its dataset, so that is what is granted.
    """
    if name in schemas.views:
        yield "table", name
        for reference in schemas.views[name].references:
            yield from _read_in(reference.id, schemas)
    elif name in schemas.tables:
        yield "table", name
    else:
        yield "dataset", name.rpartition(".")[0].split(".")[-1]


def _reached(apis: tuple[Use, ...], name: str) -> Iterator[Location]:
    return (use.at for use in apis if use.name == name)
