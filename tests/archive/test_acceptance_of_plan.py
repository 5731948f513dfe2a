"""The archives of the plan are accepted in environments of their own; beside emulators their samples are handled."""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from blueprint.check import check
from blueprint.deployment import EMULATOR_VARIABLES
from blueprint.model import Blueprint
from blueprint.stack import StackSettings
from ops import acceptance
from ops.local.processes import HINT, emulators, sdk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def plan() -> Blueprint:
    names = ("nba-phase3-analytics-processors", "nba-phase4-precompute-processors", "prediction-coordinator")
    services = {name: f"https://{name}.example.com" for name in names}
    stack = StackSettings("prod", "a-project", "123456789012", "us-west2", "production", services, {})
    blueprint = check(ROOT, stack).blueprint
    assert blueprint is not None
    return blueprint


def test_every_function_has_samples_and_its_own_environment(plan: Blueprint) -> None:
    for name, function in plan.manifest.functions.items():
        made = acceptance.candidate(plan, name)
        assert made.samples[0].name == "health"
        assert len(made.samples) == 2
        assert made.environment["GCP_PROJECT_ID"] == "a-project"
        assert set(function.secrets) <= set(made.environment)
        assert made.memory == 512 << 20


@pytest.mark.parametrize("pipeline", ["", "meters", "orders"])
def test_the_good_message_is_one(plan: Blueprint, pipeline: str) -> None:
    """What an archive is tried with keeps the contract of its topic, is for a key, and of the phase that its boundary counts."""
    tried = 0
    if pipeline:
        found = check(ROOT / "tests/pipelines" / pipeline, replace(plan.stack, name="any")).blueprint
        assert found is not None
        plan = found
    for name, function in plan.manifest.functions.items():
        boundary = plan.manifest.boundary_of(name)
        if function.trigger.topic is None or boundary is None:
            continue
        [sample] = [each for each in acceptance.candidate(plan, name).samples if each.name == "a good message"]
        message = json.loads(base64.b64decode(json.loads(sample.body)["message"]["data"]))
        schema = plan.messages[plan.manifest.topics[function.trigger.topic].message].schema
        jsonschema.validate(message, schema)
        phase = plan.manifest.phases[boundary.upstream]
        assert message["phase"] == phase.label
        assert not pipeline or message["processor_name"] in phase.processors
        assert plan.manifest.keys.fits(message[plan.manifest.date_field])
        tried += 1
    assert tried == len(plan.manifest.boundaries)


@pytest.mark.parametrize(("system", "kind"), [("darwin", "arm64"), ("linux", "aarch64")])
def test_another_kind_of_machine_installs_its_own_files_of_the_same_versions(
    plan: Blueprint, system: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "phase2-to-phase3-orchestrator"
    own = plan.archives[name].requirements.split()
    assert acceptance.candidate(plan, name).requirements is None
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(acceptance, "machine", lambda: kind)
    other = (acceptance.candidate(plan, name).requirements or "").split()
    assert set(own) < set(other)
    assert [word for word in own if "==" in word] == [word for word in other if "==" in word]


@pytest.mark.slow
def test_an_archive_starts_in_a_clean_interpreter(plan: Blueprint, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in EMULATOR_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    name = "phase2-to-phase3-orchestrator"
    result = acceptance.accept_all(replace(plan, archives={name: plan.archives[name]}))[name]
    assert result.findings == ()
    assert result.modules > 500


@pytest.mark.emulator
def test_beside_emulators_samples_are_handled(plan: Blueprint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sdk() is None:
        pytest.fail(f"the emulators are not installed: {HINT}")
    with emulators(tmp_path) as variables:
        for variable, address in variables.items():
            monkeypatch.setitem(os.environ, variable, address)
        only = {name: plan.archives[name] for name in ("phase2-to-phase3-orchestrator",)}
        made = acceptance.candidate(plan, "phase2-to-phase3-orchestrator")
        assert made.samples[1].statuses == (200,)
        result = acceptance.accept_all(replace(plan, archives=only))
    assert [finding.message for each in result.values() for finding in each.findings] == []
