"""What names stand for: the tables of a catalog, the sources of a FROM clause, and the columns that a name finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis.sql.types import ANY, DATE, TIMESTAMP, Type, TypeField, struct


@dataclass(frozen=True)
class Relation:
    """A table or view of the catalog.

    Attributes:
        columns: its columns in order.
        required: the columns that every INSERT must give.
        filtered: the partition column that every query must filter, None where none need be.
        open: there are more columns than these, so that an unknown name is not known rather than absent.
        ingested: partitioned by the time of arrival, which is a column of its own.
        wildcard: stands for many tables, which `_TABLE_SUFFIX` tells apart.
    """

    columns: tuple[TypeField, ...]
    required: frozenset[str] = frozenset()
    filtered: str | None = None
    open: bool = False
    ingested: bool = False
    wildcard: bool = False

    @property
    def hidden(self) -> tuple[TypeField, ...]:
        """Columns that `*` leaves out."""
        found = (TypeField("_PARTITIONTIME", TIMESTAMP), TypeField("_PARTITIONDATE", DATE)) if self.ingested else ()
        return (*found, TypeField("_TABLE_SUFFIX", Type("STRING"))) if self.wildcard else found


Catalog = Mapping[str, Relation]
"""`dataset.table` → what it is."""


@dataclass(eq=False)
class Source:
    """One item of a FROM clause: its name there, its columns, and the table that it is, if it is one."""

    alias: str
    columns: tuple[TypeField, ...]
    table: str | None = None
    hidden: tuple[TypeField, ...] = ()
    open: bool = False
    value: Type | None = None  # of an UNNEST: what the alias itself stands for

    @property
    def row(self) -> Type:
        """What the alias as such stands for."""
        return ANY if self.open else self.value or struct(self.columns)


class Found(NamedTuple):
    """What a name stands for; `source` is None for a name that no source has."""

    type: Type
    source: Source | None
    column: str = ""
    depth: int = 0


class CommonTable(NamedTuple):
    """What a WITH clause defines: its columns, and whether there may be others."""

    columns: tuple[TypeField, ...]
    open: bool


@dataclass
class QueryScope:
    """The names of one query level; a name that none of them has is looked for around it."""

    parent: QueryScope | None = None
    sources: list[Source] = field(default_factory=list)
    merged: dict[str, Source] = field(default_factory=dict)
    common: dict[str, CommonTable] = field(default_factory=dict)
    grouped: frozenset[str] | None = None

    def add(self, source: Source) -> bool:
        """Add a source; False where its name is taken."""
        taken = bool(source.alias) and any(each.alias.casefold() == source.alias.casefold() for each in self.sources)
        self.sources.append(source)
        return not taken

    def named(self, alias: str) -> Source | None:
        """The source called `alias` at this level."""
        return next((each for each in self.sources if each.alias and each.alias.casefold() == alias.casefold()), None)

    def levels(self) -> Iterator[QueryScope]:
        """This level and those around it."""
        level: QueryScope | None = self
        while level is not None:
            yield level
            level = level.parent

    def find(self, name: str) -> list[Found]:
        """What `name` stands for at the innermost level that knows it; more than one where it is ambiguous."""
        for depth, level in enumerate(self.levels()):
            if found := level._here(name, depth):
                return found
        return []

    def _here(self, name: str, depth: int) -> list[Found]:
        folded = name.casefold()
        if (merged := self.merged.get(folded)) is not None:
            return [Found(_type_of(merged, folded), merged, name, depth)]
        found = [
            Found(each.type, source, each.name, depth)
            for source in self.sources
            for each in (*source.columns, *source.hidden)
            if each.name.casefold() == folded
        ]
        alias = self.named(name)
        if alias is not None and (not found or alias.value is None):
            return [Found(alias.row, alias, "", depth)]
        opened = [source for source in self.sources if source.open]
        return found or [Found(ANY, opened[0] if len(opened) == 1 else None, name, depth) for _ in opened[:1]]

    def with_table(self, name: str) -> CommonTable | None:
        """What a WITH clause in reach defines as `name`; None where none does."""
        return next((level.common[name.casefold()] for level in self.levels() if name.casefold() in level.common), None)


def _type_of(source: Source, folded: str) -> Type:
    return next((each.type for each in source.columns if each.name.casefold() == folded), ANY)
