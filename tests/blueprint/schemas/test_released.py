"""What a change of a released table does, and that the routes which refusals name work on the twin, release by release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from blueprint.schemas.bigquery import Table
from blueprint.schemas.differences import DifferenceKind
from blueprint.schemas.released import PLATFORM, READERS, check_evolution, unsafe, write_snapshot
from blueprint.schemas.sql import FileContext, parse
from provider.changes import TABLE, changes
from provider.tables import column_changes, columns
from tests.engine.twin.cloud import Cloud
from tests.engine.twin.deployment import Aborted, Call
from tests.engine.twin.provider import Twin, to_state, to_struct

URN = f"urn:pulumi:s::p::{TABLE}::t"
ID = "projects/p/datasets/ds/tables/t"


def table(text: str) -> Table:
    parsed = parse(text, FileContext(file="t.sql", kind="table", dataset="ds", name="t", project=None))
    assert [str(finding) for finding in parsed.findings] == []
    assert isinstance(parsed.declared, Table)
    return parsed.declared


BODY = "day DATE NOT NULL, notes STRING, amount NUMERIC(10, 2), place STRUCT<city STRING NOT NULL, zip STRING>"
ORDINARY = f"CREATE TABLE t ({BODY}) PARTITION BY day CLUSTER BY notes OPTIONS(partition_expiration_days=90)"


def edited(old: str, new: str) -> str:
    assert old in ORDINARY
    return ORDINARY.replace(old, new)


# what is changed, how the file reads then, what a release would do, a word of the refusal (nothing: it is allowed)
CHANGES = [
    ("a name in another case", edited("notes STRING", "Notes STRING").replace("BY notes", "BY Notes"), "replaces", "keep the name"),
    ("a new column", edited("notes STRING", "notes STRING, more STRING"), "in place", ""),
    ("a new column with a default", edited("notes STRING", "notes STRING, more STRING DEFAULT 'x'"), "refused", "in a second release"),
    ("a new required column", edited("notes STRING", "notes STRING, more STRING NOT NULL"), "replaces", "add it NULLABLE"),
    ("a default on a released column", edited("notes STRING", "notes STRING DEFAULT 'x'"), "in place", ""),
    ("no expiration any more", edited(" OPTIONS(partition_expiration_days=90)", ""), "in place", ""),
    ("a shorter expiration", edited("days=90", "days=30"), "in place", "deleted at once"),
    ("other clustering", edited("BY notes", "BY notes, day"), "in place", ""),
    ("no clustering", edited(" CLUSTER BY notes", ""), "in place", ""),
    ("columns in another order", edited("day DATE NOT NULL, notes STRING,", "notes STRING, day DATE NOT NULL,"), "nothing", ""),
    ("a new required field", edited("zip STRING", "zip STRING, street STRING NOT NULL"), "replaces", "add it NULLABLE"),
    ("a new field", edited("zip STRING", "zip STRING, street STRING"), "in place", ""),
    ("a field gone", edited(", zip STRING", ""), "replaces", "keep it"),
    ("a required field relaxed", edited("city STRING NOT NULL", "city STRING"), "in place", ""),
    ("a type by its other name", edited("NUMERIC(10, 2)", "DECIMAL(10, 2)"), "nothing", ""),
    ("another type", edited("notes STRING", "notes INT64").replace(" CLUSTER BY notes", ""), "replaces", "beside it"),
    ("a wider type", edited("NUMERIC(10, 2)", "NUMERIC(20, 2)"), "in place", ""),
    ("a narrower type", edited("NUMERIC(10, 2)", "NUMERIC(5, 2)"), "refused", "narrower column beside it"),
    ("a column made required", edited("notes STRING", "notes STRING NOT NULL"), "replaces", "keep it NULLABLE"),
    ("a column gone", edited("notes STRING, ", "").replace(" CLUSTER BY notes", ""), "in place", "stop writing it"),
    ("another partitioning", edited("BY day", "BY DATE_TRUNC(day, MONTH)"), "refused", "make a new table"),
    ("no partitioning", edited("PARTITION BY day ", "").replace(" OPTIONS(partition_expiration_days=90)", ""), "replaces", "make a new table"),
]  # fmt: skip


def fate(old: Table, new: Table) -> str:
    """Return the worst that the provider and the API make of a change."""
    order = ("nothing", "in place", "kept", "refused", "replaces")
    found = [each.effect for each in changes(TABLE, old.inputs(), new.inputs())]
    return max(("nothing", *found), key=order.index)


@pytest.mark.parametrize(("what", "text", "effect", "route"), CHANGES, ids=[each[0] for each in CHANGES])
def test_a_change_does_what_the_provider_makes_of_it(
    what: str, text: str, effect: str, route: str, tmp_path: Path
) -> None:
    old, new = table(ORDINARY), table(text)
    assert fate(old, new) == effect
    write_snapshot(tmp_path, {old.id: old}, {})
    _, findings = check_evolution(tmp_path, {new.id: new}, {})
    assert bool(findings) is bool(route), findings
    assert any(route in each.message for each in findings) or not route
    assert all(each.message.endswith(".") for each in findings)
    # whatever loses rows, or is refused when it is deployed, is refused before
    assert findings or effect not in ("replaces", "refused")


def test_every_answer_on_a_column_names_its_source() -> None:
    for _, text, _, _ in CHANGES:
        sides = [columns(each.schema_json()) or [] for each in (table(ORDINARY), table(text))]
        assert all(each.source and each.why for each in column_changes(*sides))


class Warehouse:
    """The twin, given one table release by release, without an engine."""

    def __init__(self, folder: Path) -> None:
        self.cloud = Cloud(folder / "cloud.sqlite")
        self.twin = Twin(self.cloud)
        self.twin.setting |= {"project": "p", "region": "r"}
        dataset = {"datasetId": "ds", "location": "r"}
        self._create("gcp:bigquery/dataset:Dataset", dataset)
        self.inputs: dict[str, Any] = {}
        self.state: dict[str, Any] = {}

    def _create(self, token: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        urn = f"urn:pulumi:s::p::{token}::t"
        made = self.twin.Create(provider_pb2.CreateRequest(urn=urn, properties=to_struct(inputs)), Call())
        return to_state(made.properties)

    def release(self, declared: Table, *, protected: bool = True) -> str:
        """Deploy the table as declared; return what happened to it."""
        inputs = {"datasetId": "ds", "tableId": "t", **declared.inputs(), "deletionProtection": protected}
        if not self.state:
            self.inputs, self.state = inputs, self._create(TABLE, inputs)
            return "created"
        asked = {"urn": URN, "id": ID, "olds": to_struct(self.state), "news": to_struct(inputs)}
        diff = self.twin.Diff(provider_pb2.DiffRequest(**asked, old_inputs=to_struct(self.inputs)), Call())
        if diff.replaces:
            return "replaced"
        if diff.changes == provider_pb2.DiffResponse.DIFF_SOME:
            self.state = to_state(self.twin.Update(provider_pb2.UpdateRequest(**asked), Call()).properties)
        self.inputs = inputs
        return "updated" if diff.changes == provider_pb2.DiffResponse.DIFF_SOME else "same"

    def give_up(self) -> None:
        """Destroy the table."""
        self.twin.Delete(provider_pb2.DeleteRequest(urn=URN, id=ID, properties=to_struct(self.state)), Call())


NEW = "CREATE TABLE t (day DATE NOT NULL, count INT64{columns}) PARTITION BY day{options}"
EXPIRING = " OPTIONS(partition_expiration_days=90)"
# refused difference → the file as released, what would be refused, and what its advice says, release by release
ROUTES: Mapping[DifferenceKind, tuple[str, str, Sequence[str]]] = {
    "column-added-default": (
        NEW.format(columns="", options=""),
        NEW.format(columns=", more STRING DEFAULT 'x'", options=""),
        (NEW.format(columns=", more STRING", options=""), NEW.format(columns=", more STRING DEFAULT 'x'", options="")),
    ),
    "column-added-required": (
        NEW.format(columns="", options=""),
        NEW.format(columns=", more STRING NOT NULL", options=""),
        (NEW.format(columns=", more STRING", options=""),),
    ),
    "column-recased": (
        NEW.format(columns=", notes STRING", options=""),
        NEW.format(columns=", Notes STRING", options=""),
        (),
    ),
    "column-retyped": (
        NEW.format(columns=", place STRING", options=""),
        NEW.format(columns=", place INT64", options=""),
        (NEW.format(columns=", place STRING, place_number INT64", options=""),),
    ),
    "column-made-required": (
        NEW.format(columns=", notes STRING", options=""),
        NEW.format(columns=", notes STRING NOT NULL", options=""),
        (),
    ),
    "column-dropped": (
        NEW.format(columns=", notes STRING NOT NULL", options=""),
        NEW.format(columns="", options=""),
        (NEW.format(columns=", notes STRING", options=""),),
    ),
    "column-narrowed": (
        NEW.format(columns=", notes STRING(90)", options=""),
        NEW.format(columns=", notes STRING(9)", options=""),
        (NEW.format(columns=", notes STRING(90), short_notes STRING(9)", options=""),),
    ),
}
# refused difference → the file as released and what would be refused; the advice is a new table
NEW_TABLES: Mapping[DifferenceKind, tuple[str, str]] = {
    "partitioning-changed": (
        NEW.format(columns="", options=""),
        "CREATE TABLE t (day DATE NOT NULL, count INT64) PARTITION BY DATE_TRUNC(day, MONTH)",
    ),
    "expiry-shortened": (
        NEW.format(columns="", options=EXPIRING),
        NEW.format(columns="", options=EXPIRING.replace("90", "30")),
    ),
    "filter-required": (
        NEW.format(columns="", options=""),
        NEW.format(columns="", options=" OPTIONS(require_partition_filter=TRUE)"),
    ),
}


def test_every_refusal_has_a_route() -> None:
    assert {*ROUTES, *NEW_TABLES} == {*READERS, *PLATFORM}


@pytest.mark.parametrize("kind", ROUTES)
def test_the_route_of_a_refusal_works_release_by_release(kind: DifferenceKind, tmp_path: Path) -> None:
    released, refused, steps = ROUTES[kind]
    before = table(released)
    assert kind in [difference.kind for difference, _ in unsafe(before, table(refused))]
    warehouse = Warehouse(tmp_path)
    assert warehouse.release(before) == "created"
    for text in steps:
        after = table(text)
        assert list(unsafe(before, after)) == []
        assert warehouse.release(after) == "updated"
        assert warehouse.release(after) == "same"
        before = after
    assert warehouse.release(before) == "same"


@pytest.mark.parametrize("kind", NEW_TABLES)
def test_a_new_table_takes_the_old_one_s_place_release_by_release(kind: DifferenceKind, tmp_path: Path) -> None:
    """The new one beside it; then the old one retired, which changes nothing but its protection; then its file gone."""
    old, new = (table(text) for text in NEW_TABLES[kind])
    assert kind in [difference.kind for difference, _ in unsafe(old, new)]
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
    warehouse = Warehouse(tmp_path / "old")
    assert warehouse.release(old) == "created"
    assert Warehouse(tmp_path / "new").release(new) == "created"
    assert warehouse.release(old) == "same"
    with pytest.raises(Aborted, match="protected"):
        warehouse.give_up()
    assert warehouse.release(old, protected=False) == "updated"
    warehouse.give_up()
    assert warehouse.cloud.get(TABLE, ID) is None


def test_what_the_contract_refuses_fails_on_the_twin(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.release(table(NEW.format(columns="", options="")))
    with pytest.raises(Aborted, match="schema cannot be changed"):
        warehouse.release(table(NEW.format(columns=", more STRING DEFAULT 'x'", options="")))
    assert warehouse.release(table(NEW.format(columns=", more STRING NOT NULL", options=""))) == "replaced"


def test_an_expiration_that_is_taken_out_is_gone_from_the_cloud(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    limited, never = (table(NEW.format(columns="", options=text)) for text in (EXPIRING, ""))
    warehouse.release(limited)
    stored = warehouse.cloud.get(TABLE, ID)
    assert stored is not None
    assert stored.inputs["timePartitioning"]["expirationMs"] == 7_776_000_000
    warehouse.release(never)
    stored = warehouse.cloud.get(TABLE, ID)
    assert stored is not None
    assert stored.inputs["timePartitioning"]["expirationMs"] == 0


def test_a_table_is_given_up_in_two_releases_and_not_in_one(tmp_path: Path) -> None:
    warehouse, declared = Warehouse(tmp_path), table(ORDINARY)
    name = f"table/{declared.id}"
    warehouse.release(declared)
    write_snapshot(tmp_path, {declared.id: declared}, {})
    [finding] = check_evolution(tmp_path, {}, {}, {name: "nobody reads it"})[1]
    assert f"retired: {{{name}: why}}" in finding.message
    with pytest.raises(Aborted, match="protected"):
        warehouse.give_up()

    assert check_evolution(tmp_path, {declared.id: declared}, {}, {name: "nobody reads it"})[1] == ()
    assert warehouse.release(declared, protected=False) == "updated"
    write_snapshot(tmp_path, {declared.id: declared}, {}, {name: "nobody reads it"})

    assert check_evolution(tmp_path, {}, {}, {name: "nobody reads it"})[1] == ()
    warehouse.give_up()
    assert warehouse.cloud.get(TABLE, ID) is None
    write_snapshot(tmp_path, {}, {})
    assert check_evolution(tmp_path, {}, {}) == (0, ())


def test_a_table_that_is_taken_back_is_protected_again(tmp_path: Path) -> None:
    declared = table(ORDINARY)
    write_snapshot(tmp_path, {declared.id: declared}, {}, {f"table/{declared.id}"})
    assert write_snapshot(tmp_path, {declared.id: declared}, {}) == (f"bigquery/{declared.id}.json",)
    assert len(check_evolution(tmp_path, {}, {})[1]) == 1
