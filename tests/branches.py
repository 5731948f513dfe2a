"""Which lines and branches the tests reach: `make branches` loads this plugin, and fails where a package's share is too small.

SlipCover marks each line and branch, and takes a mark out of the running code once it was passed; a tracer is asked at
each line for ever, and doubles the time of these tests. What other processes run is not seen: that is too dear to start
each of them with it, and what only they reach is listed with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import slipcover

ROOT = Path.cwd()
LEAST = 95.0
"""Percent of a package's lines and branches, counted together."""
MEASURED = tuple(name for name in ("analysis", "blueprint", "policies", "provider") if (ROOT / name).is_dir())
PACKAGES = ("analysis/audit", "analysis/logfilter", "analysis/promql", "analysis/python", "analysis/sql", *MEASURED)
"""What is judged; a file belongs to the first of these that it is in."""
ELSEWHERE = {
    "analysis/python/standard/listing.py": "each Python that is listed runs it",
    "blueprint/archive/driver.py": "the process of a started archive runs it",
    "policies/__main__.py": "the engine's host of policies runs it",
}
"""What only other processes run, and which."""
SHOWN = 5
"""How many files are named of a package that fails, those first where most is not reached."""

Reached = dict[str, Any]


class Branches:
    """The plugin: measures in each process that runs tests, and judges in the one that reports."""

    def __init__(self) -> None:
        sources = [str(ROOT / name) for name in MEASURED]
        self.marks = slipcover.Slipcover(branch=True, source=sources, omit=[str(ROOT / name) for name in ELSEWHERE])
        slipcover.ImportManager(self.marks, slipcover.FileMatcher(sources=sources)).__enter__()
        self.reached: list[Reached] = []
        self.told: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a process of pytest-xdist reached."""
        self.reached += [
            json.loads(handed) for name, handed in getattr(node, "workeroutput", {}).items() if name == "branches"
        ]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over what this process reached, or tell what all did, and judge it where no test failed."""
        handed: Reached | None = getattr(session.config, "workeroutput", None)
        if handed is not None:
            handed["branches"] = json.dumps(self.marks.get_coverage())
            return
        whole, *others = self.reached or [self.marks.get_coverage()]
        for other in others:
            slipcover.merge_coverage(whole, other)
        self.told = list(figures(whole["files"]))
        if session.exitstatus == pytest.ExitCode.OK and (wrong := list(judged(whole["files"]))):
            self.told += wrong
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what came of it."""
        for line in self.told:
            terminalreporter.write_line(line)


def package(file: str) -> str:
    """Return the package that a file counts for."""
    return next(name for name in PACKAGES if file.startswith(f"{name}/"))


def shares(files: Mapping[str, Reached]) -> dict[str, tuple[float, dict[str, int]]]:
    """Return package → percent reached, and of each of its files how many lines and branches are not."""
    missing: dict[str, dict[str, int]] = {}
    reached: dict[str, int] = {}
    for name, file in files.items():
        mine = package(name)
        missing.setdefault(mine, {})[name] = len(file["missing_lines"]) + len(file["missing_branches"])
        reached[mine] = reached.get(mine, 0) + len(file["executed_lines"]) + len(file["executed_branches"])
    totals = {name: reached[name] + sum(files_of.values()) for name, files_of in missing.items()}
    return {name: (100 * reached[name] / (totals[name] or 1), missing[name]) for name in sorted(missing)}


def figures(files: Mapping[str, Reached]) -> Iterator[str]:
    """Yield one line of figures."""
    told = ", ".join(f"{name} {share:.1f} %" for name, (share, _) in shares(files).items())
    yield f"branches and lines reached: {told}."


def judged(files: Mapping[str, Reached]) -> Iterator[str]:
    """Yield a sentence for each package below the least share."""
    for name, (share, missing) in shares(files).items():
        if share < LEAST:
            most = sorted(filter(missing.get, missing), key=lambda file: -missing[file])[:SHOWN]
            worst = ", ".join(f"{file}:{_first(files[file])} ({missing[file]} not reached)" for file in most)
            yield f"Tests reach {share:.1f} % of {name}, and {LEAST:.0f} % is the least: test what is not reached, or delete it, first in {worst}."


def _first(file: Reached) -> int:
    lines = [*file["missing_lines"], *(begun for begun, _ in file["missing_branches"])]
    return min(lines, default=1)


def pytest_configure(config: pytest.Config) -> None:
    """Take part in the run."""
    config.pluginmanager.register(_BRANCHES, "the branches that tests reach")


_BRANCHES = Branches()
"""Made when the plugin is imported: what conftest.py imports is measured too."""
