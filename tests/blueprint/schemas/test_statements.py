"""What others own is declared in their words: wildcard tables, INFORMATION_SCHEMA; and what stored things need."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.schemas.loader import load_schemas
from blueprint.schemas.statements import catalog, check_statement
from tests.blueprint.schemas.test_loader import BASE, write

EXTERNALS = {
    "external/logs/events_.sql": "CREATE TABLE logs.`events_*` (name STRING, at_time TIMESTAMP)",
    "external/ds/INFORMATION_SCHEMA.PARTITIONS.sql": "CREATE TABLE ds.INFORMATION_SCHEMA.PARTITIONS (table_name STRING, total_rows INT64)",
    "external/region-us/INFORMATION_SCHEMA.JOBS.sql": "CREATE TABLE `region-us`.INFORMATION_SCHEMA.JOBS (job_id STRING)",
    "bigquery/ds/log.sql": "CREATE TABLE ds.log (d DATE NOT NULL, note STRING, tags ARRAY<STRING>, n INT64) PARTITION BY d OPTIONS(require_partition_filter=TRUE)",
}


def checked(root: Path, text: str) -> list[str]:
    schemas, findings = load_schemas(write(root, {**BASE, **EXTERNALS}), project="p")
    assert findings == ()
    return [each.message for each in check_statement(text, catalog(schemas), project="p").findings]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT name FROM `logs.events_*` WHERE _TABLE_SUFFIX = '20200101'",
        "SELECT name FROM logs.`events_*`",
        "SELECT total_rows FROM ds.INFORMATION_SCHEMA.PARTITIONS WHERE table_name = 't'",
        "SELECT total_rows FROM p.ds.INFORMATION_SCHEMA.PARTITIONS",
        "SELECT job_id FROM `region-us`.INFORMATION_SCHEMA.JOBS",
        "SELECT note FROM ds.log WHERE d = '2020-01-01'",
        "SELECT l.note FROM ds.t AS t JOIN ds.log AS l ON l.d = DATE_ADD(CURRENT_DATE('UTC'), INTERVAL 1 DAY)",
        "DELETE FROM ds.log WHERE d < '2020-01-01'",
        "INSERT INTO ds.log (d, tags) VALUES (@date, ['x'])",
        "SELECT 'caf\\u00e9' AS name",
    ],
)
def test_what_is_declared_is_found(tmp_path: Path, text: str) -> None:
    assert checked(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("SELECT nope FROM `logs.events_*`", "Column `nope` is in none"),
        ("SELECT name FROM logs.events_20200101", "is declared nowhere"),
        ("SELECT nope FROM ds.INFORMATION_SCHEMA.PARTITIONS", "Column `nope` is in none"),
        ("SELECT 1 FROM ds.INFORMATION_SCHEMA.TABLES", "is declared nowhere"),
        ("SELECT note FROM ds.log", "requires a filter on its partition `d`"),
        ("SELECT note FROM ds.log WHERE note = 'x'", "requires a filter on its partition `d`"),
        ("SELECT note FROM (SELECT note, d FROM ds.log) WHERE d = '2020-01-01'", "requires a filter on its partition"),
        ("DELETE FROM ds.log WHERE note = 'x'", "requires a filter on its partition `d`"),
        ("UPDATE ds.log SET note = 'x' WHERE TRUE", "requires a filter on its partition `d`"),
        ("UPDATE ds.log SET nte = 'x' WHERE d = @date", "Column `nte` is in none"),
        ("UPDATE ds.log SET note = 'x' WHERE d = @date AND nt = 'x'", "Column `nt` is in none"),
        ("UPDATE ds.log SET note = 'x'", "refuses UPDATE without WHERE"),
        ("DELETE FROM ds.log", "refuses DELETE without WHERE"),
        ("INSERT INTO ds.log (note) VALUES ('x')", "leaves out the REQUIRED column `d`"),
        ("INSERT INTO ds.log (d, note) VALUES (NULL, 'x')", "is REQUIRED and gets NULL"),
        ("INSERT INTO ds.log (d, tags) VALUES (@date, ['x', NULL])", "holds NULL, which BigQuery cannot store"),
        ("INSERT INTO ds.log (d, n) VALUES (@date, 'one')", "is INT64 and gets STRING"),
        ("INSERT INTO ds.log (d, n) SELECT d FROM ds.log WHERE d = @date", "lists 2 columns but selects 1"),
        ("INSERT INTO ds.log SELECT * FROM ds.log WHERE d = @date", "lists no columns"),
        ("SELECT a FROM ds.t AS x, ds.t AS y", "Column `a` is ambiguous"),
    ],
)
def test_what_bigquery_refuses_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    found = checked(tmp_path, text)
    assert len(found) == 1, found
    assert sentence in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM ds.t GROUP BY GROUPING SETS ((a), ())",
        "SELECT a FROM ds.t FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR)",
        "SELECT STRUCT(1 AS x, 'y' AS y).*",
        "SELECT RANGE<DATE> '[2020-01-01, UNBOUNDED)' AS r",
        "SELECT * FROM (SELECT a FROM ds.t) PIVOT (COUNT(*) FOR a IN (1, 2))",
        "SELECT SEARCH(b, 'x') AS found FROM other.e",
        "SELECT NET.HOST('http://x') AS host",
    ],
)
def test_legal_sql_is_never_refused(tmp_path: Path, text: str) -> None:
    assert checked(tmp_path, text) == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("SELECT COUNT(*) FROM ds.t", "Column 1 of view `ds.v` has no name"),
        ("SELECT a, a FROM ds.t", "has two columns `a`"),
        ("SELECT a, 1 AS A FROM ds.t", "has two columns `A`"),
        ("SELECT a FROM ds.t WHERE a = @x", "A view takes no parameters, and this one uses @x"),
        ("SELECT CURRENT_DATE() AS day", "CURRENT_DATE without a zone is the day of UTC"),
    ],
)
def test_what_no_view_can_hold_is_refused(tmp_path: Path, query: str, sentence: str) -> None:
    files = {**BASE, "bigquery/ds/views/v.sql": f"CREATE VIEW ds.v AS {query}"}
    _, findings = load_schemas(write(tmp_path, files), project="p")
    assert [sentence in each.message for each in findings] == [True]


def test_a_view_with_names_of_its_own_passes(tmp_path: Path) -> None:
    query = "SELECT a, COUNT(*) AS n, CURRENT_DATE('America/New_York') AS day FROM ds.t GROUP BY a"
    files = {**BASE, "bigquery/ds/views/v.sql": f"CREATE VIEW ds.v AS {query}"}
    schemas, findings = load_schemas(write(tmp_path, files), project="p")
    assert findings == ()
    assert [(each.name, each.type) for each in schemas.views["ds.v"].columns] == [
        ("a", "INTEGER"),
        ("n", "INTEGER"),
        ("day", "DATE"),
    ]
