"""The production stack: sound, equal to its golden inventory, and the same however it is evaluated."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops import golden
from ops.report.gather import Plan, gather

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def prod() -> Plan:
    return gather(ROOT, "prod")


def marks(value: Any, mark: str) -> Iterator[Any]:
    """Yield every object under `mark` in shown inputs."""
    if isinstance(value, dict):
        if mark in value:
            yield value[mark]
        for item in value.values():
            yield from marks(item, mark)
    elif isinstance(value, list):
        for item in value:
            yield from marks(item, mark)


def test_the_plan_is_sound(prod: Plan) -> None:
    assert [str(finding) for finding in prod.violations] == []


def test_it_equals_the_golden_inventory(prod: Plan) -> None:
    """Run `make golden` and review the difference where this fails."""
    stored, now = golden.stored(ROOT / golden.FOLDER / "prod"), golden.files(prod)
    assert sorted(now) == sorted(stored)
    for name, text in now.items():
        assert json.loads(text) == json.loads(stored[name]), name
    assert now == stored


def test_the_golden_inventory_holds_every_resource_once_where_its_component_is(prod: Plan) -> None:
    held = [name for text in golden.files(prod).values() for name in json.loads(text)["resources"]]
    assert sorted(held) == sorted(golden.called(each.urn) for each in prod.resources)
    for each in prod.resources:
        if each.type.endswith(":Function") and not each.custom:
            function = json.loads(golden.files(prod)[f"{each.name}.json"])["resources"]
            assert f"Function {each.name}-function" in function


def test_every_reference_leads_to_a_resource_of_the_plan(prod: Plan) -> None:
    urns = {each.urn for each in prod.resources}
    named = [urn for each in prod.resources for urn in marks([each.inputs, each.options], "$ref")]
    assert len(named) > 60
    assert set(named) <= urns


def test_no_input_is_a_mystery(prod: Plan) -> None:
    """What a deployment decides is a reference; nothing is computed in a way that hides where it comes from."""
    assert [each.urn for each in prod.resources if list(marks(each.inputs, "$unknown"))] == []


def test_the_text_of_planned_values_decides_nothing(prod: Plan) -> None:
    assert gather(ROOT, "prod", salt=5).resources == prod.resources


def test_every_resource_has_a_reason(prod: Plan) -> None:
    """Every component, and so everything below it, is asked for by a line of the declaration."""
    lost = [each.urn for each in prod.resources if "component" in each.options and not prod.reasons(each)]
    assert lost == []
    for each in prod.resources:
        for place in prod.reasons(each):
            assert (ROOT / place.file).is_file(), each.urn


def test_only_the_provider_and_components_stand_below_the_stack(prod: Plan) -> None:
    [stack] = [each.urn for each in prod.resources if each.type == "pulumi:pulumi:Stack"]
    below = Counter(each.type.split(":")[0] for each in prod.resources if each.parent == stack)
    assert set(below) == {"phases", "pulumi"}
    assert below["pulumi"] == 1


def test_the_command_prints_the_same_from_part_of_the_sdk(prod: Plan) -> None:
    """`plan` imports a part of the provider's SDK; the evaluation above imported all of it."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", "plan", "--json", "--no-acceptance"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == json.loads(json.dumps(prod.as_json()))
