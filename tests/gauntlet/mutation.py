"""A mutation: one file of the project as it would be after one small mistake, which nobody wrote down beforehand."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One mistake.

    Attributes:
        kind: the sort of mistake, such as `leaf deleted`.
        file: the file that it is made in, relative to the root.
        place: what it is made to, such as `store.lease`.
        text: the file afterwards; None where it is gone.
        beside: other files that belong to the same edit, each with its text afterwards, or None.
    """

    kind: str
    file: str
    place: str
    text: str | None
    beside: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.file} {self.place}"

    @property
    def seed(self) -> str:
        """Return what a sample is drawn by: the mutation itself, so that nothing else moves it."""
        return hashlib.sha256(str(self).encode()).hexdigest()


def sample(mutations: Iterable[Mutation], of_each_kind: int) -> Iterator[Mutation]:
    """Yield some mutations of each kind, the same ones each time."""
    taken: dict[str, int] = {}
    for each in sorted(mutations, key=lambda mutation: mutation.seed):
        taken[each.kind] = taken.get(each.kind, 0) + 1
        if taken[each.kind] <= of_each_kind:
            yield each


def misspelt(word: str) -> str:
    """Return a word with its middle letter typed twice."""
    letters = [position for position, letter in enumerate(word) if letter.isalnum()] or [len(word) - 1]
    middle = letters[len(letters) // 2]
    return word[: middle + 1] + word[middle:] if word else "x"


def other_case(word: str) -> str:
    """Return a word with the case of its first letter changed."""
    for position, letter in enumerate(word):
        if letter.swapcase() != letter:
            return word[:position] + letter.swapcase() + word[position + 1 :]
    return word


def scaled(number: str) -> Iterator[tuple[str, str]]:
    """Yield a number, or one with a unit behind it, ten times larger and smaller, with what was done."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z%]*)", number)
    if found:
        yield "×10", f"{float(found[1]) * 10:.12g}{found[2]}"
        yield "÷10", f"{float(found[1]) / 10:.12g}{found[2]}"
