"""The rules, one module per subject; importing a module registers its rules."""

from __future__ import annotations

from importlib import import_module
from typing import Final

MODULES: Final = (
    "access", "agent", "alerts", "allowed", "archives", "functions", "implied", "labels", "location", "members",
    "protection", "pubsub", "scheduler",
)  # fmt: skip


def load() -> None:
    """Import every rule module."""
    for name in MODULES:
        import_module(f"{__name__}.{name}")
