"""This project's reader of SQL and Google's own analyzer give the same verdict, on a corpus and on everything shipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sql.ddl import ObjectKind, read_ddl
from analysis.sql.functions import parse_type
from analysis.sql.scope import Relation
from analysis.sql.statement import Statement, read
from blueprint.loader import load_manifest
from blueprint.operations import FOLDER as OPERATORS
from blueprint.schemas.bigquery import Schemas
from blueprint.schemas.loader import load_schemas
from blueprint.schemas.placeholders import view_values
from blueprint.schemas.statements import catalog
from tests.analysis.sql.analyzer import PYTHON, ROOT, Analyzer, Verdict

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="Google's analyzer is not installed here; `make sql` does")

CORPUS = Path(__file__).with_name("corpus")
TABLES = {
    "ds.t": """a INT64, b STRING, c BOOL, d DATE, ts TIMESTAMP, dt DATETIME, tm TIME, f FLOAT64, num NUMERIC, bs BYTES,
        j JSON, n ARRAY<INT64>, arr ARRAY<STRUCT<k STRING, v INT64>>, s STRUCT<x INT64, y STRING, z STRUCT<w DATE>>,
        iv INTERVAL, g GEOGRAPHY, rd RANGE<DATE>, big BIGNUMERIC""",
    "ds.u": "a INT64, c STRING, e DATE",
    "other.e": "b STRING, q INT64",
}
KNOWN = {
    name: Relation(tuple(parse_type(f"STRUCT<{' '.join(columns.split())}>").fields)) for name, columns in TABLES.items()
}
PIPELINES = (ROOT, ROOT / "tests" / "pipelines" / "parcels")


@pytest.fixture(scope="module")
def analyzer() -> Iterator[Analyzer]:
    made = Analyzer()
    yield made
    made.close()


def corpus(name: str) -> list[str]:
    lines = (CORPUS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def explained() -> dict[str, str]:
    """Statement → why the two differ."""
    lines = Path(__file__).with_name("differences.txt").read_text(encoding="utf-8").splitlines()
    found, reason = {}, ""
    for line in lines:
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            found[line] = reason
    return found


def differs(statement: str, ours: Statement, theirs: Verdict) -> str:
    """How the two verdicts differ; empty where they do not."""
    if bool(ours.problems) != (theirs.refusal is not None):
        return f"{statement}\n  ours: {[each.message for each in ours.problems]}\n  theirs: {theirs.refusal}"
    if ours.result is None or ours.problems or ours.kind != "select" or "AS VALUE" in statement:
        return ""
    mine = [(each.name.casefold(), str(each.type)) for each in ours.result]
    wanted = [("" if name.startswith("$") else name.casefold(), kind) for name, kind in theirs.columns]
    same = len(mine) == len(wanted) and all(
        name == other and ("ANY" in kind or kind == expected)
        for (name, kind), (other, expected) in zip(mine, wanted, strict=True)
    )
    return "" if same else f"{statement}\n  ours: {mine}\n  theirs: {wanted}"


def test_the_corpus_is_large_and_of_both_kinds(analyzer: Analyzer) -> None:
    statements = [each for name in ("queries", "expressions", "writes") for each in corpus(name)]
    refused = sum(each.refusal is not None for each in analyzer.ask(TABLES, statements))
    assert len(statements) > 500
    assert 200 < refused < len(statements) - 200


@pytest.mark.parametrize("name", ["queries", "expressions", "writes"])
def test_statements_get_the_same_verdict(analyzer: Analyzer, name: str) -> None:
    statements = corpus(name)
    found = {}
    for statement, theirs in zip(statements, analyzer.ask(TABLES, statements), strict=True):
        if difference := differs(statement, read(statement, KNOWN), theirs):
            found[statement] = difference
    listed = set(explained()) & set(statements)
    assert set(found) - listed == set(), "\n".join(found[each] for each in set(found) - listed)
    assert listed - set(found) == set(), "these agree now: remove them from differences.txt"


def test_ddl_gets_the_same_verdict(analyzer: Analyzer) -> None:
    statements = corpus("ddl")
    found = {}
    for statement, theirs in zip(statements, analyzer.ask(TABLES, statements), strict=True):
        _, problems = read_ddl(statement, "table")
        if bool(problems) != (theirs.refusal is not None):
            found[statement] = f"{statement}\n  ours: {[each.message for each in problems]}\n  theirs: {theirs.refusal}"
    listed = set(explained()) & set(statements)
    assert set(found) - listed == set(), "\n".join(found[each] for each in set(found) - listed)
    assert listed - set(found) == set(), "these agree now: remove them from differences.txt"


def loaded(root: Path) -> Schemas:
    schemas, findings = load_schemas(root, values=view_values(load_manifest(root)), use_cache=False)
    assert [str(each) for each in findings] == []
    return schemas


def texts(root: Path, schemas: Schemas) -> Iterator[str]:
    """Every statement that a pipeline ships: its views, operators' questions, gates and functions' queries."""
    yield from (view.query for view in schemas.views.values())
    for folder in (root / OPERATORS, root / "functions"):
        yield from (path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.sql")))


@pytest.mark.parametrize("root", PIPELINES, ids=lambda root: root.name)
def test_what_a_pipeline_ships_is_sound_to_both(analyzer: Analyzer, root: Path) -> None:
    schemas = loaded(root)
    known = catalog(schemas)
    tables = {
        name: ", ".join(f"{each.name} {each.type}" for each in (*relation.columns, *relation.hidden))
        for name, relation in known.items()
    }
    statements = list(texts(root, schemas))
    assert statements or root != ROOT
    for statement, theirs in zip(statements, analyzer.ask(tables, statements), strict=True):
        ours = read(statement, known)
        assert theirs.refusal is None, statement
        assert differs(statement, ours, theirs) == ""


@pytest.mark.parametrize("root", PIPELINES, ids=lambda root: root.name)
def test_what_a_pipeline_declares_is_sound_to_both(analyzer: Analyzer, root: Path) -> None:
    files = sorted((root / "schemas").rglob("*.sql"))
    kinds: dict[Path, ObjectKind] = {
        path: "view" if path.parent.name == "views" else "dataset" if path.name == "dataset.sql" else "table"
        for path in files
        if path.parent.name != "operators"
    }
    tables = [path for path, kind in kinds.items() if kind != "view"]
    ddl = [path.read_text(encoding="utf-8") for path in tables]
    for path, text, theirs in zip(tables, ddl, analyzer.ask({}, ddl), strict=True):
        assert theirs.refusal is None, path
        assert read_ddl(text, kinds[path])[1] == ()


def test_the_functions_are_the_analyzer_s(analyzer: Analyzer) -> None:
    """`functions.txt` holds what the analyzer has of what BigQuery documents; signatures of absent types left out."""
    theirs = analyzer.functions()
    absent = re.compile(
        r"INT32|UINT|\bFLOAT\b|PROTO|(?<!GEO)GRAPH|LAMBDA|MEASURE|TOKENLIST|UUID|MAP|TABLE|MODEL|PICOS|ENUM_ANY"
    )
    for line in (ROOT / "analysis/sql/functions.txt").read_text(encoding="utf-8").splitlines():
        head, _, signatures = line.partition(": ")
        name, mode = head.split(" ")
        wanted = [each for each in theirs[name][1:] if not absent.search(each)]
        assert [mode, *signatures.split("; ")] == [theirs[name][0], *wanted], name


LEAVES = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "d",
        "ts",
        "dt",
        "f",
        "num",
        "j",
        "n",
        "s.x",
        "s.y",
        "arr[0].v",
        "1",
        "1.5",
        "'x'",
        "NULL",
        "TRUE",
        "@p",
    ]
)
TWO = ["({} + {})", "({} = {})", "({} < {})", "({} AND {})", "IFNULL({}, {})", "COALESCE({}, {})", "CONCAT({}, {})",
       "SAFE_DIVIDE({}, {})", "DATE_DIFF({}, {}, DAY)", "TIMESTAMP_DIFF({}, {}, SECOND)", "GREATEST({}, {})", "[{}, {}]",
       "STRUCT({} AS x, {} AS y)", "({} IN ({}))", "IF(c, {}, {})", "NULLIF({}, {})", "STARTS_WITH({}, {})"]  # fmt: skip
ONE = ["NOT {}", "UPPER({})", "ABS({})", "CAST({} AS STRING)", "CAST({} AS DATE)", "DATE({})", "SUM({})", "MAX({})",
       "COUNTIF({})", "ARRAY_AGG({})", "({} IS NULL)", "EXTRACT(YEAR FROM {})", "TO_JSON_STRING({})", "LENGTH({})",
       "ARRAY_LENGTH({})", "DATE_TRUNC({}, MONTH)", "COUNT(DISTINCT {})", "- {}", "ROUND({}, 1)"]  # fmt: skip


def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(st.sampled_from(TWO), inner, inner).map(lambda parts: parts[0].format(parts[1], parts[2]))
    return st.tuples(st.sampled_from(ONE), inner).map(lambda parts: parts[0].format(parts[1])) | two


EXPRESSIONS = st.recursive(LEAVES, wider, max_leaves=4)
SHAPES = ["SELECT {} AS x FROM ds.t", "SELECT b, {} AS x FROM ds.t GROUP BY b", "SELECT a FROM ds.t WHERE {}",
          "SELECT a FROM ds.t ORDER BY {}", "SELECT a FROM ds.t GROUP BY a HAVING {}",
          "INSERT INTO ds.u (a) VALUES ({})", "UPDATE ds.t SET b = {} WHERE TRUE"]  # fmt: skip
STATEMENTS = st.tuples(st.sampled_from(SHAPES), EXPRESSIONS).map(lambda parts: parts[0].format(parts[1]))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(statements=st.lists(STATEMENTS, min_size=8, max_size=12))
def test_built_statements_get_the_same_verdict(analyzer: Analyzer, statements: list[str]) -> None:
    """A parameter without a type is what its place needs; there the analyzer knows more than this reader, which accepts."""
    for statement, theirs in zip(statements, analyzer.ask(TABLES, statements), strict=True):
        ours = read(statement, KNOWN)
        if "@p" not in statement or theirs.refusal is None:
            assert differs(statement, ours, theirs) == ""
