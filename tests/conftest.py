"""What every run says at its end (how many engine tests ran), and what holds in all: a finding is a whole sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

# gRPC's handlers at a fork end one child in fifteen of a process with live channels; ours become other programs anyway.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"

import pytest

from blueprint.findings import Finding
from tests.engine import harness
from tests.sentences import problem

MARK = ("engine", "counted")
"""Travels with a test's reports from the process that ran it to the one that prints."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("engine"):
            item.user_properties.append(MARK)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in one line how many engine tests ran: that none did must never pass unnoticed."""
    counts = {
        outcome: sum(
            MARK in map(tuple, getattr(report, "user_properties", ()))
            for report in terminalreporter.getreports(outcome)
        )
        for outcome in ("passed", "failed", "error", "skipped")
    }
    if any(counts.values()):
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        terminalreporter.write_line(f"engine tests: {told}." + (f" {harness.HOW_TO_GET}" if harness.missing() else ""))


BROKEN: list[str] = []
_made = Finding.__init__


def _finding(self: Finding, *arguments: Any, **named: Any) -> None:
    _made(self, *arguments, **named)
    if why := problem(self.message):
        BROKEN.append(f"[{self.rule}] {why}")


Finding.__init__ = _finding  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _whole_sentences() -> Iterator[None]:
    """Fail the test that provoked a finding whose sentence lost something."""
    BROKEN.clear()
    yield
    assert BROKEN == []
