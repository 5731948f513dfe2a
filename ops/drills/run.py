"""Does recreated failures to copies of one project, and judges them as a release would."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType

from blueprint.findings import Finding, Location, Refused
from ops import policy
from ops.drills import cases
from ops.drills.cases import INVENTORY, Case
from ops.progress import stage
from ops.report.gather import Plan, gather


class Drills:
    """One project's drills; copies share what reading it costs."""

    def __init__(self, root: Path, stack: str) -> None:
        self._root = root.resolve()
        self._stack = stack
        self._home = tempfile.TemporaryDirectory(prefix="drills-")
        self._original = Path(self._home.name) / "original"

    def __enter__(self) -> Drills:
        self._original.mkdir()
        for path in (
            *self._root.glob("Pulumi*.yaml"),
            *map(self._root.joinpath, ("pipeline.yaml", "schemas", "functions")),
        ):
            copied = shutil.copytree if path.is_dir() else shutil.copy2
            copied(path, self._original / path.name)
        (self._original / ".cache").mkdir()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._home.cleanup()

    def run(self, case: Case) -> tuple[Finding, ...]:
        """Do one failure; return the findings that refuse it before it is deployed, none where nothing does."""
        with stage(f"Incident {case['incident']}: {case['what']}"):
            if "edits" in case:
                return self._edited(case)
            found = self._judged(case)
        return tuple(Finding(case["rule"], text, Location("__main__.py")) for text in cases.told(found, case))

    def _edited(self, case: Case) -> tuple[Finding, ...]:
        with tempfile.TemporaryDirectory(dir=self._home.name) as folder:
            tree = Path(folder) / "tree"
            shutil.copytree(
                self._original, tree, copy_function=os.link, symlinks=True, ignore=shutil.ignore_patterns(".cache")
            )
            (tree / ".cache").symlink_to(self._original / ".cache")
            for change in case["edits"]:
                cases.edit(tree, change)
            found = cases.judged(tree, self._stack)
        return tuple(each for each in found if each.rule == case["rule"] and case["says"] in each.message)

    def _judged(self, case: Case) -> list[tuple[str, str]]:
        plan, model = self._plan, self._plan.blueprint
        if model is None:
            raise Refused(plan.violations)
        if "alert" in case:
            return cases.judged_alerts(model, case)
        if case["rule"] == INVENTORY:
            return cases.judged_program(model, plan.resources, case)
        facts = replace(policy.facts(plan, datetime.now(UTC).date()), implied=None)
        return cases.judged_stack((policy.subject(each) for each in plan.resources), case, facts)

    @cached_property
    def _plan(self) -> Plan:
        return gather(self._root, self._stack)
