"""A scheduled function that finds something has done its work; only one that could not look has failed (incident 54)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import flask
import pytest
from shared.decisions.effects import Unavailable
from shared.http import scheduled as entry
from shared.reports import logs

from tests.functions.views import raw_view

FUNCTION = "daily-health-summary"


def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Any) -> int:
    for name, value in {
        "GCP_PROJECT_ID": "a-project",
        "ENVIRONMENT": "test",
        "FIRESTORE_EMULATOR_HOST": "localhost:1",
        "PUBSUB_EMULATOR_HOST": "localhost:1",
        "BIGQUERY_EMULATOR_HOST": "localhost:1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("K_SERVICE", raising=False)
    monkeypatch.setattr(logs, "take_over", lambda: None)
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(raw_view(FUNCTION)))

    def run(world: object, schedule: str | None) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    handle = entry.scheduled(path, run)
    with flask.Flask("test").test_request_context("/", method="POST", data=b"", content_type="application/json"):
        return handle(flask.request)[1]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"verdict": "CRITICAL", "findings": ["Two boundaries are incomplete."], "failures": []}, 200),
        ({"failures": ["Slack answered 400."]}, 500),
        (Unavailable("bigquery", "it does not answer"), 503),
    ],
)
def test_findings_are_answers_and_failures_are_not(
    answer: Any, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert called(tmp_path, monkeypatch, answer) == status
