"""What is left out and stays: a removal that the provider ignores is refused, with what to write in its place.

An optional property that the provider computes keeps its value when a program no longer states it: no plan shows it, and the
cloud goes on with what the files do not say any more. Which properties those are is known for every kind (`provider/changes.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ops.change.model import Broken, Resource

RULE: Final = "removal-ignored"
NOTE: Final = "left out is not removed: the cloud keeps its value, so state the value that is wanted"


def unremoved(resources: Iterable[tuple[Resource, Mapping[str, Any]]]) -> Iterator[Broken]:
    """Yield a refusal for each property that is left out and stays; resources come with the inputs that they had."""
    for resource, inputs in resources:
        for change in resource.changes:
            if change.note == NOTE:
                message = f"`{change.path}` of {resource.kind} {resource.name} is left out, which removes nothing: the provider goes on with {change.before or 'what it has'}. State the value that is wanted in its place, or this one."
                yield Broken(RULE, message, _file(resource, inputs))


def _file(resource: Resource, inputs: Mapping[str, Any]) -> str:
    """Return the file in which a user would state it."""
    if resource.kind == "bigquery.Table" and isinstance(inputs.get("datasetId"), str):
        return f"schemas/bigquery/{inputs['datasetId']}/{inputs.get('tableId')}.sql"
    return "pipeline.yaml"
