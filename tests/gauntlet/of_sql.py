"""Mistakes in SQL: each name misspelt, each number scaled, each comparison turned, each item of a list lost, each clause swapped.

The tokens are sqlglot's, and the text itself is edited, so that comments and layout stay what people wrote.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot.dialects.bigquery import BigQuery
from sqlglot.tokenizer_core import Token, TokenType

from tests.gauntlet.mutation import Mutation, misspelt, scaled

TURNED = {
    TokenType.EQ: "!=",
    TokenType.NEQ: "=",
    TokenType.LT: ">=",
    TokenType.LTE: ">",
    TokenType.GT: "<=",
    TokenType.GTE: "<",
    TokenType.AND: "OR",
    TokenType.OR: "AND",
    TokenType.DESC: "ASC",
    TokenType.LEFT: "RIGHT",
    TokenType.DISTINCT: "",
}
TYPES = {
    "STRING": "INT64",
    "INT64": "STRING",
    "FLOAT64": "STRING",
    "DATE": "STRING",
    "TIMESTAMP": "DATE",
    "BOOL": "STRING",
    "JSON": "STRING",
}
DEEPER = (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.LT)
SHALLOWER = (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.GT)


def of_sql(file: str, text: str) -> Iterator[Mutation]:
    """Yield every mistake in one file."""
    tokens = BigQuery().tokenize(text)
    for number, token in enumerate(tokens):
        place = f"{token.line}:{token.col} {token.text[:30]}"
        described = _describes(tokens, number)
        for kind, new in _of_token(token, described=described):
            yield Mutation(kind, file, place, _with(text, token.start, token.end + 1, new))
    yield from _lost(file, text, tokens)


def _of_token(token: Token, *, described: bool) -> Iterator[tuple[str, str]]:
    written = token.text
    if token.token_type is TokenType.STRING:
        if not described and written:
            yield "SQL text misspelt", f"'{misspelt(written)}'"
    elif token.token_type is TokenType.NUMBER:
        yield from ((f"SQL number {how}", new) for how, new in scaled(written))
    elif token.token_type in TURNED and written.upper() != "<":
        yield "SQL condition turned", TURNED[token.token_type]
    elif token.token_type is TokenType.VAR or written.islower():
        yield "SQL name misspelt", misspelt(written)
    if written in TYPES:
        yield "SQL type changed", TYPES[written]


def _describes(tokens: list[Token], number: int) -> bool:
    return number > 1 and tokens[number - 1].text == "=" and tokens[number - 2].text == "description"


def _lost(file: str, text: str, tokens: list[Token]) -> Iterator[Mutation]:
    """Yield the loss of each item between commas: a column, a field, an option, a selected value, an argument."""
    for number, token in enumerate(tokens):
        if token.token_type is not TokenType.COMMA:
            continue
        depth, last = 0, number + 1
        while last < len(tokens):
            kind = tokens[last].token_type
            if depth == 0 and (kind in (TokenType.COMMA, *SHALLOWER) or tokens[last].text.upper() in ("FROM", "WHERE")):
                break
            depth += (kind in DEEPER) - (kind in SHALLOWER)
            last += 1
        end = tokens[last].start if last < len(tokens) else len(text)
        first = tokens[number + 1]
        yield Mutation(
            "SQL item lost", file, f"{first.line}:{first.col} {first.text[:30]}", _with(text, token.start, end, "\n")
        )


def _with(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]
