"""Drills: a recorded failure is shown refused, with its place and what reports it; an escaped one is told."""

from __future__ import annotations

import pytest

from blueprint.findings import Finding, Location
from ops.__main__ import guarded
from ops.drills.reports import DrillTable, Reports
from ops.drills.run import Drills
from ops.incidents import Incident
from ops.terminal import style_for
from tests.incidents.cases import ROOT


@pytest.fixture(scope="module")
def reports() -> Reports:
    return Reports.of(ROOT)


def test_a_failure_shows_what_refuses_and_what_reports_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(["drill", "the declared entry point", "--root", str(ROOT)]) == 0
    shown = capsys.readouterr().out
    assert "refused before deployment: functions/phase3_to_phase4/main.py" in shown
    assert "main.py has no function 'handle_phase3_completion'" in shown


def test_a_resource_that_is_gone_shows_its_alerts_and_its_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(["drill", "24", "--root", str(ROOT)]) == 0
    shown = capsys.readouterr().out
    assert "nobody holds run.invoker" in shown
    assert "alert push-failing within 10m" in shown
    assert "day recorded_outage, reported by silence within 9 minutes" in shown
    assert "day lost_grant, reported by silence within" in shown


def test_an_unknown_name_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(["drill", "nothing like it", "--root", str(ROOT)]) == 2
    assert "No failure is called 'nothing like it'" in capsys.readouterr().err


def test_what_keeps_a_project_from_a_plan_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(["drill", "24", "--root", str(ROOT), "--stack", "none"]) == 1
    assert "There is no stack 'none'" in capsys.readouterr().err


def test_a_failure_that_nothing_refuses_is_told(reports: Reports) -> None:
    benign = {"incident": 13, "what": "nothing", "rule": "archive-entry-point", "says": "", "edits": []}
    with Drills(ROOT, "prod") as drills:
        result = drills.run(benign)
    assert not result
    table = DrillTable(reports)
    incident = Incident(13, "nothing", "B", before=True, after=False)
    assert "NOT REFUSED" in table.row(incident, result)
    assert "Not refused: 13." in table.summary(style_for())
    sound = [Finding("a-rule", "It is refused.", Location("pipeline.yaml", 3))]
    assert "refused: a-rule pipeline.yaml:3" in table.row(incident, sound)


def test_the_table_has_every_incident(reports: Reports) -> None:
    assert len(reports.incidents) == 77
    assert {case["incident"] for case in reports.one_each()} >= {1, 13, 24, 31, 44, 64, 71}
    assert [*reports.after(15)] != [], "what shows only after a deployment is reported"


def test_the_table_says_what_reports_an_incident_and_by_when(reports: Reports) -> None:
    outage = next(each for each in reports.incidents if each.number == 24)
    row = DrillTable(reports).row(outage, [Finding("a-rule", "It is refused.", Location("pipeline.yaml", 3))])
    assert "day recorded_outage, reported by silence within 9 minutes" in row
    told = [line for number in range(1, 78) for line in reports.after(number) if "reported by" in line]
    assert all(int(line.split(" within ")[1].split()[0]) <= 10 for line in told), "what the mission promises"
    assert len({line.split(",")[0] for line in told}) >= 5
