"""A change of the declaration is told by what it does to the pipeline, ranked, and nothing is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.loader import read_declaration
from blueprint.manifest import Manifest
from ops.change import declaration, render
from ops.change.compare import compare
from ops.change.model import RANKS, Meaning
from ops.change.phrases import PHRASES, seconds
from tests.ops.change.plans import plan, resource

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "pipeline.yaml").read_text(encoding="utf-8")


def manifest(folder: Path, text: str) -> Manifest:
    folder.mkdir()
    (folder / "pipeline.yaml").write_text(text, encoding="utf-8")
    found = read_declaration(folder).manifest
    assert found is not None
    return found


def told(tmp_path: Path, old: str, new: str) -> list[tuple[str, str]]:
    assert TEXT.count(old) >= 1
    before, after = manifest(tmp_path / "a", TEXT), manifest(tmp_path / "b", TEXT.replace(old, new, 1))
    return [(each.rank, each.sentence) for each in declaration.meanings(before, after)]


EDITS = [
    (
        "alert_below: 90\n        block_below: 80",
        "alert_below: 90\n        block_below: 8",
        ("start", "The gate 'minutes_coverage' of 'phase3_to_phase4' blocks below 8 instead of 80.".replace("8 instead of 80", "8.0 instead of 80.0")),
    ),
    (
        "aliases: [TeamDefenseGameSummaryProcessor]",
        "aliases: []",
        (
            "start",
            "'team_defense_game_summary' of 'phase3' is no longer recognised under its old name 'TeamDefenseGameSummaryProcessor'.",
        ),
    ),
    (
        "critical: [player_daily_cache, ml_feature_store]",
        "critical: [ml_feature_store]",
        ("start", "'phase5' (always) starts with 1 critical processor fewer: player_daily_cache."),
    ),
    (
        "expected: [upcoming_player_game_context, upcoming_team_game_context]",
        "expected: [upcoming_player_game_context]",
        ("start", "'phase4' (today) starts with 1 processor fewer: upcoming_team_game_context."),
    ),
    (
        "at_least: 4, after: 1h, partial",
        "at_least: 4, after: 90m, partial",
        (
            "start",
            "The next step may start 30 minutes later by the rule 'critical_plus_4_after_1h' of 'phase4_to_phase5' (any): 90 minutes after the first completion instead of 1 hour.",
        ),
    ),
    (
        "          - {reason: critical_after_4h, require: critical, after: 4h, partial: true}\n",
        "",
        ("start", "The rule 'critical_after_4h' of 'phase4_to_phase5' (any) is removed: it starts nothing any more."),
    ),
    (
        "reason: critical_after_4h, ",
        "reason: critical_late, ",
        ("start", "The rule 'critical_after_4h' of 'phase4_to_phase5' (any) is removed: it starts nothing any more."),
    ),
    (
        "backfill_mode: {value: false}",
        "backfill_mode: {value: true}",
        (
            "start",
            "The service 'nba-phase3-analytics-processors' has reprocess.fields.backfill_mode.value true instead of false.",
        ),
    ),
    (
        "update_latest: {value: true,",
        "update_latest: {value: false,",
        ("start", "The trigger of 'phase5_to_phase6' says false as 'update_latest' instead of true."),
    ),
    (
        'morning: {cron: "0 7 * * *"}',
        'morning: {cron: "0 9 * * *"}',
        ("start", "'daily-health-summary' is called by 'morning' at '0 9 * * *' instead of '0 7 * * *'."),
    ),
    ("backlog_age: 5m", "backlog_age: 2h", ("alert", "Alerts have backlog_age 2 hours instead of 5 minutes.")),
    ("deadline: 4h", "deadline: 2d", ("alert", "'phase4_to_phase5' is reported as late after 2 days instead of 4 hours.")),
    (
        "  nba-prediction-trigger:\n    message: prediction-trigger\n    consumers:\n      - {service: prediction-coordinator, path: /start}\n",
        "  nba-prediction-trigger:\n    message: prediction-trigger\n",
        ("start", "'prediction-coordinator' no longer receives 'nba-prediction-trigger', so it is not started by it."),
    ),
    ("secret: slack-webhook-url}", "secret: slack-webhook-url-2}", ("permission", "The secret 'SLACK_WEBHOOK_URL' has secret slack-webhook-url-2 instead of slack-webhook-url.")),
    ("lease: 10m ", "lease: 1m ", ("start", "A taken trigger keeps others away for 1 minute instead of 10 minutes.")),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), EDITS, ids=[expected[1][:50] for _, _, expected in EDITS])
def test_a_change_is_told_by_what_it_does(tmp_path: Path, old: str, new: str, expected: tuple[str, str]) -> None:
    assert expected in told(tmp_path, old, new)


def test_what_does_not_change_is_not_told(tmp_path: Path) -> None:
    assert told(tmp_path, "# ── Outside", "# A comment.\n# ── Outside") == []


def test_every_value_of_the_declaration_has_a_phrase(tmp_path: Path) -> None:
    leaves = dict(declaration._leaves(manifest(tmp_path / "a", TEXT)))
    without = {
        path
        for path, value in leaves.items()
        if declaration.told(path, value, None).sentence.startswith(f"'{path}' is ")
    }
    assert {path.partition(".")[0] for path in without} <= {"pipeline", "date_field", "runtime", "library", "events", "environment", "defaults"}  # fmt: skip
    assert len(leaves) > 300


def test_what_nobody_wrote_a_phrase_for_ranks_first() -> None:
    assert declaration.told("runtime", "python311", "python312") == Meaning(
        "start", "'runtime' is python312 instead of python311."
    )


def test_ranks_are_known_and_sentences_end() -> None:
    assert {rank for _, rank, _ in PHRASES} <= set(RANKS)
    assert [seconds(each) for each in (60, 5400, 86_400, 90)] == ["1 minute", "90 minutes", "1 day", "90 seconds"]


ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"
FUNCTION = "gcp:cloudfunctionsv2/function:Function"
GRANT = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"


def sentences(before: dict[str, object], after: dict[str, object]) -> list[tuple[str, str]]:
    found = compare(before, after, names=("a", "b"))
    return [(each.rank, each.sentence) for each in found.meanings]


def test_a_removed_alert_is_told_as_an_alert() -> None:
    alert = resource(ALERT, "late-alert", displayName="Phase 4 is late")
    assert sentences(plan(alert), plan()) == [("alert", "The alert 'Phase 4 is late' is removed.")]
    assert compare(plan(alert), plan(), names=("a", "b")).resources[0].weight == "alert"


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("replaceWith", "is no longer replaced with start-function, and is lost when that is"),
        ("dependencies", "no longer waits for start-function"),
        ("protect", "is no longer protected from deletion"),
        ("ignoreChanges", "takes again what is declared in start-function"),
        ("aliases", "is no longer known under its former name start-function"),
    ],
)
def test_an_option_that_goes_is_told_and_shown(option: str, words: str) -> None:
    value: object = True if option == "protect" else ["urn:pulumi:prod::p::x::start-function"]
    bare = resource(GRANT, "invocation", role="roles/run.invoker", member="m")
    found = compare(plan(bare | {"options": {option: value}}), plan(bare), names=("a", "b"))
    assert words in found.meanings[0].sentence
    assert found.meanings[0].rank != "rest"
    assert [change.path for change in found.resources[0].changes] == [f"options.{option}"]


def test_a_weakening_is_never_under_everything_else() -> None:
    sides = [resource(FUNCTION, "f", serviceConfig={"maxInstanceCount": number}) for number in (5, 1)]
    [found] = compare(plan(sides[0]), plan(sides[1]), names=("a", "b")).resources
    assert found.weight == "start"


def test_the_same_text_is_in_comment_and_notes(tmp_path: Path) -> None:
    meanings = [Meaning("start", "The gate 'g' of 'b' blocks below 8 instead of 80.")]
    found = compare(plan(), plan(), names=("a", "b"), meanings=meanings)
    for text in (render.markdown(found), render.markdown(found, "Release notes")):
        assert text.index("### What starts, and when") < text.index("blocks below 8 instead of 80")
    assert not found.empty
