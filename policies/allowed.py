"""What may be declared; the lists are data in `allowed.yaml`, and everything that is not in them is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import yaml

FILE: Final = "policies/allowed.yaml"
ELSEWHERE: Final = "pipeline"
"""The section of every project that has none of its own."""


@dataclass(frozen=True, eq=False)
class Allowed:
    """The section of one project: `kinds` with the inputs of each, `grants` with who may hold which role, `options`."""

    section: str
    kinds: Mapping[str, frozenset[str]]
    grants: Mapping[str, Mapping[str, frozenset[str]]]
    options: frozenset[str]

    def place(self, *keys: str) -> str:
        """Return where in the pack something is allowed, as sentences name it."""
        return f"`{' → '.join((self.section, *keys))}` in {FILE}"


@cache
def allowed(project: str = ELSEWHERE) -> Allowed:
    """Return what the Pulumi project of that name may declare."""
    sections = yaml.safe_load((Path(__file__).parent / "allowed.yaml").read_text(encoding="utf-8"))
    section = project if project in sections else ELSEWHERE
    content = sections[section]
    return Allowed(
        section=section,
        kinds={kind: frozenset(inputs) for kind, inputs in content["kinds"].items()},
        grants={
            kind: {role: frozenset(holders) for role, holders in roles.items()}
            for kind, roles in content["grants"].items()
        },
        options=frozenset(content["options"]),
    )
