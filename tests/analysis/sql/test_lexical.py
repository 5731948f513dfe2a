"""Where a comment, a string or a quoted name begins that never ends."""

from __future__ import annotations

import pytest

from analysis.sql.lexical import unclosed


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("SELECT 1 /* x", 9),
        ("SELECT /* a */ 'b", 15),
        ("SELECT /* it's */ 'b", 18),
        ("SELECT -- it's\n'b", 15),
        (r"SELECT 'a\'b", 7),
        (r"SELECT r'a\'b", 8),
        ("SELECT '''a\n'b'\n", 7),
        ("SELECT 'a\nb'", 7),
        ("SELECT `a", 7),
    ],
)
def test_what_never_ends_is_found_where_it_begins(text: str, begins: int) -> None:
    assert unclosed(text) == begins


@pytest.mark.parametrize(
    "text", ["SELECT 1", "SELECT /* ' */ 'a' -- '", "SELECT '''a\n''' # '", r"SELECT 'it\'s', r'it\'s'", "SELECT `a'b`"]
)
def test_of_what_ends_it_is_the_last_character(text: str) -> None:
    assert unclosed(text) == len(text) - 1
