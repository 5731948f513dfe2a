"""`schemas-evolve`, `make diff` and the twin say the same of any change of a released table."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from blueprint.schemas.bigquery import Column, ColumnMode, Partitioning, RangePartitioning, Table
from blueprint.schemas.released import FATES, check_evolution, write_snapshot
from ops.change.compare import NOTES, compare
from provider.changes import TABLE
from tests.blueprint.schemas.test_released import Warehouse
from tests.engine.twin.deployment import Aborted
from tests.ops.change.plans import plan, resource

FATE = {"same": "nothing", "updated": "in place", "replaced": "replaces"}
TYPES = ("STRING", "INTEGER", "NUMERIC", "DATE", "RECORD", "RANGE")
DAY = Column(name="day", type="DATE", mode="REQUIRED")


def columns(depth: int = 1) -> st.SearchStrategy[tuple[Column, ...]]:
    """Columns with names of their own, few enough that two tables have some in common."""
    return st.lists(column(depth), max_size=3, unique_by=lambda each: each.name.casefold()).map(tuple)


@st.composite
def column(draw: st.DrawFn, depth: int) -> Column:
    kind = draw(st.sampled_from(TYPES if depth else TYPES[:4]))
    mode: ColumnMode = draw(st.sampled_from(("NULLABLE", "NULLABLE", "NULLABLE", "REQUIRED", "REPEATED")))
    plain = depth == 1 and mode == "NULLABLE" and kind in ("STRING", "INTEGER")
    precision = draw(st.sampled_from((None, 10, 20))) if kind == "NUMERIC" else None
    nested = columns(0).filter(bool) if kind == "RECORD" else st.just(())
    return Column(
        name=draw(st.sampled_from(("a", "A", "b", "c", "more"))),
        type=kind,
        mode=mode,
        description=draw(st.sampled_from((None, None, "what it is"))),
        default=draw(st.sampled_from((None, None, "NULL"))) if plain else None,
        fields=draw(nested),
        max_length=draw(st.sampled_from((None, 5, 9))) if kind == "STRING" else None,
        precision=precision,
        scale=draw(st.sampled_from((None, 2, 4))) if precision else None,
        range_of=draw(st.sampled_from(("DATE", "DATETIME"))) if kind == "RANGE" else None,
    )


def partitionings() -> st.SearchStrategy[Partitioning | None]:
    by_day = st.builds(
        Partitioning,
        column=st.sampled_from(("day", None)),
        granularity=st.sampled_from(("DAY", "DAY", "MONTH")),
        expiration_days=st.sampled_from((None, 30.0, 90.0)),
        require_filter=st.booleans(),
    )
    bounds = st.sampled_from(
        (RangePartitioning(start=0, end=9, interval=1), RangePartitioning(start=0, end=9, interval=3))
    )
    return by_day | by_day | st.builds(Partitioning, column=st.just("number"), range=bounds) | st.none()


NUMBER = Column(name="number", type="INTEGER")
TABLES = st.builds(
    Table,
    dataset=st.just("ds"),
    name=st.just("t"),
    columns=columns().map(lambda listed: (DAY, NUMBER, *listed)),
    partitioning=partitionings(),
    clustering=st.sampled_from(((), ("day",), ("day", "number"))),
    primary_key=st.sampled_from(((), ("day",), ("number",))),
    description=st.sampled_from((None, "a table")),
)


def said_by_diff(old: Table, new: Table) -> str:
    """What `make diff` says of the change."""
    before, after = (plan(resource(TABLE, "t", **each.inputs())) for each in (old, new))
    found = compare(before, after, names=("base", "head")).resources
    if not found:
        return "nothing"
    notes = {change.note for change in found[0].changes}
    if found[0].operation == "replaced":
        return "replaces"
    return "refused" if NOTES["refused"] in notes else "nothing" if found[0].operation == "kept" else "in place"


def said_by_contract(old: Table, new: Table) -> str:
    """What `schemas-evolve` says; it is silent about what is done in place and about nothing."""
    with tempfile.TemporaryDirectory() as folder:
        write_snapshot(Path(folder), {old.id: old}, {})
        text = " ".join(each.message for each in check_evolution(Path(folder), {new.id: new}, {})[1])
    return "replaces" if FATES["replaces"] in text else "refused" if FATES["refused"] in text else ""


def said_by_twin(old: Table, new: Table) -> str:
    """What the twin makes of a release of `old` and then of `new`."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        warehouse.release(old)
        try:
            return FATE[warehouse.release(new)]
        except Aborted:
            return "refused"


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(old=TABLES, new=TABLES)
@example(old=Table(dataset="ds", name="t", columns=(DAY,)), new=Table(dataset="ds", name="t", columns=(DAY, NUMBER)))
def test_the_three_say_the_same(old: Table, new: Table) -> None:
    told = said_by_diff(old, new)
    assert said_by_twin(old, new) == told
    assert said_by_contract(old, new) == (told if told in FATES else "")


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(base=TABLES, other=TABLES, data=st.data())
def test_the_three_say_the_same_of_one_edit(base: Table, other: Table, data: st.DataObject) -> None:
    """One part of a table is taken from another: two random tables nearly always differ in what replaces."""
    from dataclasses import replace

    part = data.draw(
        st.sampled_from(("columns", "partitioning", "clustering", "primary_key", "description", "a column"))
    )
    if part == "a column":
        kept = [
            each for each in base.columns if each.name.casefold() not in {c.name.casefold() for c in other.columns[2:3]}
        ]
        edited = replace(base, columns=(*kept, *other.columns[2:3]))
    else:
        edited = replace(base, **{part: getattr(other, part)})
    told = said_by_diff(base, edited)
    assert said_by_twin(base, edited) == told
    assert said_by_contract(base, edited) == (told if told in FATES else "")
