"""The project itself under the real engine: from nothing, again, changed, crashed, protected, renamed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.harness import Engine, fork

pytestmark = pytest.mark.engine

FUNCTION = "gcp:cloudfunctionsv2/function:Function"
OBJECT = "gcp:storage/bucketObject:BucketObject"


@pytest.fixture
def engine(prod: Engine, tmp_path: Path) -> Iterator[Engine]:
    with fork(prod, tmp_path / "home") as forked:
        yield forked


def kinds_and_names(changes: dict[str, str]) -> set[tuple[str, str]]:
    return {(urn.split("::")[2].rpartition("$")[2], urn.rpartition("::")[2]) for urn in changes}


def functions(engine: Engine) -> dict[str, str]:
    """Return the source folder of each deployed function, by the function's name."""
    from blueprint.manifest import load

    return {name: function.folder for name, function in load(engine.program).functions.items()}


def test_prod_comes_up_from_nothing(prod: Engine) -> None:
    assert prod.deployed is not None
    created = prod.deployed.changes
    assert set(created.values()) == {"create"}
    assert len(created) == len(prod.resources()) > 100
    recorded = {(each["type"], each["id"]) for each in prod.resources().values()}
    assert recorded == {(each.kind, each.id) for each in prod.cloud.all()}


def test_a_second_up_changes_nothing(engine: Engine) -> None:
    engine.cloud.forget_calls()
    result = engine.up("--expect-no-changes")
    assert result.code == 0, result.output
    assert result.changes == {}
    assert [engine.cloud.calls(op) for op in ("create", "update", "delete")] == [[], [], []]
