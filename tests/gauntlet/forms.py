"""Generated mistakes that do what a recorded incident did, beside the forms that people wrote down.

`forms.yaml` says what an incident is among mistakes, from what broke and not from what refuses it; which ones are tried
is drawn by their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path

import yaml

from tests.gauntlet.mutation import Mutation

FORMS = Path(__file__).parent / "forms.yaml"
OF_EACH = 6
"""Generated forms of one incident."""
Found = tuple[str, Mutation]


def patterns() -> Mapping[int, Sequence[str]]:
    """Return incident → what it is among generated mistakes."""
    found: Mapping[int, Sequence[str]] = yaml.safe_load(FORMS.read_text(encoding="utf-8"))
    return found


def forms(parts: Mapping[str, Mapping[Mutation, object]]) -> Mapping[int, Sequence[Found]]:
    """Return incident → its generated forms, each with the part that it is of; as many of each pattern as there are."""
    named = [
        (f"{each}".strip(), (part, each))
        for part, mutations in parts.items()
        if not part.startswith("harmless")
        for each in mutations
    ]
    named.sort(key=lambda each: each[1][1].seed)
    return {incident: [*_drawn(wanted, named)] for incident, wanted in patterns().items()}


def _drawn(wanted: Sequence[str], named: Sequence[tuple[str, Found]]) -> Iterator[Found]:
    matching = [[found for name, found in named if re.fullmatch(pattern, name)] for pattern in wanted]
    if unused := [pattern for pattern, found in zip(wanted, matching, strict=True) if not found]:
        raise ValueError(f"No generated mistake is called {unused[0]!r}; correct the pattern in {FORMS.name}.")
    in_turn = [each for each in chain.from_iterable(zip_longest(*map(_by_kind, matching))) if each is not None]
    yield from [*dict.fromkeys(in_turn)][:OF_EACH]


def _by_kind(found: Sequence[Found]) -> Sequence[Found]:
    """Return mistakes so that kinds come in turn."""
    seen: dict[str, int] = {}
    turns: dict[Found, int] = {}
    for each in found:
        turns[each] = seen[each[1].kind] = seen.get(each[1].kind, 0) + 1
    return sorted(found, key=turns.__getitem__)
