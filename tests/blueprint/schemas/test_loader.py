"""Loading schemas: every file counts, its place says what it is, and the cache can only save time."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.loader import load_manifest
from blueprint.schemas.firestore import IndexField, load_firestore, with_name
from blueprint.schemas.loader import CACHE, load_schemas
from blueprint.schemas.placeholders import view_values

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = load_manifest(ROOT)
VALUES = view_values(MANIFEST)


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "schemas" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


BASE = {
    "bigquery/ds/dataset.sql": "CREATE SCHEMA ds OPTIONS(description='d');",
    "bigquery/ds/t.sql": "CREATE TABLE ds.t (a INT64, s STRUCT<x INT64>)",
    "external/other/e.sql": "CREATE TABLE other.e (b STRING)",
}


def messages(root: Path, values: dict[str, str] | None = None) -> list[str]:
    _, findings = load_schemas(root, values=values or {}, project="p")
    return [str(finding) for finding in findings]


def index(fields: str) -> str:
    return f"collections: phases\nqueried: []\nindexes:\n- fields: [{fields}]"


@pytest.mark.parametrize(
    ("fields", "direction"),
    [
        ((IndexField("a", "ASCENDING"), IndexField("b", "DESCENDING")), "DESCENDING"),
        ((IndexField("tags", array_config="CONTAINS"), IndexField("last", "DESCENDING")), "DESCENDING"),
        ((IndexField("last", "DESCENDING"), IndexField("tags", array_config="CONTAINS")), "ASCENDING"),
    ],
)
def test_the_name_goes_in_the_direction_of_the_last_field(fields: tuple[IndexField, ...], direction: str) -> None:
    """The API's rule; another direction would be another index than the one that is there."""
    assert with_name(fields)[-1] == IndexField("__name__", direction)  # type: ignore[arg-type]


def test_every_file_becomes_what_its_place_says(tmp_path: Path) -> None:
    schemas, findings = load_schemas(
        write(tmp_path, {**BASE, "bigquery/ds/views/v.sql": "CREATE VIEW ds.v AS SELECT a FROM ds.t"})
    )
    assert findings == ()
    assert list(schemas.datasets) == ["ds"]
    assert (list(schemas.tables), list(schemas.views), list(schemas.external)) == (["ds.t"], ["ds.v"], ["other.e"])
    assert [column.name for column in schemas.columns_of("ds.v") or ()] == ["a"]


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"bigquery/stray.sql": "x"}, "is in no place that says what it is"),
        ({"bigquery/ds/t.txt": "x"}, "is in no place that says what it is"),
        ({"bigquery/ds/views/deep/v.sql": "x"}, "is in no place that says what it is"),
        ({"bigquery/d-s/t.sql": "x"}, "`d-s` cannot name a dataset or table"),
        ({"bigquery/more/t.sql": "CREATE TABLE more.t (a INT64)"}, "Dataset `more` has no dataset.sql"),
        ({"external/ds/t.sql": "CREATE TABLE ds.t (a INT64)"}, "is declared by schemas/bigquery/ds/t.sql too"),
        (
            {"bigquery/ds/views/t.sql": "CREATE VIEW ds.t AS SELECT 1 AS a"},
            "is declared by schemas/bigquery/ds/t.sql too",
        ),
        ({"bigquery/ds/views/v.sql": "CREATE VIEW ds.v AS\nSELECT ${nope} AS a"}, "v.sql:2:8: Placeholder `${nope}`"),
        (
            {"bigquery/ds/dataset.sql": "CREATE SCHEMA ds OPTIONS(location='EU')"},
            "The location is the stack's and is not written here",
        ),
    ],
)
def test_what_does_not_belong_is_refused(tmp_path: Path, files: dict[str, str], sentence: str) -> None:
    found = messages(write(tmp_path, {**BASE, **files}))
    assert any(sentence in each for each in found), found


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path, BASE)
    (tmp_path / "schemas/bigquery/ds/t.sql").write_bytes(b"\xff\xfe\x00")
    assert any("The file is not UTF-8" in each for each in messages(tmp_path))


class TestViews:
    def views(self, root: Path, **queries: str) -> tuple[list[str], list[str]]:
        files = {
            f"bigquery/ds/views/{name}.sql": f"CREATE VIEW ds.{name} AS\n{query}" for name, query in queries.items()
        }
        schemas, findings = load_schemas(write(root, {**BASE, **files}), project="p")
        return list(schemas.views), [str(finding) for finding in findings]

    def test_each_follows_what_it_reads(self, tmp_path: Path) -> None:
        order, findings = self.views(
            tmp_path, a="SELECT z FROM ds.m", m="SELECT a AS z FROM ds.z", z="SELECT a FROM ds.t"
        )
        assert (order, findings) == (["ds.z", "ds.m", "ds.a"], [])

    def test_a_circle_is_refused(self, tmp_path: Path) -> None:
        order, findings = self.views(tmp_path, a="SELECT * FROM ds.b", b="SELECT * FROM ds.a", c="SELECT a FROM ds.t")
        assert order == ["ds.c"]
        assert any("in a circle" in each for each in findings)

    @pytest.mark.parametrize(
        ("query", "sentence"),
        [
            ("SELECT nope FROM ds.t", "v.sql:2:8: Column `nope` is in none of the tables"),
            ("SELECT t.nope FROM ds.t AS t", "Column `nope` is in none of the tables"),
            ("SELECT s.nope FROM ds.t", "has no field `nope`"),
            ("SELECT a FROM ds.missing", "v.sql:2:15: Table `ds.missing` is declared nowhere"),
            ("SELECT a FROM t", "is not named as `dataset.table`"),
            ("SELECT a FROM q.ds.t", "is not named as `dataset.table`"),
            ("SELECT a AS b, b + 1 AS c FROM ds.t", "an alias of the same SELECT cannot be used in it"),
            ("SELECT a AS b FROM ds.t WHERE b > 1", "an alias of the same SELECT cannot be used in it"),
            ("SELECT NVL2(a, 1, 2) AS b FROM ds.t", "GoogleSQL has no function `NVL2`"),
            ("SELECT a AS at FROM ds.t", "`at` is a reserved word"),
            ("SELECT a FROM", "does not parse"),
            ("DELETE FROM ds.t WHERE TRUE", "one SELECT query"),
            ("SELECT " + "(" * 3000, ""),
        ],
    )
    def test_what_cannot_run_is_refused(self, tmp_path: Path, query: str, sentence: str) -> None:
        order, findings = self.views(tmp_path, v=query)
        assert order == []
        assert any(sentence in each for each in findings), findings

    @pytest.mark.parametrize(
        "query",
        [
            "SELECT a FROM p.ds.t",
            "SELECT a FROM `p.ds.t`",
            "WITH x AS (SELECT a FROM ds.t) SELECT a AS b FROM x GROUP BY b HAVING b > 1 ORDER BY b",
            "SELECT b FROM other.e WHERE EXISTS (SELECT 1 FROM ds.t WHERE CAST(a AS STRING) = b)",
            "SELECT s.x, SAFE.PARSE_DATE('%F', b) AS d FROM ds.t CROSS JOIN other.e",
            "SELECT a, ROW_NUMBER() OVER (ORDER BY a) AS n FROM ds.t WHERE TRUE QUALIFY n = 1",
            "SELECT * EXCEPT (a) FROM ds.t",
            "SELECT u FROM ds.t, UNNEST([1, 2]) AS u",
        ],
    )
    def test_what_can_run_passes(self, tmp_path: Path, query: str) -> None:
        assert self.views(tmp_path, v=query) == (["ds.v"], [])

    def test_tables_are_named_in_full_where_the_view_is_stored(self, tmp_path: Path) -> None:
        query = "SELECT t.a FROM ds.t AS t JOIN (SELECT a FROM p.ds.t) AS u USING (a) WHERE a IN (SELECT a FROM ds.t)"
        files = {**BASE, "bigquery/ds/views/v.sql": f"CREATE VIEW ds.v AS {query}"}
        schemas, findings = load_schemas(write(tmp_path, files), project="p")
        assert findings == ()
        assert schemas.views["ds.v"].query_in("my-p") == (
            "SELECT t.a FROM `my-p`.ds.t AS t JOIN (SELECT a FROM p.ds.t) AS u USING (a) WHERE a IN (SELECT a FROM `my-p`.ds.t)"
        )

    def test_listed_columns_must_be_the_query_s(self, tmp_path: Path) -> None:
        files = {**BASE, "bigquery/ds/views/v.sql": "CREATE VIEW ds.v (b) AS SELECT a FROM ds.t"}
        assert any("lists column `b` where its query returns `a`" in each for each in messages(write(tmp_path, files)))

    def test_a_dropped_column_is_found_through_views(self, tmp_path: Path) -> None:
        """Incident 68: nothing said so until the view was queried."""
        files = {
            **BASE,
            "bigquery/ds/views/a.sql": "CREATE VIEW ds.a AS SELECT a AS x FROM ds.t",
            "bigquery/ds/views/b.sql": "CREATE VIEW ds.b AS SELECT x FROM ds.a",
        }
        assert messages(write(tmp_path, files)) == []
        write(tmp_path, {"bigquery/ds/t.sql": "CREATE TABLE ds.t (c INT64)"})
        found = messages(tmp_path)
        assert len(found) == 1
        assert "a.sql" in found[0]


class TestCache:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
        return tmp_path

    def test_cold_and_warm_say_the_same(self, root: Path) -> None:
        cold = load_schemas(root, values=VALUES)
        warm = load_schemas(root, values=VALUES)
        assert cold == warm
        assert [table.at for table in cold[0].tables.values()] == [table.at for table in warm[0].tables.values()]
        assert [view.query_in("p") for view in cold[0].views.values()] == [
            v.query_in("p") for v in warm[0].views.values()
        ]

    def test_a_warm_load_imports_no_parser(self, root: Path) -> None:
        load_schemas(root, values=VALUES)
        code = f"import sys; from pathlib import Path; from blueprint.loader import load_manifest\nfrom blueprint.schemas.placeholders import view_values; from blueprint.schemas.loader import load_schemas\ns, f = load_schemas(Path({str(root)!r}), values=view_values(load_manifest(Path({str(ROOT)!r}))))\nprint(len(s.tables), len(s.views), len(f), 'sqlglot' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
        assert done.stdout.split() == ["9", "6", "0", "False"]

    @pytest.mark.parametrize(
        "damage", ["", "{", "[]", "null", '{"sha256": "0", "payload": "{}"}', '{"payload": 3}', "\x00"]
    )
    def test_a_damaged_entry_is_read_again(self, root: Path, damage: str) -> None:
        cold = load_schemas(root, values=VALUES)
        entries = list((root / CACHE).iterdir())
        assert len(entries) > 20
        for entry in entries:
            entry.write_text(damage)
        assert load_schemas(root, values=VALUES) == cold
        assert load_schemas(root, values=VALUES) == cold

    def test_a_well_formed_entry_of_another_shape_is_read_again(self, root: Path) -> None:
        from blueprint.schemas.cache import SchemaCache

        cold = load_schemas(root, values=VALUES)
        cache = SchemaCache(root / CACHE)
        for entry in list((root / CACHE).iterdir()):
            cache.put(
                entry.stem, {"declared": {"x": 1}, "kind": "table", "findings": [], "columns": 3, "references": 0}
            )
        assert load_schemas(root, values=VALUES) == cold

    def test_a_cache_that_cannot_be_written_costs_nothing_else(self, root: Path) -> None:
        (root / ".cache").write_text("a file where the folder should be")
        assert load_schemas(root, values=VALUES)[1] == ()

    def test_a_changed_file_is_read_again(self, root: Path) -> None:
        load_schemas(root, values=VALUES)
        path = root / "schemas/bigquery/nba_orchestration/service_errors.sql"
        path.write_text(path.read_text().replace("stack_trace STRING", "stack STRING"))
        assert (
            load_schemas(root, values=VALUES)[0].tables["nba_orchestration.service_errors"].column("stack") is not None
        )


class TestFirestore:
    def load(self, root: Path, text: str) -> list[str]:
        return [str(finding) for finding in load_firestore(write(root, {"firestore/x.yaml": text}), MANIFEST)[1]]

    def test_the_project_s_own(self) -> None:
        firestore, findings = load_firestore(ROOT, MANIFEST)
        assert findings == ()
        names = [index.logical_name for index in firestore.indexes]
        assert len(set(names)) == len(names) == 5
        for index in firestore.indexes:
            assert index.fields[-1].field_path == "__name__"
            assert index.fields[-1].order == index.fields[-2].order
        assert {ttl.collection: ttl.after for ttl in firestore.ttls}["phase3_completion"] == 400 * 86400
        assert {ttl.collection: ttl.after for ttl in firestore.ttls}["pubsub_deduplication"] == 7 * 86400

    def test_a_changed_index_has_another_name(self, tmp_path: Path) -> None:
        """Pitfall 49: an index is immutable; under its old name a change would replace it."""
        text = "collections: [heartbeats]\nqueried: []\nindexes:\n- fields: [{field: a, order: ascending}, {field: b, order: ORDER}]\n"
        names = []
        for order in ("ascending", "descending"):
            write(tmp_path, {"firestore/x.yaml": text.replace("ORDER", order)})
            names.append(load_firestore(tmp_path, MANIFEST)[0].indexes[0].logical_name)
        assert names[0] != names[1]

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("collections: [nope]\nqueried: []", "'nope' is no part of `store.collections`"),
            (
                "collections: phases\nqueried: []\nindexes:\n- fields: [{field: a, order: ascending}]",
                "two fields or more",
            ),
            (index("{field: a, order: array}, {field: b, order: array}"), "searches one array and this one `a`, `b`"),
            (index("{field: a, order: ascending}, {field: a, order: descending}"), "names `a` twice"),
            (index("{field: a, order: ascending}, {field: __x__, order: ascending}"), "`__x__` is reserved"),
            (index(", ".join(f"{{field: f{i}, order: ascending}}" for i in range(101))), "at most 100 fields"),
            (
                "collections: phases\nqueried: []\nindexes:\n- fields: [{field: a, order: ascending}, {field: __name__, order: ascending}]",
                "`__name__` is added by itself",
            ),
            ("collections: phases\nqueried: []\nttl: {field: a, after: 3 weeks}", "x.yaml:3"),
            ("collections: phases\nqueried: []\nindex: []", "unknown key 'index'"),
            ("[", "x.yaml"),
        ],
    )
    def test_a_bad_file_is_refused(self, tmp_path: Path, text: str, sentence: str) -> None:
        assert any(sentence in each for each in self.load(tmp_path, text))

    def test_a_second_expiry_is_refused(self, tmp_path: Path) -> None:
        write(tmp_path, {"firestore/a.yaml": "collections: phases\nqueried: []\nttl: {field: a, after: 1d}"})
        assert any(
            "expires by 'a' already" in each
            for each in self.load(tmp_path, "collections: phases\nqueried: []\nttl: {field: b, after: 1d}")
        )
