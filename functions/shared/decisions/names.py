"""From the name a publisher sends to the processor the declaration knows.

Publishers send a canonical name, a class name, or the table they wrote. A name that stays unknown is recorded and
reported, never counted: a rule satisfied by a name that nobody declared once started a phase on nothing.
"""

from __future__ import annotations

import re

from shared.declaration.types import Phase

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def processor(phase: Phase, name: str, output_table: str | None) -> str | None:
    """Return the canonical name of the processor that sent `name`, or None where it is not of this phase.

    In this order: a canonical name stays; else the last dotted part of `output_table` where that is canonical; else
    the declared aliases of either; else the class name without `Async` and `Processor`, in snake case.
    """
    table = output_table.rsplit(".", 1)[-1] if output_table else None
    for candidate in (name, table):
        if candidate in phase.processors:
            return candidate
    for candidate in (name, table):
        for known in phase.processors.values():
            if candidate in known.aliases:
                return known.name
    derived = snake_case(name)
    return derived if derived in phase.processors else None


def snake_case(name: str) -> str:
    """Return a class name without the prefix `Async` and the suffix `Processor`, in snake case."""
    return _WORD_START.sub("_", name.removeprefix("Async").removesuffix("Processor")).lower()
