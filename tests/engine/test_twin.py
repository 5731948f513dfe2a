"""The twin under the real engine, with a handful of bare resources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.engine.harness import NO_CHANGES_EXPECTED, Engine, fork

pytestmark = pytest.mark.engine

FUNCTION = "gcp:cloudfunctionsv2/function:Function"
TOPIC = "gcp:pubsub/topic:Topic"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"


@pytest.fixture
def engine(bare: Engine, tmp_path: Path) -> Iterator[Engine]:
    with fork(bare, tmp_path / "home") as forked:
        yield forked


def named(changes: dict[str, str]) -> dict[str, str]:
    """Return the operation by kind and logical name."""
    return {f"{urn.split('::')[2].rpartition(':')[2]} {urn.rpartition('::')[2]}": op for urn, op in changes.items()}


def test_up_creates_and_a_second_preview_is_empty(bare: Engine) -> None:
    again = bare.preview("--expect-no-changes")
    assert again.code == 0, again.output
    assert again.changes == {}
    assert len(list(bare.cloud.all())) == 10


def test_a_change_in_the_code_touches_object_and_function(engine: Engine) -> None:
    result = engine.preview("--config", "code=two")
    assert named(result.changes) == {"BucketObject handler": "replace", "Function handler": "update"}
    engine.cloud.forget_calls()
    assert engine.up("--config", "code=two").code == 0
    assert engine.cloud.calls("update") == [(FUNCTION, "projects/bare-project/locations/us-west2/functions/handler")]


def test_an_immutable_property_replaces(engine: Engine) -> None:
    result = engine.preview("--config", "topic=renamed")
    assert named(result.changes) == {"Topic orders": "replace", "Subscription orders": "replace"}


@pytest.mark.parametrize(("setting", "sentence"), [("ack=5", "between 10 and 600"), ("topic=goog-x", "must be 3 to")])
def test_inputs_that_the_provider_refuses_stop_the_preview(engine: Engine, setting: str, sentence: str) -> None:
    result = engine.preview("--config", setting)
    assert result.code != 0
    assert sentence in result.output


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('gcp.compute.Network("n", opts=options)', "does not know the kind gcp:compute/network:Network"),
        ('gcp.storage.Bucket("b", location="us", storage_class="HOT", opts=options)', "must be one of"),
        ('gcp.pubsub.Topic("t", name=7, opts=options)', "must be a string, not 7"),
        ('gcp.pubsub.Topic("t", name="twin-t", labels={"a": 1}, opts=options)', "must be a string, not 1"),
    ],
)
def test_what_the_types_do_not_allow_stops_the_preview(engine: Engine, line: str, sentence: str) -> None:
    main = engine.program / "__main__.py"
    main.write_text(f"{main.read_text()}\n{line}\n")
    result = engine.preview()
    assert result.code != 0
    assert sentence in result.output


def test_drift_is_found_named_and_repaired(engine: Engine) -> None:
    subscription = engine.cloud.get(SUBSCRIPTION, "projects/bare-project/subscriptions/orders")
    assert subscription is not None
    engine.cloud.put(replace(subscription, inputs={**subscription.inputs, "ackDeadlineSeconds": 20}))
    engine.cloud.remove(TOPIC, "projects/bare-project/topics/dead")
    found = engine.refresh("--preview-only", "--expect-no-changes")
    assert found.code == NO_CHANGES_EXPECTED, found.output
    repaired = engine.up("--refresh")
    assert repaired.code == 0, repaired.output
    assert engine.refresh("--preview-only", "--expect-no-changes").code == 0


def test_secrets_are_encrypted_in_state(bare: Engine) -> None:
    text = json.dumps(bare.state())
    assert "do-not-tell" not in text
    assert "ciphertext" in text


def test_a_protected_resource_is_not_destroyed(engine: Engine) -> None:
    assert engine.up("--config", "protect=true").code == 0
    result = engine.destroy()
    assert result.code != 0
    assert "protect" in result.output
    assert engine.cloud.get("gcp:secretmanager/secret:Secret", "projects/bare-project/secrets/webhook")


def test_a_failed_update_is_resumed(engine: Engine) -> None:
    engine.cloud.fail("create", TOPIC)
    result = engine.up("--config", "topic=renamed")
    assert result.code != 0
    assert "the test made create of projects/bare-project/topics/renamed fail" in result.output
    engine.cloud.heal()
    again = engine.up("--config", "topic=renamed")
    assert again.code == 0, again.output
