"""Which composite index a query in the code needs, read from the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.schemas.cache import SchemaCache
from blueprint.schemas.firestore import IndexField
from blueprint.schemas.firestore_queries import read_queries


def needed(root: Path, code: str) -> tuple[list[str | None], list[str]]:
    (root / "names.py").write_text("FIELD = 'open'\n")
    (root / "m.py").write_text(code)
    queries, findings = read_queries(root, [root / "m.py", root / "names.py"])
    return [_text(query.index) for query in queries], [f"{each.at} {each.message}" for each in findings]


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
        ("c.where(filter=FieldFilter('a', '==', 1)).stream()", None),
    ],
)
def test_the_index_of_a_query(tmp_path: Path, call: str, index: str | None) -> None:
    code = f"import names\nfrom names import FIELD\nfound = {call}\n".replace("Query.DESCENDING", "DESCENDING")
    assert needed(tmp_path, code) == ([index], [])


@pytest.mark.parametrize(
    "call",
    [
        "s.find(c, ((name, '==', 1),), order=('b', 'ASCENDING'))",
        "s.find(c, (condition,))",
        "s.find(c, (('a', '==', 1),), order=given)",
        "c.where(filter=FieldFilter(name, '==', 1)).order_by('b').stream()",
    ],
)
def test_a_query_that_cannot_be_told_is_a_finding(tmp_path: Path, call: str) -> None:
    indexes, findings = needed(tmp_path, f"x = 1\nfound = {call}\n")
    assert indexes == []
    assert findings == ["m.py:2:9 The fields of this query cannot be told; write them as literals or module constants."]


def test_what_is_no_query_is_left_alone(tmp_path: Path) -> None:
    code = "'text'.find('x')\nd.get('a')\nre.find(a, b)\ndef f(: \n"
    assert needed(tmp_path, code) == ([], [])
    assert needed(tmp_path, "'text'.find('x')\nd.get('a')\nx.find(a, b)\n") == ([], [])


def test_a_cached_result_is_the_same(tmp_path: Path) -> None:
    cache = SchemaCache(tmp_path / "cache")
    (tmp_path / "m.py").write_text("s.find(c, (('a', '==', 1),), order=('b', 'DESCENDING'))\ns.find(c, (x,))\n")
    first = read_queries(tmp_path, [tmp_path / "m.py"], cache)
    assert len(first[0]) == len(first[1]) == 1
    assert read_queries(tmp_path, [tmp_path / "m.py"], cache) == first
    for entry in (tmp_path / "cache").iterdir():
        cache.put(entry.stem, {"queries": [3], "findings": []})
    assert read_queries(tmp_path, [tmp_path / "m.py"], cache) == first
