"""Which composite index a query in the code needs, read from the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore import FieldFilter

from blueprint.archive import ArchiveSource, Cache, analyse_functions
from blueprint.archive.model import DocumentQuery
from blueprint.schemas.firestore import IndexField
from blueprint.schemas.firestore_queries import OPERATORS, index_of
from tests.archive.test_trees import LOCKED

HANDLE = "\n\ndef handle(request):\n    return 'ok'\n"
UNDEFINED = "c = s = condition = given = name = firestore = FieldFilter = None\n"


def asked(root: Path, code: str, other: str = "", cache: Cache | None = None) -> tuple[DocumentQuery, ...]:
    """Return the queries of two functions, each with a `main.py` and names of its own."""
    sources = []
    for function, main, names in (("f", code, "FIELD = 'open'\n"), ("g", other, "FIELD = 'other'\n")):
        (root / function).mkdir(exist_ok=True)
        (root / function / "names.py").write_text(names)
        (root / function / "main.py").write_text(main + HANDLE)
        sources.append(ArchiveSource(function, root / function, "handle", "http", root))
    archives = analyse_functions(sources, locked=LOCKED, cache=cache)
    return tuple(query for archive in archives.values() for query in archive.uses.document_queries)


def needed(root: Path, code: str) -> list[str | None]:
    return [_text(index_of(query)) for query in asked(root, code)]


def _text(index: tuple[IndexField, ...] | None) -> str | None:
    if index is None:
        return None
    return " ".join(f"{each.field_path}:{(each.order or each.array_config or '')[:1]}" for each in index)


@pytest.mark.parametrize(
    ("call", "index"),
    [
        ("s.find(c, (('a', '==', 1),))", None),
        ("s.find(c, (('a', '==', 1), ('b', '==', 2)))", None),
        ("s.find(c, (('a', '>=', 1),), order=('a', 'DESCENDING'))", None),
        ("s.find(c, (('a', '==', 1),), order=('b', 'DESCENDING'))", "a:A b:D __name__:D"),
        ("s.find(c, (('a', '==', 1),), ('b', 'ASCENDING'))", "a:A b:A __name__:A"),
        ("s.find(c, (('a', '==', 1), ('b', '>', 2)))", "a:A b:A __name__:A"),
        ("s.find(c, ((names.FIELD, '==', 1),), order=(FIELD, 'ASCENDING'))", "open:A open:A __name__:A"),
        ("s.find(c, (('tags', 'array_contains', 1),), order=('b', 'ASCENDING'))", "tags:C b:A __name__:A"),
        ("c.where(filter=FieldFilter('a', '==', 1)).order_by('b').limit(3).stream()", "a:A b:A __name__:A"),
        ("c.where('a', '==', 1).where('b', '<', 2).get()", "a:A b:A __name__:A"),
        ("c.order_by('a').order_by('b', direction=firestore.Query.DESCENDING).stream()", "a:A b:D __name__:D"),
        ("c.order_by('a').order_by('b', firestore.DESCENDING).stream()", "a:A b:D __name__:D"),
        ("c.where(filter=FieldFilter('a', '==', 1)).stream()", None),
        ("list(map(str, c.where('a', '==', 1).order_by(FIELD).stream()))", "a:A open:A __name__:A"),
        ("q = c.where('a', '==', 1)\nq = q.order_by('b')\nx = q.stream()", "a:A b:A __name__:A"),
        ("AT = ('a', '==', 1)\ns.find(c, (AT,), ('b', 'ASCENDING'))", "a:A b:A __name__:A"),
        ("def f(w, n):\n    return s.find(c, w, (n, 'ASCENDING'))\nf((('a', '==', 1),), 'b')", "a:A b:A __name__:A"),
        ("s.find(c, [('a', '==', 1), *(('d', '==', 2),)], ('b', 'ASCENDING'))", "a:A d:A b:A __name__:A"),
    ],
)
def test_the_index_of_a_query(tmp_path: Path, call: str, index: str | None) -> None:
    assert needed(tmp_path, f"import names\nfrom names import FIELD\n{UNDEFINED}{call}\n") == [index]


@pytest.mark.parametrize(
    "call",
    [
        "s.find(c, ((name, '==', 1),), order=('b', 'ASCENDING'))",
        "s.find(c, (condition,))",
        "s.find(c, (('a', '==', 1),), order=given)",
        "c.where(filter=FieldFilter(name, '==', 1)).order_by('b').stream()",
        "c.where('a', '==', 1).order_by('b', direction=name).stream()",
    ],
)
def test_a_query_that_cannot_be_told_is_one_without_fields(tmp_path: Path, call: str) -> None:
    code = "import os\nname = condition = given = os.environ['NAME']\nc = s = FieldFilter = None\n"
    [query] = asked(tmp_path, f"{code}x = {call}\n")
    assert query.conditions is None
    assert str(query.at) == "f/main.py:4"


def test_what_is_no_query_is_left_alone(tmp_path: Path) -> None:
    code = "'text'.find('x', 1)\n{}.get('a')\nimport os\n'text'.find(os.sep, len('a'))\n"
    assert needed(tmp_path, code) == []


def test_two_functions_have_names_of_their_own(tmp_path: Path) -> None:
    code = f"import names\n{UNDEFINED}s.find(c, (('a', '==', 1),), order=(names.FIELD, 'ASCENDING'))\n"
    queries = asked(tmp_path, code, code)
    assert [(query.order, query.at.file) for query in queries] == [
        ((("open", "ASCENDING"),), "f/main.py"),
        ((("other", "ASCENDING"),), "g/main.py"),
    ]


def test_a_cached_result_is_the_same(tmp_path: Path) -> None:
    code = f"{UNDEFINED}s.find(c, (('a', '==', 1),), order=('b', 'DESCENDING'))\ns.find(c, (name,))\n"
    first = asked(tmp_path, code)
    assert len(first) == 2
    assert asked(tmp_path, code, cache=Cache(tmp_path / "cache")) == first
    assert asked(tmp_path, code, cache=Cache(tmp_path / "cache")) == first


@pytest.mark.parametrize(
    ("operator", "taken"),
    [
        *((each, True) for each in sorted(OPERATORS)),
        *dict.fromkeys(("=<", "=", "array-contains", "not_in", "<>", ""), False).items(),
    ],
)
def test_operators_are_those_of_the_client(operator: str, taken: bool) -> None:
    client = firestore.Client(project="nowhere", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    try:
        client.collection("c").where(filter=FieldFilter("field", operator, ["value"]))
    except ValueError:
        assert not taken
    else:
        assert taken
