"""Why a mutant that no test sees does no harm: `survivors.yaml` names each, by its place and the change, below its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).parent / "survivors.yaml"


@cache
def reasons() -> Mapping[str, str]:
    """Return mutant → reason."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8")) or []
    return {mutant: each["reason"] for each in rows for mutant in each["mutants"]}


def idle(known: Collection[str], possible: Collection[str], killed: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the listed mutants of a group: nothing makes one, or a test sees it."""
    for each in known:
        if each not in possible:
            yield f"survivors.yaml names what is no mutant: {each}"
        elif each in killed:
            yield f"survivors.yaml names what a test sees: {each}"
