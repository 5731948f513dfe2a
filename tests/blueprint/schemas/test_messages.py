"""Message schemas: every example is judged the same by our validator and by a complete one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.loader import load_manifest
from blueprint.schemas.messages import (
    MessageSchema,
    load_messages,
)
from blueprint.schemas.validation import is_date, is_time
from tests.blueprint.schemas.fixtures import Fixture, load_fixtures

ROOT = Path(__file__).resolve().parents[3]
MESSAGES, FINDINGS = load_messages(ROOT, load_manifest(ROOT).phase_labels())
EXAMPLES = [(name, fixture) for name in MESSAGES for fixture in load_fixtures(ROOT, name)]


def reference(message: MessageSchema) -> jsonschema.Draft202012Validator:
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date")(lambda value: not isinstance(value, str) or is_date(value))
    checker.checks("date-time")(lambda value: not isinstance(value, str) or is_time(value))
    return jsonschema.Draft202012Validator(dict(message.schema), format_checker=checker)


def test_every_schema_is_sound() -> None:
    assert [str(finding) for finding in FINDINGS] == []
    assert len(MESSAGES) == len(list((ROOT / "schemas/messages").glob("*.json")))
    for message in MESSAGES.values():
        jsonschema.Draft202012Validator.check_schema(dict(message.schema))


def test_every_message_has_good_and_bad_examples() -> None:
    for name in MESSAGES:
        kinds = {fixture.fault is None for other, fixture in EXAMPLES if other == name}
        assert kinds == {True, False}, name


@pytest.mark.parametrize(("name", "fixture"), EXAMPLES, ids=[f"{n}:{f.name}" for n, f in EXAMPLES])
def test_example_is_judged_as_it_says(name: str, fixture: Fixture) -> None:
    assert fixture.name.startswith("good-" if fixture.fault is None else "bad-")
    message = MESSAGES[name]
    try:
        data = fixture.data
    except ValueError:
        assert fixture.fault == ""
        return
    faults = [fault.pointer for fault in message.validate(data, fixture.attributes)]
    assert (fixture.fault in faults) if fixture.fault is not None else faults == []
    if not (fixture.fault or "").startswith("@"):
        assert reference(message).is_valid(data) == (fixture.fault is None)


VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_validator_agrees_with_the_complete_one(data: st.DataObject) -> None:
    """One field of a good example is replaced or dropped; both validators must judge the result alike."""
    name, fixture = data.draw(st.sampled_from([pair for pair in EXAMPLES if pair[1].fault is None]))
    value = fixture.data
    key = data.draw(st.sampled_from(sorted({*value, *MESSAGES[name].fields})))
    if data.draw(st.booleans()):
        value[key] = data.draw(VALUES)
    else:
        value.pop(key, None)
    assert (MESSAGES[name].validate(value) == ()) == reference(MESSAGES[name]).is_valid(value)


@given(text=st.text(max_size=30))
def test_dates_and_times_never_raise(text: str) -> None:
    assert not (is_date(text) and is_time(text))


@pytest.mark.parametrize("text", ["2026-01-24T05:00:00Z", "2026-01-24 05:00:00.123456+0000", "2026-01-24t05:00:00"])
def test_times_that_publishers_write(text: str) -> None:
    assert is_time(text)


@pytest.mark.parametrize(
    "text",
    ["2026-01-24T25:00:00Z", "2026-13-01T00:00:00Z", "2026-01-24", "2026-01-24T05:00:00+99:00", "٢٠٢٦-01-24T05:00:00"],
)
def test_times_that_are_none(text: str) -> None:
    assert not is_time(text)


@pytest.mark.parametrize(
    ("content", "sentence", "line"),
    [
        ("{", "This is not JSON", 1),
        ('{"type": "object",\n "properties": {"a": {"typ": "string"}}}', "Keyword `typ` is not understood", 2),
        ('{"type": "object",\n "properties": {"a": {"type": "text"}}}', "`text` names no JSON type", 2),
        ('{"type": "object", "required": ["b"]}', "`b` is required but not described", 1),
        ('{"type": "object", "properties": {}}', "has no `schema_version`", 1),
        ('{"type": "array"}', "A message is an object", 1),
        ('{"properties": {"schema_version": {"const": 1}}}', "A message is an object", 1),
        (
            '{"type": "object", "properties": {\n"schema_version": {"const": 1},\n"a": {"type": ["null"]}}}',
            "The field `a` has no type beside null",
            3,
        ),
        (
            '{"type": "object", "properties": {\n"schema_version": {"const": 1},\n"a": {"minLength": 1}}}',
            "The field `a` has no type beside null",
            3,
        ),
        ('{"type": "object", "type": "object"}', "Key `type` is written twice", None),
        ("[]", "A schema must be an object", 1),
    ],
)
def test_a_bad_schema_is_refused_with_its_place(tmp_path: Path, content: str, sentence: str, line: int | None) -> None:
    (tmp_path / "schemas/messages").mkdir(parents=True)
    (tmp_path / "schemas/messages/a.json").write_text(content)
    messages, findings = load_messages(tmp_path, {})
    assert messages == {}
    assert sentence in findings[0].message
    assert findings[0].at.line == line


def test_the_compact_form_judges_alike() -> None:
    for name, fixture in EXAMPLES:
        if fixture.fault is None:
            assert MessageSchema(name, MESSAGES[name].compact(), MESSAGES[name].at).validate(fixture.data) == ()
    assert "description" not in json.dumps(MESSAGES["completion"].compact())
