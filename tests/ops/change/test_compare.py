"""Two plans compared: what is added, removed, changed in place, replaced; what is at stake; what is newly broken."""

from __future__ import annotations

import json
from typing import Any

from ops.change.compare import NOTES, compare
from ops.change.model import FileChange, PlanDifference, PropertyChange
from tests.ops.change.plans import archive, plan, resource, violation

TOPIC = "gcp:pubsub/topic:Topic"
TABLE = "gcp:bigquery/table:Table"
MEMBER = "gcp:projects/iAMMember:IAMMember"
NAMES = ("base", "head")


def difference(base: dict[str, Any], head: dict[str, Any]) -> PlanDifference:
    return compare(base, head, names=NAMES)


def columns(*names: str, **types: str) -> str:
    return json.dumps([{"name": name, "type": types.get(name, "STRING"), "mode": "NULLABLE"} for name in names])


def table(schema: str) -> dict[str, Any]:
    return resource(TABLE, "t", protect=True, tableId="t", schema=schema)


def test_equal_plans_do_not_differ() -> None:
    same = plan(resource(TOPIC, "a", name="a"), archives=[archive("f", main_py="1")])
    assert difference(same, same).empty


def test_added_and_removed() -> None:
    found = difference(plan(resource(TOPIC, "a")), plan(resource(TOPIC, "b"))).resources
    assert [(each.operation, each.name) for each in found] == [("removed", "a"), ("added", "b")]


def test_a_property_that_changes_in_place() -> None:
    sides = [resource(TOPIC, "a", name="a", labels={"team": team, "x": "y"}) for team in ("one", "two")]
    [found] = difference(plan(sides[0]), plan(sides[1])).resources
    assert found.operation == "changed"
    assert found.changes == (PropertyChange("labels.team", "one", "two"),)


def test_a_property_that_cannot_change_replaces() -> None:
    [found] = difference(plan(resource(TOPIC, "a", name="a")), plan(resource(TOPIC, "a", name="b"))).resources
    assert found.operation == "replaced"
    assert found.changes == (PropertyChange("name", "a", "b", replaces=True),)


def test_a_new_column_changes_in_place_by_its_name() -> None:
    [found] = difference(plan(table(columns("x", "z"))), plan(table(columns("x", "y", "z")))).resources
    assert (found.operation, found.weight) == ("changed", "stateful")
    assert {change.path for change in found.changes} == {"schema[y].name", "schema[y].type", "schema[y].mode"}


def test_another_column_type_replaces_the_table() -> None:
    [found] = difference(plan(table(columns("x"))), plan(table(columns("x", x="INT64")))).resources
    assert found.operation == "replaced"
    assert found.changes == (PropertyChange("schema[x].type", "STRING", "INT64", replaces=True),)


def test_what_is_only_written_differently_is_no_difference() -> None:
    order = [table(columns(*names)) for names in (("x", "y"), ("y", "x"))]
    assert difference(plan(order[0]), plan(order[1])).empty
    alias = [table(columns("x", x=name)) for name in ("INT64", "INTEGER")]
    assert difference(plan(alias[0]), plan(alias[1])).empty
    member = [resource(MEMBER, "g", role="roles/x", member=name, project="p") for name in ("user:A@b.c", "user:a@b.c")]
    assert difference(plan(member[0]), plan(member[1])).empty


def test_a_column_whose_name_changes_in_case_replaces_the_table() -> None:
    [found] = difference(plan(table(columns("notes"))), plan(table(columns("Notes")))).resources
    assert found.operation == "replaced"


def test_what_is_left_out_is_not_removed() -> None:
    days = {"type": "DAY", "field": "day", "expirationMs": 7_776_000_000}
    never = {"type": "DAY", "field": "day"}
    sides = [resource(TABLE, "t", protect=True, tableId="t", timePartitioning=each) for each in (days, never)]
    [found] = difference(plan(sides[0]), plan(sides[1])).resources
    assert found.operation == "kept"
    [change] = found.changes
    assert (change.path, change.after, change.note) == ("timePartitioning.expirationMs", "", NOTES["kept"])
    stated = resource(TABLE, "t", protect=True, tableId="t", timePartitioning={**never, "expirationMs": 0})
    assert difference(plan(sides[0]), plan(stated)).resources[0].operation == "changed"


def test_partitioning_that_is_gone_replaces_the_table() -> None:
    sides = [
        resource(TABLE, "t", tableId="t", timePartitioning={"type": "DAY", "field": "d"}),
        resource(TABLE, "t", tableId="t"),
    ]
    [found] = difference(plan(sides[0]), plan(sides[1])).resources
    assert found.operation == "replaced"


def test_what_the_service_refuses_is_said() -> None:
    sides = [
        resource(TABLE, "t", tableId="t", timePartitioning={"type": each, "field": "d"}) for each in ("DAY", "HOUR")
    ]
    [found] = difference(plan(sides[0]), plan(sides[1])).resources
    assert [change.note for change in found.changes] == [NOTES["refused"]]


def test_what_is_at_stake_comes_in_order_and_permissions_say_who_may_do_what() -> None:
    member = resource(MEMBER, "g", role="roles/editor", member="allUsers", project="p")
    found = difference(plan(), plan(resource(TOPIC, "a"), table(columns("x")), member)).resources
    assert [each.weight for each in found] == ["start", "stateful", "permission"]
    assert found[2].about == "roles/editor for allUsers on the project"


def test_losing_protection_is_a_change_of_what_holds_data() -> None:
    bare = resource(TABLE, "t", tableId="t", schema=columns("x"))
    [found] = difference(plan(table(columns("x"))), plan(bare)).resources
    assert (found.weight, found.changes) == ("stateful", (PropertyChange("options.protect", "true", ""),))


def test_references_are_leaves() -> None:
    sides = [resource(TOPIC, "a", kmsKeyName={"$ref": "urn::x::y::key", "property": name}) for name in ("id", "name")]
    [found] = difference(plan(sides[0]), plan(sides[1])).resources
    assert found.changes == (PropertyChange("kmsKeyName", "‹id of key›", "‹name of key›", replaces=False),)


def test_archives_name_the_files_that_differ() -> None:
    before, after = (
        archive("f", main_py="1", gone_py="1", same_py="1"),
        archive("f", main_py="2", new_py="1", same_py="1"),
    )
    [found] = difference(plan(archives=[before]), plan(archives=[after])).archives
    assert found.operation == "changed"
    assert found.files == (
        FileChange("removed", "gone.py"),
        FileChange("changed", "main.py"),
        FileChange("added", "new.py"),
    )


def test_a_violation_is_newly_broken_only_once() -> None:
    known = violation("Known.", line=3)
    head = plan(violations=[violation("Known.", line=9), violation("New.")])
    found = difference(plan(violations=[known, violation("Old.")]), head)
    assert [each.message for each in found.broken] == ["New."]
    assert [each.message for each in found.mended] == ["Old."]


def test_a_refused_side_is_not_taken_for_an_empty_cloud() -> None:
    found = difference(plan(resource(TOPIC, "a")), plan(violations=[violation("New.")]))
    assert (found.refused, found.resources) == ("head", ())


def test_of_a_long_text_only_the_part_that_differs_is_shown() -> None:
    words = " ".join(["word"] * 100)
    sides = [resource(TOPIC, "a", labels={"x": f"{words} {middle} {words}"}) for middle in ("old", "new")]
    [found] = difference(plan(sides[0]), plan(sides[1])).resources
    [change] = found.changes
    assert (len(change.before), change.before.strip("….").split().count("old")) == (len(change.after), 1)
    assert len(change.before) < 80


def test_of_many_lines_only_those_that_differ_are_shown() -> None:
    lines = [f"line {number}" for number in range(50)]
    after = [*lines[:10], "line ten", *lines[11:40], *lines[41:]]
    sides = [resource(TOPIC, "a", labels={"x": "\n".join(each)}) for each in (lines, after)]
    [found] = difference(plan(sides[0]), plan(sides[1])).resources
    assert found.changes == (PropertyChange("labels.x", "line 10 ⏎ line 40", "line ten"),)
