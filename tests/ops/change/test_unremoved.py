"""A removal that the provider ignores is refused, for every kind and every property that it computes."""

from __future__ import annotations

from typing import Any

import pytest

from ops.change.compare import compare
from ops.change.unremoved import RULE
from provider import shapes
from tests.ops.change.plans import plan, resource

VALUES: dict[str, Any] = {"string": "x", "boolean": True, "integer": 7, "number": 7}
CASES = [
    (token, name, VALUES[kind["properties"][name]])
    for token, kind in sorted(shapes.table()["kinds"].items())
    for name in sorted(kind["computed"])
    if kind["properties"][name] in VALUES
]


def broken(token: str, before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str]]:
    sides = [plan(resource(token, "r", **inputs)) for inputs in (before, after)]
    return [(each.rule, each.message) for each in compare(*sides, names=("a", "b")).broken]


def test_there_are_cases_of_every_sort() -> None:
    kinds = {token.rpartition(":")[2] for token, _, _ in CASES}
    assert kinds >= {"Bucket", "Subscription", "Job", "Dataset", "Table", "Topic"}


@pytest.mark.parametrize(("token", "name", "value"), CASES, ids=[f"{token}.{name}" for token, name, _ in CASES])
def test_what_is_left_out_is_refused_and_what_is_stated_is_not(token: str, name: str, value: Any) -> None:
    [(rule, message)] = broken(token, {name: value}, {})
    assert rule == RULE
    assert message.startswith(f"`{name}` of ")
    assert "State the value that is wanted" in message
    other = {"x": "y", True: False, 7: 8}[value]
    assert broken(token, {name: value}, {name: value}) == []
    assert broken(token, {name: value}, {name: other}) == []
    assert broken(token, {}, {name: value}) == []


def test_below_an_object_too_and_at_its_file() -> None:
    function = "gcp:cloudfunctionsv2/function:Function"
    before = {"serviceConfig": {"availableCpu": "2", "timeoutSeconds": 60}}
    [(_, message)] = broken(function, before, {"serviceConfig": {"timeoutSeconds": 60}})
    assert message.startswith("`serviceConfig.availableCpu` of cloudfunctionsv2.Function r is left out")
    assert "the provider goes on with 2." in message
    sides = [
        plan(resource("gcp:bigquery/table:Table", "t", datasetId="d", tableId="t", timePartitioning=each))
        for each in ({"type": "DAY", "expirationMs": 5}, {"type": "DAY"})
    ]
    [found] = compare(*sides, names=("a", "b")).broken
    assert found.at == "schemas/bigquery/d/t.sql"


def test_a_removal_that_the_provider_carries_out_is_none() -> None:
    assert broken("gcp:pubsub/topic:Topic", {"labels": {"team": "a"}}, {}) == []
