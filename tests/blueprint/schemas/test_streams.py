"""Streams: the generated transforms run in a real JavaScript engine, on every example and on hostile
messages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_mini_racer import JSEvalException, MiniRacer

from blueprint.loader import load_manifest
from blueprint.manifest import ColumnSource as Source
from blueprint.schemas.loader import load_schemas
from blueprint.schemas.messages import load_messages
from blueprint.schemas.rows import check_row
from blueprint.schemas.streams import MAX_CODE_BYTES, Transform, load_streams
from tests.blueprint.schemas.fixtures import Fixture, load_fixtures

ROOT = Path(__file__).resolve().parents[3]
MANIFEST = load_manifest(ROOT)
SCHEMAS, _ = load_schemas(ROOT)
MESSAGES, _ = load_messages(ROOT, MANIFEST.phase_labels())
STREAMS, FINDINGS = load_streams(MANIFEST, MESSAGES, SCHEMAS.tables)
METADATA = {"message_id": "811", "publish_time": "2026-01-25T05:12:45Z"}
EXAMPLES = [(name, fixture) for name, each in STREAMS.items() for fixture in load_fixtures(ROOT, each.message)]
GOOD = [(name, fixture) for name, fixture in EXAMPLES if fixture.fault is None]


class Engine:
    """One JavaScript context with one transform in it, called the way Pub/Sub calls it."""

    def __init__(self, transform: Transform) -> None:
        self.context = MiniRacer()
        self.context.eval(transform.code)
        self.function = transform.function_name

    def __call__(self, raw: str, metadata: Mapping[str, str] | None = METADATA) -> dict[str, Any]:
        message = json.dumps({"data": raw, "attributes": {"a": "b"}})
        call = f"JSON.stringify({self.function}(JSON.parse({json.dumps(message)}), {json.dumps(metadata)}))"
        result = json.loads(str(self.context.eval(call)))
        assert result["attributes"] == {"a": "b"}
        row: dict[str, Any] = json.loads(result["data"])
        return row


ENGINES = {name: Engine(transform) for name, transform in STREAMS.items()}


def test_every_declared_stream_maps() -> None:
    assert [str(finding) for finding in FINDINGS] == []
    assert set(STREAMS) == set(MANIFEST.streams)
    for transform in STREAMS.values():
        assert len(transform.code.encode()) < MAX_CODE_BYTES
        assert transform.code.isascii()


@pytest.mark.parametrize(("name", "fixture"), EXAMPLES, ids=[f"{n}:{f.name}" for n, f in EXAMPLES])
def test_example_becomes_a_row_or_throws(name: str, fixture: Fixture) -> None:
    if fixture.fault is not None and not fixture.fault.startswith("@"):
        with pytest.raises(JSEvalException):
            ENGINES[name](fixture.raw)
        return
    row = ENGINES[name](fixture.raw)
    assert check_row(SCHEMAS.tables[STREAMS[name].table].columns, row) == ()


def completion(name: str) -> dict[str, Any]:
    fixture = next(fixture for stream, fixture in GOOD if stream == "completions" and fixture.name == name)
    data: dict[str, Any] = fixture.data
    return data


def test_the_row_says_what_the_table_says() -> None:
    row = ENGINES["completions"](json.dumps(completion("good-incremental")))
    assert row["phase"] == "phase3"
    assert row["processor_name"] == "upcoming_player_game_context"
    assert row["completed_at"] == "2026-01-25T05:12:44.118204+00:00"
    assert row["inserted_at"] == METADATA["publish_time"]
    assert row["entities_changed"] == ["lebronjames", "stephencurry"]
    assert json.loads(row["metadata"])["is_incremental"] is True


def test_a_missing_correlation_id_falls_back_to_the_execution_id() -> None:
    for missing in ("good-minimal",):
        data = completion(missing)
        assert ENGINES["completions"](json.dumps(data))["correlation_id"] == data["execution_id"]
    data = completion("good-full") | {"correlation_id": ""}
    assert ENGINES["completions"](json.dumps(data))["correlation_id"] == data["execution_id"]


def test_an_unknown_processor_keeps_its_name() -> None:
    row = ENGINES["completions"](json.dumps(completion("good-unknown-processor")))
    assert row["processor_name"] == "BrandNewThingProcessor"


def test_every_declared_name_and_alias_is_normalised() -> None:
    checked = 0
    for phase in MANIFEST.phases.values():
        for processor in phase.processors.values():
            for sent in (processor.name, *processor.aliases):
                data = completion("good-minimal") | {"processor_name": sent, "phase": phase.label}
                assert ENGINES["completions"](json.dumps(data))["processor_name"] == processor.name
                checked += 1
    assert checked > 30


@pytest.mark.parametrize(
    ("sent", "table", "name"),
    [
        ("SomethingElse", "nba_analytics.player_game_summary", "player_game_summary"),
        ("AsyncTeamOffenseGameSummaryProcessor", None, "team_offense_game_summary"),
        ("constructor", "toString", "constructor"),
        ("__proto__", "a.__proto__", "__proto__"),
    ],
)
def test_names_without_an_alias(sent: str, table: str | None, name: str) -> None:
    data = completion("good-minimal") | {"processor_name": sent, "output_table": table}
    assert ENGINES["completions"](json.dumps(data))["processor_name"] == name


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "null",
        "[]",
        "1",
        '"text"',
        "{",
        "{}",
        "NaN",
        "[" * 3000 + "]" * 3000,
        json.dumps(completion("good-full")).replace("312", "1e400"),
        json.dumps(completion("good-full")).replace("312", "9007199254740993"),
        json.dumps(completion("good-full")).replace('"phase_3_analytics"', '"__proto__"'),
        json.dumps(completion("good-full")).replace('"phase_3_analytics"', '"constructor"'),
        json.dumps(completion("good-full")).replace('"is_incremental": false', '"is_incremental": "false"'),
        json.dumps(completion("good-full")).replace('"metadata": {', '"metadata": {"deep": [1e999], '),
    ],
)
def test_hostile_messages_throw(raw: str) -> None:
    with pytest.raises(JSEvalException):
        ENGINES["completions"](raw)


@pytest.mark.parametrize("metadata", [None, {}, {"publish_time": ""}])
def test_no_publish_time_throws_where_the_column_is_required(metadata: dict[str, str] | None) -> None:
    with pytest.raises(JSEvalException, match="inserted_at"):
        ENGINES["completions"](json.dumps(completion("good-full")), metadata)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-01-25T05:12:44", "2026-01-25T05:12:44Z"),
        ("2026-01-25 05:12:44.123456789+0530", "2026-01-25T05:12:44.123456+05:30"),
        ("2026-01-25t05:12:44z", "2026-01-25T05:12:44Z"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"),
    ],
)
def test_times_are_written_in_one_form(sent: str, stored: str) -> None:
    data = completion("good-minimal") | {"timestamp": sent}
    assert ENGINES["completions"](json.dumps(data))["completed_at"] == stored


VALUES: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["2026-02-29", "2024-02-29", "0000-01-01", "2026-01-25T24:00:00Z", "success", "phase_2_raw"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_the_transform_judges_as_the_schema_does(data: st.DataObject) -> None:
    """A message is refused by the transform exactly when the schema refuses it; what passes is a row of
    the table.
    """
    name, fixture = data.draw(st.sampled_from(GOOD))
    value = fixture.data
    transform = STREAMS[name]
    key = data.draw(st.sampled_from(sorted({*value, *MESSAGES[transform.message].fields})))
    if data.draw(st.booleans()):
        value[key] = data.draw(VALUES)
    else:
        value.pop(key, None)
    valid = MESSAGES[transform.message].validate(value) == ()
    try:
        row = ENGINES[name](json.dumps(value))
    except JSEvalException:
        assert not valid
    else:
        assert valid
        assert check_row(SCHEMAS.tables[transform.table].columns, row) == ()


@pytest.mark.parametrize(
    ("column", "source", "sentence"),
    [
        ("nope", {"field": "status"}, "has no such column"),
        ("status", {"field": "state"}, "has no field `state`"),
        ("record_count", {"field": "status"}, "does not fit NULLABLE INTEGER"),
        ("completed_at", {"field": "game_date"}, "does not fit REQUIRED TIMESTAMP"),
        ("status", {"field": "output_table"}, "its source can be absent"),
        ("metadata", {"field": "metadata"}, "every JSON column needs it"),
        ("status", {"field": "status", "json": True}, "belongs to a JSON column"),
        ("inserted_at", {"from_": "message_id"}, "fills a STRING column"),
        ("status", {"value": 3}, "the constant 3 does not fit"),
        ("status", {}, "give exactly one"),
        ("status", {"field": "status", "value": "x"}, "give exactly one"),
        ("phase", {"field": "status", "lookup": "phases"}, "the declaration knows the phase label"),
        ("entities_changed", {"field": "status"}, "does not fit REPEATED STRING"),
        ("status", {"field": "output_table", "otherwise": Source(MANIFEST.at, field="nope")}, "has no field `nope`"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(column: str, source: dict[str, Any], sentence: str) -> None:
    """Incidents 41 and 67: message and table were changed apart, and rows were refused at run time."""
    stream = MANIFEST.streams["completions"]
    assert isinstance(stream.columns, Mapping)
    changed = replace(stream, columns={**stream.columns, column: Source(stream.at, **source)})
    _, findings = load_streams(replace(MANIFEST, streams={"completions": changed}), MESSAGES, SCHEMAS.tables)
    assert any(sentence in finding.message for finding in findings), findings


def test_a_required_column_that_nothing_fills_is_refused() -> None:
    stream = MANIFEST.streams["completions"]
    assert isinstance(stream.columns, Mapping)
    columns = {name: source for name, source in stream.columns.items() if name != "inserted_at"}
    changed = replace(MANIFEST, streams={"completions": replace(stream, columns=columns)})
    streams, findings = load_streams(changed, MESSAGES, SCHEMAS.tables)
    assert streams == {}
    assert [finding.message for finding in findings] == [
        "Stream 'completions', column `inserted_at`: the column is REQUIRED but nothing fills it; map it."
    ]


def test_missing_table_and_message_are_refused() -> None:
    stream = MANIFEST.streams["completions"]
    changed = replace(MANIFEST, streams={"completions": replace(stream, table="nba_orchestration.nope")})
    _, findings = load_streams(changed, {}, SCHEMAS.tables)
    assert len(findings) == 2


def test_another_pipeline_s_stream_maps_too() -> None:
    """Nothing in the transform knows this pipeline: constants, other tables and other phases come from the
    declaration.
    """
    root = ROOT / "tests/pipelines/parcels"
    manifest, (schemas, _) = load_manifest(root), load_schemas(root, use_cache=False)
    messages, _ = load_messages(root, manifest.phase_labels())
    streams, findings = load_streams(manifest, messages, schemas.tables)
    assert findings == ()
    phase = next(iter(manifest.phases.values()))
    sent = {"processor_name": next(iter(phase.processors)), "phase": phase.label, manifest.date_field: "2026-01-24"}
    data = sent | {"execution_id": "1", "status": "success", "timestamp": "2026-01-24T05:00:00Z"}
    row = Engine(streams["done"])(json.dumps(data))
    assert check_row(schemas.tables["parcels_ops.journal"].columns, row) == ()
    assert (row["kind"], row["day"], row["name"]) == ("done", "2026-01-24", sent["processor_name"])
