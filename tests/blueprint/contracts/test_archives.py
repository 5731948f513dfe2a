"""The contracts on archives refuse each use that is not declared, and pass what the functions really do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blueprint.archive import CodeQuery, CodeTableUse, Use, Uses
from blueprint.check import check
from blueprint.contracts import Inspection
from blueprint.contracts import archives as contracts
from blueprint.findings import Location
from blueprint.model import Blueprint
from blueprint.stack import StackSettings

ROOT = Path(__file__).resolve().parents[3]
AT = Location("functions/shared/somewhere.py", 7)
FUNCTION = "self-heal-predictions"
CHECKS = {
    "env": contracts.env_declared,
    "queries": contracts.computed_queries_resolve,
    "names": contracts.named_once,
    "programs": contracts.programs_present,
    "lock": contracts.lock_used,
}


@pytest.fixture(scope="session")
def plan() -> Blueprint:
    services = {
        name: f"https://{name}.example.com"
        for name in ("nba-phase3-analytics-processors", "nba-phase4-precompute-processors", "prediction-coordinator")
    }
    stack = StackSettings("prod", "a-project", "123456789012", "us-west2", "production", services, {})
    blueprint = check(ROOT, stack).blueprint
    assert blueprint is not None
    assert blueprint.archives
    return blueprint


def findings(plan: Blueprint, which: str, **uses: object) -> list[tuple[str, str]]:
    """Return severity and sentence of everything a contract says once `uses` are added to one function."""
    archive = plan.archives[FUNCTION]
    added = {kind: (*getattr(archive.uses, kind), *found) for kind, found in uses.items()}  # type: ignore[misc]
    changed = replace(archive, uses=replace(archive.uses, **added))
    report = Inspection(which)
    CHECKS[which](replace(plan, archives={**plan.archives, FUNCTION: changed}), report)
    return [(finding.severity, finding.message) for finding in report.findings]


@pytest.mark.parametrize("which", CHECKS)
def test_the_functions_pass(plan: Blueprint, which: str) -> None:
    report = Inspection(which)
    CHECKS[which](plan, report)
    assert report.findings == []


FAULTS = [
    ("env", "env", Use("GCP_PROJECT", AT), "'GCP_PROJECT', which nothing sets"),
    ("env", "env", Use("{name}", AT), "by a computed name"),
    ("names", "topics", Use("nba-predictions-trigger", AT), "names the topic 'nba-predictions-trigger'"),
    ("names", "collections", Use("phase3_completions", AT), "names the collection 'phase3_completions'"),
    ("names", "regions", Use("us-central1", AT), "names the region 'us-central1'"),
    ("names", "regions", Use("us-west2", AT), "names the region 'us-west2', which is the stack's to say"),
    ("names", "urls", Use("//grading.us-west2.run.app", AT), "service URL"),
    ("names", "project_numbers", Use("756957797294", AT), "names the project number '756957797294'"),
    ("names", "secrets", Use("other-webhook", AT), "names the secret 'other-webhook'"),
    ("names", "urls", Use("https://grading-756957797294.us-west2.run.app/x", AT), "service URL"),
    ("programs", "commands", Use("gsutil", AT), "starts the program 'gsutil'"),
]


@pytest.mark.parametrize(("which", "kind", "use", "sentence"), FAULTS, ids=lambda value: str(value)[:30])
def test_an_undeclared_use_is_refused(plan: Blueprint, which: str, kind: str, use: Use, sentence: str) -> None:
    refused = [message for severity, message in findings(plan, which, **{kind: (use,)}) if severity == "violation"]
    assert len(refused) == 1
    assert sentence in refused[0]


def test_a_secret_of_another_function_is_refused(plan: Blueprint) -> None:
    name = "phase2-to-phase3-orchestrator"
    secret = next(iter(plan.manifest.secrets))
    archive = replace(plan.archives[name], uses=Uses(env=(Use(secret, AT),)))
    report = Inspection("env")
    contracts.env_declared(replace(plan, archives={**plan.archives, name: archive}), report)
    assert f"reads the secret '{secret}' without declaring it" in report.findings[0].message


def test_what_nothing_reads_is_a_warning(plan: Blueprint) -> None:
    archives = {name: replace(archive, uses=Uses(), imported=()) for name, archive in plan.archives.items()}
    report = Inspection("env")
    for check_of in (contracts.env_declared, contracts.lock_used):
        check_of(replace(plan, archives=archives), report)
    assert {finding.severity for finding in report.findings} == {"warning"}
    text = " ".join(finding.message for finding in report.findings)
    assert "No function reads the environment variable 'GCP_PROJECT_ID'" in text
    assert "which its code never reads" in text
    assert "No function imports 'google-cloud-firestore'" in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("SELECT {columns} FROM nba_orchestration.processor_run_history", "is declared nowhere"),
        (
            "SELECT completed_at FROM nba_reference.processor_run_history WHERE {condition}",
            "Column `completed_at` is in none",
        ),
        (
            "SELECT r.completed_at FROM nba_reference.processor_run_history AS r WHERE {x}",
            "Column `completed_at` is in none",
        ),
        (
            "UPDATE `{project}.nba_reference.processor_run_history` SET statas = 'x' WHERE TRUE",
            "Column `statas` is in none",
        ),
    ],
)
def test_a_computed_query_finds_what_can_be_read(plan: Blueprint, text: str, sentence: str) -> None:
    refused = findings(plan, "queries", queries=(CodeQuery(text, AT),))
    assert [severity for severity, _ in refused if severity == "violation"] == ["violation"]
    assert sentence in refused[0][1]


def test_a_table_given_to_the_client_is_declared(plan: Blueprint) -> None:
    known, absent = CodeTableUse("nba_reference.processor_run_history", AT), CodeTableUse("nba_raw.nothing", AT)
    refused = findings(plan, "queries", queries=(CodeQuery("", AT, (known,)), CodeQuery("", AT, (absent,))))
    assert refused == [
        ("violation", "Nobody declares the table 'nba_raw.nothing'; correct the name, or declare it under schemas/.")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT run_id FROM {dataset}.processor_run_history",
        "SELECT run_id FROM nba_reference.processor_run_history {clauses} {more}",
    ],
)
def test_what_only_running_tells_is_not_known(plan: Blueprint, text: str) -> None:
    """Neither refused nor passed in silence."""
    refused = findings(plan, "queries", queries=(CodeQuery(text, AT),))
    assert {severity for severity, _ in refused} == {"warning"}
    assert all(message.startswith("Not known: ") for _, message in refused)


def test_a_computed_query_that_is_sound_passes(plan: Blueprint) -> None:
    text = "SELECT run_id, {column} AS x FROM `{project}.nba_reference.processor_run_history` WHERE data_date = @day"
    assert findings(plan, "queries", queries=(CodeQuery(text, AT),)) == []


def test_the_programs_of_each_archive_are_looked_at(plan: Blueprint) -> None:
    report = Inspection("programs-present")
    contracts.programs_present(plan, report)
    assert report.checked == len(plan.archives)
