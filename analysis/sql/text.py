"""From the text of a statement to sqlglot's tree, with what the parser is more lenient about than BigQuery refused.

Functions stay as they are written, with their arguments in order, and identifiers, literals and calls know their
offsets. `{name}` in a text stands for a part that is known only at run time and becomes the name `hole_N_`.
"""

from __future__ import annotations

import functools
import logging
import re
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from analysis.sql.types import ALIASES, SCALARS

Tree = Any
"""A node of sqlglot's tree; its attributes are not typed."""

RESERVED = frozenset(
    [
        "ALL",
        "AND",
        "ANY",
        "ARRAY",
        "AS",
        "ASC",
        "ASSERT_ROWS_MODIFIED",
        "AT",
        "BETWEEN",
        "BY",
        "CASE",
        "CAST",
        "COLLATE",
        "CONTAINS",
        "CREATE",
        "CROSS",
        "CUBE",
        "CURRENT",
        "DEFAULT",
        "DEFINE",
        "DESC",
        "DISTINCT",
        "ELSE",
        "END",
        "ENUM",
        "ESCAPE",
        "EXCEPT",
        "EXCLUDE",
        "EXISTS",
        "EXTRACT",
        "FALSE",
        "FETCH",
        "FOLLOWING",
        "FOR",
        "FROM",
        "FULL",
        "GROUP",
        "GROUPING",
        "GROUPS",
        "HASH",
        "HAVING",
        "IF",
        "IGNORE",
        "IN",
        "INNER",
        "INTERSECT",
        "INTERVAL",
        "INTO",
        "IS",
        "JOIN",
        "LATERAL",
        "LEFT",
        "LIKE",
        "LIMIT",
        "LOOKUP",
        "MERGE",
        "NATURAL",
        "NEW",
        "NO",
        "NOT",
        "NULL",
        "NULLS",
        "OF",
        "ON",
        "OR",
        "ORDER",
        "OUTER",
        "OVER",
        "PARTITION",
        "PRECEDING",
        "PROTO",
        "QUALIFY",
        "RANGE",
        "RECURSIVE",
        "RESPECT",
        "RIGHT",
        "ROLLUP",
        "ROWS",
        "SELECT",
        "SET",
        "SOME",
        "STRUCT",
        "TABLESAMPLE",
        "THEN",
        "TO",
        "TREAT",
        "TRUE",
        "UNBOUNDED",
        "UNION",
        "UNNEST",
        "USING",
        "WHEN",
        "WHERE",
        "WINDOW",
        "WITH",
        "WITHIN",
    ]
)
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
_CLOSING = {
    TokenType.COMMA,
    TokenType.R_PAREN,
    TokenType.R_BRACKET,
    TokenType.WHERE,
    TokenType.GROUP_BY,
    TokenType.ORDER_BY,
}
_HOLE = re.compile(r"\{([^{}]*)\}")
HOLE = re.compile(r"hole_\d+_")
TEXTS = {TokenType.STRING, TokenType.RAW_STRING, TokenType.HEREDOC_STRING, TokenType.BYTE_STRING}
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", **{c: c for c in "\\?\"'`"}}
_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.)|$)", re.S)


class SqlProblem(NamedTuple):
    """A sentence and the offset that it is about."""

    message: str
    start: int


class NotUnderstoodError(Exception):
    """The text cannot be read on from `problem`."""

    def __init__(self, message: str, start: int) -> None:
        self.problem = SqlProblem(message, start)
        super().__init__(message)


class ParsedSql(NamedTuple):
    """The statements of a text, the text that the offsets count in, and what stood in its holes."""

    trees: tuple[Tree, ...]
    text: str
    holes: tuple[str, ...] = ()
    tokens: tuple[Token, ...] = ()

    def unplugged(self, name: str) -> str:
        """A name with its holes as they were written."""
        return HOLE.sub(lambda match: self.holes[int(match[0][5:-1])], name)


@functools.cache
def dialect() -> type[BigQuery]:
    """BigQuery as sqlglot reads it, with functions as written, literals with offsets and no foreign type names."""
    parser: Any = BigQuery.Parser
    tokenizer: Any = BigQuery.Tokenizer
    literal = {
        TokenType.STRING: lambda self, token: _at(exp.Literal(this=token.text, is_string=True), token),
        TokenType.NUMBER: lambda self, token: _at(exp.Literal(this=token.text, is_string=False), token),
        TokenType.RAW_STRING: lambda self, token: _at(exp.RawString(this=token.text), token),
        TokenType.HEREDOC_STRING: lambda self, token: _at(exp.RawString(this=token.text), token),
    }
    types = SCALARS | set(ALIASES)
    shared = {word for word, kind in tokenizer.KEYWORDS.items() if kind in parser.TYPE_TOKENS and word not in types}
    foreign = shared - {"ARRAY", "STRUCT", "RANGE", "NULL", "INTERVAL", "ENUM", "UNION", "ANY TYPE"}

    class GoogleSql(BigQuery):
        SUPPORTS_USER_DEFINED_TYPES = True  # an unknown word where a type stands is a type that GoogleSQL lacks

        class Tokenizer(tokenizer):  # type: ignore[misc]
            KEYWORDS: ClassVar[Any] = {word: kind for word, kind in tokenizer.KEYWORDS.items() if word not in foreign}

        class Parser(parser):  # type: ignore[misc]
            FUNCTIONS: ClassVar[Any] = {}
            FUNCTION_PARSERS: ClassVar[Any] = {
                name: read for name, read in parser.FUNCTION_PARSERS.items() if name in ("CAST", "SAFE_CAST", "EXTRACT")
            }
            PRIMARY_PARSERS: ClassVar[Any] = {**parser.PRIMARY_PARSERS, **literal}
            STRING_PARSERS: ClassVar[Any] = {**parser.STRING_PARSERS, **literal}
            NUMERIC_PARSERS: ClassVar[Any] = {**parser.NUMERIC_PARSERS, TokenType.NUMBER: literal[TokenType.NUMBER]}

    return GoogleSql


def _at(node: Tree, token: Token) -> Tree:
    node.update_positions(token)
    return node


def parse(text: str, *, holes: bool = True) -> ParsedSql:
    """Read `text`, `{name}` in it as a hole; raises `NotUnderstoodError` where it is no GoogleSQL."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    found_holes: list[str] = []

    def plug(match: re.Match[str]) -> str:
        found_holes.append(match[0])
        return f"hole_{len(found_holes) - 1}_"

    plugged = _HOLE.sub(plug, text) if holes else text
    try:
        tokens = dialect()().tokenize(plugged)
        _check_tokens(plugged, tokens)
        trees = dialect()().parser().parse(tokens, plugged)
    except TokenError as error:
        raise NotUnderstoodError(
            "This string, comment or name is never closed; close it.", unclosed(plugged)
        ) from error
    except SqlglotError as error:
        start, reason = _position(error, plugged)
        raise NotUnderstoodError(f"The statement does not parse: {reason}; correct it.", start) from error
    except RecursionError as error:
        raise NotUnderstoodError("The statement is nested too deeply to read; flatten it.", 0) from error
    except (ValueError, AttributeError, TypeError, IndexError, KeyError, AssertionError) as error:
        message = f"The statement cannot be read ({type(error).__name__} in the parser); simplify it."
        raise NotUnderstoodError(message, 0) from error
    found = tuple(tree for tree in trees if tree is not None)
    for tree in found:
        _check_names(tree)
        for literal in tree.find_all(exp.Literal):
            if literal.is_string and "start" in literal.meta:
                literal.set("this", unescape(plugged[literal.meta["start"] : literal.meta["end"] + 1]))
    return ParsedSql(found, plugged, tuple(found_holes), tuple(tokens))


def _check_names(tree: Tree) -> None:
    """Refuse a reserved word that names something and is not quoted."""
    for node in tree.find_all(exp.Identifier):
        if not node.quoted and node.name.upper() in RESERVED - {"DEFAULT"} and "start" in node.meta:
            message = f"`{node.name}` is a reserved word; use another name or backquotes."
            raise NotUnderstoodError(message, node.meta["start"])


def _check_tokens(text: str, tokens: list[Token]) -> None:
    """Refuse what the tokenizer or the parser takes and BigQuery does not."""
    for token in tokens:
        source = text[token.start : token.end + 1]
        if token.token_type in TEXTS:
            if "\n" in source and not source.lstrip("rRbB").startswith(("'''", '"""')):
                raise NotUnderstoodError("A string ends on the line it begins; use triple quotes.", token.start)
            if token.token_type is TokenType.STRING:
                unescape(source, token.start)
        elif message := _FOREIGN.get(token.token_type):
            raise NotUnderstoodError(message, token.start)
    for word, _, comma in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if word.token_type in (TokenType.LIMIT, TokenType.FETCH) and comma.token_type is TokenType.COMMA:
            raise NotUnderstoodError("GoogleSQL has no LIMIT with a comma; write LIMIT … OFFSET ….", comma.start)
    for before, token in pairwise(tokens):
        name = text[token.start : token.end + 1].upper()
        if before.token_type is TokenType.COMMA and token.token_type in _CLOSING:
            raise NotUnderstoodError("Nothing follows this comma; remove it.", before.start)
        if before.token_type is TokenType.ALIAS and name in RESERVED - _AFTER_AS:
            raise NotUnderstoodError(f"`{token.text}` is a reserved word; use another name or backquotes.", token.start)
    if tokens and tokens[-1].token_type is TokenType.COMMA:
        raise NotUnderstoodError("Nothing follows this comma; remove it.", tokens[-1].start)


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
        raw = text[opening.start() - 1 : opening.start()].lower() == "r"
        escape = "" if raw or mark == "/*" else r"(?:\\.|(?!MARK).)*?".replace("MARK", re.escape(mark))
        closing = re.compile((escape or ".*?") + re.escape("*/" if mark == "/*" else mark), re.DOTALL)
        found = closing.match(text, position)
        if found is None or (len(mark) == 1 and "\n" in found[0]):
            return opening.start()
        position = found.end()
    return max(len(text) - 1, 0)


def _position(error: Any, text: str) -> tuple[int, str]:
    """The offset and the bare reason in an error of sqlglot."""
    details = (getattr(error, "errors", None) or [{}])[0]
    line, column = details.get("line"), details.get("col")
    reason = str(details.get("description") or error).split("\n")[0].rstrip(".")
    if "SENTINEL" in reason:
        reason = "it ends too early"
    elif reason == "Expecting )":
        reason = "a comma or `)` is missing before this"
    elif "<" in reason:
        reason = "something is missing or too much here"
    starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]
    if not isinstance(line, int) or not isinstance(column, int) or not 0 < line <= len(starts):
        return 0, reason
    highlight = len(details.get("highlight") or "")
    return min(starts[line - 1] + max(column - max(highlight, 1), 0), max(len(text) - 1, 0)), reason


def start_of(node: Tree) -> int:
    """The offset of the first character that belongs to `node`, as far as the tree knows."""
    return min((child.meta["start"] for child in node.walk() if "start" in child.meta), default=0)
