"""How names look, and how lines become a value of YAML."""

from __future__ import annotations

import re
from typing import Final

from ops.scaffolding.change import PartRefused

IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_]*")
FUNCTION: Final = re.compile(r"[a-z]([a-z0-9-]{4,28})[a-z0-9]")
"""A function's name is its service account's too: 6 to 30 characters (Google Cloud, service account ids)."""
DEFAULTS: Final = (("memory", "512Mi"), ("timeout", "300s"), ("max_instances", "1"))
"""What a function has where no other of the pipeline is its model."""


def fits(name: str, form: re.Pattern[str], words: str) -> None:
    """Raise `PartRefused` where a name has another form; `words` say which it has."""
    if not form.fullmatch(name):
        raise PartRefused(f"'{name}' is no name for this; it has {words}.")


def block(lines: list[str]) -> str:
    """Return lines as the value of a key, below it."""
    return "".join(f"\n  {line}" for line in lines)
