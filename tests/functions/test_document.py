"""Changes of a document: what differs is kept, field by field, and nothing else is touched."""

from __future__ import annotations

from shared.decisions import document as doc


def test_only_what_differs_is_a_change() -> None:
    document = {"a": 1, "b": {"c": 2, "kept": 3}}
    same: doc.Changes = {("a",): 1, ("b", "c"): 2}
    other: doc.Changes = {("b", "c"): 4, ("a", "below"): 1, ("new",): None}
    assert doc.changed(document, same) == {}
    assert doc.changed(document, same | other) == other
    assert doc.changed(None, same) == same


def test_changes_apply_field_by_field() -> None:
    document = {"a": 1, "b": {"c": 2, "kept": 3}}
    assert doc.applied(document, {("b", "c"): 4, ("a", "below"): 5}) == {"a": {"below": 5}, "b": {"c": 4, "kept": 3}}
    assert document == {"a": 1, "b": {"c": 2, "kept": 3}}
