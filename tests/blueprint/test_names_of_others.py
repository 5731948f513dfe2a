"""What others named is taken by their rules: topics by Pub/Sub's, services by Cloud Run's, secrets by Secret Manager's."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.loader import read_manifest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "pipeline.yaml").read_text(encoding="utf-8")


def refused(tmp_path: Path, old: str, new: str) -> list[str]:
    assert old in TEXT
    (tmp_path / "pipeline.yaml").write_text(TEXT.replace(old, new), encoding="utf-8")
    _, findings = read_manifest(tmp_path)
    return [each.message for each in findings if each.severity == "violation"]


@pytest.mark.parametrize("name", ["Phase4_Trigger.v2", "phase4~trigger+a%20b", "abc", "a" * 255])
def test_a_topic_is_called_as_pubsub_allows(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path, "nba-phase4-trigger", name) == []


@pytest.mark.parametrize("name", ["goog-trigger", "4-trigger", "ab", "phase4/trigger", "a" * 256])
def test_a_topic_that_pubsub_refuses_is_refused(tmp_path: Path, name: str) -> None:
    messages = refused(tmp_path, "nba-phase4-trigger", name)
    assert messages
    assert all("3 to 255 letters, digits and -._~+%" in each for each in messages)


@pytest.mark.parametrize(
    ("name", "sound"), [("p", True), ("phase4-precompute", True), ("Phase4", False), ("p_4", False), ("4p", False)]
)
def test_a_service_is_called_as_cloud_run_allows(tmp_path: Path, name: str, sound: bool) -> None:
    assert (refused(tmp_path, "nba-phase4-precompute-processors", name) == []) is sound


@pytest.mark.parametrize(
    ("name", "sound"),
    [("SLACK_WEBHOOK_URL", True), ("slack-webhook", True), ("'9'", True), ("slack.webhook", False), ("slack webhook", False), ("s" * 256, False)],
)  # fmt: skip
def test_a_secret_is_called_as_secret_manager_allows(tmp_path: Path, name: str, sound: bool) -> None:
    line = next(each for each in TEXT.splitlines() if "secret: " in each)
    old = line.split("secret: ")[1].split(",")[0].split("}")[0].strip()
    assert (refused(tmp_path, f"secret: {old}", f"secret: {name}") == []) is sound
