"""What the Google Cloud provider accepts, for the resource kinds this project declares.

Two evaluators use it: the embedded engine behind `python -m ops plan`, and the provider twin of the engine
tests. Types come from the SDK (`shapes`), everything stricter is data with a source (`rules`). Nothing here
knows this project's names, and nothing here imports Pulumi.
"""

from __future__ import annotations

from collections.abc import Mapping

from provider import rules, shapes
from provider.values import UNKNOWN

__all__ = ["UNKNOWN", "check_inputs", "immutable", "kinds", "outputs"]


def kinds() -> frozenset[str]:
    """Return the type tokens that are known, such as `gcp:pubsub/topic:Topic`."""
    return frozenset(shapes.table()["kinds"])


def check_inputs(type_token: str, inputs: Mapping[str, object]) -> list[str]:
    """Return one sentence for each reason why the provider would refuse these inputs at preview.

    Args:
        type_token: The kind, such as `gcp:pubsub/topic:Topic`.
        inputs: The inputs by wire name (camelCase), as the engine passes them: JSON values, with secrets,
            assets and unknowns marked as in `values`. What is unknown is not judged, but it counts as set.
    """
    kind = shapes.table()["kinds"].get(type_token)
    if kind is None:
        return [f"Kind `{type_token}` is not one this project declares; add it to ops/provider_types.py."]
    return [*shapes.check_shape(kind, inputs), *rules.check(type_token, inputs)]


def immutable(type_token: str) -> frozenset[str]:
    """Return the paths whose change replaces the resource, such as `name` or `fields[].order`."""
    return rules.immutable(type_token)


def outputs(type_token: str) -> Mapping[str, str]:
    """Return every output of a kind by wire name, with its encoded type (`string`, `integer`, ..., `any`)."""
    return shapes.table()["kinds"][type_token]["outputs"]
