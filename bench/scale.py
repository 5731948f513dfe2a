"""What happens at 10, 100 and 1,000 times today's completions: the engine's own steps, against a simulated platform.

    python -m bench.scale            print the table
    python -m bench.scale --write    and put it into docs/scale.md

Every attempt is the real generator of `shared.decisions.protocol` on a document in memory; simulated are the time that calls
take, the instances, Pub/Sub's push back-off, and how fast Firestore takes writes to one document. No time is real.
"""

from __future__ import annotations

import heapq
import random
import statistics
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from tests.functions.conftest import ROOT

# isort: split
from shared.decisions.document import Changes, applied
from shared.decisions.effects import Pause, Publish, Read, Report, Snapshot, Write

from tests.functions.model import START, Delivery, Model, completion
from tests.functions.views import boundary

DOC = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- table: python -m bench.scale --write -->", "<!-- end of table -->"

TODAY = 600
"""Completions of one date and phase on a busy day: four processors at 87 to 208, one at about one."""
BUSY = 7_200.0
"""Seconds in which most of them arrive."""
WINDOW = 300.0
"""Seconds simulated, at the rate of the busy time."""
INSTANCES = 5
READ, WRITE, PUBLISH, OVERHEAD = 0.015, 0.040, 0.030, 0.010
"""Seconds that a call takes in the region when nothing waits."""
SUSTAINED = 1.0
"""Writes a second that Firestore sustains on one document (its documented soft limit)."""
BURST = 30.0
"""Writes above that before it pushes back."""
DEADLINE = 10.0
"""Seconds after which the engine gives a write up (`shared.google.firestore`)."""
BACKOFF = (10.0, 600.0)
"""Pub/Sub's push back-off as declared, first and longest."""


Layout = Literal["date", "processor", "run"]
"""What a document holds: everything of a date, of a processor and date, or of one run of it."""


@dataclass
class Tokens:
    """How fast one document takes writes: a bucket that fills at the sustained rate; a write on credit waits."""

    level: float = BURST
    at: float = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds that a write at `now` waits for its turn; it takes the turn if that is soon enough."""
        self.level = min(BURST, self.level + (now - self.at) * SUSTAINED)
        self.at = now
        waits = max(0.0, (1 - self.level) / SUSTAINED)
        if waits <= DEADLINE:
            self.level -= 1
        return waits


@dataclass
class Result:
    """What the simulation saw."""

    offered: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    busiest: float = 0.0
    triggered_at: float | None = None
    backlog: int = 0


class Parts(Model):
    """Several documents, seen as one: the summary of a write may be a little behind."""

    def _write(self, snapshot: Snapshot, changes: Changes) -> bool:
        if snapshot.version != self.version:
            return False
        self.document = applied(self.document, changes)
        self.version += 1
        self.look(snapshot.time)
        return True


class Simulation:
    """One date, one boundary, and completions arriving at random at a rate."""

    def __init__(self, factor: int, layout: Layout = "date", seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.model = (Model if layout == "date" else Parts)(boundary("phase3_to_phase4"))
        self.layout = layout
        self.tokens: dict[str, Tokens] = {}
        self.versions: Counter[str] = Counter()
        self.events: list[tuple[float, int, Any]] = []
        self.sequence = 0
        self.free = INSTANCES
        self.queue: deque[tuple[float, int, Any]] = deque()
        self.result = Result()
        self._arrivals(factor * TODAY / BUSY)

    def run(self) -> Result:
        busy_time, last = 0.0, 0.0
        while self.events and self.events[0][0] <= WINDOW:
            now, _, event = heapq.heappop(self.events)
            busy_time += (INSTANCES - self.free) * (now - last)
            last = now
            self.model.now = START + timedelta(seconds=now)
            if event[0] == "arrive":
                self.queue.append(event[1:])
            else:
                self._continue(now, *event[1:])
            self._start_waiting(now)
        self.result.busiest = busy_time / (INSTANCES * WINDOW)
        self.result.backlog = len(self.queue) + sum(event[0] == "arrive" for _, _, event in self.events)
        return self.result

    def _at(self, time: float, *event: Any) -> None:
        self.sequence += 1
        heapq.heappush(self.events, (time, self.sequence, event))

    def _arrivals(self, rate: float) -> None:
        names = boundary("phase3_to_phase4").modes[0].expected
        time, number = 0.0, 0
        while (time := time + self.random.expovariate(rate)) < WINDOW:
            number += 1
            name = names[-1] if number == 20 else self.random.choice(names[:-1])
            message = completion(name, execution_id=f"e{number}", completed_at=START + timedelta(seconds=time))
            entities = tuple(f"entity-{self.random.randint(0, 450)}" for _ in range(5))
            self._at(time, "arrive", time, 0, replace(message, is_incremental=True, entities_changed=entities))
        self.result.offered = number

    def _start_waiting(self, now: float) -> None:
        while self.free and self.queue:
            arrived, tries, message = self.queue.popleft()
            self.free -= 1
            delivery = self.model.deliver("push", message)
            self._schedule(now + OVERHEAD, delivery, arrived, tries)

    def _schedule(self, now: float, delivery: Delivery, arrived: float, tries: int) -> None:
        """Have the delivery's next effect end when it would; a write waits for the document."""
        match delivery.effect:
            case Read():
                self._at(now + READ, "step", delivery, arrived, tries, None)
            case Write():
                key = self._document_of(delivery)
                waits = self.tokens.setdefault(key, Tokens()).wait(now)
                late = waits > DEADLINE
                self._at(
                    now + min(waits, DEADLINE) + WRITE, "step", delivery, arrived, tries, "before" if late else None
                )
            case Pause(attempt):
                ceiling = min(3.0, 0.05 * 2**attempt)
                self._at(now + self.random.uniform(ceiling / 2, ceiling), "step", delivery, arrived, tries, None)
            case Publish():
                self.result.triggered_at = self.result.triggered_at or now
                self._at(now + PUBLISH, "step", delivery, arrived, tries, None)
            case _:
                seconds = PUBLISH if isinstance(delivery.effect, Report) else READ
                self._at(now + seconds, "step", delivery, arrived, tries, None)

    def _continue(self, now: float, delivery: Delivery, arrived: float, tries: int, fault: Any) -> None:
        effect, version = delivery.effect, self.model.version
        if isinstance(effect, Write):
            if self.layout != "date":
                self._own_version(effect, delivery)
            self.result.counts["writes"] += 1
        self.model.step(delivery, fault)
        if isinstance(effect, Write) and self.model.version == version:
            self.result.counts["late" if fault else "conflicts"] += 1
        if not delivery.ended:
            self._schedule(now, delivery, arrived, tries)
            return
        self.free += 1
        if delivery.acknowledged:
            self.result.counts["acknowledged"] += 1
            self.result.delays.append(now - arrived)
            return
        self.result.counts["given back"] += 1
        again = min(BACKOFF[1], BACKOFF[0] * 2**tries)
        self._at(now + again, "arrive", arrived, tries + 1, delivery.completion)

    def _document_of(self, delivery: Delivery) -> str:
        message = delivery.completion
        if self.layout == "date" or message is None:
            return ""
        return str(message.processor if self.layout == "processor" else message.execution_id)

    def _own_version(self, effect: Write, delivery: Delivery) -> None:
        """Only writers of the same document compete: what others wrote in between counts as seen."""
        key = self._document_of(delivery)
        if self.versions[key] <= effect.snapshot.version:
            delivery.effect = replace(effect, snapshot=replace(effect.snapshot, version=self.model.version))
        self.versions[key] = self.model.version + 1


def rows() -> Iterator[tuple[str, Result]]:
    """Yield what each load and layout gives."""
    for factor in (1, 10, 100, 1000):
        yield f"{factor} ×", Simulation(factor).run()
    yield "100 ×, a document per processor", Simulation(100, "processor").run()
    yield "100 ×, a document per run", Simulation(100, "run").run()


def table() -> str:
    """Return the table in Markdown."""
    lines = [
        "| Load | Offered/s | Acknowledged | Median, p95 | Conflicts | Given back | Waiting at the end | Instances busy | Triggered after |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, result in rows():
        counts, delays = result.counts, sorted(result.delays) or [0.0]
        p95 = delays[int(0.95 * (len(delays) - 1))]
        triggered = f"{result.triggered_at:.0f} s" if result.triggered_at is not None else "not in the window"
        lines.append(
            f"| {name} | {result.offered / WINDOW:.2f} | {counts['acknowledged']} of {result.offered} | {statistics.median(delays):.2f} s, {p95:.2f} s | {counts['conflicts']} of {counts['writes']} writes | {counts['given back']} | {result.backlog} | {100 * result.busiest:.0f} % | {triggered} |"
        )
    return "\n".join(lines)


def written(text: str, made: str) -> str:
    """Return the page with the table between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def main(arguments: Sequence[str] = ()) -> int:
    """Print the table, and write it where asked."""
    made = table()
    print(made)
    if "--write" in arguments:
        DOC.write_text(written(DOC.read_text("utf-8"), made), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
