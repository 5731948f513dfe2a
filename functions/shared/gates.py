"""Gates in the data warehouse, for functions whose boundaries have some."""

from __future__ import annotations

import datetime
from functools import lru_cache

from shared.effects import GateResult
from shared.view import Boundary
from shared.warehouse import Warehouse, check_gates
from shared.world import World


def in_warehouse(world: World, boundary: Boundary, mode: str, date: str) -> list[GateResult]:
    """Return what the boundary's gates see for the date; raises `Unavailable`."""
    return check_gates(warehouse(world), boundary, mode, datetime.date.fromisoformat(date))


def probe(world: World) -> None:
    """Ask the warehouse anything; raises `Unavailable`."""
    warehouse(world).rows("SELECT 1 AS answer")


@lru_cache(maxsize=1)
def warehouse(world: World) -> Warehouse:
    """Return the one warehouse of the function."""
    return Warehouse(world.settings, world.view)
