"""What is judged, and by which tests: files, as patterns below the root."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Group:
    """Modules that decide something, and the tests that are nearest to them."""

    modules: Sequence[str]
    tests: Sequence[str]
    without: Sequence[str] = ()
    """Tests that explore for minutes what the others pin."""
    registered: Sequence[str] = ()
    """Tests that read what the modules register when they are imported, and call none of it."""
    shared: bool = False
    """What tests share for a session is made without what is judged, so that one copy does for all mutants."""

    def files(self, root: Path, patterns: Sequence[str]) -> list[str]:
        """Return the files of patterns."""
        found = {path for pattern in patterns for path in root.glob(pattern) if path.stat().st_size > 0}
        left = {path for pattern in self.without for path in root.glob(pattern)}
        return sorted(path.relative_to(root).as_posix() for path in found - left if path.name != "__init__.py")


RULES = "tests/docs/test_rules.py"
GROUPS = {
    "engine": Group(
        ("functions/shared/decisions/*.py", "functions/shared/orchestration/*.py", "functions/shared/declaration/*.py"),
        ("tests/functions/test_*.py",),
        ("tests/functions/test_interleavings.py", "tests/functions/test_random_runs.py", "tests/functions/test_server.py", "functions/shared/orchestration/replay.py"),  # the last is run by `ops repair`, whose tests need the emulators
    ),
    "contracts": Group(
        ("blueprint/contracts/*.py",),
        ("tests/blueprint/contracts/test_*.py", "tests/blueprint/test_*.py", "tests/incidents/test_*.py", RULES),
        registered=(RULES,),
        shared=True,
    ),
    "policies": Group(
        ("policies/*.py", "policies/rules/*.py"),
        ("tests/policies/**/test_*.py", "tests/ops/test_policy.py", "tests/incidents/test_planned.py", RULES),
        ("policies/__main__.py",),
        registered=(RULES,),
        shared=True,
    ),
    "python": Group(
        ("analysis/*.py", "analysis/python/*.py", "analysis/distributions/*.py", "analysis/audit/*.py"),
        ("tests/archive/test_*.py", "tests/analysis/test_files.py"),
        ("tests/archive/test_acceptance*.py", "tests/archive/test_reproducible.py"),
    ),
    "languages": Group(
        ("analysis/sql/*.py", "analysis/promql/*.py", "analysis/logfilter/*.py"),
        ("tests/analysis/**/test_*.py", "tests/blueprint/schemas/test_*.py", "tests/blueprint/alerts/test_*.py",
         *(f"tests/blueprint/contracts/test_{each}.py" for each in ("alerts", "queries", "tables"))),
        ("tests/blueprint/alerts/test_schedules.py",),
    ),
}  # fmt: skip
