"""The pipeline as a whole: each rule refuses its fault and passes what is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.findings import Location
from blueprint.graph import PipelineEdge, PipelineNode, circle
from tests.blueprint.contracts.test_wiring import checked

RULES = {"work-once", "starts-forward", "work-reaches", "schedules-valid"}
SECOND = "      - {service: nba-phase3-analytics-processors, path: /process}\n"


@pytest.mark.parametrize(
    ("rule", "edits", "says"),
    [
        pytest.param(
            "work-once",
            [(SECOND, f"{SECOND}      - {{service: prediction-coordinator, path: /start-early}}\n")],
            "starts service 'nba-phase3-analytics-processors' and service 'prediction-coordinator'",
            id="two consumers of one trigger",
        ),
        pytest.param(
            "work-once",
            [
                (
                    "{service: nba-phase4-precompute-processors, path: /process}",
                    "{service: prediction-coordinator, path: /start}",
                )
            ],
            "both call service 'prediction-coordinator' at /start",
            id="two triggers at one address",
        ),
        pytest.param(
            "starts-forward",
            [
                (
                    "    publishers: [nba-phase2-raw-processors]",
                    "    publishers: [nba-phase2-raw-processors, nba-phase3-analytics-processors]",
                )
            ],
            "topic 'nba-phase2-raw-complete' → function 'phase2-to-phase3-orchestrator'",
            id="a phase that completes the one before",
        ),
        pytest.param(
            "starts-forward",
            [
                (
                    "    trigger: {topic: nba-phase5-predictions-complete}",
                    "    trigger: {topic: nba-phase5-predictions-complete}\n    publishes: [nba-phase5-predictions-complete]",
                )
            ],
            "topic 'nba-phase5-predictions-complete' → function 'phase5-to-phase6-orchestrator' →",
            id="a function that publishes what it consumes",
        ),
        pytest.param(
            "schedules-valid",
            [
                (
                    'deadlines: {cron: "*/15 * * * *"}',
                    'deadlines: {cron: "*/15 * * * *"}\n        again: {cron: "0,15,30,45 * * * *"}',
                )
            ],
            "'deadlines' and 'again' of 'self-heal-predictions' come at the same times",
            id="one schedule spelled twice",
        ),
        pytest.param(
            "schedules-valid",
            [('daily: {cron: "45 12 * * *"}', 'daily: {cron: "45 12 * * *"}\n        also: {cron: "45 12 * * 0-6"}')],
            "'daily' and 'also' of 'self-heal-predictions' come at the same times",
            id="every day by its days",
        ),
    ],
)
def test_a_fault_is_refused(project: Path, rule: str, edits: list[tuple[str, str]], says: str) -> None:
    found = [each.message for each in checked(project, *edits).findings if each.rule == rule]
    assert [message for message in found if says in message], found


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([], id="the declaration as it is"),
        pytest.param(
            [
                (SECOND, f"{SECOND}      - {{service: prediction-coordinator, path: /start-early}}\n"),
                (
                    "    message: phase3-trigger\n",
                    "    message: phase3-trigger\n    shared: Predictions warm up early.\n",
                ),
            ],
            id="two consumers that are meant",
        ),
        pytest.param(
            [
                ("service: nba-phase4-precompute-processors", "service: nba-phase3-analytics-processors"),
                ("publishers: [nba-phase4-precompute-processors]", "publishers: [nba-phase3-analytics-processors]"),
                (
                    "{service: nba-phase4-precompute-processors, path: /process}",
                    "{service: nba-phase3-analytics-processors, path: /precompute}",
                ),
            ],
            id="a service that does two phases, one after the other",
        ),
        pytest.param(
            [
                (
                    'deadlines: {cron: "*/15 * * * *"}',
                    'deadlines: {cron: "*/15 * * * *"}\n        often: {cron: "*/10 * * * *"}',
                )
            ],
            id="a schedule that comes at other times too",
        ),
    ],
)
def test_what_is_meant_passes(project: Path, edits: list[tuple[str, str]]) -> None:
    assert [finding for finding in checked(project, *edits).findings if finding.rule in RULES] == []


def test_a_circle_is_told_in_the_order_in_which_it_starts() -> None:
    one, two, three = PipelineNode("topic", "one"), PipelineNode("function", "two"), PipelineNode("topic", "three")
    at = Location("pipeline.yaml", 1)
    around = (PipelineEdge(one, two, at), PipelineEdge(two, three, at), PipelineEdge(three, one, at))
    assert circle((*around, PipelineEdge(PipelineNode("schedule", "s"), two, at))) in {
        around,
        (*around[1:], around[0]),
        (around[2], *around[:2]),
    }
    assert circle(around[:2]) == ()


def test_a_function_without_effect_is_refused(tree: Path) -> None:
    from blueprint.check import check
    from tests.blueprint.contracts.test_wiring import STACK

    (tree / "functions/phase2_to_phase3/main.py").write_text(
        "import functions_framework\n\n@functions_framework.http\ndef orchestrate_phase2_to_phase3(request):\n    return 'ok'\n"
    )
    found = [each.message for each in check(tree, STACK).findings if each.rule == "work-reaches"]
    assert [message for message in found if "'phase2-to-phase3-orchestrator' reaches no service" in message]
