"""Run the engine on one date for an operator: `python -m shared.orchestration.replay`, a request in, what it did or would do out.

Standard input is one JSON object: `view` (as in `pipeline.json`), `boundary`, `date`, `completions` (messages of the
upstream phase, oldest first), `again` (publish a triggered date's trigger once more) and `apply`. Without `apply`
nothing is written or published: reads and gates are real, writes go to a copy in memory. Standard output is one JSON
object. No function imports this module, so no archive holds it.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shared.decisions import document as doc
from shared.decisions import message
from shared.decisions.effects import Message, Snapshot, Unavailable
from shared.decisions.protocol import Outcome
from shared.declaration import settings, view
from shared.google.firestore import DocumentStore
from shared.google.pubsub import Publisher
from shared.orchestration import gates, repeat, runner
from shared.orchestration.dependencies import Dependencies
from shared.reports.events import EventPublisher

Json = dict[str, Any]


class RecordingStore(DocumentStore):
    """The database, with every write on record; in a rehearsal the writes happen in memory only."""

    def __init__(self, dependencies: Dependencies, *, apply: bool) -> None:
        super().__init__(dependencies.settings, dependencies.view.database)
        self.writes: list[Json] = []
        self._apply = apply
        self._overlay: dict[tuple[str, str], Snapshot] = {}

    def read(self, collection: str, key: str) -> Snapshot:
        """Return the document as it is, or as the rehearsal left it."""
        found = self._overlay.get((collection, key))
        return found or super().read(collection, key)

    def write(self, snapshot: Snapshot, changes: doc.Changes) -> bool:
        """Write, or remember that it would be written."""
        if self._apply and not super().write(snapshot, changes):
            return False
        fields = {".".join(path): value for path, value in changes.items()}
        self.writes.append({"document": f"{snapshot.collection}/{snapshot.key}", "fields": fields})
        if not self._apply:
            document = doc.applied(snapshot.document, changes)
            version = f"rehearsed-{uuid.uuid4().hex}"
            self._overlay[snapshot.collection, snapshot.key] = replace(snapshot, document=document, version=version)
        return True


class RecordingPublisher(Publisher):
    """The topics, with every publication on record; in a rehearsal nothing is published."""

    def __init__(self, dependencies: Dependencies, *, apply: bool) -> None:
        super().__init__(dependencies.settings)
        self.publications: list[Json] = []
        self._apply = apply

    def publish(self, topic: str, messages: tuple[Message, ...]) -> None:
        """Publish, or remember what would be published."""
        if self._apply:
            super().publish(topic, messages)
        for each in messages:
            self.publications.append({"topic": topic, "data": _decoded(each.data), "attributes": dict(each.attributes)})


def replay(request: Json) -> Json:
    """Carry out, or rehearse, one request; raises `KeyError` for an incomplete one."""
    apply = bool(request["apply"])
    seen = view.parse(request["view"])
    boundary = seen.boundaries[request["boundary"]]
    dependencies = Dependencies(settings.read(), seen, gates.in_warehouse if boundary.gates else None)
    store, publisher = RecordingStore(dependencies, apply=apply), RecordingPublisher(dependencies, apply=apply)
    dependencies.store = store
    dependencies.publisher = publisher
    dependencies.events = EventPublisher(seen, publisher)
    dependencies.renews_leases = apply
    outcomes = []
    failure = None
    try:
        outcomes = list(_steps(dependencies, boundary, request))
    except Unavailable as unavailable:
        failure = str(unavailable)
    return {
        "applied": apply,
        "outcomes": outcomes,
        "failure": failure,
        "writes": store.writes,
        "publications": publisher.publications,
    }


def _steps(dependencies: Dependencies, boundary: view.Boundary, request: Json) -> Iterator[Json]:
    date = request["date"]
    for sent in request["completions"]:
        received = message.Envelope(json.dumps(sent).encode())
        try:
            completion, warnings = message.completion(received, dependencies.view, boundary.upstream)
        except message.Bad as bad:
            yield {"processor": str(sent.get("processor_name")), "status": "refused", "note": str(bad), "gates": []}
            continue
        outcome = runner.run(dependencies, boundary, date, completion)
        name = completion.processor or completion.sender
        yield _told(name, outcome, *warnings)
    yield _told(None, runner.run(dependencies, boundary, date))
    if request["again"]:
        snapshot = dependencies.store.read(boundary.upstream.collection, date)
        number = repeat.publish_again(dependencies, boundary, snapshot)
        status = "done" if number is None else "triggered"
        yield {"processor": None, "status": status, "note": f"repetition {number}", "gates": []}


def _told(processor: str | None, outcome: Outcome, *warnings: str) -> Json:
    gates_seen = [gate.summary() for gate in outcome.gates]
    return {
        "processor": processor,
        "status": outcome.status,
        "note": " ".join([outcome.note, *warnings]),
        "gates": gates_seen,
    }


def _decoded(data: bytes) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def main() -> int:
    """Read the request, write the result; 0 even where a dependency failed, for the result says so."""
    request = json.loads(sys.stdin.read())
    with redirect_stdout(sys.stderr):
        result = replay(request)
    json.dump(result, sys.stdout, default=_plain)
    return 0


if __name__ == "__main__":
    sys.exit(main())
