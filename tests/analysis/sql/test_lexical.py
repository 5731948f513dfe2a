"""Where a comment, a string or a quoted name begins that never ends, and joins that the parser would try for ever."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from analysis.sql.lexical import NotUnderstoodError, unclosed, unescape
from analysis.sql.text import parse


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


@pytest.mark.parametrize(
    ("joins", "sound"),
    [
        (" JOIN t" * 8 + " ON TRUE" * 8, True),
        (" JOIN t" * 9 + " ON TRUE" * 9, False),
        (" JOIN t" * 7 + " ON TRUE" + " JOIN t" * 2 + " USING (a)" * 8, True),
        (" JOIN t" * 7 + " ON TRUE" + " JOIN t" * 3 + " USING (a)" * 9, False),
        (" CROSS JOIN t ON TRUE" * 2 + " JOIN t" * 9, False),
        (" JOIN t" * 60, False),
        (" JOIN t ON TRUE" * 60, True),
        (" CROSS JOIN t LEFT JOIN UNNEST([1])" * 20, True),
    ],
)
def test_joins_that_wait_for_their_conditions_are_bounded(joins: str, sound: bool) -> None:
    message = "More than 8 joins wait for their conditions; write ON or USING after each."
    with nullcontext() if sound else pytest.raises(NotUnderstoodError, match=message):
        parse(f"SELECT 1 FROM t{joins}")


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        (r"'a'", "a"), (r"'a\'b'", "a'b"), (r"'\n\t\\\?\`'", "\n\t\\?`"), (r"'\x41\X42\103'", "ABC"), (r"'\u00e9\U0001F3C0'", "é🏀"),
        (r"r'\n'", "\\n"), (r"b'\x41'", "A"), (r"rb'\x41'", "\\x41"), ("\'\'\'a\nb\'\'\'", "a\nb"), ('"""a"b"""', 'a"b'),
    ],
)  # fmt: skip
def test_a_literal_says_what_its_escapes_mean(literal: str, text: str) -> None:
    assert unescape(literal) == text


@pytest.mark.parametrize("escape", [r"\q", r"\8", r"\x4", r"\u12", r"\ud800", r"\U00110000", r"\477"])
def test_an_escape_that_means_nothing_is_told_where_it_stands(escape: str) -> None:
    with pytest.raises(NotUnderstoodError) as told:
        unescape(f"'a{escape}'", 7)
    assert told.value.problem.start == 7
    assert "is no escape sequence of GoogleSQL; write `\\\\` for a backslash." in told.value.problem.message
    assert told.value.problem.message[1:].startswith(escape[:2])
