"""From the text of a statement to sqlglot's tree, with what the parser is more lenient about than BigQuery refused.

Functions stay as they are written, with their arguments in order, and identifiers, literals and calls know their
offsets. `{name}` in a text stands for a part that is known only at run time and becomes the name `hole_N_`.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.errors import SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from analysis.sql.lexical import RESERVED, NotUnderstoodError, check_tokens, unclosed, unescape
from analysis.sql.types import ALIASES, SCALARS

Tree = Any
"""A node of sqlglot's tree; its attributes are not typed."""

_HOLE = re.compile(r"\{([^{}]*)\}")
_AS_WRITTEN = (TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING, TokenType.RAW_STRING, TokenType.BYTE_STRING)
HOLE = re.compile(r"hole_(\d+)_")
_BYTES = ("b", "B", *(a + b for a in "rR" for b in "bB"), *(b + a for a in "rR" for b in "bB"))


class ParsedSql(NamedTuple):
    """The statements of a text, the text that the offsets count in, and what stood in its holes."""

    trees: tuple[Tree, ...]
    text: str
    holes: tuple[str, ...] = ()
    tokens: tuple[Token, ...] = ()

    def unplugged(self, name: str) -> str:
        """A name with its holes as they were written."""
        return HOLE.sub(lambda match: self.holes[int(match[1])], name)


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

        class Tokenizer(tokenizer):  # type: ignore[misc]  # a class that was looked up
            KEYWORDS: ClassVar[Any] = {word: kind for word, kind in tokenizer.KEYWORDS.items() if word not in foreign}
            BYTE_STRINGS: ClassVar[Any] = [
                (prefix + quote, quote) for quote in ("'", '"', "'''", '"""') for prefix in _BYTES
            ]

        class Parser(parser):  # type: ignore[misc]  # the same
            FUNCTIONS: ClassVar[Any] = {}
            FUNCTION_PARSERS: ClassVar[Any] = {
                name: read for name, read in parser.FUNCTION_PARSERS.items() if name in ("CAST", "SAFE_CAST", "EXTRACT")
            }
            PRIMARY_PARSERS: ClassVar[Any] = {**parser.PRIMARY_PARSERS, **literal}
            STRING_PARSERS: ClassVar[Any] = {**parser.STRING_PARSERS, **literal}
            NUMERIC_PARSERS: ClassVar[Any] = {**parser.NUMERIC_PARSERS, TokenType.NUMBER: literal[TokenType.NUMBER]}

            def _parse_not_constraint(self) -> Any:
                """Refuse what is no `NOT NULL`: sqlglot steps back over it twice, and reads what stands before for ever."""
                if not self._match_text_seq("NULL"):
                    self.raise_error("`NOT` is not followed by `NULL`")
                return self.expression(exp.NotNullColumnConstraint())

    return GoogleSql


def _at(node: Tree, token: Token) -> Tree:
    node.update_positions(token)
    return node


def words(text: str) -> Iterator[object]:
    """Yield the tokens of a text as BigQuery tells them apart; the text itself where it has none that can be read."""
    try:
        for token in dialect()().tokenize(text):
            if token.token_type is not TokenType.SEMICOLON:
                yield token.token_type, token.text.upper() if token.token_type not in _AS_WRITTEN else token.text
    except TokenError:
        yield text


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
        check_tokens(plugged, tokens)
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
    except (ArithmeticError, ValueError, AttributeError, TypeError, LookupError, AssertionError) as error:
        message = f"The statement cannot be read ({type(error).__name__} in the parser); simplify it."
        raise NotUnderstoodError(message, 0) from error
    found = tuple(tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon))
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
