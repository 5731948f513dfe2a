"""From bytes to a completion: the contract's fixtures, each kind of bad message, and any bytes at all."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.decisions import message
from shared.decisions.completion import Completion
from shared.decisions.message import Bad, Envelope

from tests.functions.conftest import ROOT
from tests.functions.views import ORCHESTRATORS, view_of

VIEWS = [view_of(name) for name in ORCHESTRATORS.values()]
FIXTURES = sorted((ROOT / "schemas/messages/fixtures/completion").iterdir())
COUNTS_ALL_THE_SAME = {
    "bad-count-as-text",
    "bad-negative-count",
    "bad-true-as-count",
    "bad-entities-not-a-list",
    "bad-entity-not-text",
}
"""Bad by the contract in an optional field, which does not cost the completion."""


def decoded(data: bytes) -> tuple[Completion, list[str]]:
    """Decode by the view of the phase that the message names, else by the first."""
    try:
        label = json.loads(data)["phase"]
    except (ValueError, TypeError, KeyError, RecursionError):
        label = None
    phases = {view.boundary().upstream.label: view for view in VIEWS}
    view = phases.get(label, VIEWS[0]) if isinstance(label, str) else VIEWS[0]
    return message.completion(Envelope(data), view, view.boundary().upstream)


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.stem)
def test_the_contracts_fixtures(file: Path) -> None:
    fixture = json.loads(file.read_bytes())
    data = fixture["raw"].encode() if "raw" in fixture else json.dumps(fixture["data"]).encode()
    if file.stem in COUNTS_ALL_THE_SAME:
        completion, warnings = decoded(data)
        assert completion.status
        assert warnings
    elif file.stem.startswith("bad-"):
        with pytest.raises(Bad):
            decoded(data)
    else:
        completion, warnings = decoded(data)
        assert completion.execution_id
        assert warnings == []


def test_what_changed_is_not_known_so_the_run_is_a_full_one() -> None:
    metadata = {"is_incremental": True, "entities_changed": "player-1"}
    data = {
        "processor_name": "PlayerGameSummaryProcessor",
        "phase": "phase_3_analytics",
        "game_date": "2026-01-29",
        "execution_id": "e",
        "status": "success",
        "timestamp": "2026-01-30T09:00:00",
        "metadata": metadata,
    }
    completion, warnings = decoded(json.dumps(data).encode())
    assert (completion.is_incremental, completion.entities_changed) == (False, ())
    assert completion.correlation_id == "e"
    assert len(warnings) == 1


def outcome(work: Callable[[], Any]) -> tuple[Any, str | None]:
    """Return what the work gives, or the reason for which it is bad."""
    try:
        return work(), None
    except Bad as bad:
        return None, bad.reason


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(VIEWS[0].completion)
GOOD: dict[str, Any] = {
    "processor_name": "p2_odds_game_lines",
    "phase": "phase_2_raw",
    "game_date": "2026-01-29",
    "execution_id": "e",
    "status": "success",
    "timestamp": "2026-01-30T09:00:00Z",
}


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_body_is_an_envelope_or_bad(body: bytes, content_type: str) -> None:
    received, reason = outcome(lambda: message.envelope(body, content_type))
    assert reason in {"content_type", "not_json", "envelope"} or isinstance(received.data, bytes)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from(["data", "attributes", "messageId", "publishTime"]), NESTED))
def test_any_envelope_is_read_or_bad(content: dict[str, Any]) -> None:
    body = json.dumps({"message": content}).encode()
    received, reason = outcome(lambda: message.envelope(body, "application/json"))
    assert reason in {"not_json", "envelope"} or all(isinstance(value, str) for value in received.attributes.values())


@settings(max_examples=1000, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), NESTED, max_size=4))
def test_any_values_are_a_completion_or_bad(values: dict[str, Any]) -> None:
    data = json.dumps(GOOD | values).encode()
    found, reason = outcome(lambda: decoded(data))
    if reason is not None:
        assert reason in {"not_json", "missing_field", "wrong_type", "phase"}
        return
    completion, _ = found
    json.dumps([completion.sender, completion.entities_changed, dict(completion.metadata)]).encode()
    assert completion.record_count is None or 0 <= completion.record_count < 2**63
    completion.sender.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 50_000,
        b'{"a":' * 50_000,
        b"9" * 10_000,
        b'{"record_count": 1e999}',
        b"\x00",
        b"null",
        b'"\\ud800"',
        b"NaN",
    ],
)
def test_hostile_json_is_bad(data: bytes) -> None:
    with pytest.raises(Bad):
        decoded(data)
    with pytest.raises(Bad):
        message.envelope(data, "application/json")


def test_base64_is_read_strictly() -> None:
    good = base64.b64encode(b"x").decode()
    assert message.envelope(json.dumps({"message": {"data": good}}).encode(), "").data == b"x"
    with pytest.raises(Bad):
        message.envelope(json.dumps({"message": {"data": good + "*"}}).encode(), "")


@pytest.mark.parametrize("spelling", ["messageId", "message_id"])
def test_the_id_of_a_message_has_two_spellings(spelling: str) -> None:
    body = json.dumps({"message": {"data": "", spelling: "7"}}).encode()
    assert message.envelope(body, "application/json").message_id == "7"
