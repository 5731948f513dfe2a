"""What must be declared, resource by resource, as the blueprint implies it: the list that a program is held to.

The components say how resources are made; this says, from the blueprint alone and in the provider's own words, what
must come out: every input and every option of every resource. The two are written apart on purpose, so that an input
lost, added or changed in one of them is a difference (`compare`) and not a surprise in the cloud. An input that is new
on purpose is added in both places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.inventory.alerts import dashboard
from blueprint.inventory.data import datasets, source, store
from blueprint.inventory.functions import function
from blueprint.inventory.messaging import stream, topic
from blueprint.inventory.project import secret, services
from blueprint.inventory.resource import Expected
from blueprint.model import Blueprint


def inventory(plan: Blueprint) -> Mapping[str, Expected]:
    """Return every resource that the plan's program must declare, by logical name.

    Raises:
        ValueError: where two resources would have one name; the names of the blueprint do not allow it.
    """
    found: dict[str, Expected] = {}
    for expected in _resources(plan):
        if expected.name in found:
            raise ValueError(f"Two resources of the inventory are called '{expected.name}'.")
        found[expected.name] = expected
    return found


def _resources(plan: Blueprint) -> Iterator[Expected]:
    yield from services(plan)
    for declared_topic in plan.manifest.topics.values():
        yield from topic(plan, declared_topic)
    yield from store(plan)
    yield from datasets(plan)
    for declared_stream in plan.manifest.streams.values():
        yield from stream(plan, declared_stream)
    for declared_secret in plan.manifest.secrets.values():
        yield from secret(plan, declared_secret)
    yield from source(plan)
    for declared_function in plan.manifest.functions.values():
        yield from function(plan, declared_function)
    yield from dashboard(plan)
