"""Reads column definitions: types (nested ones too), modes, defaults and descriptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from blueprint.findings import Location
from blueprint.schemas.bigquery import Column, Mode
from blueprint.schemas.options import read_options
from blueprint.schemas.tokens import Cursor, NotUnderstoodError, Places, Report

LEGACY = {
    "STRING": "STRING",
    "BYTES": "BYTES",
    "INT64": "INTEGER",
    "INT": "INTEGER",
    "INTEGER": "INTEGER",
    "BIGINT": "INTEGER",
    "SMALLINT": "INTEGER",
    "TINYINT": "INTEGER",
    "BYTEINT": "INTEGER",
    "FLOAT64": "FLOAT",
    "BOOL": "BOOLEAN",
    "BOOLEAN": "BOOLEAN",
    "NUMERIC": "NUMERIC",
    "DECIMAL": "NUMERIC",
    "BIGNUMERIC": "BIGNUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
    "TIMESTAMP": "TIMESTAMP",
    "DATETIME": "DATETIME",
    "DATE": "DATE",
    "TIME": "TIME",
    "JSON": "JSON",
    "GEOGRAPHY": "GEOGRAPHY",
    "INTERVAL": "INTERVAL",
}
"""GoogleSQL type names and aliases → the legacy names that the API returns."""

MAX_DEPTH = 15
"""Levels of nested STRUCTs (BigQuery limit for RECORD columns)."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}\Z")
FORBIDDEN_PREFIXES = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier")


@dataclass(frozen=True, kw_only=True)
class _Type:
    name: str
    repeated: bool = False
    fields: tuple[Column, ...] = ()
    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None


def read_column(cursor: Cursor, places: Places, report: Report) -> tuple[Column, bool]:
    """Read one column definition; the flag says whether it carries an inline PRIMARY KEY."""
    return _ColumnReader(cursor, places, report).read(depth=0)


class _ColumnReader:
    def __init__(self, cursor: Cursor, places: Places, report: Report) -> None:
        self.cursor = cursor
        self.places = places
        self.report = report

    def read(self, depth: int) -> tuple[Column, bool]:
        cursor = self.cursor
        offset = cursor.offset
        name = cursor.name("a column name")
        if not NAME.match(name) or name.lower().startswith(FORBIDDEN_PREFIXES):
            self.report(
                f"`{name}` cannot name a column; use letters, digits and `_`, and no prefix that BigQuery reserves.",
                offset,
            )
        kind = self._type(depth)
        mode: Mode = "REPEATED" if kind.repeated else "NULLABLE"
        default = description = None
        is_key = False
        seen: set[str] = set()
        while not cursor.sees(",") and not cursor.sees(")") and not cursor.sees(">"):
            here, clause = cursor.offset, self._clause(depth)
            if clause in seen:
                raise NotUnderstoodError(f"`{clause}` is written twice for `{name}`; keep one.", here)
            seen.add(clause)
            if clause == "NOT NULL":
                mode = self._required(name, kind, here)
            elif clause == "DEFAULT":
                default = cursor.until(",", "NOT", "OPTIONS", "PRIMARY", "REFERENCES", "CONSTRAINT")
            elif clause == "OPTIONS":
                description = read_options(cursor, "column").description
            else:
                is_key = True
        column = Column(
            name=name,
            type=kind.name,
            mode=mode,
            description=description,
            default=default,
            fields=kind.fields,
            max_length=kind.max_length,
            precision=kind.precision,
            scale=kind.scale,
            at=self.places.at(offset),
        )
        return column, is_key

    def _clause(self, depth: int) -> str:
        """Consume the words that open one clause after the type."""
        cursor = self.cursor
        if cursor.accept("NOT", "NULL"):
            return "NOT NULL"
        if cursor.accept("OPTIONS"):
            return "OPTIONS"
        if depth == 0 and cursor.accept("DEFAULT"):
            return "DEFAULT"
        if depth == 0 and cursor.accept("PRIMARY", "KEY", "NOT", "ENFORCED"):
            return "PRIMARY KEY"
        wanted = "NOT NULL or OPTIONS" if depth else "NOT NULL, DEFAULT, OPTIONS or PRIMARY KEY NOT ENFORCED"
        raise cursor.expected(f"{wanted}, or the end of the column,")

    def _required(self, name: str, kind: _Type, offset: int) -> Mode:
        if kind.repeated:
            self.report(f"`{name}` is an ARRAY, which cannot be NOT NULL; an empty array is its null.", offset)
            return "REPEATED"
        return "REQUIRED"

    def _type(self, depth: int) -> _Type:
        cursor = self.cursor
        offset = cursor.offset
        if depth > MAX_DEPTH:
            raise NotUnderstoodError(f"STRUCTs nest at most {MAX_DEPTH} levels deep; flatten this one.", offset)
        if cursor.accept("ARRAY"):
            cursor.expect("<")
            offset = cursor.offset
            element = self._type(depth)
            if element.repeated:
                raise NotUnderstoodError("An ARRAY cannot hold an ARRAY; put a STRUCT between them.", offset)
            cursor.expect(">")
            return _Type(
                name=element.name,
                repeated=True,
                fields=element.fields,
                max_length=element.max_length,
                precision=element.precision,
                scale=element.scale,
            )
        if cursor.accept("STRUCT"):
            return _Type(name="RECORD", fields=self._fields(depth + 1))
        return self._simple()

    def _fields(self, depth: int) -> tuple[Column, ...]:
        cursor = self.cursor
        cursor.expect("<")
        fields = [self.read(depth)[0]]
        while cursor.accept(","):
            fields.append(self.read(depth)[0])
        cursor.expect(">")
        check_columns(tuple(fields), self.report, {})
        return tuple(fields)

    def _simple(self) -> _Type:
        cursor = self.cursor
        offset = cursor.offset
        word = cursor.take().text.upper()
        if word not in LEGACY:
            raise NotUnderstoodError(f"Type `{word}` is not understood; use a GoogleSQL column type.", offset)
        name = LEGACY[word]
        if not cursor.accept("("):
            return _Type(name=name)
        numbers = [cursor.whole("a whole number")]
        while cursor.accept(","):
            numbers.append(cursor.whole("a whole number"))
        cursor.expect(")")
        if name in {"STRING", "BYTES"} and len(numbers) == 1 and numbers[0] > 0:
            return _Type(name=name, max_length=numbers[0])
        if name in {"NUMERIC", "BIGNUMERIC"} and len(numbers) <= 2 and numbers[0] > 0:
            return _Type(name=name, precision=numbers[0], scale=numbers[1] if len(numbers) == 2 else None)
        raise NotUnderstoodError(f"`{word}` does not take these parameters; correct or remove them.", offset)


def check_columns(columns: tuple[Column, ...], report: Report, offsets: Mapping[Location, int]) -> None:
    """Refuse two columns of one name: BigQuery compares names without regard to case."""
    seen: dict[str, Column] = {}
    for column in columns:
        first = seen.setdefault(column.name.casefold(), column)
        if first is not column:
            line = f"line {first.at.line}" if first.at.line else "above"
            report(
                f"Column `{column.name}` is declared twice, first on {line}; rename one.",
                offsets.get(column.at, 0),
            )
