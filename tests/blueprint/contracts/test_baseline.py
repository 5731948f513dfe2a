"""Released names and the evidence of guards: what went is refused with the way out, what is new or said to be retired passes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blueprint.check import check
from blueprint.findings import Finding
from ops import release_schema
from tests.blueprint.contracts.test_wiring import STACK

RULES = {"names-kept", "guards-kept", "processors-expected", "batches-described"}


def edit(tree: Path, *edits: tuple[str, str]) -> None:
    text = (tree / "pipeline.yaml").read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    (tree / "pipeline.yaml").write_text(text, encoding="utf-8")


def found(tree: Path) -> list[Finding]:
    return [finding for finding in check(tree, STACK).findings if finding.rule in RULES]


def test_the_real_declaration_passes(tree: Path) -> None:
    assert found(tree) == []


@pytest.mark.parametrize(
    ("edits", "rule", "says"),
    [
        (
            [("[BigDataBallPbpProcessor, Big", "[BigDataBallPbpProcesor, Big")],
            "names-kept",
            "'BigDataBallPbpProcessor' of phase",
        ),
        (
            [("aliases: [MLFeatureStoreProcessor, ml_feature_store_v2]", "aliases: []")],
            "names-kept",
            "'ml_feature_store_v2'",
        ),
        ([("player_daily_cache", "daily_player_cache")], "names-kept", "Keep it among the `aliases`"),
        (
            [
                ("aliases: [PlayerDailyCacheProcessor]", "aliases: [PlayerCompositeFactorsProcessor]"),
                (
                    "aliases: [PlayerCompositeFactorsProcessor]\n        output: {table: nba_precompute.player_comp",
                    "aliases: [PlayerDailyCacheProcessor]\n        output: {table: nba_precompute.player_comp",
                ),
            ],
            "names-kept",
            "now stands for",
        ),
        (
            [("collection: phase4_completion", "collection: phase_4_completion")],
            "names-kept",
            "collection 'phase4_completion'",
        ),
        (
            [("heartbeats: processor_heartbeats", "heartbeats: heartbeats")],
            "names-kept",
            "collection 'processor_heartbeats'",
        ),
        ([("nba-phase4-trigger", "nba-phase-4-trigger")], "names-kept", "topic 'nba-phase4-trigger'"),
        ([("daily-health-summary:", "morning-summary:")], "names-kept", "function 'daily-health-summary'"),
        ([("morning: {cron", "every_morning: {cron")], "names-kept", "job 'daily-health-summary--morning'"),
        (
            [("{service: prediction-coordinator, path: /start}", "{service: prediction-coordinator, delivery: own}")],
            "names-kept",
            "subscription 'prediction-coordinator--nba-prediction-trigger'",
        ),
        (
            [("expected: [p2_bigdataball_pbp, ", "expected: [")],
            "processors-expected",
            "expects the processor 'p2_bigdataball_pbp'",
        ),
        (
            [("percent: completion_pct", "percent: completion_percentage")],
            "batches-described",
            "`metadata.completion_percentage`",
        ),
        ([("count: completed_predictions", "count: batch_id")], "batches-described", "is no number"),
    ],
)
def test_a_name_that_went_is_refused(tree: Path, edits: list[tuple[str, str]], rule: str, says: str) -> None:
    edit(tree, *edits)
    assert [finding for finding in found(tree) if finding.rule == rule and says in finding.message]


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param(
            [("aliases: [BigDataBallPbpProcessor, Big", "aliases: [AnotherClass, BigDataBallPbpProcessor, Big")],
            id="an alias more",
        ),
        pytest.param(
            [
                ("player_daily_cache:", "daily_cache_of_players:"),
                ("[PlayerDailyCacheProcessor]", "[PlayerDailyCacheProcessor, player_daily_cache]"),
                ("factors, player_daily_cache, ", "factors, daily_cache_of_players, "),
                ("critical: [player_daily_cache,", "critical: [daily_cache_of_players,"),
            ],
            id="a processor renamed, its old name kept",
        ),
        pytest.param(
            [
                ("aliases: [MLFeatureStoreProcessor, ml_feature_store_v2]", "aliases: [ml_feature_store_v2]"),
                (
                    "\nlabels: {",
                    "\nretired: {processor/phase4/MLFeatureStoreProcessor: The class is gone since March.}\nlabels: {",
                ),
            ],
            id="an alias given up with its reason",
        ),
    ],
)
def test_a_change_that_keeps_everybody_working_passes(tree: Path, edits: list[tuple[str, str]]) -> None:
    edit(tree, *edits)
    assert found(tree) == []


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("schemas/.released/names.json", "The snapshot is gone"),
        ("schemas/.released/evidence.json", "The snapshot is gone"),
        ("schemas/.released/bigquery/nba_orchestration.service_errors.json", "The snapshot 'bigquery/nba_orch"),
        ("schemas/.released/messages/completion.json", "The snapshot 'messages/completion.json'"),
        ("schemas/messages/fixtures/completion", "The fixture 'completion/"),
    ],
)
def test_a_guard_that_is_taken_away_is_missed(tree: Path, gone: str, says: str) -> None:
    path = tree / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert [finding for finding in found(tree) if says in finding.message]


def test_an_unreadable_snapshot_is_not_an_absent_one(tree: Path) -> None:
    (tree / "schemas/.released/names.json").write_text("[", encoding="utf-8")
    [finding] = found(tree)
    assert finding.message == "The snapshot cannot be read; restore it from version control."


def test_a_project_that_was_never_released_has_nothing_to_keep(tree: Path) -> None:
    shutil.rmtree(tree / "schemas" / ".released")
    assert found(tree) == []


def test_a_retired_name_that_no_release_had_is_told(tree: Path) -> None:
    edit(tree, ("\nlabels: {", "\nretired: {topic/nothing: Never was.}\nlabels: {"))
    [finding] = found(tree)
    assert (finding.severity, "'topic/nothing'" in finding.message) == ("warning", True)


def release(tree: Path, *accepted: str) -> int:
    import argparse

    parser = argparse.ArgumentParser()
    release_schema.add_arguments(parser)
    options = [word for name in accepted for word in ("--accept", name)]
    return release_schema.run(parser.parse_args(["--root", str(tree), *options]))


def test_releasing_is_what_changes_the_baseline(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release(tree)  # what came since the last release is recorded
    capsys.readouterr()
    edit(tree, ("[BigDataBallPbpProcessor, Big", "[AnotherClass, BigDataBallPbpProcessor, Big"))
    assert release(tree) == 0
    assert capsys.readouterr().out == "schemas/.released/names.json\n"
    edit(tree, ("[AnotherClass, ", "["))
    assert "'AnotherClass' of phase" in found(tree)[0].message
    assert release(tree, "AnotherClass") == 0
    assert found(tree) == []
