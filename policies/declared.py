"""What the pipeline declares and the rules compare with; nothing here knows a name of any particular pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blueprint.manifest import Manifest


@dataclass(frozen=True)
class StackFacts:
    """The facts a stack is held to.

    Args:
        region: where functions, topics and jobs run, for example `us-west2`.
        data_location: where datasets, buckets and databases keep data.
        today: the day against which ends of life are measured.
        labels: label keys that every resource which can carry labels must carry.
        service_urls: base URLs of services outside the stack that it may call.
        consumed_elsewhere: topics whose consumer subscribes by itself, outside this stack.
        always_on: how many instances may run day and night, over all functions: a bill, so a decision of its own,
            made in the pack's configuration (`always-on-budget: {instances: N}`) and not in the pipeline's.
    """

    region: str
    data_location: str
    today: date
    labels: frozenset[str] = field(default_factory=frozenset)
    service_urls: tuple[str, ...] = ()
    consumed_elsewhere: frozenset[str] = field(default_factory=frozenset)
    always_on: int = 0


def declared(manifest: Manifest, region: str, service_urls: Iterable[str], today: date) -> StackFacts:
    """Return what a declaration and the values of one stack hold that stack to on the day `today`."""
    return StackFacts(
        region=region,
        data_location=region,
        today=today,
        labels=frozenset(manifest.labels),
        service_urls=tuple(sorted(service_urls)),
        consumed_elsewhere=frozenset(
            topic.name
            for topic in manifest.topics.values()
            if any(consumer.delivery == "own" for consumer in topic.consumers)
        ),
    )
