"""The one warehouse of a function. Only the functions that query import this, so only their archives hold BigQuery's client."""

from __future__ import annotations

from functools import lru_cache

from shared.google.bigquery import Warehouse
from shared.orchestration.dependencies import Dependencies


@lru_cache(maxsize=1)
def warehouse_of(dependencies: Dependencies) -> Warehouse:
    """Return the one warehouse of the function."""
    return Warehouse(dependencies.settings, dependencies.view)


def probe(dependencies: Dependencies) -> None:
    """Ask the warehouse anything; raises `Unavailable`."""
    warehouse_of(dependencies).rows("SELECT 1 AS answer")
