"""The command: exit codes, text and JSON, and what it says where it cannot ask."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from ops import verify
from ops.verification import cloud
from ops.verification.cloud import ControlPlaneError
from ops.verification.declared import TABLE
from tests.ops.verification.twin import TwinRest


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verify.add_arguments(parser)
    return parser.parse_args(words)


def test_sound_and_not(
    program: Path, rest: TwinRest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cloud, "connect", lambda: rest)
    given = ("--root", str(program), "--stack", "live", "--no-synthetic")
    assert verify.run(arguments(*given)) == 0
    assert capsys.readouterr().out.rstrip().endswith("everything as declared.")
    assert rest.cloud.remove(TABLE, next(rest.cloud.all(TABLE)).id)
    assert verify.run(arguments(*given, "--only", "tables", "--json")) == 1
    [outcome] = json.loads(capsys.readouterr().out)
    assert outcome["check"] == "tables"
    assert outcome["findings"][0]["message"].startswith("Table parcels_ops.journal does not exist")


def test_a_check_that_does_not_exist_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.run(arguments("--only", "nothing")) == 2
    assert "There is no check 'nothing'; they are: functions, " in capsys.readouterr().err


def test_without_credentials_it_says_what_to_do(
    program: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise ControlPlaneError("there are no credentials; run `gcloud auth application-default login`")

    monkeypatch.setattr(cloud, "connect", refuse)
    assert verify.run(arguments("--root", str(program), "--stack", "live")) == 1
    assert "The cloud cannot be asked: there are no credentials" in capsys.readouterr().err
