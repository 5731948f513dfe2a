"""This project's reader of SQL and Google's own analyzer give the same verdict, on a corpus and on everything shipped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from analysis.sql.ddl import ObjectKind, read_ddl
from analysis.sql.functions import UNTYPED, functions, unlisted
from analysis.sql.statement import Statement, read
from blueprint.loader import load_manifest
from blueprint.operations import FOLDER as OPERATORS
from blueprint.schemas.bigquery import Schemas
from blueprint.schemas.loader import load_schemas
from blueprint.schemas.placeholders import view_values
from blueprint.schemas.statements import catalog
from tests.analysis.sql.analyzer import READY, ROOT, Analyzer, Verdict
from tests.analysis.sql.statements import statement
from tests.analysis.sql.test_corpus import KNOWN, NAMES, TABLES, corpus, kind_of

pytestmark = pytest.mark.skipif(not READY.exists(), reason="Google's analyzer is not here; `make sql` installs it")

PIPELINES = (ROOT, ROOT / "tests" / "pipelines" / "parcels")


@pytest.fixture(scope="module")
def analyzer() -> Iterator[Analyzer]:
    made = Analyzer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def verdicts(analyzer: Analyzer) -> Mapping[str, Mapping[str, Verdict]]:
    """Part of the corpus → statement → what the analyzer says."""
    return {name: dict(zip(corpus(name), analyzer.ask(TABLES, corpus(name)), strict=True)) for name in NAMES}


def explained(file: str) -> dict[str, str]:
    """Statement → the reason above it."""
    found, reason = {}, ""
    for line in Path(__file__).with_name(file).read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line:
            found[line] = reason
    return found


def unknown(ours: Statement) -> bool:
    """Whether the reader says that it cannot tell."""
    return bool(ours.notes) and not ours.problems


def differs(statement: str, ours: Statement, theirs: Verdict) -> str:
    """How the two verdicts differ; empty where they do not, or where the reader says that it cannot tell."""
    if unknown(ours):
        return ""
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


def ddl_differs(statement: str, theirs: Verdict) -> str:
    _, problems = read_ddl(statement, kind_of(statement))
    if bool(problems) == (theirs.refusal is not None):
        return ""
    return f"{statement}\n  ours: {[each.message for each in problems]}\n  theirs: {theirs.refusal}"


def test_the_corpus_is_large_and_of_both_kinds(verdicts: Mapping[str, Mapping[str, Verdict]]) -> None:
    asked = [each for part in verdicts.values() for each in part.values()]
    refused = sum(each.refusal is not None for each in asked)
    assert len(asked) > 1200
    assert 400 < refused < len(asked) - 400


@pytest.mark.parametrize("name", NAMES)
def test_the_corpus_gets_the_same_verdict(verdicts: Mapping[str, Mapping[str, Verdict]], name: str) -> None:
    """What differs is listed with its reason, and what agrees is not listed any more."""
    found = {}
    for text, theirs in verdicts[name].items():
        difference = ddl_differs(text, theirs) if name == "ddl" else differs(text, read(text, KNOWN), theirs)
        if difference:
            found[text] = difference
    listed = set(explained("differences.txt")) & set(verdicts[name])
    assert set(found) - listed == set(), "\n".join(found[each] for each in set(found) - listed)
    assert listed - set(found) == set(), "these agree now: remove them from differences.txt"


def test_what_differs_and_what_is_not_known_is_in_the_corpus_with_a_reason() -> None:
    everything = {each for name in NAMES for each in corpus(name)}
    reasons = explained("differences.txt") | explained("unknown.txt")
    assert set(reasons) <= everything
    assert all(len(each) > 30 for each in reasons.values())


def test_what_the_reader_cannot_tell_is_listed() -> None:
    texts = [each for name in NAMES[:3] for each in corpus(name)]
    assert {each for each in texts if unknown(read(each, KNOWN))} == set(explained("unknown.txt"))


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
    for text, theirs in zip(statements, analyzer.ask(tables, statements), strict=True):
        ours = read(text, known)
        assert theirs.refusal is None, text
        assert differs(text, ours, theirs) == ""


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
    known = {*functions(), *UNTYPED}
    assert unlisted() == {each for each in theirs if not each.startswith("$") and each not in known}


BUILT: list[str] = []


@settings(
    max_examples=300, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
@given(built=statement())
def collect(built: str) -> None:
    BUILT.append(built)


def test_built_statements_get_the_same_verdict(analyzer: Analyzer) -> None:
    """All are built first and asked together: shrinking against the analyzer would take minutes and show nothing more."""
    collect()
    statements = list(dict.fromkeys(BUILT))
    answers = analyzer.ask(TABLES, statements)
    found = []
    for text, theirs in zip(statements, answers, strict=True):
        ours = read(text, KNOWN)
        stored = any(
            "holds NULL" in each.message for each in ours.problems
        )  # BigQuery's own rule, which no analyzer has
        if not stored and (difference := differs(text, ours, theirs)):
            found.append(difference)
    assert found == [], "\n".join(found)
    refused = sum(each.refusal is not None for each in answers)
    assert len(statements) > 150
    assert 40 < refused < len(statements) - 40
