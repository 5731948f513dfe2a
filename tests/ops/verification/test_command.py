"""The command: exit codes, text and JSON, and what it says where it cannot ask."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from ops import verify
from ops.__main__ import guarded
from ops.verification import cloud
from ops.verification.cloud import ControlPlaneError
from ops.verification.declared import SUBSCRIPTION, TABLE
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
    for name in ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(program / "nothing.json"))
    assert guarded(["verify", "--root", str(program), "--stack", "live"]) == 4
    told = capsys.readouterr().err
    assert told.startswith("NOT KNOWN  Nothing can be seen without a login")
    assert len(told.splitlines()) == 1


@pytest.mark.engine
def test_what_cannot_be_seen_is_told_once_and_is_neither_sound_nor_wrong(
    program: Path, rest: TwinRest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cloud, "connect", lambda: rest)
    given = ("--root", str(program), "--stack", "live", "--only", "subscriptions", "--only", "tables")
    for each in rest.cloud.all(SUBSCRIPTION):
        rest.faults[each.id] = ControlPlaneError(
            f"pubsub answers 403 for {each.id}: Permission denied", "pubsub answers 403"
        )
    assert verify.run(arguments(*given)) == 4
    lines = capsys.readouterr().out.splitlines()
    (told,) = [line for line in lines if "pubsub answers 403" in line]
    assert told.startswith("Not known: ")
    assert lines[-1].startswith("NOT KNOWN  ")
