"""Values that exist only after a deployment, and how they travel through a program that runs before it.

A real preview marks every such value as unknown, and what it feeds is unknown too: which account a grant is for, or
which URL a subscription pushes to, is not to be seen. Here each one is a *planned value*: a string that stands for
"property P of resource U". It passes through `Output.concat`, `format` and f-strings, and is decoded wherever it
arrives. It never poses as the value: code that looks at its text (splits, compares lengths, changes case) gets
`NotYetKnown`, and what that code would have computed is unknown, as in a real preview.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

_MARK: Final = "PlannedValue"
_PATTERN: Final = re.compile(rf"~{_MARK}(\d+)([A-Za-z]+)~")
_LETTERS: Final = "bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ"


class NotYetKnown(Exception):
    """The program looked at the text of a value that is not known before the deployment."""


class Planned(str):
    """A string that contains planned values; it can be embedded in other text, and not be read."""

    __slots__ = ()

    def __add__(self, other: str) -> Planned:
        return Planned(str.__add__(self, other))

    def __radd__(self, other: str) -> Planned:
        return Planned(str.__add__(other, self))


def _refuse(name: str) -> Callable[..., NoReturn]:
    def method(self: Planned, *_: object, **__: object) -> NoReturn:
        raise NotYetKnown(f"str.{name} needs a value that is known only after the deployment")

    method.__name__ = name
    return method


_READING = """
    __getitem__ __iter__ __contains__ __mod__ __mul__ __lt__ __le__ __gt__ __ge__ capitalize casefold center count
    encode endswith expandtabs find format_map index isalnum isalpha isascii isdecimal isdigit isidentifier islower
    isnumeric isspace istitle isupper ljust lower lstrip partition removeprefix removesuffix replace rfind rindex
    rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill
"""
for _name in _READING.split():
    setattr(Planned, _name, _refuse(_name))


@dataclass(frozen=True, slots=True)
class PlannedReference:
    """Property `property` (a wire path such as `serviceConfig.uri`; `id` for the physical id) of resource `urn`."""

    urn: str
    property: str


@dataclass(frozen=True)
class PlannedSecret:
    """A secret whose value the plan has no key for: stack configuration written with `secure:`."""

    name: str


Part = str | PlannedReference | PlannedSecret


class Planner:
    """Hands out planned values and decodes the strings they end up in.

    Args:
        salt: Changes the text of every planned value. Two evaluations with different salts must record the same;
            a test holds the program to it.
    """

    def __init__(self, salt: int = 0) -> None:
        self._salt = salt
        self._meanings: list[PlannedReference | PlannedSecret] = []

    def plan(self, meaning: PlannedReference | PlannedSecret) -> Planned:
        """Return the string that stands for `meaning`."""
        number = len(self._meanings)
        self._meanings.append(meaning)
        return Planned(f"~{_MARK}{number}{self._check(number)}~")

    def _check(self, number: int) -> str:
        state = number * 7919 + self._salt * 104729 + 13
        letters = []
        for _ in range(4 + self._salt):
            state, rest = divmod(state * 31 + 17, len(_LETTERS))
            letters.append(_LETTERS[rest])
            state += rest * 97
        return "".join(letters)

    def decode(self, text: str) -> Sequence[Part] | None:
        """Return the literal and planned parts of `text` in order, or None where a planned value was cut up."""
        if "~" not in text:
            return None if _damaged(text) else (text,)
        parts: list[Part] = []
        end = 0
        for match in _PATTERN.finditer(text):
            number = int(match[1])
            if number >= len(self._meanings) or match[2] != self._check(number):
                return None
            parts += [text[end : match.start()], self._meanings[number]]
            end = match.end()
        parts.append(text[end:])
        literals = [part for part in parts if isinstance(part, str)]
        if any(_damaged(literal) for literal in literals):
            return None
        return tuple(part for part in parts if part != "") or ("",)


def _damaged(text: str) -> bool:
    """Tell whether text that no planned value is in any more still holds a piece of one, in whatever case."""
    return "nnedval" in text.casefold()


def tolerate_unknown(apply: Callable[..., Any], unknown: Callable[[], Any]) -> Callable[..., Any]:
    """Return `Output.apply` with one change: a function that raises `NotYetKnown` has an unknown result."""

    def careful_apply(self: Any, func: Callable[[Any], Any], run_with_unknowns: bool = False) -> Any:
        def careful(value: Any) -> Any:
            try:
                return func(value)
            except NotYetKnown:
                return unknown()

        return apply(self, careful, run_with_unknowns)

    return careful_apply
