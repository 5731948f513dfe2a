"""Whatever kind is changed or deleted in the cloud, `ops drift` names it and an update repairs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine import drifts
from tests.engine.harness import Engine, fork

pytestmark = pytest.mark.engine


@pytest.fixture
def engine(prod: Engine, tmp_path: Path) -> Iterator[Engine]:
    with fork(prod, tmp_path / "home") as forked:
        yield forked


def drift(engine: Engine) -> tuple[int, set[tuple[str, str, str, str]]]:
    """Run the command; return its exit code and each difference as kind, id, what and property."""
    done = engine.ops("drift", "--json")
    assert done.returncode in (0, 3), done.stderr
    found = json.loads(done.stdout)
    return done.returncode, {(each["type"], each["id"], each["what"], each["property"]) for each in found}


def repair(engine: Engine) -> None:
    result = engine.up("--refresh")
    assert result.code == 0, result.output
    assert drift(engine) == (0, set())


def test_no_drift_right_after_an_update(prod: Engine) -> None:
    assert drift(prod) == (0, set())


def test_a_change_of_any_kind_is_found_and_repaired(engine: Engine) -> None:
    changed = {
        (kind, resource.id): drifts.change(engine.cloud, resource)
        for kind, resource in drifts.one_of_each(engine.cloud).items()
    }
    expected = {(*subject, "changed", property_) for subject, property_ in changed.items() if property_}
    assert drift(engine) == (3, expected)
    repair(engine)


def test_a_deletion_of_any_kind_is_found_and_repaired(engine: Engine) -> None:
    every = drifts.one_of_each(engine.cloud)
    gone = {(kind, resource.id) for kind, resource in every.items() if drifts.delete(engine.cloud, resource)}
    assert drift(engine) == (3, {(*subject, "deleted", "") for subject in gone})
    repair(engine)
    assert {(each.kind, each.id) for each in engine.cloud.all()} >= gone
