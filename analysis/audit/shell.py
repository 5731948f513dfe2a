"""The commands of a shell script with their words, as far as literals tell: variables, arrays and loops over them.

No shell: nothing is run, and branches are not told apart. A part that only a run tells is `UNKNOWN`.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

UNKNOWN = "\0"
"""Stands in a word for what cannot be told."""
MOST_VALUES = 200
Values = tuple[str, ...]
_ASSIGNED = re.compile(r"(?:(?:export|local|readonly|declare)\s+(?:-\w+\s+)*)?(\w+)(\+?)=(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$\$?(?:\{(\w+)(?:\[[@*]\])?(?::-([^}$]*))?[^}]*\}|(\w+|[@*#?]))")
_SUBSTITUTED = re.compile(r"\$\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|`[^`]*`")
_KEYWORDS = {"then", "do", "else", "!", "if", "while", "RUN", "sudo", "@"}


class ShellCommand(NamedTuple):
    """One command: what each word can be, the line it begins at, and its text."""

    words: tuple[Values, ...]
    line: int
    text: str


def commands_of(text: str, first: int, known: Mapping[str, Values]) -> Iterator[ShellCommand]:
    """Yield the commands of a script whose first line is number `first`, with the variables `known` from outside."""
    variables = dict(known)
    for line, row in _rows(text, first):
        row = _SUBSTITUTED.sub(UNKNOWN, row)
        if array := re.fullmatch(
            r"\s*(?:(?:declare|local|readonly)\s+(?:-\w+\s+)*)?(\w+)(\+?)=\((.*)\)\s*(?:#.*)?", row, re.DOTALL
        ):
            name, more, inside = array.groups()
            variables[name] = (
                *(variables.get(name, ()) if more else ()),
                *_flat(_split(inside.replace("\n", " ")), variables),
            )
            continue
        for words in _commands(_split(row)):
            yield from _command(words, line, row, variables)


def _command(words: list[str], line: int, row: str, variables: dict[str, Values]) -> Iterator[ShellCommand]:
    while words and words[0] in _KEYWORDS:
        words = words[1:]
    if len(words) > 2 and words[0] == "for" and words[2] == "in":
        variables[words[1]] = _flat(words[3:], variables)
        return
    while words and (
        assigned := _ASSIGNED.fullmatch(
            " ".join(words[:2]) if words[0] in ("export", "local", "readonly", "declare") else words[0]
        )
    ):
        variables[assigned[1]] = _values(assigned[3], variables)
        words = words[2:] if words[0] in ("export", "local", "readonly", "declare") else words[1:]
    if words:
        yield ShellCommand(
            tuple(_values(word, variables) for word in words), line, row.strip().replace(UNKNOWN, "$(…)")
        )


def _rows(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Yield lines, each with those that continue it: after a backslash, and up to the end of an array."""
    held, begun = "", first
    for number, row in enumerate(text.splitlines(), start=first):
        held, begun = (f"{held}\n{row}", begun) if held else (row, number)
        if held.endswith("\\"):
            held = held[:-1] + " "
            continue
        if (
            re.match(r"\s*(?:\w+\s+)*\w+\+?=\(", held)
            and not re.search(r"\)\s*(?:#.*)?$", held)
            and held.count("\n") < 200
        ):
            continue
        yield begun, re.sub(r"(?m)(^|\s)#.*$", r"\1", held) if "\n" in held else held
        held = ""
    if held:
        yield begun, held


def _split(row: str) -> list[str]:
    lexer = shlex.shlex(row, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split, lexer.commenters = True, "#"
    try:
        return list(lexer)
    except ValueError:
        return []


def _commands(words: list[str]) -> Iterator[list[str]]:
    for ends, group in itertools.groupby(words, key=lambda word: bool(re.fullmatch(r"[;&|()]+", word))):
        if not ends:
            yield list(group)


def _flat(words: list[str], variables: Mapping[str, Values]) -> Values:
    return tuple(itertools.islice((value for word in words for value in _values(word, variables)), MOST_VALUES))


def _values(word: str, variables: Mapping[str, Values]) -> Values:
    """Return what a word can be, each part of it that is not known as `UNKNOWN`."""
    parts: list[Values] = []
    position = 0
    for found in _VARIABLE.finditer(word):
        name = found[1] or found[3]
        parts += [(word[position : found.start()],), variables.get(name) or ((found[2],) if found[2] else (UNKNOWN,))]
        position = found.end()
    parts.append((word[position:],))
    made = ("".join(each) for each in itertools.product(*parts))
    return tuple(dict.fromkeys(itertools.islice(made, MOST_VALUES)))
