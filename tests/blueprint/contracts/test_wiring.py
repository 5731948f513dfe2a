"""Each wiring contract is seen to refuse the fault it exists for, and to pass the real declaration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blueprint.check import Checked, check
from blueprint.contracts import ContractResult, Inspection
from blueprint.contracts.wiring import names_fit
from blueprint.cron import longest_gap, shortest_gap
from blueprint.model import Blueprint
from blueprint.names import Names, shorten
from blueprint.stack import StackSettings
from blueprint.wiring import EVALUATION_SECONDS, GATE_SECONDS

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "pipeline.yaml").read_text()
STACK = StackSettings(
    name="prod",
    project="some-project",
    project_number="123456789",
    region="europe-west1",
    environment="test",
    service_urls={
        name: f"https://{name}.example.com"
        for name in ("nba-phase3-analytics-processors", "nba-phase4-precompute-processors", "prediction-coordinator")
    },
    channels={"slack": "projects/some-project/notificationChannels/1"},
)


def checked(project: Path, *edits: tuple[str, str], stack: StackSettings = STACK) -> Checked:
    text = TEXT
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    (project / "pipeline.yaml").write_text(text)
    return check(project, stack)


def judged(found: Checked, contract: str) -> ContractResult:
    """Return what one contract found; it has to have looked at something."""
    (result,) = [result for result in found.results if result.contract.id == contract]
    assert result.checked, "nothing was held to the rule"
    return result


def test_the_real_declaration_passes(project: Path) -> None:
    found = checked(project)
    wiring = [result for result in found.results if result.contract.check.__module__ == "blueprint.contracts.wiring"]
    assert {result.contract.id: result.findings for result in wiring} == {result.contract.id: () for result in wiring}
    assert sum(result.checked for result in wiring) > 50
    assert [result.contract.id for result in found.results if not result.checked] == [
        "computed-queries-resolve"
    ]  # none is


@pytest.mark.parametrize(
    ("rule", "edits", "expected"),
    [
        (
            "topics-connected",
            [("consumers:\n      - {service: nba-phase3-analytics-processors, path: /process}", "consumers: []")],
            "Nobody consumes topic 'nba-phase3-trigger'",
        ),
        (
            "topics-connected",
            [("publishers: [nba-phase2-raw-processors]", "publishers: []")],
            "Nobody publishes to topic",
        ),
        ("events-recorded", [("topics: [nba-service-errors]", "topics: [nba-phase-executions]")], "has no stream"),
        ("ack-covers-timeout", [("timeout: 540s", "timeout: 580s")], "Pub/Sub waits at most 600 s"),
        ("ack-covers-timeout", [("timeout: 120s", "timeout: 40m")], "Cloud Scheduler waits at most 1800 s"),
        (
            "deadlines-timed",
            [('deadlines: {cron: "*/15 * * * *"}', 'deadlines: {cron: "0 * * * *"}')],
            "comes up to 1h apart, but a deadline passes earlier: of 'phase2_to_phase3' after 30m.",
        ),
        ("deadlines-timed", [('"*/15 * * * *"}', '"*/15 * * * *", paused: true}')], "is paused"),
        ("schedules-valid", [('"0 7 * * *"', '"0 7 * *"')], "no cron expression"),
        ("schedules-valid", [('"0 7 * * *"', '"0 25 * * *"')], "no cron expression"),
        ("schedules-valid", [('"0 7 * * *"', '"0 0 30 2 *"')], "no cron expression that ever comes"),
        (
            "schedules-valid",
            [('daily: {cron: "45 12 * * *"}', 'daily: {cron: "*/15 * * * *"}')],
            "come at the same times",
        ),
        ("sizes-consistent", [("memory: 512Mi", "memory: 256Mi")], "ran out of memory below 512Mi"),
        (
            "sizes-consistent",
            [('cpu: "1"\n  timeout: 540s', 'cpu: "0.5"\n  concurrency: 4\n  timeout: 540s')],
            "below one CPU",
        ),
        ("limits-hold", [("timeout: 540s", "timeout: 150s")], "may take 195 s, so it would be ended in between"),
        (
            "schedules-valid",
            [('"*/30 * * * *"', '"* * * * *"')],
            "comes every 60 s, but 'auto-backfill-orchestrator' may",
        ),
        ("names-fit", [("  daily-health-summary:\n", f"  {'a' * 64}:\n")], "must be lower-case"),
    ],
)
def test_a_seeded_fault_is_refused(project: Path, rule: str, edits: list[tuple[str, str]], expected: str) -> None:
    found = checked(project, *edits)
    sentences = [str(finding) for finding in found.violations if finding.rule in (rule, "manifest")]
    assert any(expected in sentence or "characters long" in sentence for sentence in sentences), found.violations
    assert all(sentence.startswith("pipeline.yaml:") for sentence in sentences)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"project": "X"}, "'X' is no project id"),
        ({"project_number": "abc"}, "'abc' is no project number"),
        ({"region": "US"}, "'US' is no region"),
        ({"environment": ""}, "The environment is empty"),
        ({"channels": {}}, "no id; set projects/"),
        ({"channels": {"slack": "TODO"}}, "gives it 'TODO'"),
        ({"service_urls": {}}, "`serviceUrls` gives it no URL"),
        ({"service_urls": {**STACK.service_urls, "prediction-coordinator": "http://x"}}, "gives it 'http://x'"),
    ],
)
def test_stack_values_are_checked(project: Path, changes: dict[str, object], expected: str) -> None:
    from dataclasses import replace

    found = checked(project, stack=replace(STACK, **changes))  # type: ignore[arg-type]  # values under test
    assert any(expected in finding.message and finding.at.file == "Pulumi.prod.yaml" for finding in found.violations)


@pytest.mark.parametrize(
    ("cron", "seconds"),
    [
        ("*/15 * * * *", 900),
        ("0 7 * * *", 86_400),
        ("0 0 * * 1", 604_800),
        ("@daily", None),
        ("* * * *", None),
        ("L * * * *", None),
        ("0 0 L * *", None),
        ("0 0 * * MON#2", None),
        ("0 0 * * MON", 604_800),
        ("0 0 31 2 *", None),
    ],
)
def test_the_longest_gap_between_runs(cron: str, seconds: int | None) -> None:
    assert longest_gap(cron, "America/New_York") == seconds


def test_two_runs_on_the_night_of_a_clock_change_are_as_far_apart_as_they_are() -> None:
    assert shortest_gap("*/15 * * * *", "America/New_York") == 900
    assert shortest_gap("30 1,3 8 3 *", "America/New_York") == 3600
    assert shortest_gap("30 1,3 5 3 *", "America/New_York") == 7200


def test_the_time_of_an_evaluation_is_that_of_the_functions() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "functions" / "shared").rglob("*.py")]
    line = f"\nWORK_SECONDS, WORK_SECONDS_PER_GATE = {EVALUATION_SECONDS}, {GATE_SECONDS}\n"
    assert sum(line in text for text in texts) == 1


def test_shortened_names_stay_distinct_and_within_the_limit() -> None:
    names = [f"{'x' * 40}-{number}" for number in range(50)]
    short = {shorten(name, 30) for name in names}
    assert len(short) == 50
    assert all(len(name) <= 30 for name in short)
    assert shorten("short", 30) == "short"


@pytest.mark.parametrize(
    ("name", "said"), [("abc", []), ("ab", ["The topic 'ab' is 2 characters long; it needs 3. Rename topic 'ab'."])]
)
def test_a_name_has_three_characters(plan: Blueprint, name: str, said: list[str]) -> None:
    topics = plan.manifest.topics
    more = {**topics, name: replace(next(iter(topics.values())), name=name)}
    report = Inspection("names-fit")
    names_fit(replace(plan, manifest=replace(plan.manifest, topics=more)), report)
    assert [finding.message for finding in report.findings] == said


def test_physical_names_are_those_that_production_uses() -> None:
    names = Names("nba", "nba-props-platform", "756957797294", "us-west2")
    assert names.email(names.runtime_account("phase3-to-phase4-orchestrator")) == (
        "phase3-to-phase4-orchestrator@nba-props-platform.iam.gserviceaccount.com"
    )
    assert names.source_object("f", "ab") == "f/ab.zip"
