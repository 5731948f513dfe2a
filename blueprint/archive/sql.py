"""The tables that a SQL text in the code names, for grants; parts known only at run time stay open.

What is wrong with a statement is a contract's, which has the schemas. Imports sqlglot when first called: a plan whose
archives are cached never pays for it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from analysis.sql.scope import Relation

# A statement, told from prose by its second keyword.
_STATEMENT = re.compile(
    r"""^\s*(?:--[^\n]*\n\s*)*(?:
    SELECT\b.+\bFROM\b | WITH\b.+\bAS\s*\( | INSERT\s+(?:INTO\s+[`\w{]|[`{]|[\w-]+\.\w) | UPDATE\b.+\bSET\b
    | DELETE\s+FROM\b | MERGE\s+(?:INTO\s+[`\w{]|[`{]|[\w-]+\.\w) | CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP\s+)?(?:TABLE|VIEW)\b
    | TRUNCATE\s+TABLE\b)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)


class SqlTable(NamedTuple):
    """One table of a statement, and whether it is written."""

    table: str
    written: bool


class _Anything(Mapping[str, Relation]):
    """The catalog of one who has not seen the schemas: every table is there, its columns are not known."""

    def __getitem__(self, name: str) -> Relation:
        return Relation((), open=True)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def is_sql(text: str) -> bool:
    """Return whether `text` is a SQL statement rather than prose that begins with one of its words."""
    return _STATEMENT.match(text) is not None


@functools.cache
def read_sql(text: str) -> tuple[tuple[SqlTable, ...], str | None]:
    """Return the tables of a statement, and why it does not parse (None if it does).

    Args:
        text: the statement; `{name}` stands for a part that is known only at run time.
    """
    from analysis.sql.statement import read

    found = read(text, _Anything(), project="*")
    written: dict[str, bool] = {}
    for use in found.tables:
        name = ".".join(use.name.split(".")[-3 if "INFORMATION_SCHEMA" in use.name.upper() else -2 :])
        written[name] = written.get(name, False) or use.written
    return tuple(
        SqlTable(*each) for each in sorted(written.items())
    ), None if found.kind or not found.problems else found.problems[0].message
