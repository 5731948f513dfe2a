"""One truth, two evaluators: the embedded plan shows what the real engine registers, URN by URN, input by input."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.embedded.engine import Evaluation, evaluate
from provider.values import SIGNATURE, is_asset
from tests.engine import harness
from tests.engine.conftest import ONE_CHECKPOINT, ROOT
from tests.engine.harness import Engine
from tests.engine.twin.cloud import Cloud
from tests.engine.twin.deployment import deploy

pytestmark = pytest.mark.engine

PARCELS = ROOT / "tests" / "pipelines" / "parcels"
ANYTHING = object()


class Deployed:
    """The engine's state: resolves what the plan shows as references."""

    def __init__(self, engine: Engine) -> None:
        self.resources = {each["urn"]: each for each in engine.state()["deployment"]["resources"]}

    def resolve(self, shown: Any) -> Any:
        """Return a shown input with every reference replaced by the value that the deployment gave it."""
        if shown == "[secret]":
            return ANYTHING
        if isinstance(shown, list):
            return [self.resolve(each) for each in shown]
        if not isinstance(shown, dict):
            return shown
        if "$ref" in shown:
            return self._property(self.resources[shown["$ref"]], shown["property"])
        if "$concat" in shown:
            return "".join(str(self.resolve(part)) for part in shown["$concat"])
        if "$unknown" in shown:
            return ANYTHING
        for kind in ("$archive", "$asset"):
            if kind in shown:
                return {"hash": shown[kind]["sha256"]}
        return {name: self.resolve(value) for name, value in shown.items()}

    def _property(self, resource: dict[str, Any], path: str) -> Any:
        if path == "id":
            return resource["id"]
        value = resource["outputs"]
        for step in path.split("."):
            value = value[step]
        return value


def unlike(expected: Any, found: Any, place: str = "") -> Iterator[str]:
    """Yield each place where two inputs differ."""
    if expected is ANYTHING:
        return
    if is_asset(found):
        found = {"hash": found["hash"]}
    if isinstance(expected, dict) and isinstance(found, dict) and SIGNATURE not in found:
        for name in sorted({*expected, *found} - {"__internal"}):
            yield from unlike(expected.get(name), found.get(name), f"{place}.{name}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from unlike(*pair, f"{place}[{index}]")
    elif expected != found:
        yield f"{place}: the plan shows {expected!r}, the engine registered {found!r}"


def assert_equal(plan: Evaluation, engine: Engine) -> None:
    assert not [finding for finding in plan.findings if finding.severity == "violation"]
    deployed = Deployed(engine)
    planned = {each.urn: each for each in plan.registrations}
    assert planned.keys() == deployed.resources.keys()
    differing = []
    for urn, registration in planned.items():
        stored = deployed.resources[urn]
        assert registration.type == stored["type"]
        assert registration.parent == stored.get("parent", "")
        assert registration.options.get("protect", False) == stored.get("protect", False)
        if registration.custom:
            version = {"version": ANYTHING} if registration.type.startswith("pulumi:providers:") else {}
            expected = {**deployed.resolve(dict(registration.inputs)), **version}
            differing += [f"{urn} {each}" for each in unlike(expected, stored.get("inputs", {}))]
    assert differing == []


@contextmanager
def deployed(root: Path, home: Path, stack: str) -> Iterator[Engine]:
    with harness.engine(root, home, stack) as engine:
        engine.environment = ONE_CHECKPOINT
        result = engine.up()
        assert result.code == 0, result.output
        yield engine


def test_prod(prod: Engine) -> None:
    assert_equal(evaluate(prod.program, "prod"), prod)


def test_a_deployment_without_the_engine_leaves_the_same_cloud(prod: Engine, tmp_path: Path) -> None:
    """What tests of verification and releases stand on where the CLI is absent."""
    direct = Cloud(tmp_path / "direct.sqlite")
    record = deploy(prod.program, "prod", direct)
    assert list(direct.all()) == list(prod.cloud.all())
    assert {urn: each["id"] for urn, each in record.items()} == {u: e["id"] for u, e in prod.resources().items()}


def test_with_everything_optional_switched_on(tmp_path: Path) -> None:
    root = tmp_path / "everything"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", ".venv", "tests", ".*cache", "docs"))
    pipeline = root / "pipeline.yaml"
    pipeline.write_text(yaml.safe_dump(switched_on(yaml.safe_load(pipeline.read_text())), sort_keys=False))
    with deployed(root, tmp_path / "home", "prod") as engine:
        functions = list(engine.cloud.all("gcp:cloudfunctionsv2/function:Function"))
        assert {each.inputs["serviceConfig"]["minInstanceCount"] for each in functions} == {1}
        assert sum(each.inputs["paused"] for each in engine.cloud.all("gcp:cloudscheduler/job:Job")) == 3
        assert_equal(evaluate(engine.program, "prod"), engine)


def switched_on(pipeline: dict[str, Any]) -> dict[str, Any]:
    """Return a declaration with the options set that it leaves out: sizes, warm instances, pauses, versions."""
    timer = next(iter(pipeline["boundaries"].values()))["timer"]["schedule"]
    for function in pipeline["functions"].values():
        function |= {"memory": "2Gi", "cpu": "2", "concurrency": 8, "min_instances": 1, "size_budget": "1Mi"}
        for name, schedule in function.get("trigger", {}).get("schedules", {}).items():
            schedule["paused"] = name != timer
    for secret in pipeline["secrets"].values():
        secret["version"] = "2"
    return pipeline


def test_another_pipeline(tmp_path: Path) -> None:
    root = tmp_path / "parcels"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".git", ".venv", "tests", ".*cache", "docs"))
    shutil.rmtree(root / "schemas")
    for folder in (root / "functions").iterdir():
        if folder.is_dir() and folder.name != "shared":
            shutil.rmtree(folder)
    shutil.copytree(PARCELS, root, dirs_exist_ok=True)
    with deployed(root, tmp_path / "home", "live") as engine:
        assert_equal(evaluate(engine.program, "live"), engine)
        direct = Cloud(tmp_path / "direct.sqlite")
        deploy(engine.program, "live", direct)
        assert list(direct.all()) == list(engine.cloud.all())
