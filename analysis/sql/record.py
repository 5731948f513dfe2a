"""What reading a statement brings to light, and where in it an expression stands."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from analysis.sql.lexical import SqlProblem
from analysis.sql.scope import QueryScope
from analysis.sql.text import ParsedSql, Tree, start_of
from analysis.sql.types import UNTOLD, Type, Typed, TypeField


class ClockUse(NamedTuple):
    """A use of the current date or time, and whether it says in which zone."""

    name: str
    zoned: bool
    start: int


@dataclass
class Reading:
    """What reading a statement brings to light."""

    parsed: ParsedSql
    problems: list[SqlProblem] = field(default_factory=list)
    notes: list[SqlProblem] = field(default_factory=list)
    columns: dict[tuple[str, str], int] = field(default_factory=dict)
    parameters: dict[str, int] = field(default_factory=dict)
    clocks: list[ClockUse] = field(default_factory=list)
    excluded: list[int] = field(default_factory=list)
    compared: set[str] = field(default_factory=set)
    days: list[int] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """How many names were found nowhere: a query that names one returns columns under names that nobody meant."""
        return sum(bool(each.missing) for each in self.problems)

    def fault(self, node: Tree, message: str, missing: str = "") -> Typed:
        """Note a fault at `node`, once; its value is not known."""
        return self.fault_at(start_of(node), message, missing)

    def fault_at(self, start: int, message: str, missing: str = "") -> Typed:
        """Note a fault at an offset, once; its value is not known."""
        problem = SqlProblem(message, start, missing)
        if problem not in self.problems:
            self.problems.append(problem)
        return UNTOLD

    def start_of_parameter(self, name: str) -> int:
        """Where `@name` stands first, which its node does not know."""
        pairs = itertools.pairwise(self.parsed.tokens)
        return next((sign.start for sign, word in pairs if sign.text == "@" and word.text == name), 0)

    def untold(self, node: Tree, what: str) -> Typed:
        """Note that `what` is not followed here."""
        problem = SqlProblem(what, start_of(node))
        if problem not in self.notes:
            self.notes.append(problem)
        return UNTOLD


@dataclass(frozen=True)
class ExpressionPlace:
    """Where an expression stands and what it may therefore hold.

    Attributes:
        clause: its name in a sentence.
        aggregates: aggregate functions may stand here.
        windows: analytic functions may stand here.
        grouped: what the query is grouped by, None where a column may stand free.
        aliases: names of the SELECT list that may be used here.
        doubled: those of them that it gives more than once.
    """

    clause: str
    aggregates: bool = False
    windows: bool = False
    grouped: frozenset[str] | None = None
    aliases: dict[str, Typed] = field(default_factory=dict)
    doubled: frozenset[str] = frozenset()


class QueryContext(Protocol):
    """What this reader asks of the one that reads queries: a subquery's columns, and what is in force around here."""

    @property
    def parameters(self) -> Mapping[str, Type]:
        """The types of the statement's parameters, as far as they are known."""

    windows: dict[str, Tree]

    def read(self, node: Tree, parent: QueryScope | None = None) -> tuple[TypeField, ...] | None:
        """The columns that a query returns; None where they cannot be told."""
