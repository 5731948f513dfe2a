"""The contracts on tables, messages, streams and Firestore: sound as declared, and each refuses a seeded
fault.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint.check import check
from blueprint.contracts import Inspection, contracts
from blueprint.model import Blueprint
from blueprint.schemas.released import check_evolution, write_snapshot
from blueprint.sources import build_archives
from blueprint.stack import StackSettings

ROOT = Path(__file__).resolve().parents[2]
STACK = StackSettings(
    name="prod",
    project="nba-props-platform",
    project_number="756957797294",
    region="us-west2",
    environment="production",
)
RULES = {each.id: each for each in contracts()}
OWN = (
    "tables-declared",
    "queries-resolve",
    "gates-ask-their-date",
    "schemas-evolve",
    "messages-declared",
    "triggers-fit",
    "streams-map",
    "completions-recorded",
    "collections-expire",
    "queries-indexed",
)


@pytest.fixture(scope="session")
def plan() -> Blueprint:
    checked = check(ROOT, STACK)
    assert checked.blueprint is not None
    return checked.blueprint


def run(rule: str, plan: Blueprint) -> Inspection:
    report = Inspection(rule)
    RULES[rule].check(plan, report)
    return report


@pytest.mark.parametrize("rule", OWN)
def test_the_project_is_sound(plan: Blueprint, rule: str) -> None:
    report = run(rule, plan)
    assert [str(finding) for finding in report.findings] == []
    assert report.checked > 0
    assert RULES[rule].incidents


def manifest_with(plan: Blueprint, **changes: Any) -> Blueprint:
    return replace(plan, manifest=replace(plan.manifest, **changes))


def without(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    assert key in mapping
    return {name: value for name, value in mapping.items() if name != key}


def copied(plan: Blueprint, target: Path) -> Blueprint:
    """The plan over a copy of the functions and schemas that a test may change."""
    for folder in ("functions", "schemas"):
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return replace(plan, root=target, archives={})


class TestTablesDeclared:
    def test_a_role_in_the_wrong_dataset_is_refused(self, plan: Blueprint) -> None:
        """Incident 65: everyone looked for `processor_run_history` in `nba_orchestration`."""
        tables = {**plan.manifest.tables, "run_history": "nba_orchestration.processor_run_history"}
        findings = run("tables-declared", manifest_with(plan, tables=tables)).findings
        assert "`tables.run_history` names `nba_orchestration.processor_run_history`" in findings[0].message

    def test_an_output_without_its_date_column_is_refused(self, plan: Blueprint) -> None:
        phase = plan.manifest.phases["phase4"]
        cache = phase.processors["player_daily_cache"]
        assert cache.output is not None
        output = replace(cache.output, date_column="game_date")
        changed = replace(phase, processors={**phase.processors, cache.name: replace(cache, output=output)})
        phases = {**plan.manifest.phases, "phase4": changed}
        findings = run("tables-declared", manifest_with(plan, phases=phases)).findings
        assert [each.message for each in findings] == [
            "`nba_precompute.player_daily_cache` has no DATE column `game_date`; its DATE columns: cache_date."
        ]


class TestQueriesResolve:
    @pytest.mark.parametrize(
        ("sql", "sentence", "line", "column"),
        [
            ("SELECT completed_at\nFROM nba_reference.processor_run_history", "Column `completed_at` is in none", 1, 8),
            ("SELECT 1\nFROM nba_orchestration.processor_run_history", "is declared nowhere", 2, 6),
            ("SELECT game_id\nFROM player_game_summary", "is not named as `dataset.table`", 2, 6),
            ("SELECT\n  IFF(TRUE, 1, 2) AS x", "GoogleSQL has no function `IFF`", 2, 3),
            ("SELECT 1 +\nFROM nowhere.x", "does not parse", None, None),
            ("INSERT INTO nba_orchestration.reprocess_attempts (note) VALUES ('x')", "has no column `note`", 1, 51),
            ("INSERT INTO nba_orchestration.reprocess_attempts (notes) VALUES ('x')", "leaves out the REQUIRED", 1, 13),
            ("DELETE FROM nba_orchestration.nope WHERE TRUE", "is declared nowhere", 1, 13),
            ("SELECT 'never closed", "is never closed", 1, 8),
        ],
    )
    def test_a_query_that_cannot_run_is_refused_with_its_place(
        self, plan: Blueprint, tmp_path: Path, sql: str, sentence: str, line: int | None, column: int | None
    ) -> None:
        """Incidents 66 and 68: wrong tables and columns, the error caught, "no rows" reported."""
        changed = copied(plan, tmp_path)
        (tmp_path / "functions/self_heal/queries/new.sql").write_text(sql)
        findings = [each for each in run("queries-resolve", changed).findings if "new.sql" in each.at.file]
        assert sentence in findings[0].message
        if line is not None:
            assert (findings[0].at.line, findings[0].at.column) == (line, column)

    def test_the_cached_result_is_the_same(self, plan: Blueprint, tmp_path: Path) -> None:
        changed = copied(plan, tmp_path)
        (tmp_path / "functions/self_heal/queries/new.sql").write_text("SELECT nope FROM nba_raw.v_nbac_schedule_latest")
        first = run("queries-resolve", changed).findings
        assert first == run("queries-resolve", changed).findings != []

    def test_a_dropped_column_is_missed_by_its_reader(self, plan: Blueprint) -> None:
        """Incident 67: the table lost a column that a query still named."""
        name = "nba_orchestration.service_errors"
        table = plan.schemas.tables[name]
        columns = tuple(each for each in table.columns if each.name != "recovery_successful")
        tables = {**plan.schemas.tables, name: replace(table, columns=columns)}
        findings = run("queries-resolve", replace(plan, schemas=replace(plan.schemas, tables=tables))).findings
        assert any("recovery_successful" in each.message for each in findings)


class TestGates:
    @pytest.mark.parametrize(
        ("sql", "sentence"),
        [
            ("SELECT COUNT(*) AS value FROM {table} WHERE game_date = CURRENT_DATE()", "is another day on another day"),
            ("SELECT COUNT(*) AS value FROM {table} WHERE @date IS NOT NULL", "does not ask about its date"),
            ("SELECT COUNT(*) AS value FROM {table} WHERE @date = @date", "does not ask about its date"),
            ("SELECT COUNT(*) AS value, @date AS day FROM {table}", "returns the one column"),
            ("SELECT COUNT(*) AS value FROM {table} WHERE game_date = @date OR game_date = CURRENT_DATE('UTC')", "CURRENT_DATE is another day"),
            ("SELECT COUNT(*) AS value FROM {table} WHERE game_date = @date AND CURRENT_TIMESTAMP() > '2020-01-01 00:00:00+00'", "CURRENT_TIMESTAMP is another day"),
            ("SELECT COUNTIF(game_date = '2026-01-01') AS value FROM {table} WHERE game_date <= @date", "the day that the text names"),
            ("SELECT COUNTIF(DATE '2026-01-01' = game_date) AS value FROM {table} WHERE game_date <= @date", "the day that the text names"),
            ("SELECT COUNT(*) AS value FROM {table} WHERE game_date = @date AND player_lookup = @player", "uses @player"),
            ("SELECT COUNT(*) AS rows_found FROM {table} WHERE game_date = @date", "returns the one column"),
            ("SELECT CAST(COUNT(*) AS STRING) AS value FROM {table} WHERE game_date = @date", "is a number and this is STRING"),
            ("DELETE FROM {table} WHERE game_date = @date", "Expected one SELECT query"),
            ("SELECT COUNT(*) AS value FROM {table} WHERE game_date = @date; SELECT 1 AS value", "Expected one statement"),
            ("SELECT COUNT(*) AS value FROM {table} WHERE player_lookup = @date", "does not take STRING (`player_lookup`), DATE"),
        ],
    )  # fmt: skip
    def test_a_gate_that_does_not_judge_its_date_is_refused(
        self, plan: Blueprint, tmp_path: Path, sql: str, sentence: str
    ) -> None:
        """Incident 64: yesterday's date passed on today's rows."""
        changed = copied(plan, tmp_path)
        file = tmp_path / "functions/phase5_to_phase6/gates/prediction_rows.sql"
        file.write_text(sql.format(table="nba_predictions.player_prop_predictions"))
        findings = run("gates-ask-their-date", changed).findings
        assert any(sentence in each.message for each in findings), findings
        assert {each.at.file for each in findings} == {file.relative_to(tmp_path).as_posix()}

    @pytest.mark.parametrize(
        "condition",
        [
            "@date = game_date", "game_date IN (@date)", "game_date BETWEEN DATE_SUB(@date, INTERVAL 1 DAY) AND @date",
            "DATE_DIFF(game_date, @date, DAY) = 0", "game_date = @date AND game_date >= '2024-10-01'",
            "FORMAT_DATE('%F', game_date) = CAST(@date AS STRING)",
        ],
    )  # fmt: skip
    def test_a_gate_may_ask_about_its_date_in_any_way(self, plan: Blueprint, tmp_path: Path, condition: str) -> None:
        changed = copied(plan, tmp_path)
        file = tmp_path / "functions/phase5_to_phase6/gates/prediction_rows.sql"
        file.write_text(f"SELECT COUNT(*) AS value FROM nba_predictions.player_prop_predictions WHERE {condition}")
        assert [str(each) for each in run("gates-ask-their-date", changed).findings] == []


class TestOperators:
    @pytest.mark.parametrize(
        ("name", "old", "new", "sentence"),
        [
            ("runs", "data_date", "run_date", "Column `run_date`"),
            ("errors", "AS example", "AS sample", "does not return example"),
            ("errors", "@date", "@day", "uses @day, which nobody gives; its parameters are @date."),
            ("record_attempt", "  notes,\n", "", "lists 8 columns but gives 9 values"),
        ],
    )
    def test_an_answer_that_the_commands_cannot_use_is_refused(
        self, plan: Blueprint, tmp_path: Path, name: str, old: str, new: str, sentence: str
    ) -> None:
        """Incident 66: a query of on-call's named what was not there, and its error read as nothing wrong."""
        changed = copied(plan, tmp_path)
        file = tmp_path / f"schemas/operators/{name}.sql"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        findings = run("operators-answered", changed).findings
        assert any(sentence in each.message for each in findings), findings
        assert {each.at.file for each in findings} == {f"schemas/operators/{name}.sql"}

    def test_a_question_without_an_answer_is_told_once(self, plan: Blueprint, tmp_path: Path) -> None:
        changed = copied(plan, tmp_path)
        for name in ("runs", "errors"):
            (tmp_path / f"schemas/operators/{name}.sql").unlink()
        (tmp_path / "schemas/operators/run.sql").write_text("SELECT 1 AS one")
        found = {each.severity: each.message for each in run("operators-answered", changed).findings}
        assert found["warning"].startswith("schemas/operators does not answer errors, runs, so")
        assert found["violation"].startswith("Nothing asks for 'run'")


class TestMessages:
    def test_a_topic_without_a_schema_is_refused(self, plan: Blueprint) -> None:
        changed = replace(plan, messages=without(plan.messages, "phase4-trigger"))
        messages = [each.message for each in run("messages-declared", changed).findings]
        assert "carries 'phase4-trigger', which has no schema" in messages[0]

    def test_a_schema_without_a_topic_is_a_warning(self, plan: Blueprint) -> None:
        messages = {**plan.messages, "orphan": replace(plan.messages["completion"], name="orphan")}
        findings = run("messages-declared", replace(plan, messages=messages)).findings
        assert [each.severity for each in findings] == ["warning"]

    @pytest.mark.parametrize(
        ("boundary", "change", "sentence"),
        [
            ("phase3_to_phase4", lambda f: without(f, "source_table"), "lacks `source_table`"),
            (
                "phase5_to_phase6",
                lambda f: {**without(f, "target_date"), "game_date": f["target_date"]},
                "no field `game_date`",
            ),
            (
                "phase5_to_phase6",
                lambda f: {**f, "export_types": replace(f["export_types"], value="tonight")},
                "constant for `export_types` does not fit",
            ),
            (
                "phase5_to_phase6",
                lambda f: {**f, "upstream_batch_id": replace(f["upstream_batch_id"], from_="metadata.batch")},
                "which 'completion' does not describe",
            ),
            ("phase3_to_phase4", lambda f: {**f, "mode": replace(f["mode"], from_="is_incremental")}, "is boolean"),
            (
                "phase3_to_phase4",
                lambda f: {**f, "game_date": replace(f["game_date"], from_="now")},
                "correct one of them",
            ),
        ],
    )
    def test_a_trigger_that_does_not_fit_is_refused(
        self, plan: Blueprint, boundary: str, change: Callable[[Any], Any], sentence: str
    ) -> None:
        """Incident 41: every trigger of the orchestrator was answered 400 for months."""
        old = plan.manifest.boundaries[boundary]
        trigger = replace(old.trigger, fields=change(dict(old.trigger.fields)))
        boundaries = {**plan.manifest.boundaries, boundary: replace(old, trigger=trigger)}
        findings = run("triggers-fit", manifest_with(plan, boundaries=boundaries)).findings
        assert any(sentence in each.message for each in findings), findings

    @pytest.mark.parametrize(
        ("date_field", "message", "change", "sentence"),
        [
            ("day", "completion", {}, "'completion' does not require `day`, a text of format date"),
            (
                "day",
                "phase-execution",
                {},
                "'phase-execution' requires `game_date`, which not every event of `events.executions` has",
            ),
            ("timestamp", "completion", {}, "`timestamp`, a text of format date,"),
            ("game_date", "completion", {"required": ["phase", "game_date"]}, "does not require `processor_name`"),
            ("game_date", "service-error", {"required": ["phase"]}, "'service-error' requires `phase`"),
        ],
    )
    def test_a_message_that_the_engine_cannot_use_is_refused(
        self, plan: Blueprint, date_field: str, message: str, change: dict[str, Any], sentence: str
    ) -> None:
        """Incident 41: the two sides of a topic knew one field under two names."""
        old = plan.messages[message]
        messages = {**plan.messages, message: replace(old, schema={**old.schema, **change})}
        changed = replace(manifest_with(plan, date_field=date_field), messages=messages)
        assert any(sentence in each.message for each in run("engine-fits", changed).findings)

    def test_a_status_that_the_log_does_not_take_is_refused(self, plan: Blueprint) -> None:
        """Incident 67: a row with a value that its table does not know is refused, unseen."""
        old = plan.manifest.boundaries["phase2_to_phase3"]
        mode = old.modes["any"]
        rules = (*mode.rules[:-1], replace(mode.rules[-1], status="late"))
        boundaries = {**plan.manifest.boundaries, old.name: replace(old, modes={"any": replace(mode, rules=rules)})}
        (finding,) = run("engine-fits", manifest_with(plan, boundaries=boundaries)).findings
        assert "is reported as 'late', which 'phase-execution' does not take" in finding.message


class TestStreams:
    def test_a_phase_whose_completions_are_not_recorded_is_refused(self, plan: Blueprint) -> None:
        stream = plan.manifest.streams["completions"]
        streams = {**plan.manifest.streams, "completions": replace(stream, topics=stream.topics[1:])}
        findings = run("completions-recorded", manifest_with(plan, streams=streams)).findings
        assert "Completions of 'phase2' do not reach" in findings[0].message

    def test_a_new_required_column_is_refused(self, plan: Blueprint) -> None:
        name = "nba_orchestration.phase_execution_log"
        table = plan.schemas.tables[name]
        column = replace(table.columns[0], name="region", type="STRING")
        tables = {**plan.schemas.tables, name: replace(table, columns=(*table.columns, column))}
        findings = run("streams-map", replace(plan, schemas=replace(plan.schemas, tables=tables))).findings
        assert [each.message for each in findings] == [
            "Stream 'executions', column `region`: the column is REQUIRED but nothing fills it; map it."
        ]

    def test_a_field_that_the_table_lacks_is_refused(self, plan: Blueprint) -> None:
        """Incident 67: the writer had twelve columns more than the table."""
        message = plan.messages["service-error"]
        schema = json.loads(json.dumps(message.schema))
        schema["properties"]["host"] = {"type": "string"}
        messages = {**plan.messages, message.name: replace(message, schema=schema)}
        findings = run("streams-map", replace(plan, messages=messages)).findings
        assert "column `host`: `nba_orchestration.service_errors` has no such column" in findings[0].message


class TestFirestore:
    def test_a_collection_that_never_expires_is_refused(self, plan: Blueprint) -> None:
        """Incident 70: 106,000 heartbeat documents."""
        ttls = tuple(ttl for ttl in plan.firestore.ttls if ttl.collection != "processor_heartbeats")
        changed = replace(plan, firestore=replace(plan.firestore, ttls=ttls))
        assert "'processor_heartbeats' never expire" in run("collections-expire", changed).findings[0].message

    def test_a_query_without_its_index_is_refused_where_it_stands(self, plan: Blueprint) -> None:
        indexes = tuple(each for each in plan.firestore.indexes if each.collection != "processor_heartbeats")
        changed = replace(plan, firestore=replace(plan.firestore, indexes=indexes))
        finding = run("queries-indexed", changed).findings[0]
        assert "(status ascending, last_heartbeat descending)" in finding.message
        assert finding.at.file == "functions/self_heal/heartbeats.py"

    def test_a_query_in_another_direction_needs_another_index(self, plan: Blueprint, tmp_path: Path) -> None:
        changed = copied(plan, tmp_path)
        path = tmp_path / "functions/self_heal/heartbeats.py"
        path.write_text(path.read_text().replace('"DESCENDING"', '"ASCENDING"'))
        archives, _ = build_archives(tmp_path, plan.manifest, plan.names, plan.firestore)
        findings = run("queries-indexed", replace(changed, archives=archives)).findings
        severities = sorted(each.severity for each in findings)
        assert severities == ["violation", "warning"]


class TestEvolution:
    """Pitfalls 55, 56 and 58, and incident 41 for messages."""

    @pytest.fixture
    def released(self, plan: Blueprint, tmp_path: Path) -> Path:
        write_snapshot(tmp_path, plan.schemas.tables, plan.messages)
        return tmp_path

    def table(self, plan: Blueprint) -> Any:
        return plan.schemas.tables["nba_orchestration.phase_completions"]

    def refusals(self, released: Path, plan: Blueprint, table: Any) -> list[str]:
        tables = {**plan.schemas.tables, table.id: table}
        return [each.message for each in check_evolution(released, tables, plan.messages)[1]]

    def test_an_unchanged_schema_passes(self, plan: Blueprint, released: Path) -> None:
        checked, findings = check_evolution(released, plan.schemas.tables, plan.messages)
        assert (checked, findings) == (len(plan.schemas.tables) + len(plan.messages), ())
        assert write_snapshot(released, plan.schemas.tables, plan.messages) == ()

    def test_a_new_nullable_column_passes(self, plan: Blueprint, released: Path) -> None:
        table = self.table(plan)
        column = replace(table.columns[4], name="host")
        assert self.refusals(released, plan, replace(table, columns=(*table.columns, column))) == []

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (
                lambda c: (*c, replace(c[0], name="host")),
                "`host` of `nba_orchestration.phase_completions` is new and REQUIRED",
            ),
            (lambda c: c[:-3] + c[-2:], "is gone: keep it NULLABLE"),
            (
                lambda c: (replace(c[0], type="INTEGER"), *c[1:]),
                "changed its type from STRING to INTEGER: the table would be replaced and lose its rows; add a column",
            ),
            (lambda c: (*c[:4], replace(c[4], mode="REQUIRED"), *c[5:]), "became REQUIRED"),
            (
                lambda c: (*c[:4], replace(c[4], mode="REPEATED"), *c[5:]),
                "changed its type from INTEGER to ARRAY<INTEGER>",
            ),
            (lambda c: (*c[:5], replace(c[5], name="run_id"), *c[6:]), "seems to be renamed to `run_id`"),
            (lambda c: (replace(c[0], max_length=10), *c[1:]), "shrank from STRING to STRING(10)"),
        ],
    )
    def test_a_column_change_is_refused_with_the_safe_migration(
        self, plan: Blueprint, released: Path, change: Callable[[Any], Any], sentence: str
    ) -> None:
        table = self.table(plan)
        assert any(
            sentence in each for each in self.refusals(released, plan, replace(table, columns=change(table.columns)))
        )

    def test_another_partitioning_is_refused(self, plan: Blueprint, released: Path) -> None:
        found = self.refusals(released, plan, replace(self.table(plan), partitioning=None))
        assert "changed its partitioning from game_date by DAY to none: the table would be replaced" in found[0]

    def test_another_clustering_is_in_place(self, plan: Blueprint, released: Path) -> None:
        assert self.refusals(released, plan, replace(self.table(plan), clustering=("phase",))) == []

    def test_a_shorter_expiry_is_refused_and_a_longer_one_passes(self, plan: Blueprint, released: Path) -> None:
        table = plan.schemas.tables["nba_orchestration.service_errors"]
        assert table.partitioning is not None
        shorter = replace(table, partitioning=replace(table.partitioning, expiration_days=30))
        assert "keeps partitions 30 days instead of 90 days" in self.refusals(released, plan, shorter)[0]
        longer = replace(table, partitioning=replace(table.partitioning, expiration_days=None))
        assert self.refusals(released, plan, longer) == []

    def test_a_table_whose_file_is_gone_is_refused(self, plan: Blueprint, released: Path) -> None:
        tables = without(plan.schemas.tables, "nba_orchestration.phase_completions")
        _, findings = check_evolution(released, tables, plan.messages)
        assert "would destroy it with its rows" in findings[0].message

    def test_a_damaged_snapshot_is_refused(self, plan: Blueprint, released: Path) -> None:
        next((released / "schemas/.released/bigquery").iterdir()).write_text('{"name": 3}')
        _, findings = check_evolution(released, plan.schemas.tables, plan.messages)
        assert "cannot be read" in findings[0].message

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            (lambda s: s["required"].append("record_count"), "`record_count` became required"),
            (lambda s: s["properties"]["status"]["enum"].remove("partial"), "no longer takes partial"),
            (lambda s: s["properties"]["record_count"].update(minimum=1), "higher minimum"),
            (lambda s: s["properties"]["record_count"].update(type="integer"), "no longer null"),
            (lambda s: s.update(additionalProperties=False), "no longer takes anything else"),
            (lambda s: s["properties"]["output_table"].update(pattern="^a"), "new pattern"),
            (lambda s: s["properties"].pop("skip_downstream"), ""),
            (lambda s: s["properties"].update(extra={"type": "string"}), ""),
        ],
    )
    def test_a_message_that_refuses_more_needs_a_new_version(
        self, plan: Blueprint, released: Path, change: Callable[[Any], Any], sentence: str
    ) -> None:
        message = plan.messages["completion"]
        schema = json.loads(json.dumps(message.schema))
        change(schema)
        messages = {**plan.messages, "completion": replace(message, schema=schema)}
        found = [each.message for each in check_evolution(released, plan.schemas.tables, messages)[1]]
        assert any(sentence in each for each in found) if sentence else found == []
        schema["properties"]["schema_version"]["const"] = 2
        assert check_evolution(released, plan.schemas.tables, messages)[1] == ()


def test_release_schema_records_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ops.__main__ import guarded

    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    shutil.copy(ROOT / "pipeline.yaml", tmp_path)
    command = ["release-schema", "--root", str(tmp_path)]
    assert guarded(command) == 0
    path = tmp_path / "schemas/bigquery/nba_orchestration/service_errors.sql"
    path.write_text(path.read_text().replace("partition_expiration_days=90", "partition_expiration_days=30"))
    assert guarded(command) == 1
    assert "keeps partitions 30 days" in capsys.readouterr().err
    assert guarded([*command, "--accept", "nba_orchestration.service_errors"]) == 0
    assert "service_errors.json" in capsys.readouterr().out
