"""The words of GoogleSQL: what the tokenizer or the parser takes and BigQuery does not is refused here."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from sqlglot.tokenizer_core import Token, TokenType

RESERVED = frozenset([
    "ALL", "AND", "ANY", "ARRAY", "AS", "ASC", "ASSERT_ROWS_MODIFIED", "AT", "BETWEEN", "BY", "CASE", "CAST",
    "COLLATE", "CONTAINS", "CREATE", "CROSS", "CUBE", "CURRENT", "DEFAULT", "DEFINE", "DESC", "DISTINCT", "ELSE",
    "END", "ENUM", "ESCAPE", "EXCEPT", "EXCLUDE", "EXISTS", "EXTRACT", "FALSE", "FETCH", "FOLLOWING", "FOR", "FROM",
    "FULL", "GROUP", "GROUPING", "GROUPS", "HASH", "HAVING", "IF", "IGNORE", "IN", "INNER", "INTERSECT", "INTERVAL",
    "INTO", "IS", "JOIN", "LATERAL", "LEFT", "LIKE", "LIMIT", "LOOKUP", "MERGE", "NATURAL", "NEW", "NO", "NOT",
    "NULL", "NULLS", "OF", "ON", "OR", "ORDER", "OUTER", "OVER", "PARTITION", "PRECEDING", "PROTO", "QUALIFY",
    "RANGE", "RECURSIVE", "RESPECT", "RIGHT", "ROLLUP", "ROWS", "SELECT", "SET", "SOME", "STRUCT", "TABLESAMPLE",
    "THEN", "TO", "TREAT", "TRUE", "UNBOUNDED", "UNION", "UNNEST", "USING", "WHEN", "WHERE", "WINDOW", "WITH",
    "WITHIN",
])  # fmt: skip
"""Words GoogleSQL reserves: as a name they need backquotes (GoogleSQL lexical structure reference)."""

_AFTER_AS = {"STRUCT", "ARRAY", "INTERVAL", "RANGE", "SELECT", "WITH", "OF"}
_FOREIGN = {
    TokenType.DCOLON: "`::` is no operator of GoogleSQL; write CAST.",
    TokenType.ILIKE: "GoogleSQL has no ILIKE; compare LOWER of both sides.",
    TokenType.ARROW: "`->` is no operator of GoogleSQL here; name the field, or use JSON_VALUE.",
    TokenType.DARROW: "",
    TokenType.RLIKE: "GoogleSQL has no RLIKE; use REGEXP_CONTAINS.",
    TokenType.DIV: "GoogleSQL has no operator DIV; call DIV(x, y).",
    TokenType.MOD: "`%` is no operator of GoogleSQL; call MOD(x, y).",
}
_SPELLED = {"==": "`==` is no operator of GoogleSQL; write `=`."}
MOST_WAITING = 8
_CLOSING = {
    TokenType.COMMA,
    TokenType.R_PAREN,
    TokenType.R_BRACKET,
    TokenType.WHERE,
    TokenType.GROUP_BY,
    TokenType.ORDER_BY,
}
TEXTS = {TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING, TokenType.BYTE_STRING}
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", **{c: c for c in "\\?\"'`"}}
_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.)|$)", re.S)


class SqlProblem(NamedTuple):
    """A sentence and the offset that it is about; `missing` is the table or column whose absence it tells."""

    message: str
    start: int
    missing: str = ""


class NotUnderstoodError(Exception):
    """The text cannot be read on from `problem`."""

    def __init__(self, message: str, start: int) -> None:
        self.problem = SqlProblem(message, start)
        super().__init__(message)


def _check_joins(tokens: list[Token]) -> None:
    """Refuse a row of joins that wait for their conditions: the parser tries each split, twice as many with each join."""
    waiting = 0
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.token_type in (TokenType.ON, TokenType.USING):
            waiting = max(waiting - 1, 0)
        elif token.token_type is TokenType.JOIN:
            waiting += before.token_type is not TokenType.CROSS and after.token_type is not TokenType.UNNEST
        if waiting > MOST_WAITING:
            message = f"More than {MOST_WAITING} joins wait for their conditions; write ON or USING after each."
            raise NotUnderstoodError(message, token.start)


def check_tokens(text: str, tokens: list[Token]) -> None:
    """Refuse what the tokenizer or the parser takes and BigQuery does not, or what takes the parser for ever."""
    _check_joins(tokens)
    for token in tokens:
        source = text[token.start : token.end + 1]
        if token.token_type in TEXTS:
            if "\n" in source and not source.lstrip("rRbB").startswith(("'''", '"""')):
                raise NotUnderstoodError("A string ends on the line it begins; use triple quotes.", token.start)
            if token.token_type is TokenType.STRING:
                unescape(source, token.start)
            if token.token_type is TokenType.BYTE_STRING:
                _check_bytes(source, token.start)
        elif message := _FOREIGN.get(token.token_type) or _SPELLED.get(source):
            raise NotUnderstoodError(message, token.start)
    for word, _, comma in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if word.token_type in (TokenType.LIMIT, TokenType.FETCH) and comma.token_type is TokenType.COMMA:
            raise NotUnderstoodError("GoogleSQL has no LIMIT with a comma; write LIMIT … OFFSET ….", comma.start)
    for before, token in pairwise(tokens):
        name = text[token.start : token.end + 1].upper()
        if message := _joined(before, token):
            raise NotUnderstoodError(message, token.start)
        if before.token_type is TokenType.COMMA and token.token_type in _CLOSING:
            raise NotUnderstoodError("Nothing follows this comma; remove it.", before.start)
        if before.token_type is TokenType.ALIAS and name in RESERVED - _AFTER_AS:
            raise NotUnderstoodError(f"`{token.text}` is a reserved word; use another name or backquotes.", token.start)
    if tokens and tokens[-1].token_type is TokenType.COMMA:
        raise NotUnderstoodError("Nothing follows this comma; remove it.", tokens[-1].start)


def _joined(before: Token, token: Token) -> str:
    """Why two tokens cannot stand side by side so; empty where they can."""
    close = token.start == before.end + 1
    if before.token_type is TokenType.STRING and token.token_type is TokenType.STRING and close:
        return "A quote inside a string is written with a backslash, and two strings need a space between them; correct it."
    if before.token_type is TokenType.NUMBER and token.token_type is TokenType.VAR and close:
        return "A number ends where its digits end; write a space before the name, and no `_` inside a number."
    if before.token_type is TokenType.ALIAS and token.token_type in TEXTS:
        return "A name is no string; write it bare or in backquotes."
    if before.token_type is token.token_type is TokenType.SEMICOLON:
        return "There is no statement between these semicolons; remove one."
    return ""


def _check_bytes(source: str, start: int) -> None:
    prefix = re.match(r"[rRbB]*", source)
    if prefix is not None and "r" not in prefix[0].lower():
        if re.search(r"(?<!\\)(?:\\\\)*\\[uU]", source):
            raise NotUnderstoodError("A BYTES literal has no `\\u`; write `\\x` for each byte.", start)
        unescape(source, start)


def unescape(source: str, start: int = 0) -> str:
    """What a string literal says (GoogleSQL lexical structure: escape sequences); `start` is where it stands."""
    prefix = re.match(r"[rRbB]*", source)
    raw = prefix is not None and "r" in prefix[0].lower()
    body = source[len(prefix[0]) if prefix else 0 :]
    quote = body[:3] if body[:3] in ("'''", '"""') else body[:1]
    body = body[len(quote) : len(body) - len(quote)]
    if raw:
        return body

    def replaced(match: re.Match[str]) -> str:
        octal, two, four, eight, one = match.groups()
        if octal:
            return chr(int(octal, 8))
        if code := two or four or eight:
            number = int(code, 16)
            if number < 0x110000 and not 0xD800 <= number < 0xE000:
                return chr(number)
        elif one in _ESCAPES:
            return _ESCAPES[one]
        raise NotUnderstoodError(
            f"`{match[0]}` is no escape sequence of GoogleSQL; write `\\\\` for a backslash.", start
        )

    return _ESCAPE.sub(replaced, body)


_OPENING = re.compile(r"--[^\n]*|#[^\n]*|/\*|'''|\"\"\"|['\"`]")


def unclosed(text: str) -> int:
    """Where the first comment, string or quoted name starts that never ends; the last character if none does."""
    position = 0
    while opening := _OPENING.search(text, position):
        mark = opening[0]
        position = opening.end()
        if mark[0] in "-#":
            continue
        escape = "" if mark == "/*" else r"(?:\\.|(?!MARK)[^\\])*?".replace("MARK", re.escape(mark))
        closing = re.compile((escape or ".*?") + re.escape("*/" if mark == "/*" else mark), re.DOTALL)
        found = closing.match(text, position)
        if found is None or (len(mark) == 1 and "\n" in found[0]):
            return opening.start()
        position = found.end()
    return max(len(text) - 1, 0)
