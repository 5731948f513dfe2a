"""What schemas say otherwise is told, although no resource shows it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.findings import Location
from blueprint.loader import read_manifest
from blueprint.schemas.firestore import Firestore, Ttl
from blueprint.schemas.messages import MessageSchema
from blueprint.sources import OPERATORS_ENGINE
from ops.change.documents import contents, expiries
from ops.change.model import Meaning
from ops.change.operators import of_operators, of_questions, operators_engine, questions

AT = Location("a.yaml")
ROOT = Path(__file__).resolve().parents[3]
TRIGGER = json.loads((ROOT / "schemas/messages/phase3-trigger.json").read_bytes())


def test_how_long_documents_are_kept() -> None:
    long, short = (Firestore(ttls=(Ttl("days", "_expires_at", 86_400 * days, AT),)) for days in (400, 40))
    assert [*expiries(long, short)] == [
        Meaning("data", "Documents of 'days' expire after 40 days instead of 400 days.")
    ]
    assert [*expiries(long, long)] == []


def told(**changes: Any) -> list[str]:
    sides = (TRIGGER, copy.deepcopy(TRIGGER) | changes)
    before, after = ({"start": MessageSchema("start", schema, AT)} for schema in sides)
    assert {each.rank for each in contents(before, after)} <= {"start"}
    return [each.sentence for each in contents(before, after)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"additionalProperties": True}, "The message 'start' has additionalProperties true instead of false."),
        ({"required": []}, "The message 'start' has required [] instead of [\"game_date\"]."),
        (
            {"properties": TRIGGER["properties"] | {"game_date": {"type": "string"}}},
            "The message 'start' has properties.game_date.format nothing instead of date.",
        ),
    ],
)
def test_what_a_message_may_say(changes: dict[str, Any], sentence: str) -> None:
    assert told(**changes) == [sentence]


def test_words_are_not_told() -> None:
    assert told(description="Another", title="One more") == []


def test_what_operators_run_of_the_library_is_told(tmp_path: Path) -> None:
    manifest, _ = read_manifest(ROOT)
    assert manifest is not None
    here = operators_engine(ROOT, manifest)
    assert here
    (tmp_path / "functions/shared/orchestration").mkdir(parents=True)
    assert operators_engine(tmp_path, manifest) is None
    (tmp_path / "functions/shared" / OPERATORS_ENGINE).write_bytes(here.replace(b"sys.exit", b"sys.exiit"))
    said = f"`ops repair` runs another {OPERATORS_ENGINE} of the functions' library."
    assert [*of_operators(here, operators_engine(tmp_path, manifest))] == [Meaning("start", said)]
    assert [*of_operators(here, here)] == []


def test_another_question_of_operators_is_told_and_its_layout_is_not(tmp_path: Path) -> None:
    for name, text in (("a", "SELECT x FROM y -- why\n"), ("b", "select  x\nfrom y;"), ("c", "SELECT X FROM y")):
        (tmp_path / name / "schemas/operators").mkdir(parents=True)
        (tmp_path / name / "schemas/operators/stalled.sql").write_text(text, encoding="utf-8")
    first, second, third = (questions(tmp_path / name) for name in "abc")
    said = "`ops validate` and `ops repair` ask for 'stalled' otherwise."
    assert [*of_questions(first, second)] == []
    assert [*of_questions(first, third)] == [*of_questions(first, {})] == [Meaning("rest", said)]
