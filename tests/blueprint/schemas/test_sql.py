"""Reading DDL: everything the pipeline may write is understood, everything else is refused with its place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from blueprint.schemas.bigquery import (
    Column,
    Partitioning,
    RangePartitioning,
    Table,
    View,
)
from blueprint.schemas.differences import differences
from blueprint.schemas.sql import FileContext, ObjectKind, ParsedFile, parse

ROOT = Path(__file__).resolve().parents[3]


def read(text: str, kind: ObjectKind = "table", project: str | None = None) -> ParsedFile:
    return parse(text, FileContext(file="x.sql", kind=kind, dataset="ds", name="t", project=project))


def table(text: str) -> Table:
    parsed = read(text)
    assert [str(finding) for finding in parsed.findings] == []
    assert isinstance(parsed.declared, Table)
    return parsed.declared


def refused(text: str, kind: ObjectKind = "table", project: str | None = None) -> tuple[str, int | None, int | None]:
    parsed = read(text, kind, project)
    assert parsed.findings, text
    first = parsed.findings[0]
    return first.message, first.at.line, first.at.column


class TestNames:
    @pytest.mark.parametrize(
        "name",
        ["t", "ds.t", "`ds.t`", "`ds`.`t`", "my-project.ds.t", "`my-project.ds.t`", "`my-project`.ds.t", "ds . t"],
    )
    @pytest.mark.parametrize("verb", ["CREATE TABLE", "create or replace table", "CREATE TABLE IF NOT EXISTS"])
    def test_every_spelling_is_the_same_table(self, verb: str, name: str) -> None:
        assert table(f"{verb} {name} (a INT64)").id == "ds.t"

    def test_another_project_is_refused(self) -> None:
        message, line, column = refused("CREATE TABLE other.ds.t (a INT64)", project="mine")
        assert "names project `other`" in message
        assert (line, column) == (1, 14)

    @pytest.mark.parametrize("name", ["other.t", "ds.u", "u", "a.b.c.d"])
    def test_another_name_than_the_file_s_is_refused(self, name: str) -> None:
        assert "but its file stands for `ds.t`" in refused(f"CREATE TABLE {name} (a INT64)")[0]


class TestColumns:
    def test_types_are_the_legacy_names(self) -> None:
        spelled = (
            "STRING BYTES INT64 INT BIGINT FLOAT64 BOOL BOOLEAN NUMERIC DECIMAL BIGNUMERIC TIMESTAMP DATE TIME JSON"
        )
        found = table(f"CREATE TABLE t ({', '.join(f'c{i} {name}' for i, name in enumerate(spelled.split()))})")
        legacy = "STRING BYTES INTEGER INTEGER INTEGER FLOAT BOOLEAN BOOLEAN NUMERIC NUMERIC BIGNUMERIC TIMESTAMP DATE TIME JSON"
        assert [column.type for column in found.columns] == legacy.split()

    def test_everything_about_a_column(self) -> None:
        found = table(
            """
            # A comment in every position /* and of every kind. */
            CREATE /* here */ TABLE t ( -- and here
              a STRING(20) NOT NULL OPTIONS(description='it''s'[OFFSET(0)]) )
            """.replace("'it''s'[OFFSET(0)]", '"it\'s"')
        )
        assert found.columns[0] == Column(name="a", type="STRING", mode="REQUIRED", max_length=20, description="it's")

    def test_nested_types(self) -> None:
        found = table(
            "CREATE TABLE t (h ARRAY<STRUCT<at TIMESTAMP NOT NULL OPTIONS(description=r'\\d'), s STRUCT<x ARRAY<INT64>>>>)".replace(
                "<at ", "<`at` "
            )
        )
        inner = found.columns[0].fields
        assert (found.columns[0].type, found.columns[0].mode) == ("RECORD", "REPEATED")
        assert inner[0] == Column(name="at", type="TIMESTAMP", mode="REQUIRED", description="\\d")
        assert inner[1].fields[0] == Column(name="x", type="INTEGER", mode="REPEATED")

    @pytest.mark.parametrize(
        ("written", "stored"),
        [
            ("TIMESTAMP DEFAULT CURRENT_TIMESTAMP()", "CURRENT_TIMESTAMP()"),
            ("STRING DEFAULT 'a, b)' NOT NULL", "'a, b)'"),
            ("INT64 DEFAULT -1", "-1"),
            (
                'STRUCT<x INT64, y STRING> DEFAULT   STRUCT<x INT64, y STRING>(1,"a")',
                'STRUCT<x INT64, y STRING>(1,"a")',
            ),
            ("STRING DEFAULT  GENERATE_UUID( ) OPTIONS(description='d')", "GENERATE_UUID( )"),
            ("DATE DEFAULT DATE '2020-01-01'", "DATE '2020-01-01'"),
            ("DATE DEFAULT '2020-01-01' NOT NULL", "'2020-01-01'"),
            ("FLOAT64 DEFAULT 1", "1"),
            ("ARRAY<INT64> DEFAULT [1, 2]", "[1, 2]"),
            ("TIMESTAMP default current_timestamp()", "CURRENT_TIMESTAMP()"),
            ("DATE DEFAULT current_date", "CURRENT_DATE()"),
            ("TIMESTAMP DEFAULT Current_Timestamp NOT NULL", "CURRENT_TIMESTAMP()"),
            ("BOOL DEFAULT false", "FALSE"),
            ("STRING DEFAULT 'current_date'", "'current_date'"),
        ],
    )
    def test_defaults_are_kept_as_expressions(self, written: str, stored: str) -> None:
        assert table(f"CREATE TABLE t (a {written}, b INT64)").columns[0].default == stored

    def test_the_schema_is_canonical(self) -> None:
        text = table(
            "CREATE TABLE t (b INT64 DEFAULT 0 NOT NULL OPTIONS(description='ü'), a DECIMAL(10, 2))"
        ).schema_json()
        assert json.loads(text) == [
            {"name": "b", "type": "INTEGER", "mode": "REQUIRED", "description": "ü", "defaultValueExpression": "0"},
            {"name": "a", "type": "NUMERIC", "mode": "NULLABLE", "precision": "10", "scale": "2"},
        ]
        assert (
            text
            == table(
                'create table t(b bigint default 0 not null options(description="ü"),a numeric(10,2))'
            ).schema_json()
        )

    @pytest.mark.parametrize(
        ("columns", "sentence", "column"),
        [
            ("a VARCHAR", "Type `VARCHAR` is not understood", 17),
            ("a STRNG", "Type `STRNG` is not understood", 17),
            ("a INT64, A STRING", "`A` is declared twice, first on line 1", 26),
            ("a ARRAY<INT64> NOT NULL", "cannot be NOT NULL", 17),
            ("a ARRAY<ARRAY<INT64>>", "cannot hold an ARRAY", 17),
            ("a INT64(3)", "does not take these parameters", 17),
            ("a NUMERIC(40)", "NUMERIC(40) is out of range", 17),
            ("a NUMERIC(5, 10)", "out of range", 17),
            ("a NUMERIC(30)", "out of range", 17),
            ("a NUMERIC(39, 9)", "out of range", 17),
            ("a NUMERIC(9, 0), b NUMERIC(9, 10)", "out of range", 34),
            ("a BYTES(0)", "does not take these parameters", 17),
            ("a STRING(1, 2)", "does not take these parameters", 17),
            ("a STRING(0)", "does not take these parameters", 17),
            ("a INT64 NOT NULL NOT NULL", "written twice", 17),
            ("a INT64 NULL NOT NUL", "`NOT` is not followed by `NULL`", 34),
            ("a STRING COLLATE 'und:ci'", "Expected NOT NULL, DEFAULT, OPTIONS", 17),
            ("a INT64 OPTIONS(descriptoin='x')", "Option `descriptoin` of a column is not understood", 45),
            ("select INT64", "quote a column's name that is a reserved word", 24),
            ("order INT64", "`order` is a reserved word", 17),
            ("at INT64", "`at` is a reserved word", 17),
            ("_PARTITIONTIME TIMESTAMP", "cannot name a column", 17),
            ("@a TIMESTAMP DEFAULT CURRENT_TIMESTAMP() OPTIONS(description='b')", "`@a` cannot name a column", 17),
            ("1a INT64", "A number ends where its digits end", 18),
            ("", "no column", 14),
            ("a", "a name and a type are needed", 17),
            ("a INT64,, b INT64", "Nothing follows this comma", 24),
            ("a INT64 b STRING", "a comma or `)` is missing before this", 25),
            ("a INT64; b", "does not parse", 19),
            ("a STRUCT<INT64>", "needs a name and a type", 17),
            ("a INT64 DEFAULT 'x'", "The default of `a` is STRING and the column INT64", 17),
            ("a STRING DEFAULT nosuch()", "`a` calls `NOSUCH`", 17),
            ("a STRING DEFAULT CONCAT('x', 'y')", "`a` calls `CONCAT`", 17),
            ("a INT64 DEFAULT b", "refers to a column or a query", 17),
            ("a STRING OPTIONS(description='\\q')", "no escape sequence", 46),
            ("a INT64 REFERENCES ds.u(a) NOT ENFORCED", "Foreign keys are not deployed", 17),
            (
                "a INT64, FOREIGN KEY (a) REFERENCES ds.u(a) NOT ENFORCED",
                "Foreign keys and named constraints are not",
                39,
            ),
            ("a FLOAT64, PRIMARY KEY (a) NOT ENFORCED", "such a column cannot be a key", 41),
            ("a INT64, PRIMARY KEY (a)", "BigQuery enforces no key", 39),
        ],
    )
    def test_what_is_not_understood_is_refused_where_it_stands(self, columns: str, sentence: str, column: int) -> None:
        message, line, found = refused(f"CREATE TABLE t (\n{columns})".replace("\n", ""))
        assert sentence in message
        assert (line, found) == (1, column)


class TestLayout:
    def ddl(self, tail: str) -> str:
        return f"CREATE TABLE t (d DATE, ts TIMESTAMP, dt DATETIME, n INT64, s STRING, j JSON) {tail}"

    @pytest.mark.parametrize(
        ("by", "expected"),
        [
            ("d", Partitioning(column="d", granularity="DAY")),
            ("DATE(ts)", Partitioning(column="ts", granularity="DAY")),
            ("TIMESTAMP_TRUNC(ts, HOUR)", Partitioning(column="ts", granularity="HOUR")),
            ("DATETIME_TRUNC(dt, MONTH)", Partitioning(column="dt", granularity="MONTH")),
            ("DATE_TRUNC(d, YEAR)", Partitioning(column="d", granularity="YEAR")),
            ("_PARTITIONDATE", Partitioning(column=None, granularity="DAY")),
            ("TIMESTAMP_TRUNC(_PARTITIONTIME, HOUR)", Partitioning(column=None, granularity="HOUR")),
            (
                "RANGE_BUCKET(n, GENERATE_ARRAY(0, 100, 10))",
                Partitioning(column="n", range=RangePartitioning(start=0, end=100, interval=10)),
            ),
            (
                "RANGE_BUCKET(n, GENERATE_ARRAY(0, 10000, 1))",
                Partitioning(column="n", range=RangePartitioning(start=0, end=10_000, interval=1)),
            ),
        ],
    )
    def test_every_form_of_partitioning(self, by: str, expected: Partitioning) -> None:
        assert table(self.ddl(f"PARTITION BY {by}")).partitioning == expected

    def test_options_in_any_order(self) -> None:
        one = "require_partition_filter=TRUE, labels=[('b', 'x'), ('a', '')], partition_expiration_days=0.5, description='d'"
        two = "description='d', partition_expiration_days=.5, labels=[('a', ''), STRUCT('b', 'x')], require_partition_filter=true"
        tables = [table(self.ddl(f"PARTITION BY d CLUSTER BY s, n OPTIONS({each})")) for each in (one, two)]
        assert not differences(*tables)
        assert tables[0].labels == (("a", ""), ("b", "x"))
        assert tables[0].partitioning == Partitioning(
            column="d", granularity="DAY", expiration_days=0.5, require_filter=True
        )

    @pytest.mark.parametrize(
        ("tail", "sentence"),
        [
            ("PARTITION BY ts", "needs a column of type DATE"),
            ("PARTITION BY nope", "names `nope`, which is not a column"),
            ("PARTITION BY DATE_TRUNC(d, DAY)", "Expected one of MONTH, YEAR"),
            ("PARTITION BY FLOOR(ts)", "cannot partition a table"),
            ("CLUSTER BY j", "cannot be clustered by"),
            ("CLUSTER BY nope", "names `nope`"),
            ("CLUSTER BY d, ts, n, s, dt", "at most 4 columns"),
            ("CLUSTER BY s, s", "twice"),
            ("OPTIONS(partition_expiration_days=90)", "needs a partitioned table"),
            ("PARTITION BY d OPTIONS(partition_expiration_days=-1)", "positive number"),
            ("OPTIONS(location='US')", "The location is the stack's and is not written here"),
            ("DEFAULT COLLATE 'und:ci'", "DEFAULT COLLATE is not deployed"),
            ("PARTITION BY RANGE_BUCKET(n, GENERATE_ARRAY(0, 100000, 1))", "has 100000 partitions"),
            ("PARTITION BY RANGE_BUCKET(n, GENERATE_ARRAY(0, 10001, 1))", "has 10001 partitions"),
            ("CLUSTER BY s PARTITION BY d", "put them in order"),
            ("OPTIONS(description='a') CLUSTER BY s", "put them in order"),
            (
                "PARTITION BY RANGE_BUCKET(n, GENERATE_ARRAY(0, 9, 1)) OPTIONS(partition_expiration_days=9)",
                "never expire",
            ),
            ("PARTITION BY RANGE_BUCKET(n, GENERATE_ARRAY(9, 0, 1))", "The range is empty"),
            ("PARTITION BY DATE(d)", "needs a column of type DATETIME or TIMESTAMP"),
            ("CLUSTER BY s, S", "twice"),
            ("OPTIONS(require_partition_filter=1)", "Expected TRUE or FALSE"),
            ("OPTIONS(kms_key_name='k')", "is not understood"),
            ("OPTIONS(labels=[('Team', 'x')])", "Label `Team`: `x` is not allowed"),
            ("OPTIONS(description='a', description='b')", "written twice"),
            ("OPTIONS(expiration_timestamp=TIMESTAMP '2030-01-01')", "is not understood"),
            ("; CREATE TABLE u (a INT64)", "more than one statement"),
            ("AS SELECT 1", "A table is declared by its columns"),
            ("OPTIONS(description=", "does not parse"),
            ("OPTIONS(description='never closed)", "never closed"),
        ],
    )
    def test_a_layout_that_bigquery_or_this_project_refuses(self, tail: str, sentence: str) -> None:
        assert sentence in refused(self.ddl(tail))[0]

    @pytest.mark.parametrize("behind", [";", "; -- what it is for", ";\n/* and since when */\n", "\n-- CREATE TABLE u"])
    def test_a_comment_may_stand_behind_the_statement(self, behind: str) -> None:
        assert table(f"CREATE TABLE t (a INT64){behind}") == table("CREATE TABLE t (a INT64)")

    def test_primary_keys(self) -> None:
        assert table("CREATE TABLE t (a INT64, b INT64, PRIMARY KEY (a, b) NOT ENFORCED)").primary_key == ("a", "b")
        assert table("CREATE TABLE t (a INT64 PRIMARY KEY NOT ENFORCED)").primary_key == ("a",)
        assert "not a column" in refused("CREATE TABLE t (a INT64, PRIMARY KEY (b) NOT ENFORCED)")[0]
        assert (
            "more than one primary key"
            in refused("CREATE TABLE t (a INT64 PRIMARY KEY NOT ENFORCED, PRIMARY KEY (a) NOT ENFORCED)")[0]
        )

    def test_several_faults_are_told_at_once(self) -> None:
        parsed = read("CREATE TABLE x.y (a INT64, a INT64)\nPARTITION BY b\nCLUSTER BY c")
        assert [finding.at.line for finding in parsed.findings] == [1, 1, 2, 3]


class TestViews:
    def test_the_query_is_kept_as_written(self) -> None:
        parsed = read("CREATE VIEW ds.t OPTIONS(description='d') AS\n-- why\nSELECT 1 AS a -- not a; end\n;\n", "view")
        assert isinstance(parsed.declared, View)
        assert parsed.declared.query == "SELECT 1 AS a"
        assert (parsed.declared.query_at.line, parsed.declared.query_at.column) == (3, 1)

    def test_a_view_without_a_query_is_refused(self) -> None:
        assert "ends too early" in refused("CREATE VIEW ds.t AS", "view")[0]

    def test_another_kind_of_statement_is_refused(self) -> None:
        assert "Expected `VIEW` but found `TABLE`" in refused("CREATE TABLE ds.t (a INT64)", "view")[0]
        assert "Expected `CREATE` but found `DROP`" in refused("DROP TABLE ds.t")[0]
        assert (
            "Expected `VIEW` but found `MATERIALIZED`" in refused("CREATE MATERIALIZED VIEW t AS SELECT 1", "view")[0]
        )


WORDS = """
CREATE TABLE VIEW SCHEMA ( ) , < > ; . - ' " ` ''' -- /* */ # é 🏀 IF NOT EXISTS OR REPLACE ds.t a INT64 ARRAY STRUCT DEFAULT
OPTIONS description = [ ] 1 1e999 .5 0x1F @p ${x} PARTITION BY CLUSTER AS SELECT FROM WITH PRIMARY KEY ENFORCED labels
NULL TRUE RANGE_BUCKET GENERATE_ARRAY
"""
FRAGMENTS = [*WORDS.split(), "\n", "\x00", "\ufeff", "\u2028", "\\"]


class TestHostileText:
    """Whatever a file holds, the answer is a finding with a place inside the file, never a traceback."""

    @settings(max_examples=300, deadline=None)
    @given(text=st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=25).map(" ".join))
    @example(text="CREATE TABLE ds.t (a " + "STRUCT<a " * 2000)
    @example(text="CREATE TABLE ds.t (a " + "ARRAY<" * 5000)
    @example(text="CREATE TABLE ds.t (a INT64 DEFAULT " + "(" * 5000)
    def test_arbitrary_text(self, text: str) -> None:
        kinds: tuple[ObjectKind, ...] = ("table", "view", "dataset")
        for kind in kinds:
            self.check(text, read(text, kind))

    @settings(max_examples=300, deadline=None)
    @given(data=st.data())
    def test_a_damaged_file(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted((ROOT / "schemas/bigquery").glob("*/*.sql"))))
        text = path.read_text()
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 30))
        text = text[:start] + data.draw(st.sampled_from(FRAGMENTS) | st.text(max_size=3)) + text[start + length :]
        self.check(text, read(text))

    def check(self, text: str, parsed: ParsedFile) -> None:
        assert parsed.declared is not None or parsed.findings
        lines = text.split("\n")
        for finding in parsed.findings:
            assert finding.at.line is not None
            assert finding.at.column is not None
            assert 1 <= finding.at.line <= len(lines)
            assert 1 <= finding.at.column <= len(lines[finding.at.line - 1]) + 1
            assert finding.message.endswith(".")


class TestComparison:
    BASE: Any = table("CREATE TABLE t (a STRING NOT NULL, s STRUCT<x INT64>) CLUSTER BY a OPTIONS(description='d')")

    def test_a_table_is_identical_to_itself(self) -> None:
        assert not differences(self.BASE, self.BASE)

    def test_a_description_differs(self) -> None:
        other = replace(self.BASE, description="e")
        assert differences(self.BASE, other)

    def test_differences_name_nested_fields(self) -> None:
        other = table("CREATE TABLE t (a STRING, s STRUCT<x STRING, y INT64>) CLUSTER BY a OPTIONS(description='d')")
        found = [(each.kind, each.column) for each in differences(self.BASE, other)]
        assert found == [
            ("column-relaxed", "a"),
            ("column-retyped", "s.x"),
            ("column-added-nullable", "s.y"),
        ]

    @pytest.mark.parametrize(
        ("before", "after", "kinds"),
        [
            ("NUMERIC(10, 2)", "NUMERIC(12, 2)", ["column-relaxed"]),
            ("NUMERIC(10, 2)", "NUMERIC(10, 4)", ["column-narrowed"]),
            ("NUMERIC", "NUMERIC(10, 2)", ["column-narrowed"]),
            ("STRING(5)", "STRING", ["column-relaxed"]),
            ("INT64", "INT64 DEFAULT 1", ["default-changed"]),
            ("INT64", "ARRAY<INT64>", ["column-retyped"]),
        ],
    )
    def test_widening_and_narrowing(self, before: str, after: str, kinds: list[str]) -> None:
        old, new = (table(f"CREATE TABLE t (a {kind})") for kind in (before, after))
        assert [each.kind for each in differences(old, new)] == kinds
