"""What waits in dead letters: looked at and given back at once, so that looking removes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from ops.answers import Answer, DateProblem
from ops.operate.cloud import DataPlane, DataPlaneError

THREADS = 8
MOST = 200
"""Messages of one dead letter that are looked at; it only matters whether there are any, and of which date."""


def waiting_of(cloud: DataPlane, holds: Sequence[str], date: str = "") -> Iterator[tuple[str, int | DataPlaneError]]:
    """Yield the subscription of each hold, with how many messages (of a date) can be had from it or why that is not seen."""
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
        names = [hold.removesuffix("--dead-letter-hold") for hold in holds]
        yield from zip(names, pool.map(look, holds), strict=True)


def problems_of(subscription: str, found: int | DataPlaneError, which: str = "") -> Iterator[DateProblem]:
    """Yield what is wrong where messages (`which` they are) wait in a dead letter, or where nobody can see whether they do."""
    if isinstance(found, DataPlaneError):
        yield DateProblem(Answer.NOT_KNOWN, str(found), about=f"dead letter of {subscription}")
    elif found:
        number = f"{found} or more" if found >= MOST else str(found)
        words = f"message{which} waits" if found == 1 else f"messages{which} wait"
        text = f"{number} {words} in the dead letter of {subscription}."
        yield DateProblem(Answer.CRITICAL, text, f"python -m ops redrive {subscription}")


def _give_back(cloud: DataPlane) -> None:
    try:
        cloud.release()
    except DataPlaneError:
        return  # it comes back by itself at the end of its acknowledgement deadline
