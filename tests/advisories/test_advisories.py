"""What is told of advisories: one, none, and nobody to ask, which is not none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.advisories import __main__ as advisories

ROOT = Path(__file__).resolve().parents[2]
ONE: dict[str, Any] = {"id": "GHSA-1", "aliases": ["CVE-1"], "fix_versions": ["2.1", "3.0"]}


def auditor(folder: Path, script: str) -> str:
    path = folder / "pip-audit"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def answered(folder: Path, *advisories_: dict[str, Any]) -> str:
    answer = {"dependencies": [{"name": "flask", "version": "2.0", "vulns": list(advisories_)}], "fixes": []}
    return auditor(folder, f"echo '{json.dumps(answer)}'; exit {1 if advisories_ else 0}")


def test_one_is_told_with_what_to_pin(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main(answered(tmp_path, ONE), ["lock"]) == 1
    assert capsys.readouterr().out == "flask 2.0: GHSA-1 is published; pin 2.1 or newer.\n"


def test_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert advisories.main(answered(tmp_path), ["lock"]) == 0
    assert capsys.readouterr().out == "No advisory is known for any of 1 pinned packages.\n"


def test_nobody_to_ask_is_not_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = auditor(tmp_path, "echo 'ConnectionError: no such host' >&2; exit 1")
    assert advisories.main(program, ["lock"]) == 0
    assert capsys.readouterr().out == "Not known: the advisories could not be asked (ConnectionError: no such host).\n"


def test_an_accepted_one_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisories, "ACCEPTED", {"CVE-1": "We call none of it."})
    assert advisories.main(answered(tmp_path, ONE), ["lock"]) == 0


def test_every_lock_is_asked_about() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [line] = [each for each in makefile.splitlines() if "tests.advisories " in each]
    locks = {
        str(path.relative_to(ROOT))
        for pattern in ("requirements*.txt", "functions/*.lock")
        for path in ROOT.glob(pattern)
    }
    assert locks == {word for word in line.split() if word.endswith((".txt", ".lock"))}
    assert "run: make advisories" in (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")
