"""The Logging query language: reads a filter and says whether it matches a log entry.

For tests and contracts, so that a log alert is judged by its own text on recorded entries before release: an
old filter that gen2 entries never match was a silently dead alert (incident 73, pitfall 63). Follows the
platform's rules: NOT binds before OR, OR before AND (pitfall 103); text comparisons ignore case, regular
expressions do not; a comparison with a missing field is false whatever its operator. What it does not know it
refuses with a `FilterError`, never with a guess. Does not search: no SEARCH, no sampling, no address
functions.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from analysis.logfilter import entry as logfields

MAX_LENGTH = 20_000
"""Longest query (Cloud Logging: 20,000 characters)."""
MAX_DEPTH = 40
"""Deepest nesting of parentheses that is read."""
MAX_BRANCHES = 2_000
"""Most alternatives that `never_true` looks at; a larger filter counts as satisfiable."""

OPERATORS = ("!=", "!~", "=~", ">=", "<=", "=", ">", "<", ":")
KEYWORDS = frozenset({"AND", "OR", "NOT"})


class FilterError(ValueError):
    """The filter cannot be read; the message is a sentence, `position` counts characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@dataclass(frozen=True)
class Token:
    """A piece of the filter: `kind` is `word`, `text` (quoted), `operator`, `(`, `)`, `,`, `-`, or `end`."""

    kind: str
    value: str
    position: int
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Compare:
    """`path operator value`, or for an empty path a search for `value` anywhere in the entry."""

    path: tuple[str, ...]
    operator: str
    value: str
    quoted: bool = False

    def holds(self, entry: Mapping[str, object]) -> bool:
        """Say whether `entry` satisfies the comparison."""
        if not self.path:
            return any(self.value.lower() in str(leaf).lower() for leaf in logfields.leaves(entry))
        values = logfields.values_at(entry, self.path)
        if self.operator == ":" and self.value == "*" and not self.quoted:
            return any(value is not logfields.DEFAULT for value in values)
        return any(logfields.compare(value, self.operator, self.value, self.path) for value in values)


@dataclass(frozen=True)
class Not:
    """The opposite of `item`."""

    item: Node

    def holds(self, entry: Mapping[str, object]) -> bool:
        """Say whether `item` does not hold."""
        return not self.item.holds(entry)


@dataclass(frozen=True)
class AllOf:
    """Every item; an empty filter matches every entry."""

    items: tuple[Node, ...]

    def holds(self, entry: Mapping[str, object]) -> bool:
        """Say whether every item holds."""
        return all(item.holds(entry) for item in self.items)


@dataclass(frozen=True)
class AnyOf:
    """At least one item."""

    items: tuple[Node, ...]

    def holds(self, entry: Mapping[str, object]) -> bool:
        """Say whether one item holds."""
        return any(item.holds(entry) for item in self.items)


Node = Compare | Not | AllOf | AnyOf


def parse(text: str) -> Node:
    """Return the filter as a tree; raises `FilterError` for what cannot be read or is not known here."""
    if len(text) > MAX_LENGTH:
        raise FilterError(f"The filter has {len(text)} characters; Cloud Logging reads {MAX_LENGTH}.", MAX_LENGTH)
    return _Parser(tuple(_tokens(text))).filter()


def matches(text: str, entry: Mapping[str, object]) -> bool:
    """Say whether the filter `text` matches `entry`, a LogEntry as JSON; raises `FilterError`."""
    return parse(text).holds(entry)


def comparisons(node: Node) -> Iterator[Compare]:
    """Yield every comparison of a filter, negated ones included."""
    match node:
        case Compare():
            yield node
        case Not(item):
            yield from comparisons(item)
        case AllOf(items) | AnyOf(items):
            for item in items:
                yield from comparisons(item)


def never_true(node: Node) -> str | None:
    """Return why no entry can match the filter, or None where one may."""
    reason = None
    for number, branch in enumerate(_branches(node, negated=False)):
        if number >= MAX_BRANCHES:
            return None
        reason = logfields.contradiction((c.path, c.operator, c.value, negated) for c, negated in branch)
        if reason is None:
            return None
    return reason or "no alternative is left"


Branch = tuple[tuple[Compare, bool], ...]


def _branches(node: Node, *, negated: bool) -> Iterator[Branch]:
    """Yield the alternatives of a filter, each a conjunction of comparisons and whether they are negated."""
    match node:
        case Compare():
            yield ((node, negated),)
        case Not(item):
            yield from _branches(item, negated=not negated)
        case AllOf(items) | AnyOf(items):
            if isinstance(node, AllOf) is negated:
                for item in items:
                    yield from _branches(item, negated=negated)
                return
            parts = [list(itertools.islice(_branches(i, negated=negated), MAX_BRANCHES)) for i in items]
            for combination in itertools.product(*parts):
                yield tuple(itertools.chain.from_iterable(combination))


_WORD = re.compile(r"[A-Za-z0-9_@*][A-Za-z0-9_@*./%+$-]*")
_SPACE = re.compile(r"(?:\s|--[^\n]*)+")
_OPERATOR = re.compile("|".join(map(re.escape, OPERATORS)))


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        if space := _SPACE.match(text, at):
            at = space.end()
            continue
        character = text[at]
        if character in "(),":
            token, end = Token(character, character, at), at + 1
        elif operator := _OPERATOR.match(text, at):
            token, end = Token("operator", operator.group(), at), operator.end()
        elif character == "-":
            token, end = Token("-", "-", at), at + 1
        elif character == '"' or _WORD.match(text, at):
            token, end = _operand(text, at)
        else:
            raise FilterError(f"The character {character!r} has no meaning here; quote text that contains it.", at)
        yield token
        at = end
    yield Token("end", "the end of the filter", at)


def _operand(text: str, at: int) -> tuple[Token, int]:
    """Read a word, a quoted text, or a path whose parts may be quoted: `jsonPayload."@type"`."""
    start, path, quoted_only = at, [""], text[at] == '"'
    while at < len(text):
        if text[at] == '"' and (at == start or text[at - 1] == "."):
            part, at = _quoted(text, at)
            path[-1] += part
        elif text[at] == "." and at > start:
            path.append("")
            at += 1
            quoted_only = False
        elif (word := _WORD.match(text, at)) and (at == start or text[at - 1] != '"'):
            first, *rest = word.group().split(".")
            path[-1] += first
            path.extend(rest)
            at = word.end()
            quoted_only = False
        else:
            break
    if quoted_only:
        return Token("text", path[0], start), at
    return Token("word", text[start:at], start, tuple(path)), at


_ESCAPE = re.compile(r'\\(?:(["\\nrtabfv])|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3}))')
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _quoted(text: str, at: int) -> tuple[str, int]:
    start = at
    out: list[str] = []
    at += 1
    while at < len(text):
        if text[at] == '"':
            return "".join(out), at + 1
        if text[at] != "\\":
            out.append(text[at])
            at += 1
            continue
        escape = _ESCAPE.match(text, at)
        if not escape:
            raise FilterError(f"The escape {text[at : at + 2]!r} is not one of the language's.", at)
        simple, unicode, byte, octal = escape.groups()
        code = int(unicode or byte or "0", 16) if not octal else int(octal, 8)
        out.append(_ESCAPES.get(simple, simple) if simple else chr(code))
        at = escape.end()
    raise FilterError("The quoted text does not end; close it with a double quote.", start)


class _Parser:
    """Recursive descent; one method per level of precedence."""

    def __init__(self, tokens: tuple[Token, ...]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.next
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def keyword(self, word: str) -> bool:
        return self.next.kind == "word" and self.next.value == word

    def filter(self) -> Node:
        node = self.conjunction() if self.next.kind != "end" else AllOf(())
        if self.next.kind != "end":
            raise FilterError(f"{self.next.value!r} is not expected here.", self.next.position)
        return node

    def conjunction(self) -> Node:
        items = [self.disjunction()]
        while self.next.kind not in ("end", ")"):
            if self.keyword("AND"):
                self.take()
            items.append(self.disjunction())
        return items[0] if len(items) == 1 else AllOf(tuple(items))

    def disjunction(self) -> Node:
        items = [self.negation()]
        while self.keyword("OR"):
            self.take()
            items.append(self.negation())
        return items[0] if len(items) == 1 else AnyOf(tuple(items))

    def negation(self) -> Node:
        negated = False
        while self.keyword("NOT") or self.next.kind == "-":
            self.take()
            negated = not negated
        node = self.group(self.conjunction) if self.next.kind == "(" else self.comparison()
        return Not(node) if negated else node

    def group(self, inside: Callable[[], Node]) -> Node:
        opening = self.take()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise FilterError(f"Parentheses are nested deeper than {MAX_DEPTH}.", opening.position)
        node = inside()
        if self.take().kind != ")":
            raise FilterError("A parenthesis is not closed.", opening.position)
        self.depth -= 1
        return node

    def comparison(self) -> Node:
        token = self.take()
        if token.kind not in ("word", "text") or (token.kind == "word" and token.value in KEYWORDS):
            raise FilterError(f"A comparison is expected instead of {token.value!r}.", token.position)
        if self.next.kind == "(" and token.kind == "word" and self.next.position == token.position + len(token.value):
            return self.function(token)
        if self.next.kind != "operator":
            return Compare((), ":", token.value, token.kind == "text")
        if token.kind == "text":
            raise FilterError("The left side of a comparison must be a field.", token.position)
        if problem := logfields.undefined(token.path):
            raise FilterError(problem, token.position)
        operator = self.take().value
        if self.next.kind == "(":
            return self.group(lambda: self.alternatives(token, operator))
        return self.value(token, operator)

    def function(self, name: Token) -> Node:
        if name.value != "log_id":
            raise FilterError(f"The function {name.value} is not known here.", name.position)
        self.take()
        argument = self.take()
        if argument.kind != "text" or self.take().kind != ")":
            raise FilterError('log_id takes one quoted name, as in log_id("run.googleapis.com/stderr").', name.position)
        escaped = re.escape(argument.value.replace("/", "%2F"))
        return Compare(("logName",), "=~", f"^[^/]+/[^/]+/logs/{escaped}$", True)

    def alternatives(self, field: Token, operator: str) -> Node:
        """Read `(a OR b AND NOT c)`, the values of one field."""
        conjunction: list[Node] = []
        while self.next.kind not in ("end", ")"):
            if conjunction and self.keyword("AND"):
                self.take()
            items = [self.alternative(field, operator)]
            while self.keyword("OR"):
                self.take()
                items.append(self.alternative(field, operator))
            conjunction.append(items[0] if len(items) == 1 else AnyOf(tuple(items)))
        if not conjunction:
            raise FilterError("A value is expected between the parentheses.", self.next.position)
        return conjunction[0] if len(conjunction) == 1 else AllOf(tuple(conjunction))

    def alternative(self, field: Token, operator: str) -> Node:
        if self.keyword("NOT") or self.next.kind == "-":
            self.take()
            return Not(self.alternative(field, operator))
        if self.next.kind == "(":
            return self.group(lambda: self.alternatives(field, operator))
        return self.value(field, operator)

    def value(self, field: Token, operator: str) -> Node:
        sign = "-" if self.next.kind == "-" else ""
        if sign:
            self.take()
        token = self.take()
        if token.kind not in ("word", "text") or (token.kind == "word" and token.value in KEYWORDS):
            raise FilterError(f"A value is expected instead of {token.value!r}.", token.position)
        if operator in ("=~", "!~"):
            if problem := logfields.pattern_problem(token.value):
                raise FilterError(problem, token.position)
        elif problem := logfields.value_problem(field.path, token.value):
            raise FilterError(problem, token.position)
        return Compare(field.path, operator, sign + token.value, token.kind == "text")


def resource_types(node: Node) -> set[str]:
    """Return the resource types that a filter asks for by name."""
    return {c.value for c in comparisons(node) if c.path == ("resource", "type") and c.operator in ("=", ":")}


def required(node: Node) -> Iterable[Compare]:
    """Return the comparisons that every matching entry satisfies: those joined by AND at the top."""
    if isinstance(node, AllOf):
        return itertools.chain.from_iterable(required(item) for item in node.items)
    return (node,) if isinstance(node, Compare) else ()
