"""What the page of a running system tells: counts of what flows, boundaries, dead letters, documents; and what it may ask for."""

from __future__ import annotations

import json
import queue
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from blueprint.graph import PipelineNode
from ops.drills.reports import Reports
from ops.local import days
from ops.local.boundaries import State, states
from ops.local.loopback import Loopback, Reply, as_json
from ops.local.system import Published, System
from ops.page.live import LivePage, page
from ops.terminal import clean, count

SAID, SHOWN, DATES = 300, 50, 5
"""Lines that are kept, messages of a dead letter that are shown, dates whose boundaries are looked at."""


class Live:
    """The page of one system: told from its own threads, while the system goes on in its own.

    `wanted` is what was asked for, a day to play or an incident to recreate, `busy` what is being done.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.wanted: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self.over = threading.Event()
        self.busy = ""
        self.said: deque[str] = deque(maxlen=SAID)
        self.server = Loopback(self._read, self._change)
        root, manifest = system.plan.root, system.model.manifest
        self._zone = ZoneInfo(manifest.time_zone)
        self._days = {name: days.load(root, name, self._zone) for name in days.names(root)}
        self._incidents = {str(each.number): each.what for each in Reports.of(root).incidents}
        self._services = {
            system.model.names.subscription(consumer.service, topic.name): consumer.service
            for topic in manifest.topics.values()
            for consumer in topic.consumers
            if consumer.service
        }
        self._page = LivePage(manifest, system.plan.stack, self._days, self._incidents)

    def say(self, line: str) -> None:
        """Show a line."""
        self.said.append(clean(line))

    def _read(self, parts: list[str]) -> Reply | None:
        match parts:
            case []:
                text, policy = page(self._page, self.server.token)
                return Reply(text, "text/html", policy=policy)
            case ["state"]:
                return as_json(self.state())
            case ["letters", name] if name in self.system.declared.letters:
                return as_json([_letter(each) for each in self.system.letters() if each.topic == name][-SHOWN:])
            case ["documents", boundary, date] if boundary in self.system.model.manifest.boundaries:
                return self._document(boundary, date)
        return None

    def _change(self, parts: list[str]) -> Reply | None:
        match parts:
            case ["play", name] if name in self._days:
                return self._ask("play", name)
            case ["drill", number] if number in self._incidents:
                return self._ask("drill", number)
        return None

    def _ask(self, what: str, name: str) -> Reply:
        if self.busy:
            return as_json({"refused": f"{self.busy} is not over."}, 409)
        self.busy = name
        self.wanted.put((what, name))
        return as_json({"begun": name}, 202)

    def _document(self, boundary: str, date: str) -> Reply:
        manifest = self.system.model.manifest
        collection = manifest.phases[manifest.boundaries[boundary].upstream].collection
        found = self.system.cloud.document(collection, date)
        return Reply(json.dumps(found, indent=1, ensure_ascii=False, default=str, sort_keys=True))

    def state(self) -> dict[str, Any]:
        """Return everything that the page shows anew."""
        lettered = Counter(each.topic for each in self.system.letters())
        waiting = {
            name: number
            for each in (self.system.door, self.system.bridge)
            for name, number in each.redeliveries.per_subscription().items()
        }
        return {
            "clock": f"{self.system.clock.now().astimezone(self._zone):%Y-%m-%d %H:%M:%S}",
            "busy": self.busy,
            "counts": {self._page.anchors[node]: told for node, told in self._counts() if node in self._page.anchors},
            "boundaries": [_boundary(each) for each in states(self.system, self._dates())],
            "letters": [[name, str(number)] for name, number in sorted(lettered.items())],
            "waiting": [[name, str(number)] for name, number in sorted(waiting.items())],
            "said": list(self.said),
        }

    def _dates(self) -> list[str]:
        name = self.system.model.manifest.date_field
        found = dict.fromkeys(date for each in list(self.system.published) if (date := _field(each, name)))
        return [*found][-DATES:]

    def _counts(self) -> Iterator[tuple[PipelineNode, str]]:
        """Yield what flowed at each part of the picture."""
        system = self.system
        published = Counter(each.topic for each in list(system.published))
        yield from (
            (PipelineNode("topic", name), count(published[name], "message")) for name in system.model.manifest.topics
        )
        done, refused, stored = Counter[str](), Counter[str](), Counter[str]()
        declared = {each.name: each for each in system.declared.subscriptions}
        for each in [*system.door.deliveries, *system.bridge.deliveries]:
            to = declared[each.subscription]
            if to.table:
                stored[to.table] += each.acknowledged
            else:
                (done if each.acknowledged else refused)[to.function or self._services.get(to.name, "")] += 1
        for name in system.functions:
            told = f"{done[name]} done" + (f", {refused[name]} refused" if refused[name] else "")
            yield PipelineNode("function", name), told
        yield from ((PipelineNode("service", name), f"{done[name]} taken") for name in set(self._services.values()))
        yield from ((PipelineNode("table", name), count(stored[name], "row")) for name in system.model.schemas.tables)
        called = Counter(name for _, name, _ in list(system.calls))
        for function in system.model.manifest.functions.values():
            for schedule in function.trigger.schedules:
                job = system.model.names.job(function.name, schedule)
                yield PipelineNode("schedule", f"{function.name}/{schedule}"), count(called[job], "call")


def _boundary(state: State) -> list[str]:
    done, of = len(state.completed), len(state.completed) + len(state.missing)
    blocked = f"blocked by {', '.join(state.blocked)}" if state.blocked else "not yet"
    told = f"triggered, {state.reason}" if state.triggered else blocked
    return [state.boundary, state.date, f"{done} of {of}", ", ".join(state.missing), told]


def _letter(message: Published) -> dict[str, Any]:
    return {
        "at": message.at.isoformat(timespec="seconds"),
        "attributes": dict(message.attributes),
        "data": message.data.decode("utf-8", "replace"),
    }


def _field(message: Published, name: str) -> str:
    try:
        document = json.loads(message.data)
    except (ValueError, RecursionError):
        return ""
    return str(document.get(name, "")) if isinstance(document, Mapping) else ""
