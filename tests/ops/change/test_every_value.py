"""Each derived value, each option and each resource of prod: when one is another or gone, the difference shows it at its rank.

What the components declare is held to the model by `tests/ops/embedded/test_inventory.py`; a change of the model itself is sound,
so that a reviewer has to see it. Nothing but words and what is uploaded may stand under "Everything else".
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ops.change.compare import compare
from ops.change.model import PlanDifference
from ops.report.gather import gather
from provider.changes import changes
from tests.edits import edited
from tests.ops.change.plans import plan

ROOT = Path(__file__).resolve().parents[3]
UPLOADED = {"gcp:storage/bucketObject:BucketObject", "gcp:monitoring/dashboard:Dashboard"}
"""The archive, which a section of its own tells by its files, and the picture that people look at."""
BY_THE_SDK = {"additionalSecretOutputs", "component", "propertyDependencies", "providers", "version"}

Path_ = tuple[str | int, ...]


@pytest.fixture(scope="module")
def resources() -> list[dict[str, Any]]:
    """One resource of each kind for each set of properties and options that prod has."""
    found = gather(ROOT, "prod").as_json()["resources"]
    assert isinstance(found, list)
    shapes = {
        (each["type"], tuple(map(_named, leaves(each["inputs"]))), tuple(each.get("options", {}))): each
        for each in found
        if each["type"].count("/") == 1
    }
    return list(shapes.values())


def leaves(value: object, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(value, Mapping) and value and not any(str(key).startswith("$") for key in value):
        for key, item in value.items():
            yield from leaves(item, (*path, str(key)))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    else:
        yield path


def _named(path: Path_) -> tuple[str, ...]:
    return tuple(each for each in path if isinstance(each, str))


def changed(resource: dict[str, Any], path: Path_, *, gone: bool) -> dict[str, Any]:
    return resource | {"inputs": edited(resource["inputs"], path, None if gone else another)}


def another(value: object) -> object:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x" if not value.endswith("s") or not value[:-1].isdigit() else f"{int(value[:-1]) + 1}s"
        case _:
            return "another"


def difference(before: dict[str, Any], after: dict[str, Any] | None) -> PlanDifference:
    return compare(plan(before), plan(*[each for each in [after] if each]), names=("a", "b"))


def test_every_value_that_changes_or_goes_is_shown_at_its_rank(resources: list[dict[str, Any]]) -> None:
    hidden, tried, same = [], 0, 0
    for resource in resources:
        for path in leaves(resource["inputs"]):
            for gone in (False, True):
                after = changed(resource, path, gone=gone)
                if not [*changes(resource["type"], resource["inputs"], after["inputs"])]:
                    same += 1  # the provider's default says the same, or it is the same in another spelling
                    continue
                tried += 1
                found = difference(resource, after).resources
                shown = found and found[0].changes and (found[0].weight != "other" or resource["type"] in UPLOADED)
                if not shown:
                    hidden.append((resource["type"].rpartition(":")[2], ".".join(map(str, path)), gone))
    assert hidden == []
    assert tried > 600
    assert same < 60


def test_every_option_that_goes_is_told(resources: list[dict[str, Any]]) -> None:
    untold, tried = [], 0
    for resource in resources:
        for option in set(resource.get("options", {})) - BY_THE_SDK:
            tried += 1
            bare = copy.deepcopy(resource)
            del bare["options"][option]
            found = difference(resource, bare)
            if not found.meanings or found.meanings[0].rank == "rest" or not found.resources:
                untold.append((resource["name"], option))
    assert untold == []
    assert tried > 50


def test_every_resource_that_goes_is_told(resources: list[dict[str, Any]]) -> None:
    untold = [
        resource["name"]
        for resource in resources
        if resource["type"] not in UPLOADED and not difference(resource, None).meanings
    ]
    assert untold == []
