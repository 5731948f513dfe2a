"""A cursor over the tokens of one SQL statement, which refuses what it was not told to expect.

The tokens come from sqlglot's BigQuery tokenizer. Reading the structure of DDL token by token, rather than
walking a syntax tree, means that nothing can be skipped unnoticed and that every refusal knows its line and
column.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from blueprint.findings import Location

Report = Callable[[str, int], None]
"""Takes a sentence and the character offset it is about."""

STRINGS = frozenset({"STRING", "RAW_STRING", "HEREDOC_STRING"})


class NotUnderstoodError(Exception):
    """Reading cannot go on; `offset` is the character at which the text stops making sense."""

    def __init__(self, message: str, offset: int) -> None:
        self.message = message
        self.offset = offset
        super().__init__(message)


class Places:
    """Turns character offsets of one text into locations of its file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]

    def at(self, offset: int) -> Location:
        """The 1-based line and column of the character at `offset`."""
        line = bisect_right(self._starts, offset)
        return Location(self.file, line, offset - self._starts[line - 1] + 1)


class Token(NamedTuple):
    """One word, sign or literal; `text` is unquoted, `start` and `end` are offsets of its first and last
    character.
    """

    kind: str
    text: str
    start: int
    end: int

    @property
    def bare(self) -> str:
        """The word or sign in upper case; empty for a literal and for a quoted name."""
        return "" if self.kind == "IDENTIFIER" or self.kind in STRINGS else self.text.upper()


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`; raises `NotUnderstoodError` for a literal that never ends and the like."""
    from sqlglot.dialects.bigquery import BigQuery
    from sqlglot.errors import TokenError

    try:
        found = BigQuery().tokenize(text)
    except TokenError as error:
        raise NotUnderstoodError("This string, comment or name is never closed; close it.", _unclosed(text)) from error
    tokens: list[Token] = []
    for token in found:
        kind = token.token_type.name
        source = text[token.start : token.end + 1]
        if kind in STRINGS and "\n" in source and not source.lstrip("rRbB").startswith(("'''", '"""')):
            raise NotUnderstoodError("A string ends on the line it begins; use triple quotes.", token.start)
        if kind in {"IDENTIFIER", *STRINGS} or not any(character.isspace() for character in source):
            tokens.append(Token(kind, token.text, token.start, token.end))
        else:  # the tokenizer joins words such as PARTITION BY
            for word in re.finditer(r"\S+", source):
                start = token.start + word.start()
                tokens.append(Token("VAR", word[0], start, start + len(word[0]) - 1))
    return tokens


_OPENING = re.compile(r"--[^\n]*|#[^\n]*|/\*|'''|\"\"\"|['\"`]")


def _unclosed(text: str) -> int:
    """Where the first comment, string or quoted name starts that never ends; the last character if none is
    found.
    """
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


class Cursor:
    """Walks the tokens of `text`; every method either consumes what it names or says what it found
    instead.
    """

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self._tokens = tokens
        self._next = 0

    @property
    def done(self) -> bool:
        """True when every token is consumed."""
        return self._next >= len(self._tokens)

    @property
    def offset(self) -> int:
        """Where the next token starts, or where the text ends."""
        return len(self.text) if self.done else self._tokens[self._next].start

    def token(self) -> Token:
        """The next token, not consumed."""
        if self.done:
            raise NotUnderstoodError("The statement ends too early; finish it.", max(len(self.text.rstrip()) - 1, 0))
        return self._tokens[self._next]

    def take(self) -> Token:
        """The next token, consumed."""
        token = self.token()
        self._next += 1
        return token

    def sees(self, *words: str) -> bool:
        """True when the next tokens are these bare words or signs, in any case."""
        if self._next + len(words) > len(self._tokens):
            return False
        ahead = self._tokens[self._next : self._next + len(words)]
        return all(token.bare == word for token, word in zip(ahead, words, strict=True))

    def accept(self, *words: str) -> bool:
        """Consume these words if they come next; say whether they did."""
        if not self.sees(*words):
            return False
        self._next += len(words)
        return True

    def expect(self, *words: str) -> None:
        """Consume these words or refuse."""
        if not self.accept(*words):
            raise NotUnderstoodError(f"Expected `{' '.join(words)}` {self._found()}.", self._here())

    def expected(self, wanted: str) -> NotUnderstoodError:
        """The refusal for a next token that is not `wanted`."""
        return NotUnderstoodError(f"Expected {wanted} {self._found()}.", self._here())

    def name(self, what: str) -> str:
        """Consume one identifier, quoted or bare."""
        token = self.token()
        quoted = token.kind == "IDENTIFIER"
        if not quoted and not token.bare.replace("_", "a").isalnum():
            raise self.expected(what)
        if not quoted and (token.text[:1].isdigit() or token.bare in RESERVED):
            raise self.expected(f"{what}; a reserved word needs backquotes")
        return self.take().text

    def path(self, what: str) -> tuple[str, ...]:
        """Consume a dotted name such as `project-id.dataset.table`, in any quoting BigQuery allows."""
        parts = self.name(what).split(".")
        while True:
            if self.accept("."):
                parts.extend(self.name(what).split("."))
            elif self.sees("-") and self._touches():
                self.take()
                parts[-1] += "-" + self.take().text
            else:
                return tuple(parts)

    def string(self, what: str) -> str:
        """Consume one string literal."""
        if self.token().kind not in STRINGS:
            raise self.expected(what)
        return self.take().text

    def number(self, what: str) -> float:
        """Consume one unsigned number or its negation."""
        text = "-" if self.accept("-") else ""
        if not self.sees("."):
            text += self._digits(what)
        if self.sees(".") and (not text or self._touches()):
            self.take()
            text += "." + (self._digits(what) if not self.done and self._touches() else "0")
        try:
            return float(text)
        except ValueError:
            raise self.expected(what) from None

    def _digits(self, what: str) -> str:
        if self.token().kind != "NUMBER":
            raise self.expected(what)
        return self.take().text

    def whole(self, what: str) -> int:
        """Consume one whole number."""
        here = self._here()
        value = self.number(what)
        if value != int(value):
            raise NotUnderstoodError(f"Expected {what}, found {value:g}; write a whole number.", here)
        return int(value)

    def until(self, *stops: str) -> str:
        """Consume an expression up to a stop word at depth 0, and return it with its spacing made regular."""
        parts: list[str] = []
        depth, end = 0, None
        while not self.done:
            token = self.token()
            word = token.bare
            if depth == 0 and (word in stops or word == ")"):
                break
            depth += (word in {"(", "["}) - (word in {")", "]"})
            if parts and end is not None and token.start > end + 1:
                parts.append(" ")
            parts.append(self.text[token.start : token.end + 1])
            end = token.end
            self.take()
        if not parts:
            raise self.expected("an expression")
        return "".join(parts)

    def _here(self) -> int:
        return min(self.offset, max(len(self.text.rstrip()) - 1, 0))

    def _found(self) -> str:
        if self.done:
            return "but the statement ends"
        return f"but found `{self.text[self.offset :].split()[0][:40]}`"

    def _touches(self) -> bool:
        """True when the next token follows the one before without a gap."""
        return self._next > 0 and self._tokens[self._next - 1].end + 1 == self.offset


_WORDS = """
ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE
CURRENT DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH
FOLLOWING FOR FROM FULL GROUP GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS
JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER
PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT
TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH WITHIN
"""

RESERVED = frozenset(_WORDS.split())
"""Words GoogleSQL reserves: as a name they need backquotes (GoogleSQL lexical structure reference)."""
