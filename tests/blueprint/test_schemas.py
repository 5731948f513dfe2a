"""The project's own schema files: all are read, nothing is refused, and the facts production relies on
hold.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.schemas.bigquery import Schemas
from blueprint.schemas.loader import load_schemas

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    loaded, findings = load_schemas(ROOT, use_cache=False)
    assert [str(finding) for finding in findings if finding.rule != "schema-placeholder"] == []
    return loaded


def test_every_file_is_a_table(schemas: Schemas) -> None:
    files = {f"{path.parent.name}.{path.stem}" for path in (ROOT / "schemas/bigquery").glob("*/*.sql")}
    assert set(schemas.tables) == {name for name in files if not name.endswith(".dataset")}
    assert len(schemas.tables) >= 9


@pytest.mark.parametrize(
    ("table", "partition", "clustering", "days"),
    [
        ("nba_orchestration.phase_execution_log", "game_date", "phase_name status execution_timestamp", 90),
        ("nba_orchestration.phase_completions", "game_date", "phase processor_name", None),
        (
            "nba_reference.processor_run_history",
            "data_date",
            "processor_name status season_year",
            None,
        ),
        (
            "nba_orchestration.scraper_execution_log",
            "triggered_at",
            "scraper_name workflow status source",
            90,
        ),
        (
            "nba_orchestration.service_errors",
            "error_timestamp",
            "service_name error_category severity",
            90,
        ),
        ("nba_orchestration.reprocess_attempts", "analysis_date", "processor_name entity_id", 365),
        ("nba_orchestration.circuit_breaker_state", None, "processor_name state", None),
        ("nba_orchestration.workflow_decisions", "decision_time", "workflow_name action alert_level", 90),
    ],
)
def test_layout_is_production_s(
    schemas: Schemas, table: str, partition: str | None, clustering: str, days: float | None
) -> None:
    found = schemas.tables[table]
    assert found.clustering == tuple(clustering.split())
    partitioning = found.partitioning
    assert (partitioning.column if partitioning else None) == partition
    assert (partitioning.expiration_days if partitioning else None) == days


def test_every_column_is_described(schemas: Schemas) -> None:
    missing = [
        f"{table.id}.{column.name}"
        for table in (*schemas.tables.values(), *schemas.external.values())
        for column in table.columns
        if not column.description
    ]
    assert missing == []


def test_run_history_has_processed_at_and_no_completed_at(schemas: Schemas) -> None:
    """Incident 68: readers asked for `completed_at` and caught the error."""
    table = schemas.tables["nba_reference.processor_run_history"]
    assert table.column("processed_at") is not None
    assert table.column("completed_at") is None
