"""The messages of a trigger: one, or one of each output table, with what a consumer tells repeats by."""

from __future__ import annotations

import json
from dataclasses import replace

from shared.decisions import triggers

from tests.functions.test_publication import EXPECTED, NOW, P3, ended, published


def test_each_output_table_has_its_message() -> None:
    found = published(P3, {name: ended() for name in EXPECTED[:4]})
    sent = triggers.messages(P3, found, "a-function", NOW, attempt=3)
    told = [json.loads(each.data) for each in sent]
    assert [each["source_table"] for each in told] == [each.attributes["source_table"] for each in sent] == [*EXPECTED]
    assert [each["success"] for each in told] == [name in EXPECTED[:4] for name in EXPECTED]
    common = {(each.attributes["boundary"], each.attributes["attempt"]) for each in sent}
    assert common == {("phase3_to_phase4", "3")}
    assert {each.attributes["trigger_id"] for each in sent} == {P3.trigger_id(found.date)}


def test_a_trigger_that_knows_no_tables_is_one_message() -> None:
    whole = replace(P3, trigger=replace(P3.trigger, per_output_table=False))
    [sent] = triggers.messages(whole, published(P3, {}), "a-function", NOW)
    assert sent.attributes == {
        "trigger_id": P3.trigger_id("2026-01-29"),
        "boundary": "phase3_to_phase4",
        "attempt": "1",
    }
