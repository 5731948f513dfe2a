"""The catalogue: every alert that the declaration implies.

Nobody lists alerts by hand: a function, subscription, topic, stream, boundary or schedule that is declared
has its alerts, and one that is removed loses them. Does not judge them; blueprint/contracts/alerts.py does.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.alerts import boundaries, functions, messaging, schedules
from blueprint.alerts.factory import Factory
from blueprint.alerts.types import Alert
from blueprint.manifest import Manifest
from blueprint.names import Names
from blueprint.wiring import all_pushes


def catalogue(manifest: Manifest, names: Names) -> tuple[Alert, ...]:
    """Return the alerts of `manifest`, ordered by what they cover and name."""
    return tuple(sorted(_alerts(Factory(manifest, names)), key=lambda alert: (alert.covers, alert.name)))


def _alerts(factory: Factory) -> Iterator[Alert]:
    manifest = factory.manifest
    for function in manifest.functions.values():
        yield from functions.alerts(factory, function)
        for schedule in function.trigger.schedules.values():
            yield from schedules.schedule_alerts(factory, function, schedule)
    for push in all_pushes(manifest, factory.names):
        yield from messaging.subscription_alerts(factory, push)
    for topic in manifest.topics.values():
        yield from messaging.topic_alerts(factory, topic)
    for stream in manifest.streams.values():
        for name in stream.topics:
            yield from messaging.stream_alerts(factory, stream, manifest.topics[name])
    for boundary in manifest.boundaries.values():
        yield from boundaries.boundary_alerts(factory, boundary)
