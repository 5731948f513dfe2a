"""The provider's type table is fresh, and inputs of another shape are refused with a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ops import provider_types
from provider import UNKNOWN, check_inputs, kinds
from provider.values import ASSET, SECRET, SIGNATURE

SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"


def test_table_is_what_the_installed_sdk_says() -> None:
    assert provider_types.TABLE.read_text(encoding="utf-8") == provider_types.render()
    assert len(kinds()) == len(provider_types.KINDS)


def test_table_holds_the_kinds_that_the_programs_declare_and_no_other() -> None:
    root = Path(__file__).parents[2]
    sources = [path for folder in ("components", "bootstrap") for path in (root / folder).glob("*.py")]
    named = {name for path in sources for name in re.findall(r"gcp\.(\w+\.[A-Z]\w+)\b", path.read_text())}
    assert {name for name in named if not name.endswith("Args")} == set(provider_types.KINDS)


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({}, "Property `topic` is required; set it."),
        ({"topic": None}, "Property `topic` is required; set it."),
        ({"topic": "t", "pushConfg": {}}, "Property `pushConfg` does not exist; did you mean `pushConfig`?"),
        ({"topic": 3}, "Property `topic` must be a string, not 3."),
        ({"topic": "t", "labels": ["x"]}, 'Property `labels` must be a map, not ["x"].'),
        ({"topic": "t", "labels": {"a": 1}}, "Property `labels[a]` must be a string, not 1."),
        ({"topic": "t", "ackDeadlineSeconds": 10.5}, "`ackDeadlineSeconds` must be an integer, not 10.5."),
        ({"topic": "t", "retainAckedMessages": 1}, "`retainAckedMessages` must be a boolean, not 1."),
        ({"topic": "t", "messageTransforms": {}}, "Property `messageTransforms` must be a list, not {}."),
        ({"topic": "t", "pushConfig": {}}, "Property `pushConfig.pushEndpoint` is required; set it."),
        ({"topic": "t", "pushConfig": "u"}, 'Property `pushConfig` must be an object, not "u".'),
        (
            {"topic": "t", "messageTransforms": [{"javascriptUdf": {"code": "", "functionName": 1}}]},
            "Property `messageTransforms[0].javascriptUdf.functionName` must be a string, not 1.",
        ),
        (
            {"topic": {SIGNATURE: SECRET, "value": 4}},
            "Property `topic` must be a string, not 4.",
        ),
    ],
)
def test_another_shape_is_refused(inputs: dict[str, object], sentence: str) -> None:
    found = check_inputs(SUBSCRIPTION, inputs)
    assert len(found) == 1
    assert found[0].endswith(sentence)


@pytest.mark.parametrize(
    "inputs",
    [
        {"topic": UNKNOWN},
        {"topic": "t", "pushConfig": UNKNOWN},
        {"topic": {SIGNATURE: SECRET, "value": "t"}, "ackDeadlineSeconds": 600.0, "labels": {"a": UNKNOWN}},
    ],
)
def test_unknown_secret_and_float_encoded_values_pass(inputs: dict[str, object]) -> None:
    assert check_inputs(SUBSCRIPTION, inputs) == []


def test_an_object_takes_an_asset_and_nothing_else() -> None:
    token = "gcp:storage/bucketObject:BucketObject"
    asset = {SIGNATURE: ASSET, "text": "x"}
    assert check_inputs(token, {"bucket": "b", "name": "o", "source": asset}) == []
    assert check_inputs(token, {"bucket": "b", "name": "o", "source": "file"}) != []


def test_a_kind_that_is_not_listed_is_refused() -> None:
    assert "is not one this project declares" in check_inputs("gcp:compute/instance:Instance", {})[0]
