"""What waits in dead letters: looked at and given back at once, so that looking removes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from ops.operate.cloud import DataPlane, DataPlaneError

THREADS = 8
MOST = 200
"""Messages of one dead letter that are looked at; it only matters whether there are any, and of which date."""


def waiting_of(cloud: DataPlane, holds: Sequence[str], date: str = "") -> Iterator[tuple[str, int | DataPlaneError]]:
    """Yield each dead letter with how many messages (of a date) can be had from it, or why that cannot be seen."""
    cloud.warm()

    def look(hold: str) -> int | DataPlaneError:
        own = cloud.again()
        try:
            return sum(date.encode() in each.data for each in own.waiting(hold, MOST, wait=1.0))
        except DataPlaneError as error:
            return error
        finally:
            _give_back(own)

    with ThreadPoolExecutor(THREADS) as pool:
        yield from zip(holds, pool.map(look, holds), strict=True)


def _give_back(cloud: DataPlane) -> None:
    try:
        cloud.release()
    except DataPlaneError:
        return  # it comes back by itself at the end of its acknowledgement deadline
