"""What is particular to this pipeline stands in the declaration, its schemas and its functions: no other code knows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from blueprint.boundaries import Boundary, Mode, Phase
from blueprint.contracts.messages import READ, TOLD
from blueprint.loader import load_manifest
from blueprint.manifest import Events, Manifest
from blueprint.references import ENGINE_FIELDS
from blueprint.schemas.loader import load_schemas
from blueprint.schemas.messages import load_messages

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("analysis", "provider", "blueprint", "components", "policies", "ops", "functions/shared")
DATA = {".lock", ".gz"}
"""Files that no person writes."""

WORDS = frozenset(
    {
        *("action", "any", "attempts", "completion", "context", "daily", "deadlines", "environment"),
        *(
            "errors",
            "morning",
            "notes",
            "opts",
            "orchestration",
            "overnight",
            "phase",
            "priority",
            "reason",
            "skipped",
            "source",
        ),
        *("state", "success", "summary", "sweep", "threshold", "timestamp", "warnings", "workflow"),
    }
)
"""Names that are plain words; what they mean in code is not what they mean here."""
PLATFORM = frozenset(
    {
        "cloud_run_revision",
        "deadline_exceeded",
        "recovery",
        "retry_count",
        "service_name",
        "start_time",
        "timeout_seconds",
    }
)
"""Names that the platform gives to the same or to other things."""
LIBRARY = frozenset({"GCP_PROJECT_ID", "ENVIRONMENT", "SLACK_WEBHOOK_URL", "slack"})
"""Variables that the functions' library reads, whatever the pipeline; and what it posts to."""
SETTINGS = frozenset({"downstream_start"})
"""Settings called as the threshold that they repeat."""
MESSAGES = frozenset(
    {
        *("correlation_id", "error_message", "metadata", "output_table", "record_count", "schema_version"),
        *("skip_downstream", "trigger_source"),
    }
)
"""Optional fields of a completion that the engine understands."""
DOCUMENTS = frozenset(
    {
        *(
            "completed_at",
            "completed_count",
            "last_success",
            "first_completion_at",
            "gap_minutes",
            "started_at",
            "triggered_at",
        ),
        "trigger_reason",
    }
)
"""What documents and reports say of a date, in any pipeline."""


def contract() -> Iterator[str]:
    """Yield the names by which the engine and any pipeline know each other: they are the code's own."""
    yield from (*READ, *ENGINE_FIELDS)
    for told in TOLD.values():
        yield from told
    yield from (field.name for field in fields(Events))


def parts(manifest: Manifest) -> Iterator[str]:
    """Yield the names of parts that a table or collection may play."""
    yield from (*manifest.tables, *manifest.store.collections)


def of_phase(phase: Phase) -> Iterator[str]:
    yield from (phase.name, phase.label, phase.service, phase.collection, *phase.processors)
    for processor in phase.processors.values():
        yield from processor.aliases
        if processor.output is not None:
            yield processor.output.date_column


def of_boundary(boundary: Boundary) -> Iterator[str]:
    yield from (boundary.name, *boundary.entities, *boundary.gates, *boundary.trigger.fields)
    for mode in boundary.modes.values():
        yield from of_mode(mode)


def of_mode(mode: Mode) -> Iterator[str]:
    yield mode.name
    for rule in mode.rules:
        yield rule.reason
        if rule.batch is not None:
            yield from (rule.batch.percent, rule.batch.count)


def declared(manifest: Manifest) -> Iterator[str]:
    """Yield every name that the declaration gives to something."""
    yield from (manifest.pipeline, manifest.title, manifest.date_field, *manifest.labels.values())
    yield from (*manifest.services, *manifest.topics, *manifest.streams, *manifest.alerts.channels)
    yield from (*manifest.environment, *manifest.secrets, *(secret.secret for secret in manifest.secrets.values()))
    yield from manifest.store.collections.values()
    for phase in manifest.phases.values():
        yield from of_phase(phase)
    for boundary in manifest.boundaries.values():
        yield from of_boundary(boundary)
    for function in manifest.functions.values():
        yield from (function.name, function.folder, function.entry_point, *function.settings)
        yield from function.trigger.schedules
    for table in manifest.tables.values():
        yield from table.split(".")


def described(root: Path) -> Iterator[str]:
    """Yield every dataset, table, column, message and field of the schemas."""
    schemas, _ = load_schemas(root, project="a-project")
    for name, columns in schemas.columns().items():
        yield from (*name.split("."), *(column.name for column in columns))
    messages, _ = load_messages(root, {})
    for message in messages.values():
        yield from (message.name, *message.fields)


@cache
def pattern(root: Path) -> re.Pattern[str]:
    manifest = load_manifest(root)
    general = {*contract(), *parts(manifest), *WORDS, *PLATFORM, *LIBRARY, *SETTINGS, *MESSAGES, *DOCUMENTS}
    known = {name.lower() for name in general}
    names = {name for name in (*declared(manifest), *described(root)) if name.lower() not in known}
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"(?i)(?<![a-z0-9])(?:{'|'.join(map(re.escape, longest_first))})(?![a-z0-9])")


def named(folder: Path, names: re.Pattern[str]) -> list[str]:
    """Return `file:line: name` for each name in the files of a folder."""
    return [
        f"{path.relative_to(folder.parent)}:{number}: {match[0]}"
        for path in files(folder)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in names.finditer(line)
    ]


def files(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in DATA and "__pycache__" not in path.parts:
            yield path


@pytest.mark.parametrize("layer", LAYERS)
def test_general_code_knows_no_name_of_the_pipeline(layer: str) -> None:
    assert named(ROOT / layer, pattern(ROOT)) == []


@pytest.mark.parametrize(
    "line",
    [
        "WHERE game_date = @date",
        "parameters = {'game_date_text': date}",
        "GAME_DATE = 1",
        "if rule.reason == 'all_complete': pass",
        "topic: nba-phase3-trigger",
        "FROM `nba_raw`.games",
        "document = store.read('phase2_completion', date)",
        "# completes like MLFeatureStoreProcessor",
        "row['player_lookup']",
        "message['update_latest']",
        "settings['look_back']",
    ],
)
def test_a_name_of_the_pipeline_is_seen(tmp_path: Path, line: str) -> None:
    (tmp_path / "general").mkdir()
    (tmp_path / "general" / "module.py").write_text(f"first = 1\n{line}\n")
    assert [hit.rpartition(":")[0] for hit in named(tmp_path / "general", pattern(ROOT))] == ["general/module.py:2"]


def test_what_is_allowed_is_a_name_of_the_pipeline() -> None:
    """A word that no pipeline uses any more is taken from the list."""
    names = {name.lower() for name in (*declared(load_manifest(ROOT)), *described(ROOT))}
    allowed = {name.lower() for name in (*WORDS, *PLATFORM, *LIBRARY, *SETTINGS, *MESSAGES, *DOCUMENTS)}
    assert sorted(allowed - names) == []
