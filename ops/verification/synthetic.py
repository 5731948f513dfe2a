"""A completion that nobody needs, sent through each boundary to see it arrive.

It is for a reserved date and marked `skip_downstream`, so the orchestrator records it as it does a backfill and starts
nothing. Seen is the whole way: topic, push, token, function, Firestore (incidents 14, 75, 77). What it left in
Firestore is deleted; a stream may keep one row for the reserved date.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from blueprint.boundaries import Boundary, Phase
from blueprint.findings import Location
from blueprint.keys import KeyKind
from blueprint.manifest import Manifest
from ops.verification.cloud import CloudResource, ControlPlane, ControlPlaneError

RESERVED = date(2000, 1, 1)
"""No work is ever for this day."""
WAIT = 90.0
"""Seconds to wait for the effect: a cold start, and one retry of the delivery."""


@dataclass(frozen=True)
class Way:
    """One boundary, from the topic of its completions to the document that records them."""

    boundary: Boundary
    phase: Phase
    project: str
    database: str
    date_field: str
    key: KeyKind = "date"

    def reserved(self, day: date) -> str:
        """Return the key of the reserved day, its first hour where keys are hours."""
        return f"{day.isoformat()}T00Z" if self.key == "hour" else day.isoformat()

    @property
    def topic(self) -> str:
        """Return the full name of the topic of completions."""
        return f"projects/{self.project}/topics/{self.phase.completion_topic}"

    def document(self, day: date) -> str:
        """Return the full name of the document of a day."""
        root = f"projects/{self.project}/databases/{self.database}/documents"
        return f"{root}/{self.phase.collection}/{self.reserved(day)}"

    def message(self, day: date, correlation: str) -> CloudResource:
        """Return the completion, as a processor of the phase sends it."""
        processor = next(iter(self.phase.processors), "verification")
        return {
            "processor_name": processor,
            "phase": self.phase.label,
            self.date_field: self.reserved(day),
            "execution_id": correlation,
            "correlation_id": correlation,
            "status": "success",
            "timestamp": datetime.now(UTC).isoformat(),
            "record_count": 0,
            "skip_downstream": True,
            "metadata": {"skip_downstream": True},
        }


def ways(manifest: Manifest, project: str) -> list[Way]:
    """Return the way through each boundary."""
    return [
        Way(
            boundary,
            manifest.phases[boundary.upstream],
            project,
            manifest.store.database,
            manifest.date_field,
            manifest.key,
        )
        for boundary in manifest.boundaries.values()
    ]


def travel(
    cloud: ControlPlane,
    sent: list[Way],
    day: date = RESERVED,
    *,
    wait: float = WAIT,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[Location, str]]:
    """Send a completion through each way at once; yield a sentence for each that leaves no effect in `wait` seconds."""
    open_ways: dict[str, Way] = {}
    for way in sent:
        correlation = uuid.uuid4().hex[:8]
        try:
            _publish(cloud, way, day, correlation)
            open_ways[correlation] = way
        except ControlPlaneError as error:
            yield way.boundary.at, f"No completion can be sent to {way.boundary.name}: {error}."
    try:
        for _ in range(max(int(wait), 1)):
            arrived = {key for key, way in open_ways.items() if _arrived(cloud, way, day, key)}
            open_ways = {key: way for key, way in open_ways.items() if key not in arrived}
            if not open_ways:
                return
            sleep(1.0)
        for way in open_ways.values():
            yield (
                way.boundary.at,
                f"A completion sent to {way.phase.completion_topic} left nothing in {way.document(day)} within {wait:.0f} seconds; look at the subscription of {way.boundary.function} and at its log.",
            )
    finally:
        for way in sent:
            _clean(cloud, way, day)


def _publish(cloud: ControlPlane, way: Way, day: date, correlation: str) -> None:
    data = base64.b64encode(json.dumps(way.message(day, correlation)).encode()).decode()
    cloud.post("pubsub", f"{way.topic}:publish", {"messages": [{"data": data}]})


def _arrived(cloud: ControlPlane, way: Way, day: date, correlation: str) -> bool:
    """Tell whether the day's document records our completion; an answer that fails is asked for again."""
    try:
        document = cloud.get("firestore", way.document(day)) or {}
    except ControlPlaneError:
        return False
    return json.dumps(correlation) in json.dumps(document.get("fields", {}))


def _clean(cloud: ControlPlane, way: Way, day: date) -> None:
    try:
        cloud.delete("firestore", way.document(day))
    except ControlPlaneError:
        return
