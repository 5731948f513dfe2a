"""Uses are read from the code: names followed through constants, SQL parsed, what is unknown kept visible."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.archive import ArchiveSource, SourceRoot, Uses, analyse_function
from blueprint.archive.sql import is_sql, read_sql
from blueprint.findings import Location
from tests.archive.test_trees import LOCKED


def uses(tmp_path: Path, main: str, **modules: str) -> Uses:
    folder = tmp_path / "functions" / "f"
    folder.mkdir(parents=True)
    (folder / "main.py").write_text(main + "\n\ndef handle(request):\n    pass\n")
    (tmp_path / "functions" / "shared").mkdir()
    for name, text in {"__init__": "", **modules}.items():
        (tmp_path / "functions" / "shared" / f"{name}.py").write_text(text)
    roots = (SourceRoot(tmp_path / "functions", only=("shared",)),)
    source = ArchiveSource("f", folder, "handle", "http", tmp_path, roots=roots)
    return analyse_function(source, locked=LOCKED).uses


def names(found: tuple[object, ...]) -> list[str]:
    return [each.name for each in found]  # type: ignore[attr-defined]


def test_environment_by_every_way_of_reading_it(tmp_path: Path) -> None:
    found = uses(
        tmp_path,
        """
import os
from os import environ, getenv
from shared.settings import NAME, required, Settings
A = os.environ["A"]
B = os.environ.get("B", "")
C = os.getenv("C")
D = getenv("D")
E = environ["E"]
F = "F" in os.environ
G = os.environ[NAME]
H = required("H")
I = Settings().read("I")
J = [name for name in ("J", "K") if name in os.environ]
os.environ["WRITTEN"] = "1"
L = os.environ[f"{A}_URL"]
""",
        settings="""
import os
NAME = "G"
def required(name, default=None):
    return os.environ[name]
class Settings:
    def read(self, name):
        return os.environ.get(name)
""",
    )
    assert names(found.env) == [*"ABCDEFGHIJK", "{A}_URL"]
    assert found.env[0].at == Location("functions/f/main.py", 5)


def test_a_name_is_followed_through_what_texts_can_do(tmp_path: Path) -> None:
    made = {
        '"xA".removeprefix("x")': "A", '"Bx".removesuffix("x")': "B", '" C ".strip()': "C", '"D-".rstrip("-")': "D", '"-E".lstrip("-")': "E",
        '"f".upper()': "F", '"g".replace("g", "G")': "G", '"-".join(["H", "I"]).lower()': "h-i", '"J,K".split(",")[1]': "K",
        '"L M".split()[0]': "L", '"N\\nO".splitlines()[1]': "O", '"{}_{x}".format("P", x="Q")': "P_Q", '"R" + "S"': "RS", '"%s_T" % "U"': "U_T",
    }  # fmt: skip
    found = uses(tmp_path, "import os\n" + "\n".join(f"os.environ[{text}]" for text in made))
    assert names(found.env) == sorted(made.values())


def test_clients_are_told_by_their_import(tmp_path: Path) -> None:
    found = uses(tmp_path, "def late():\n    from google.cloud import pubsub_v1\n    return pubsub_v1\n")
    assert [(use.name, use.at.line) for use in found.apis] == [("pubsub", 2)]


def test_topics_collections_places_and_programs(tmp_path: Path) -> None:
    found = uses(
        tmp_path,
        """
import subprocess
from shared import names
def work(client, db, view):
    client.topic_path("p", names.TOPIC)
    client.publish("projects/p/topics/other", b"")
    db.collection(names.COLLECTION).document("x")
    db.collection(view.collection)
    subprocess.run(["bq", "query"])
    subprocess.run("gsutil cp a b", shell=True)
    return ["https://f-756957797294.us-west2.run.app/x", "us-central1", "projects/123456789012/secrets/hook/versions/1"]
""",
        names='TOPIC = "trigger"\nCOLLECTION = "runs"\n',
    )
    assert names(found.topics) == ["other", "trigger"]
    assert names(found.collections) == ["runs", "{view.collection}"]
    assert names(found.commands) == ["bq", "gsutil"]
    assert names(found.regions) == ["us-central1", "us-west2"]
    assert names(found.project_numbers) == ["123456789012", "756957797294"]
    assert names(found.secrets) == ["hook"]
    assert names(found.urls) == ["https://f-756957797294.us-west2.run.app/x"]


def test_docstrings_and_comments_use_nothing(tmp_path: Path) -> None:
    found = uses(tmp_path, '"""SELECT a FROM b.c at https://example.com in us-west2."""\n# us-east1\n')
    assert found == Uses()


def test_queries_are_followed_through_constants_and_formatting(tmp_path: Path) -> None:
    found = uses(
        tmp_path,
        """
from shared.tables import DATASET
def rows(client, project, day):
    query = f"SELECT game_id, status FROM `{project}.{DATASET}.games` WHERE game_date = @day"
    client.query(query)
    client.query("SELECT COUNT(*) AS n FROM {}.games g".format(DATASET) + " WHERE g.ready")
    client.insert_rows_json("raw.log", [])
    client.get_table("raw.seen")
""",
        tables='DATASET = "raw"\n',
    )
    tables = {(use.table, use.at.line) for use in found.tables}
    assert tables == {("raw.games", 4), ("raw.games", 6), ("raw.log", 7), ("raw.seen", 8)}
    assert {use.table for use in found.tables if use.written} == {"raw.log"}


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("SELECT a, t.b FROM d.t AS t WHERE c = 1 ORDER BY a", {"d.t"}),
        ("SELECT x.a, y.b FROM d.x JOIN d.y USING (k)", {"d.x", "d.y"}),
        ("SELECT a AS n FROM d.t GROUP BY n HAVING n > 1 ORDER BY n", {"d.t"}),
        ("WITH w AS (SELECT a FROM d.t) SELECT a FROM w", {"d.t"}),
        ("SELECT * EXCEPT (b) FROM `p.d.t`", {"d.t"}),
        ("SELECT s.field FROM d.t", {"d.t"}),
        ("SELECT a FROM d.t1, d.t2", {"d.t1", "d.t2"}),
        ("INSERT INTO d.t (a, b) SELECT c, e FROM d.u", {"d.t", "d.u"}),
        ("UPDATE d.t SET a = 1 WHERE b = 2", {"d.t"}),
        ("DELETE FROM d.t WHERE b = 2", {"d.t"}),
        ("SELECT table_name FROM d.INFORMATION_SCHEMA.TABLES", {"d.INFORMATION_SCHEMA.TABLES"}),
        ("SELECT a FROM `{project}.d.t` WHERE {condition}", {"d.t"}),
        ("SELECT COUNT(*) FROM {table}", {"{table}"}),
        ("SELECT 1 AS answer", set()),
    ],
)
def test_tables(sql: str, tables: set[str]) -> None:
    found, error = read_sql(sql)
    assert error is None
    assert {use.table for use in found} == tables


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("INSERT INTO d.t (a) SELECT c FROM d.u", {"d.t"}),
        ("INSERT `p.d.t` (a) VALUES (1)", {"d.t"}),
        ("UPDATE d.t SET a = u.a FROM d.u AS u WHERE u.b = t.b", {"d.t"}),
        ("DELETE FROM d.t WHERE b IN (SELECT b FROM d.u)", {"d.t"}),
        ("MERGE d.t USING d.u ON t.b = u.b WHEN MATCHED THEN UPDATE SET a = 1", {"d.t"}),
        ("TRUNCATE TABLE d.t", {"d.t"}),
        ("INSERT INTO `{project}.d.t` (a) VALUES (1)", {"d.t"}),
        ("-- INSERT INTO d.t\nSELECT a FROM d.t WHERE b = 'DELETE FROM d.u'", set()),
    ],
)
def test_what_a_statement_changes(sql: str, written: set[str]) -> None:
    found, error = read_sql(sql)
    assert error is None
    assert {use.table for use in found if use.written} == written


def test_what_does_not_parse_says_why() -> None:
    assert read_sql("SELECT FROM WHERE")[1] is not None


@pytest.mark.parametrize("prose", ["Update the row", "with love", "Insert a coin", "SELECT nothing", "create a thing"])
def test_prose_is_no_sql(prose: str) -> None:
    assert not is_sql(prose)
