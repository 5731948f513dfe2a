"""What one reading of a statement brings: tables, columns, parameters, what it returns, writes and asks of the clock."""

from __future__ import annotations

import pytest

from analysis.sql.ddl import ObjectKind, read_ddl
from analysis.sql.functions import parse_type
from analysis.sql.scope import Relation
from analysis.sql.statement import read


def relation(columns: str, **more: object) -> Relation:
    return Relation(tuple(parse_type(f"STRUCT<{columns}>").fields), **more)  # type: ignore[arg-type]


CATALOG = {
    "d.t": relation("a INT64, b STRING, c DATE, s STRUCT<x INT64>"),
    "d.u": relation("a INT64, e STRING"),
    "d.days": relation("day DATE, n INT64", filtered="day"),
    "d.arrived": relation("n INT64", filtered="_PARTITIONTIME", ingested=True),
    "d.open": Relation((), open=True),
}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("SELECT a, t.b FROM d.t AS t WHERE c = @day ORDER BY a", {"d.t": {"a", "b", "c"}}),
        ("SELECT e FROM d.t JOIN d.u USING (a)", {"d.t": {"a"}, "d.u": {"a", "e"}}),
        ("WITH w AS (SELECT a AS k FROM d.t) SELECT k FROM w", {"d.t": {"a"}}),
        ("SELECT s.x FROM d.t", {"d.t": {"s"}}),
        ("SELECT * FROM d.u", {"d.u": {"a", "e"}}),
        ("INSERT INTO d.u (a, e) SELECT a, b FROM d.t", {"d.u": {"a", "e"}, "d.t": {"a", "b"}}),
        ("UPDATE d.u SET e = 'x' WHERE a = 1", {"d.u": {"a", "e"}}),
        ("DELETE FROM d.u WHERE a = 1", {"d.u": {"a"}}),
        ("SELECT nobody_knows FROM d.open", {"d.open": {"nobody_knows"}}),
    ],
)
def test_the_columns_that_a_statement_names(text: str, columns: dict[str, set[str]]) -> None:
    found: dict[str, set[str]] = {}
    statement = read(text, CATALOG)
    for table, column in statement.columns:
        found.setdefault(table, set()).add(column)
    assert statement.problems == ()
    assert found == columns


def test_what_else_a_statement_says() -> None:
    text = "MERGE d.u USING d.t ON u.a = t.a AND t.c = @day WHEN MATCHED THEN UPDATE SET e = CAST(CURRENT_DATE() AS STRING)"
    statement = read(text, CATALOG)
    assert statement.kind == "merge"
    assert {(each.name, each.written) for each in statement.tables} == {("d.u", True), ("d.t", False)}
    assert list(statement.parameters) == ["day"]
    assert statement.compared == {"day"}
    assert [(each.name, each.zoned) for each in statement.clocks] == [("CURRENT_DATE", False)]
    assert statement.result is None
    assert [str(each.type) for each in read("SELECT a, [c] AS l FROM d.t", CATALOG).result or ()] == [
        "INT64",
        "ARRAY<DATE>",
    ]


@pytest.mark.parametrize(
    ("text", "name", "qualified", "told"),
    [
        ("SELECT a FROM d.t", "d.t", False, []),
        ("SELECT a FROM p.d.t", "d.t", True, []),
        ("SELECT a FROM {project}.d.t", "d.t", True, []),
        ("SELECT a FROM `{project}.d.t`", "d.t", True, []),
        ("SELECT a FROM {project}.d.nothing", "d.nothing", True, ["Table `d.nothing` is declared nowhere"]),
        ("SELECT a FROM {dataset}.t", "{dataset}.t", True, ["Which table `{dataset}.t` is, only running"]),
        ("SELECT a FROM {project}.{dataset}.t", "{dataset}.t", True, ["Which table `{dataset}.t` is, only running"]),
        ("SELECT a FROM d.{table}", "d.{table}", True, ["Which table `d.{table}` is, only running"]),
        (
            "SELECT a FROM {project}.{dataset}.x_{n}",
            "{dataset}.x_{n}",
            True,
            ["Which table `{dataset}.x_{n}` is, only"],
        ),
    ],
)
def test_a_table_is_known_where_only_its_project_is_left_open(
    text: str, name: str, qualified: bool, told: list[str]
) -> None:
    statement = read(text, CATALOG, project="p")
    assert [(each.name, each.qualified) for each in statement.tables] == [(name, qualified)]
    found = [each.message for each in (*statement.problems, *statement.notes)]
    assert [said[: len(words)] for said, words in zip(found, told, strict=True)] == told


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT a FROM t", "with its dataset and no more"),
        ("SELECT a FROM q.d.t", "with its dataset, without a project"),
    ],
)
def test_a_table_is_named_with_its_dataset_alone(text: str, wanted: str) -> None:
    statement = read(text, CATALOG, project="p")
    assert [each.message for each in statement.problems] == [
        f"Table `{text.split()[-1]}` is not named as `dataset.table`; write it {wanted}."
    ]


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("SELECT n FROM d.days WHERE day = @day", True),
        ("SELECT n FROM d.days WHERE n = 1 AND day >= '2026-01-01'", True),
        ("SELECT n FROM d.days WHERE (day = @day OR day = @other)", True),
        ("SELECT n FROM d.arrived WHERE _PARTITIONDATE = @day", True),
        ("SELECT n FROM d.arrived WHERE DATE(_PARTITIONTIME) = @day", True),
        ("SELECT d.n FROM d.t JOIN d.days AS d ON d.n = t.a WHERE d.day = t.c", True),
        ("DELETE FROM d.days WHERE day < @day", True),
        ("MERGE d.days AS d USING d.t ON d.n = t.a AND d.day = @day WHEN MATCHED THEN DELETE", True),
        ("SELECT n FROM d.days", False),
        ("SELECT n FROM d.days WHERE n = 1", False),
        ("SELECT n FROM d.days WHERE n = 1 OR day = @day", False),
        ("SELECT n FROM d.days WHERE n IN (SELECT a FROM d.t WHERE c = @day)", False),
        ("SELECT n FROM d.arrived WHERE n = 1", False),
        ("UPDATE d.days SET n = 1 WHERE TRUE", False),
        ("SELECT a FROM d.t WHERE a IN (SELECT n FROM d.days)", False),
        ("MERGE d.days AS d USING d.t ON d.n = t.a WHEN MATCHED THEN DELETE", False),
    ],
)
def test_a_table_that_requires_a_filter_gets_one(text: str, sound: bool) -> None:
    messages = [each.message for each in read(text, CATALOG).problems]
    assert any("requires a filter on its partition" in each for each in messages) is not sound
    assert sound is (messages == [])


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM d.t AS t, LATERAL (SELECT 1)", "MERGE d.u USING d.t WHEN MATCHED THEN DELETE", "SELECT (" * 400,
        "UPDATE d.u SET", "INSERT INTO d.u", "DELETE", "SELECT * FROM", "", ";", "WITH x AS",
        "MERGE", "TRUNCATE", "SELECT 1 QUALIFY", "SELECT ARRAY<", "SELECT CAST(a AS)", "SELECT a[", "SELECT @", "SELECT 'x",
        "GRANT SELECT ON d.t TO x", "CALL f()", "EXPORT DATA AS SELECT 1", "BEGIN SELECT 1; END", "DECLARE x INT64",
        "ALTER TABLE d.t ADD COLUMN x INT64", "DROP TABLE d.t", "CREATE TABLE d.t (a INT64)", "ASSERT TRUE", "EXECUTE IMMEDIATE 'x'",
    ],
)  # fmt: skip
def test_what_is_no_statement_of_ours_is_refused_or_not_known_and_never_raises(text: str) -> None:
    statement = read(text, CATALOG)
    assert statement.problems or statement.notes


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT [STRUCT(1 AS x), STRUCT(2 AS y)] AS l", "ARRAY<STRUCT<x INT64>>"),
        ("SELECT [STRUCT(1 AS x), STRUCT(2.5 AS x)] AS l", "ARRAY<STRUCT<x FLOAT64>>"),
        ("SELECT IF(TRUE, STRUCT(1 AS x), STRUCT(NULL AS y)) AS l", "STRUCT<x INT64>"),
        ("SELECT [STRUCT(1 AS x, 2.5 AS y), STRUCT(1.5 AS p, 2 AS q)] AS l", "ARRAY<STRUCT<x FLOAT64, y FLOAT64>>"),
        (
            "SELECT IF(TRUE, STRUCT(a AS x, 0.5 AS y), STRUCT(0.5 AS p, a AS q)) AS l FROM d.t",
            "STRUCT<x FLOAT64, y FLOAT64>",
        ),
    ],
)
def test_structs_have_one_type_together(text: str, kind: str) -> None:
    assert [str(each.type) for each in read(text, CATALOG).result or ()] == [kind]


@pytest.mark.parametrize(("text", "start"), [("CREATE TABLE t (a INT64)", 0), ("-- c\nCREATE TABLE t (a INT64)", 5)])
def test_a_statement_begins_at_its_first_word(text: str, start: int) -> None:
    found, _ = read_ddl(text, "table")
    assert found is not None
    assert found.start == start


@pytest.mark.parametrize(("columns", "sound"), [(16, True), (17, False)])
def test_a_primary_key_has_its_most_columns(columns: int, sound: bool) -> None:
    names = [f"c{number}" for number in range(columns)]
    text = f"CREATE TABLE t ({' INT64, '.join(names)} INT64, PRIMARY KEY ({', '.join(names)}) NOT ENFORCED)"
    refused = "A primary key names each column once and at most 16; correct it."
    assert [each.message for each in read_ddl(text, "table")[1]] == ([] if sound else [refused])


@pytest.mark.parametrize(
    ("text", "kind", "mark"),
    [
        ("CREATE VIEW d.v AS", "view", "AS"),
        ("CREATE VIEW d.v OPTIONS(description='x') AS", "view", "AS"),
        ("CREATE TABLE t (a DATE, b DATE) CLUSTER BY b PARTITION BY a", "table", "b PARTITION"),
        ("CREATE TABLE t (a DATE) OPTIONS(description='x') OPTIONS(description='y')", "table", "OPTIONS(description='y'"),
    ],
)  # fmt: skip
def test_a_statement_out_of_form_is_told_where_it_goes_wrong(text: str, kind: ObjectKind, mark: str) -> None:
    assert [each.start for each in read_ddl(text, kind)[1]] == [text.index(mark)]


@pytest.mark.parametrize(
    ("text", "kind", "most"),
    [
        ("CREATE TABLE t (a INT64 OPTIONS(description='{}'))", "table", 1024),
        ("CREATE TABLE t (a INT64) OPTIONS(description='{}')", "table", 16384),
        ("CREATE VIEW v OPTIONS(description='{}') AS SELECT 1 AS a", "view", 16384),
        ("CREATE SCHEMA d OPTIONS(description='{}')", "dataset", 16384),
    ],
)
def test_a_description_has_its_most_characters(text: str, kind: ObjectKind, most: int) -> None:
    assert read_ddl(text.format("x" * most), kind)[1] == ()
    assert len(read_ddl(text.format("x" * (most + 1)), kind)[1]) == 1


@pytest.mark.parametrize(
    ("days", "sound"),
    [
        ("90", True), (".5", True), ("0.00000002", True), ("0.00000001", False), ("0", False), ("-1", False),
        ("1e11", True), ("1e12", False), ("1e999", False), ("'90'", False), ("NULL", False), ("9 + 1", False),
    ],
)  # fmt: skip
def test_partitions_expire_after_days_that_milliseconds_count(days: str, sound: bool) -> None:
    found, problems = read_ddl(
        f"CREATE TABLE t (d DATE) PARTITION BY d OPTIONS(partition_expiration_days={days})", "table"
    )
    refused = f"Partitions expire after a positive number of days, not `{days}`; correct it."
    assert [each.message for each in problems] == ([] if sound else [refused])
    assert found is not None
    assert not sound or found.options.partition_expiration_days == float(days)


NOW = "CURRENT_TIMESTAMP()"


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT TIMESTAMP_DIFF({NOW}, {NOW}, DAY)", f"SELECT TIMESTAMP_TRUNC({NOW}, ISOWEEK)", "SELECT DATE_DIFF(c, c, ISOYEAR) FROM d.t",
        f"SELECT TIMESTAMP_ADD({NOW}, INTERVAL 1 HOUR)", "SELECT DATE_ADD(c, INTERVAL 1 QUARTER) FROM d.t", "SELECT EXTRACT(DAYOFWEEK FROM c) FROM d.t",
        "SELECT SUM(a) OVER (ORDER BY a RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM d.t",
        "SELECT SUM(a) OVER (ORDER BY a RANGE BETWEEN CURRENT ROW AND 1 FOLLOWING) FROM d.t",
        "SELECT SUM(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM d.t",
        "SELECT SUM(a) OVER (ORDER BY b RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM d.t",
        "SELECT * FROM d.u GROUP BY a, e", "SELECT * FROM d.u GROUP BY ALL", "SELECT u.* FROM d.u AS u GROUP BY a, u.e", "SELECT u.* FROM d.u AS u GROUP BY ALL",
        "SELECT * EXCEPT (e) FROM d.u GROUP BY a", "SELECT * REPLACE (MAX(e) AS e) FROM d.u GROUP BY a", "SELECT u.* EXCEPT (e) FROM d.u AS u GROUP BY a",
        "SELECT x.a, y.e FROM (d.t AS x JOIN d.u AS y ON x.a = y.a)", "SELECT a, e FROM (d.t JOIN d.u USING (a))",
        "SELECT a AS z FROM d.t ORDER BY z + 1", "SELECT a + 1 AS z FROM d.t GROUP BY z HAVING z > 1", "SELECT b FROM d.t ORDER BY b",
        "WITH w AS (SELECT 1 AS a), x AS (SELECT a FROM w) SELECT a FROM x", "SELECT DATE_ADD(c, INTERVAL a DAY) FROM d.t",
        "SELECT INTERVAL '1' DAY", "SELECT INTERVAL r'1' DAY", "SELECT INTERVAL @n DAY",
        "SELECT JSON_OBJECT()", "SELECT JSON_OBJECT('a', 1)", "SELECT JSON_OBJECT('a', 1, 'b', 'x')", "SELECT a IN (1) FROM d.t",
        "SELECT b LIKE ANY ('x', 'y') FROM d.t", "SELECT [1, 2][OFFSET(0)]", "SELECT [1, 2][0] + 1", "SELECT x + 1 FROM UNNEST([1, 2]) AS x",
        "SELECT a FROM d.t UNION DISTINCT SELECT a FROM d.u", "SELECT s FROM d.t UNION ALL SELECT s FROM d.t", "SELECT NULL AS n UNION ALL SELECT a FROM d.u",
        "SELECT c = '2026-01-31' FROM d.t", "SELECT c = '2024-02-29' FROM d.t", "SELECT c = '2026-01-3\\x31' FROM d.t", "SELECT c = r'2026-01-31' FROM d.t",
        "SELECT [STRUCT(1, 'x'), STRUCT(2, 'y')]", "SELECT STRUCT(1 AS x) UNION ALL SELECT STRUCT(2 AS x)",
        "SELECT a FROM d.t AS t GROUP BY t.a", "SELECT t.a + 1 FROM d.t AS t GROUP BY a + 1", "SELECT UPPER(b) FROM d.t AS t GROUP BY UPPER(t.b)",
        "SELECT RANGE_CONTAINS(RANGE(DATE '2026-01-01', NULL), DATE '2026-01-01')",
        "SELECT k.x FROM (SELECT AS STRUCT 1 AS x, 2 AS y) AS k", "SELECT k + 1 FROM (SELECT AS VALUE a FROM d.t) AS k", "SELECT s.x + 1 FROM d.t", "SELECT t.s.x FROM d.t AS t",
    ],
)  # fmt: skip
def test_what_the_platform_takes_is_sound(text: str) -> None:
    statement = read(text, CATALOG)
    assert ([each.message for each in statement.problems], statement.notes) == ([], ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"SELECT TIMESTAMP_DIFF({NOW}, {NOW}, WEEK)", "`TIMESTAMP_DIFF` of TIMESTAMP takes no part `WEEK`"),
        (f"SELECT TIMESTAMP_TRUNC({NOW}, DAYOFWEEK)", "takes no part `DAYOFWEEK`"),
        (f"SELECT TIMESTAMP_ADD({NOW}, INTERVAL 1 MONTH)", "takes no part `MONTH`"),
        ("SELECT DATE_ADD(c, INTERVAL 1 HOUR) FROM d.t", "takes no part `HOUR`"),
        ("SELECT DATE_DIFF(c, c, HOUR) FROM d.t", "takes no part `HOUR`"),
        ("SELECT EXTRACT(HOUR FROM c) FROM d.t", "takes no part `HOUR`"),
        ("SELECT SUM(a) OVER (ORDER BY b RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM d.t", "needs one ORDER BY key that is a number"),
        ("SELECT SUM(a) OVER (ORDER BY b RANGE BETWEEN CURRENT ROW AND 1 FOLLOWING) FROM d.t", "needs one ORDER BY key that is a number"),
        ("SELECT SUM(a) OVER (ORDER BY a, b RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM d.t", "needs one ORDER BY key that is a number"),
        ("SELECT SUM(a) OVER (ORDER BY a ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM d.t", "begins after its end"),
        ("SELECT b AS z FROM d.t ORDER BY z + 1", "`+` does not take STRING"),
        ("WITH w AS (SELECT 1 AS a), w AS (SELECT 2 AS a) SELECT a FROM w", "WITH defines `w` twice"),
        ("SELECT DATE_ADD(c, INTERVAL b DAY) FROM d.t", "An INTERVAL counts in INT64 and this is STRING; cast it."),
        ("SELECT INTERVAL b DAY FROM d.t", "An INTERVAL counts in INT64 and this is STRING; cast it."),
        ("SELECT JSON_OBJECT('a', 1, 'b')", "`JSON_OBJECT` does not take STRING, INT64, STRING;"),
        ("SELECT JSON_OBJECT('a')", "`JSON_OBJECT` does not take STRING;"),
        ("SELECT DATE_SUB(b, INTERVAL 1 DAY) FROM d.t", "`DATE_SUB` does not take STRING"),
        ("SELECT a IS DISTINCT FROM b FROM d.t", "`IS DISTINCT FROM` does not take INT64"),
        ("SELECT * FROM d.u GROUP BY a", "`*` selects `e`, which is neither grouped by"),
        ("SELECT * EXCEPT (b) FROM d.t GROUP BY a", "`*` selects `c`, which is neither grouped by"),
        ("SELECT * REPLACE (1 AS a) FROM d.u GROUP BY a", "`*` selects `e`, which is neither grouped by"),
        ("SELECT u.* FROM d.u AS u GROUP BY a", "`*` selects `e`, which is neither grouped by"),
        ("SELECT u.*, COUNT(*) FROM d.u AS u", "`*` selects `a`, which is neither grouped by"),
        ("SELECT a IN [1, 2] FROM d.t", "IN takes a list in parentheses"),
        ("SELECT a IN [a + 1] FROM d.t", "IN takes a list in parentheses"),
        ("SELECT a = ANY (SELECT a FROM d.u) FROM d.t", "compares with ANY in LIKE only"),
        ("SELECT a[0] FROM d.t", "A value of type INT64 has no elements"),
        ("SELECT [1]['x']", "An array is asked by INT64 and not by STRING"),
        ("SELECT [1, 2][0] = 'x'", "STRING"),
        ("SELECT x FROM UNNEST(1) AS x", "UNNEST takes an ARRAY and not INT64"),
        ("SELECT c = '2026-02-29' FROM d.t", "DATE"),
        ("SELECT a, b FROM d.t UNION ALL SELECT a FROM d.u", "UNION joins 2 columns with 1"),
        ("SELECT a FROM d.t UNION ALL SELECT e FROM d.u", "INT64"),
        ("SELECT a FROM d.t UNION ALL SELECT a FROM d.u UNION DISTINCT SELECT a FROM d.u", "do not follow one another"),
        ("SELECT PARSE_JSON(b) FROM d.t UNION DISTINCT SELECT PARSE_JSON(e) FROM d.u", "JSON"),
        ("SELECT s.y FROM d.t", "`y`"),
        ("SELECT t.s.y FROM d.t AS t", "The STRUCT has no field `y`; it has x."),
        ("SELECT t.s.x + 'a' FROM d.t AS t", "`+` does not take INT64 (`x`), STRING;"),
        ("SELECT k.z FROM (SELECT AS STRUCT 1 AS x) AS k", "The STRUCT has no field `z`; it has x."),
        ("SELECT [STRUCT(a, b), STRUCT(0.5, a)] FROM d.t", "The array mixes STRUCT<a INT64, b STRING>, STRUCT<FLOAT64, a INT64>;"),
        ("SELECT [STRUCT(1, 0.5), STRUCT(0.5)]", "The array mixes STRUCT<INT64, FLOAT64>, STRUCT<FLOAT64>;"),
        ("SELECT [STRUCT(1, 'x'), STRUCT(2)]", "The array mixes STRUCT<INT64, STRING>, STRUCT<INT64>;"),
        ("SELECT b + 1 FROM d.t GROUP BY a + 1", "`b` is neither grouped by"),
        ("SELECT t.a, u.a FROM d.t AS t JOIN d.u AS u USING (a) GROUP BY t.a", "`u.a` is neither grouped by"),
        (f"SELECT RANGE({NOW}, NULL) = RANGE(DATE '2026-01-01', NULL)", "does not take RANGE<TIMESTAMP>, RANGE<DATE>;"),
        (f"SELECT RANGE_CONTAINS(RANGE(DATE '2026-01-01', NULL), RANGE({NOW}, NULL))", "does not take RANGE<DATE>, RANGE<TIMESTAMP>;"),
        ("SELECT CAST(a AS NUMERIC(39, 9)) FROM d.t", "NUMERIC(39, 9) is out of range: a scale is 0 to 9,"),
        ("SELECT CAST(a AS NUMERIC(5, 10)) FROM d.t", "NUMERIC(5, 10) is out of range"),
        ("SELECT CAST([a] AS ARRAY<NUMERIC(40)>) FROM d.t", "NUMERIC(40) is out of range"),
        ("SELECT CAST(b AS STRING(0)) FROM d.t", "`STRING` does not take these parameters;"),
        ("SELECT CAST(a AS ARRAY<INT64>) FROM d.t", "ARRAY<INT64>"),
        ("SELECT CAST(a AS INT64(5)) FROM d.t", "`INT64` does not take these parameters;"),
        ("SELECT a + b FROM d.t", "`+` does not take INT64 (`a`), STRING (`b`);"),
        ("SELECT c = '2026-01-3\\x39' FROM d.t", "DATE"),
        ("SELECT c = r'2026-01-3\\x31' FROM d.t", "DATE"),
    ],
)  # fmt: skip
def test_what_the_platform_refuses_is_told(text: str, words: str) -> None:
    messages = [each.message for each in read(text, CATALOG).problems]
    assert len(messages) == 1, messages
    assert words in messages[0]
