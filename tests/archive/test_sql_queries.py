"""Which SQL code asks, what it gives, and which columns it reads: followed through files, names, loops and own functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.archive import ArchiveSource, Cache, Distribution, LockedDistributions, Uses, analyse_function
from blueprint.findings import Location

FRAMEWORK = Distribution("functions-framework", "3.8.0", ("functions_framework",), direct=True)
BIGQUERY = Distribution("google-cloud-bigquery", "3.38.0", ("google.cloud.bigquery",), direct=True)
LOCKED = LockedDistributions(
    {each.name: each for each in (FRAMEWORK, BIGQUERY)},
    {FRAMEWORK.name: {"functions_framework-3.8.0-py3-none-any.whl": "sha256:" + "0" * 64}},
)
START = "from google.cloud import bigquery\nfrom pathlib import Path\nimport os\n"
CLIENT = "client = bigquery.Client()\n"
WRAPPER = """
class Warehouse:
    def rows(self, sql, **parameters):
        config = bigquery.QueryJobConfig(query_parameters=[self.one(*each) for each in parameters.items()])
        try:
            return [dict(row.items()) for row in bigquery.Client().query_and_wait(sql, job_config=config)]
        except ValueError:
            return []

    def one(self, name, value):
        return bigquery.ScalarQueryParameter(name, "STRING", value)

warehouse = Warehouse()
"""
FILE = 'GAMES = Path(__file__).with_name("games.sql").read_text("utf-8")\n'
SQL = "SELECT game_id, status FROM d.games WHERE game_date = @day"


def uses(root: Path, code: str, cache: Cache | None = None, queries: tuple[tuple[str, Location], ...] = ()) -> Uses:
    (root / "f").mkdir(exist_ok=True)
    (root / "f" / "games.sql").write_text(SQL)
    (root / "f" / "main.py").write_text(f"{START}{code}\n\ndef handle(request):\n    pass\n")
    source = ArchiveSource("f", root / "f", "handle", "http", root, queries=queries)
    return analyse_function(source, locked=LOCKED, cache=cache).uses


def given(found: Uses) -> list[tuple[str, ...] | None]:
    return [call.given for call in found.query_calls]


def read(found: Uses) -> list[str | None]:
    return [each.column for each in found.column_reads]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (f"{CLIENT}client.query({SQL!r})", ()),
        (f"{CLIENT}client.query_and_wait({SQL!r}, job_config=None)", ()),
        (
            f"{CLIENT}one = bigquery.ScalarQueryParameter('day', 'DATE', 1)\nconfig = bigquery.QueryJobConfig(query_parameters=[one, bigquery.ArrayQueryParameter(name='ids', array_type='STRING', values=[])])\nclient.query({SQL!r}, job_config=config)",
            ("day", "ids"),
        ),
        (f"{WRAPPER}warehouse.rows({SQL!r}, day=1)", ("day",)),
        (f"{WRAPPER}warehouse.rows({SQL!r}, **{{'day': 1}})", ("day",)),
        (f"{WRAPPER}{FILE}warehouse.rows(GAMES, day=1, last=2)", ("day", "last")),
        (f"{WRAPPER}{FILE}def f(w, sql, **more):\n    return w.rows(sql, **more)\nf(warehouse, GAMES, day=1)", ("day",)),
        (f"{WRAPPER}{FILE}def f(w, sql, day):\n    return w.rows(sql, day=day)\nf(warehouse, GAMES, 1)", ("day",)),
        (f"{WRAPPER}warehouse.rows(open('games.sql').read(), day=1)", ("day",)),
        (f"{WRAPPER}with open('games.sql') as file:\n    text = file.read()\nwarehouse.rows(text.strip(), day=1)", ("day",)),
        (f"{WRAPPER}given = dict(os.environ)\nwarehouse.rows({SQL!r}, **given)", None),
        (f"{CLIENT}client.query({SQL!r}, job_config=bigquery.QueryJobConfig(query_parameters=os.environ['X']))", None),
    ],
)  # fmt: skip
def test_what_a_query_is_given(tmp_path: Path, code: str, names: tuple[str, ...] | None) -> None:
    found = uses(tmp_path, code)
    assert given(found) == [names]
    [call] = found.query_calls
    assert call.query is not None
    assert call.query.text == SQL
    line = max(number for number, text in enumerate(code.split("\n"), 4) if text and not text.startswith(" "))
    assert call.at == Location("f/main.py", line)


def test_a_text_that_cannot_be_told_is_one_without_text(tmp_path: Path) -> None:
    code = f"{WRAPPER}warehouse.rows(os.environ['SQL'], day=1)\n{CLIENT}client.query(os.environ['SQL'])"
    assert [(call.query, call.given) for call in uses(tmp_path, code).query_calls] == [(None, ("day",)), (None, ())]


def test_what_is_no_query_is_left_alone(tmp_path: Path) -> None:
    code = "import shelve\ndb = shelve.open('x')\ndb.query(os.environ['X'])\ndb.query('anything')\nfor row in db.query('a'):\n    row['x']"
    found = uses(tmp_path, code)
    assert (found.query_calls, found.column_reads) == ((), ())


ROWS = f"{WRAPPER}rows = warehouse.rows({SQL!r}, day=1)\n"


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ("rows[0]['status']", ["status"]),
        ("rows[0].get('status')", ["status"]),
        ("for row in rows:\n    print(row['game_id'], row['status'])", ["game_id", "status"]),
        ("(row,) = rows\nrow['status']", ["status"]),
        ("row = next(iter(rows), None)\nrow['status']", ["status"]),
        ("[row['status'] for row in rows if row['game_id']]", ["status", "game_id"]),
        ("sorted(rows, key=lambda row: row['status'])", ["status"]),
        ("rows.sort(key=lambda row: row['status'])", ["status"]),
        ("list(map(lambda row: row['status'], rows))", ["status"]),
        ("for number, row in enumerate(rows[1:]):\n    row['status']", ["status"]),
        ("by = {row['game_id']: row for row in rows}\nby['x']['status']", ["game_id", "status"]),
        ("by = {row['game_id']: row for row in rows}\nfor key, row in by.items():\n    row['status']", ["game_id", "status"]),
        ("def f(row):\n    return row['status']\nfor row in rows:\n    f(row)", ["status"]),
        ("def f(row, name):\n    return row[name]\nf(rows[0], 'status')\nf(rows[0], 'game_id')", ["status", "game_id"]),
        ("class Facts:\n    rows: list\nfacts = Facts(rows=rows)\ndef f(facts):\n    return facts.rows[0]['status']\nf(facts)", ["status"]),
        ("for name in ('status', 'game_id'):\n    rows[0][name]", ["status", "game_id"]),
        ("rows[0][os.environ['X']]", [None]),
        ("row = rows[0]\n{name: row[name] for name in row}", []),
        ("import json\njson.loads(rows[0]['status'])['deep']", ["status"]),
        ("{'other': 1}['other']\nrows[0]", []),
    ],
)  # fmt: skip
def test_columns_that_are_read(tmp_path: Path, code: str, columns: list[str | None]) -> None:
    found = uses(tmp_path, ROWS + code)
    assert sorted(map(str, read(found))) == sorted(map(str, columns))
    assert {each.queries[0].text for each in found.column_reads} <= {SQL}


TWO = f"{WRAPPER}class Store:\n    def rows(self):\n        return [{{'made': 1}}]\nclass Client(Store):\n    pass\n"


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        (f"Warehouse().rows({SQL!r})[0]['status']", ["status"]),
        ("Store().rows()[0]['made']", []),
        (f"def f(source):\n    return source.rows({SQL!r})[0]['status']\nf(warehouse)", ["status"]),
        ("def f(source):\n    return source.rows()[0]['made']\nf(Store())", []),
        (f"def f(source):\n    return source.rows({SQL!r})[0]['status']\nf(Warehouse() if os.sep else Store())", ["status"]),
        ("def f(source):\n    return source.rows()[0]['made']", []),
        ("import json\njson.load(open('games.sql')).rows()[0]['made']", []),
        ("Client().rows()[0]['made']", []),
        (f"class Facts:\n    source: object\ndef f(facts):\n    return facts.source.rows({SQL!r})[0]['status']\nf(Facts(source=warehouse))", ["status"]),
    ],
)  # fmt: skip
def test_a_method_is_that_of_a_class_which_its_object_can_be(tmp_path: Path, code: str, columns: list[str]) -> None:
    assert read(uses(tmp_path, TWO + code)) == columns


def test_attributes_of_rows_are_columns(tmp_path: Path) -> None:
    code = f"{CLIENT}for row in client.query({SQL!r}).result():\n    row.status, row.items(), row['game_id']"
    assert sorted(map(str, read(uses(tmp_path, code)))) == ["game_id", "status"]


@pytest.mark.parametrize(
    ("code", "careful"),
    [
        ("rows[0]['x']", False),
        ("rows[0].get('x')", True),
        ("if 'x' in rows[0]:\n    rows[0]['x']", True),
        ("try:\n    rows[0]['x']\nexcept KeyError:\n    pass", True),
    ],
)
def test_code_that_does_without_a_column(tmp_path: Path, code: str, careful: bool) -> None:
    assert [each.careful for each in uses(tmp_path, ROWS + code).column_reads] == [careful]


def test_the_queries_of_the_view_are_those_that_it_carries(tmp_path: Path) -> None:
    carried = (SQL, Location("pipeline.yaml", 7))
    code = f"{WRAPPER}def f(view):\n    return warehouse.rows(view.queries['a'], day=1)[0]['status']"
    found = uses(tmp_path, code, queries=(carried,))
    assert [(call.query and call.query.at, call.given) for call in found.query_calls] == [(carried[1], ("day",))]
    assert [(each.column, each.careful) for each in found.column_reads] == [("status", True)]


def test_a_cached_result_is_the_same(tmp_path: Path) -> None:
    code = (
        f"{ROWS}rows[0]['status']\nwarehouse.rows(os.environ['SQL'])\n{FILE}warehouse.rows(GAMES, **dict(os.environ))"
    )
    first = uses(tmp_path, code)
    assert len(first.query_calls) == 3
    assert uses(tmp_path, code, Cache(tmp_path / "cache")) == first
    assert uses(tmp_path, code, Cache(tmp_path / "cache")) == first
