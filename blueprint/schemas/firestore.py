"""Firestore beside its documents: indexes and expiry, from `schemas/firestore/*.yaml`.

A file names the parts it is about (`phases` for the completion collections, or parts of
`store.collections`), never a collection: the collection's name stands in the declaration only. A field has an
index of its own only where it is `queried`: Firestore would make two for each field, nested ones too, which
costs each write and counts towards the 40,000 that a document may have. Documents are not described here; the
engine that writes them is their only writer.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from shared.declaration.grammar import Duration, declared
from shared.declaration.types import Identifier

from blueprint import yamlsource
from blueprint.decode import Decoder
from blueprint.findings import Finding, Location
from blueprint.manifest import Manifest

FOLDER = "schemas/firestore"
RULE = "firestore-schema"
PHASES = "phases"
MAX_FIELDS = 100
"""Fields of one composite index (Firestore quotas and limits)."""
RESERVED = re.compile(r"__.*__")

Order = Literal["ASCENDING", "DESCENDING"]


@dataclass(frozen=True)
class IndexField:
    """One field of an index: ordered, or searched as an array (`array_config` is then `CONTAINS`)."""

    field_path: str
    order: Order | None = None
    array_config: Literal["CONTAINS"] | None = None


@dataclass(frozen=True)
class Index:
    """A composite index, its trailing `__name__` written out.

    Firestore adds `__name__` by itself and reports it back; left out, every plan would make the index
    again. The logical name carries a hash of the definition because an index cannot be changed, only built
    beside the old one.
    """

    collection: str
    fields: tuple[IndexField, ...]
    at: Location = dataclasses.field(compare=False)
    query_scope: Literal["COLLECTION", "COLLECTION_GROUP"] = "COLLECTION"

    @property
    def logical_name(self) -> str:
        """The collection and a hash of the definition."""
        digest = hashlib.sha256(repr((self.collection, self.query_scope, self.fields)).encode()).hexdigest()
        return f"{self.collection.replace('_', '-')}-{digest[:8]}-index"


@dataclass(frozen=True)
class OwnIndexes:
    """What a field's own indexes are; `*` stands for every field of the collection that is not named."""

    collection: str
    field: str
    indexes: tuple[IndexField, ...]
    at: Location = dataclasses.field(compare=False)

    @property
    def logical_name(self) -> str:
        """The collection and the field."""
        field = "other-fields" if self.field == "*" else self.field.strip("_").replace("_", "-")
        return f"{self.collection.replace('_', '-')}-{field}-own-indexes"


@dataclass(frozen=True)
class Ttl:
    """The timestamp field by which documents of a collection expire, and how long after writing (seconds)."""

    collection: str
    field: str
    after: int
    at: Location = dataclasses.field(compare=False)

    @property
    def logical_name(self) -> str:
        """The collection and the field."""
        return f"{self.collection.replace('_', '-')}-{self.field.strip('_').replace('_', '-')}-ttl"


@dataclass(frozen=True)
class Firestore:
    """All indexes and expiries, ordered by collection."""

    indexes: tuple[Index, ...] = ()
    ttls: tuple[Ttl, ...] = ()
    own: tuple[OwnIndexes, ...] = ()
    whole: bool = True
    """False where a file cannot be read, so that what is missing here may be in it."""

    def ttl_of(self, collection: str) -> Ttl | None:
        """The expiry of `collection`, or None where documents stay for ever."""
        return next((ttl for ttl in self.ttls if ttl.collection == collection), None)


@dataclass(frozen=True)
class _Field:
    at: Location
    field: str = declared("A field path.")
    order: Literal["ascending", "descending", "array"] = declared("Direction; `array` searches members.")


@dataclass(frozen=True)
class _Index:
    at: Location
    fields: tuple[_Field, ...] = declared("In this order; `__name__` is added.")
    scope: Literal["collection", "collection_group"] = declared("What a query covers.", default="collection")


@dataclass(frozen=True)
class _Ttl:
    at: Location
    field: Identifier = declared("A timestamp field.")
    after: Duration = declared("How long after writing a document expires.")


@dataclass(frozen=True)
class _File:
    at: Location
    collections: Literal["phases"] | tuple[str, ...] = declared("`phases`, or parts of `store.collections`.")
    queried: tuple[Identifier, ...] = declared(
        "Fields with indexes of their own, since a query asks for one of them alone; no other field has any."
    )
    indexes: tuple[_Index, ...] = declared("Composite indexes.", default=())
    ttl: _Ttl | None = declared("When documents expire.", default=None)


def load_firestore(root: Path, manifest: Manifest) -> tuple[Firestore, tuple[Finding, ...]]:
    """Read every `schemas/firestore/*.yaml` under `root` for the collections of `manifest`."""
    findings: list[Finding] = []
    indexes: list[Index] = []
    ttls: list[Ttl] = []
    own: list[OwnIndexes] = []
    whole = True
    for path in sorted((root / FOLDER).glob("*.yaml")):
        file = path.relative_to(root).as_posix()
        tree, faults = yamlsource.load(path, file)
        decoder = Decoder(RULE)
        content = decoder.decode(_File, tree, "The file") if tree is not None else None
        findings.extend((*faults, *decoder.findings))
        whole = whole and content is not None and decoder.whole and not faults
        if content is None:
            continue
        if content.ttl is not None and content.ttl.field in content.queried:
            message = (
                f"'{content.ttl.field}' is the field of the `ttl`, whose indexes are off; remove it from `queried`."
            )
            findings.append(Finding(RULE, message, content.at))
        for collection in _collections(content, manifest, findings):
            indexes.extend(_indexes(content, collection, findings))
            own.extend(_own(content, collection))
            if content.ttl is not None:
                ttls.append(Ttl(collection, content.ttl.field, content.ttl.after, content.ttl.at))
    findings.extend(_repeated(indexes, ttls))
    ordered = sorted(indexes, key=lambda index: index.logical_name)
    expiries = tuple(sorted(ttls, key=lambda ttl: ttl.collection))
    apart = tuple(sorted(own, key=lambda each: each.logical_name))
    return Firestore(tuple(ordered), expiries, apart, whole), tuple(findings)


def _own(content: _File, collection: str) -> Iterator[OwnIndexes]:
    yield OwnIndexes(collection, "*", (), content.at)
    for name in dict.fromkeys(content.queried):
        orders = (IndexField(name, "ASCENDING"), IndexField(name, "DESCENDING"), IndexField(name, None, "CONTAINS"))
        yield OwnIndexes(collection, name, orders, content.at)


def _collections(content: _File, manifest: Manifest, findings: list[Finding]) -> tuple[str, ...]:
    if content.collections == PHASES:
        return tuple(phase.collection for phase in manifest.phases.values())
    found = []
    for part in content.collections:
        if part in manifest.store.collections:
            found.append(manifest.store.collections[part])
        else:
            known = ", ".join(sorted(manifest.store.collections))
            message = f"'{part}' is no part of `store.collections`; use {PHASES} or one of {known}."
            findings.append(Finding(RULE, message, content.at))
    return tuple(found)


def _indexes(content: _File, collection: str, findings: list[Finding]) -> Iterator[Index]:
    for index in content.indexes:
        fields = tuple(_field(each.field, each.order) for each in index.fields)
        problems = list(_refused(fields))
        findings.extend(Finding(RULE, problem, index.at) for problem in problems)
        if not problems:
            scope: Literal["COLLECTION", "COLLECTION_GROUP"] = (
                "COLLECTION" if index.scope == "collection" else "COLLECTION_GROUP"
            )
            yield Index(collection, with_name(fields), index.at, scope)


def _refused(fields: tuple[IndexField, ...]) -> Iterator[str]:
    """What the API refuses in an index (Firestore: index types; quotas and limits)."""
    if len(fields) < 2:
        yield "A composite index has two fields or more; Firestore keeps single-field indexes by itself."
    if len(fields) > MAX_FIELDS:
        yield f"A composite index has at most {MAX_FIELDS} fields, here {len(fields)}; drop some."
    names = [each.field_path for each in fields]
    if "__name__" in names:
        yield "`__name__` is added by itself; remove it."
    for name in sorted(set(names) - {"__name__"}):
        if names.count(name) > 1:
            yield f"The index names `{name}` twice; keep one."
        if any(RESERVED.fullmatch(part) for part in name.split(".")):
            yield f"`{name}` is reserved, as every name of the form `__x__` is; use another field."
    arrays = [each.field_path for each in fields if each.array_config]
    if len(arrays) > 1:
        yield f"An index searches one array and this one {', '.join(f'`{name}`' for name in arrays)}; keep one."


def _field(path: str, order: Literal["ascending", "descending", "array"]) -> IndexField:
    if order == "array":
        return IndexField(path, array_config="CONTAINS")
    if order == "ascending":
        return IndexField(path, "ASCENDING")
    return IndexField(path, "DESCENDING")


def with_name(fields: tuple[IndexField, ...]) -> tuple[IndexField, ...]:
    """The fields with the trailing `__name__`: in the direction of the last field, ascending where that has none."""
    return (*fields, IndexField("__name__", fields[-1].order or "ASCENDING"))


def _repeated(indexes: list[Index], ttls: list[Ttl]) -> Iterator[Finding]:
    seen: dict[object, Location] = {}
    for index in indexes:
        first = seen.setdefault(index, index.at)
        if first is not index.at:
            message = f"This index of '{index.collection}' is declared twice, first at {first}; remove one."
            yield Finding(RULE, message, index.at)
    fields: Mapping[str, Ttl] = {}
    for ttl in ttls:
        earlier = fields.get(ttl.collection)
        if earlier is not None:
            message = f"'{ttl.collection}' expires by '{earlier.field}' already ({earlier.at}); a collection has one."
            yield Finding(RULE, message, ttl.at)
        fields = {**fields, ttl.collection: ttl}
