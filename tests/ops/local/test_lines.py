"""Lines of functions become entries as the platform stores them, each once, with the time at which it came."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.local.clock import Clock
from ops.local.lines import Lines, entry_of
from ops.local.processes import FunctionProcess


@pytest.mark.parametrize(
    ("line", "part", "severity"),
    [
        (b'{"severity": "ERROR", "event": "x"}', {"jsonPayload": {"event": "x"}}, "ERROR"),
        (b'{"event": "x"}', {"jsonPayload": {"event": "x"}}, "DEFAULT"),
        (b"Traceback (most recent call last):", {"textPayload": "Traceback (most recent call last):"}, "DEFAULT"),
        (b"[1, 2]", {"textPayload": "[1, 2]"}, "DEFAULT"),
        (b"\xff{", {"textPayload": "\ufffd{"}, "DEFAULT"),
    ],
)
def test_a_line_is_stored_as_the_platform_does(line: bytes, part: dict[str, object], severity: str) -> None:
    entry = entry_of("a-function", line)
    assert entry.items() >= part.items()
    assert entry["severity"] == severity
    assert entry["resource"]["labels"]["service_name"] == "a-function"


def test_a_line_is_read_once_and_when_it_is_whole(tmp_path: Path) -> None:
    function = FunctionProcess(tmp_path, "main", {}, tmp_path / "log")
    function.log.write_bytes(b"before\n")
    clock = Clock(tmp_path / "clock")
    lines = Lines(clock, {"f": function})
    lines.begin_anew()
    at = datetime(2026, 1, 29, 5, tzinfo=UTC)
    clock.move_to(at)
    with function.log.open("ab") as log:
        log.write(b"one\ntw")
    lines.read()
    with function.log.open("ab") as log:
        log.write(b"o\n\n")
    lines.read()
    assert [each.entry["textPayload"] for each in lines.found] == ["one", "two"]
    assert all(0 <= (each.at - at).total_seconds() < 60 for each in lines.found)
