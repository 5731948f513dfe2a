"""What an alert of delivery or schedule tells people to type is typed here: before the fault, and in the state that fires it.

Alerts of boundaries and dead letters: `tests/operators/test_alert_commands.py`; searches of the log:
`tests/blueprint/alerts`.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

import pytest

from blueprint.alerts.catalogue import catalogue
from blueprint.alerts.kinds import KINDS
from ops import verify
from ops.report.gather import Plan
from ops.verification import cloud
from ops.verification.declared import INVOKER, JOB, SUBSCRIPTION, TABLE
from ops.verification.grants import DATASET_GRANT, TOPIC_GRANT
from tests.ops.verification.test_checks import Break, drop_column, edit, other_endpoint, remove, service
from tests.ops.verification.twin import TwinRest

PUSH = "start-sorting--parcels-taken-in"


def paused(rest: TwinRest) -> None:
    job = next(rest.cloud.all(JOB)).id
    rest.faults[job] = {**(rest.get("cloudscheduler", job) or {}), "state": "PAUSED"}


STATES: dict[str, tuple[tuple[Break, str], ...]] = {
    "backlog-age": (
        (service(terminalCondition={"state": "CONDITION_FAILED", "message": "No memory."}), "is not ready"),
    ),
    "push-failing": (
        (edit(SUBSCRIPTION, PUSH, other_endpoint), "pushes to https://old.example; declared is"),
        (remove(INVOKER, "start-sorting"), "lacks roles/run.invoker on start-sorting"),
    ),
    "silence": (
        (remove(SUBSCRIPTION, PUSH), "does not exist, so its messages are lost"),
        (edit(SUBSCRIPTION, PUSH, lambda i: i.update(detached=True)), "is detached and delivers nothing"),
    ),
    "publish-failing": ((remove(TOPIC_GRANT), "lacks roles/pubsub.publisher on"),),
    "stream-failing": (
        (edit(TABLE, "journal", drop_column), "lacks the column"),
        (remove(DATASET_GRANT), "lacks roles/bigquery.data"),
    ),
    "downstream-silent": ((remove(SUBSCRIPTION, "start"), "does not exist, so its messages are lost"),),
    "schedule-failing": (
        (edit(JOB, "", lambda i: i.update(status={"code": 7})), "The last run of job"),
        (remove(INVOKER, "watch"), "lacks roles/run.invoker on watch-parcels"),
    ),
    "schedule-missing": (
        (remove(JOB), "does not exist"),
        (paused, "is PAUSED; declared is ENABLED"),
    ),
}


def test_every_such_command_is_tried() -> None:
    assert {kind.id for kind in KINDS.values() if "ops verify" in kind.command} == set(STATES)


@pytest.mark.parametrize(
    ("kind", "broken", "sentence"),
    [(kind, *state) for kind, states in STATES.items() for state in states],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_command_of_an_alert_shows_what_fired_it(
    program: Path,
    plan: Plan,
    rest: TwinRest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    broken: Break,
    sentence: str,
) -> None:
    assert plan.blueprint
    alert = next(each for each in catalogue(plan.blueprint.manifest, plan.blueprint.names) if each.kind == kind)
    words = shlex.split(alert.documentation.command)
    assert words[:4] == ["python", "-m", "ops", "verify"]
    parser = argparse.ArgumentParser()
    verify.add_arguments(parser)
    given = parser.parse_args([*words[4:], "--root", str(program), "--stack", "live"])
    monkeypatch.setattr(cloud, "connect", lambda: rest)
    assert verify.run(given) == 0, capsys.readouterr().out
    broken(rest)
    assert verify.run(given) == 1
    assert sentence in capsys.readouterr().out
