"""What a trigger says of a state comes from the state: a constant that could be false is refused, or says why."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blueprint.check import check
from blueprint.stack import StackSettings
from tests.blueprint.contracts.test_wiring import checked, judged

METERS = Path(__file__).resolve().parents[2] / "pipelines" / "meters"
SUCCESS = "success: {from: source_succeeded}"
LATEST = "update_latest: {value: true, because: every date that is published moves the pointer}"


def found(project: Path, *edits: tuple[str, str]) -> list[str]:
    return [finding.message for finding in judged(checked(project, *edits), "triggers-fit").findings]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([(SUCCESS, "success: {value: true}")], "the constant for `success` says the same whatever happened"),
        ([(LATEST, "update_latest: {value: true}")], "the constant for `update_latest` says the same"),
        ([("trigger_reason: {from: reason}", "trigger_reason: {value: all_complete}")], "the constant for `trigger_reason`"),
        ([("mode: {from: mode}", "mode: {value: overnight}")], "the constant for `mode`"),
        ([("trigger_reason: {from: reason}", "trigger_reason: {value: success}")], "the constant for `trigger_reason`"),
        ([(LATEST, "update_latest: {from: source_succeeded}")], "only a trigger with `per_output_table: true` has"),
        ([(SUCCESS, "success: {from: reason}")], "takes boolean, but `reason` is string"),
    ],
)  # fmt: skip
def test_a_constant_that_depends_on_a_state_is_refused(
    project: Path, edits: list[tuple[str, str]], expected: str
) -> None:
    (message,) = found(project, *edits)
    assert expected in message


@pytest.mark.parametrize(
    "edits",
    [
        [],
        [(SUCCESS, "success: {value: true, because: the service takes no other value}")],
        [(SUCCESS, "success: {from: partial}")],
        [("trigger_reason: {from: reason}", "trigger_reason: {value: a text of no state}")],
        [("trigger_source: {value: orchestrator}", "trigger_source: {value: machine}")],
    ],
)
def test_a_constant_that_depends_on_nothing_passes(project: Path, edits: list[tuple[str, str]]) -> None:
    assert found(project, *edits) == []


SOURCE = 'upstream_batch_id: {from: "metadata.batch_id"}'
TAKES = ("schemas/messages/phase6-export-trigger.json", '"upstream_batch_id": {"type": ["string", "null"]')


@pytest.mark.parametrize(
    ("source", "takes", "required", "expected"),
    [
        ("metadata.batch_id", '["string", "null"]', False, ""),
        ("metadata.batch_id", '"string"', True, "is required but `metadata.batch_id` of 'completion' can be absent"),
        ("metadata.batch_id", '"string"', False, ""),
        ("metadata.batch_id", '["string", "null"]', True, "can be absent"),  # a null is left out of what is published
        ("metadata.batch_id", '["integer", "null"]', False, "takes integer, but `metadata.batch_id` is string"),
        ("metadata.batch_id", '["string", "null"], "format": "date"', False, "takes string of the format date"),
        ("metadata.batch", '["string", "null"]', False, "which 'completion' does not describe; describe it."),
        ("metadata.failed_predictions", '["integer", "null"]', False, ""),
        ("date", '["string", "null"], "format": "date"', False, ""),
        ("date", '["string", "null"], "format": "date-time"', False, "but `date` is string of the format date;"),
    ],
)
def test_a_field_takes_what_its_source_gives(
    tree: Path,
    source: str,
    takes: str,
    required: bool,
    expected: str,
) -> None:
    file, old = tree / TAKES[0], TAKES[1]
    text = file.read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, old.partition('["')[0] + takes)
    if required:
        text = text.replace('"required": ["export_types"', '"required": ["upstream_batch_id", "export_types"')
    file.write_text(text, encoding="utf-8")
    messages = [
        each
        for each in found(tree, (SOURCE, SOURCE.replace("metadata.batch_id", source)))
        if "upstream_batch_id" in each
    ]
    assert len(messages) == bool(expected)
    assert expected in "".join(messages)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("", []),
        (', "format": "date"', ["`hour` takes string of the format date, but `date` is string; correct one of them."]),
    ],
)
def test_a_key_of_hours_is_no_date(tmp_path: Path, form: str, expected: list[str]) -> None:
    shutil.copytree(METERS, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "schemas" / "messages" / "start.json"
    text = file.read_text(encoding="utf-8")
    hour = '"hour": {"type": "string"'
    assert hour in text
    file.write_text(text.replace(hour, hour + form), encoding="utf-8")
    stack = StackSettings("pune", "a-project", "123456789012", "asia-south1", "pune")
    messages = [each.message for each in judged(check(tmp_path, stack), "triggers-fit").findings]
    assert [message.partition(": ")[2] for message in messages] == expected


def test_each_number_that_a_batch_counts_with_is_looked_at(tree: Path) -> None:
    result = judged(checked(tree), "batches-described")
    text = (tree / "pipeline.yaml").read_text(encoding="utf-8")
    assert result.checked == 2 * text.count("batch: {")
    assert result.findings == ()
