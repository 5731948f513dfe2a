"""The coverage table: what covers nothing is visible, and every number a check names exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops import coverage, docs, forms, tried
from ops.incidents import Cover, Incident, incidents

ROOT = Path(__file__).resolve().parents[2]
RECORDED = incidents(ROOT)


def test_every_number_that_a_check_names_is_recorded() -> None:
    known = {incident.number for incident in RECORDED}
    assert len(known) == 77
    strays = {(check.sort, check.id): set(check.incidents) - known for check in coverage.checks(ROOT)}
    assert {place: numbers for place, numbers in strays.items() if numbers} == {}


def test_every_contract_policy_and_alert_names_incidents() -> None:
    found = [check for check in coverage.checks(ROOT) if check.sort in ("contract", "policy", "alert")]
    assert len(found) > 50
    assert [check.id for check in found if not check.incidents] == []


@pytest.mark.parametrize(
    ("before", "after", "checks", "gaps"),
    [
        (True, True, [], {"prevention"}),
        (True, True, ["alert"], {"prevention"}),
        (True, True, ["contract"], {"untested"}),
        (True, False, ["policy", "recreated"], set()),
        (True, False, ["test"], set()),
        (False, True, [], {"report"}),
        (False, True, ["alert"], {"untested"}),
        (False, True, ["command", "test"], set()),
    ],
)
def test_gaps_are_told_apart(before: bool, after: bool, checks: list[str], gaps: set[str]) -> None:
    incident = Incident(1, "It broke", "A", before, after)
    assert coverage._gaps(incident, [Cover(sort, "x", "X", (1,)) for sort in checks]) == gaps


def test_what_nothing_covers_is_visible(tmp_path: Path) -> None:
    incident = Incident(1, "It broke", "A", True, True)
    assert coverage.uncovered([incident], []) == [incident]
    page = "\n".join(coverage._page((incident,), (), tmp_path))
    assert "* **1** It broke: could be refused before deployment, and nothing refuses it." in page
    assert "| 1 | It broke | A | **none** | – | **none** |" in page


def test_numbers_in_texts() -> None:
    text = "as in incidents 24, 25 and 31 to 33; see incident 7."
    assert [n for found in coverage.NUMBERS.findall(text) for n in coverage.expand(found)] == [24, 25, 31, 32, 33, 7]


def test_generated_pages_are_up_to_date() -> None:
    stale = [path for path, text in docs.pages(ROOT).items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], "run: make docs"


def test_what_was_tried_is_counted(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    assert [*tried.section(tmp_path)] == []
    kinds = {"a": {"refused": 2, "crash": 1}, "b": {"warned": 3}}
    tried.record(tmp_path, "gauntlet", "stack", {"possible": 9, "commits": ["c2", "c1"], "kinds": kinds})
    counted = {"possible": 9, "commits": ["c2"], "kinds": {"a": {"told": 5}}, "told_as_code": 4}
    tried.record(tmp_path, "gauntlet", "code", counted)
    tried.record(tmp_path, "fuzz", "query", {"inputs": 7, "faults": 0})
    assert {
        "| code | 9 | 5 | 0 | 1 | 4 | 0 | 0 | c2 |",
        "| stack | 9 | 6 | 2 | 3 | not counted | 0 | 1 | c2 and c1 |",
        "| query | 7 | 0 |",
    } < {*tried.section(tmp_path)}


def test_forms_are_counted_and_only_refusals_prevent(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    what = [Incident(number, "It broke", "A", before=True, after=True) for number in (1, 2, 3)]
    assert [*forms.section(tmp_path, what, {})] == []
    verdicts = {"1": ["refused"] * 6, "2": ["refused"] * 4 + ["told", "benign"], "3": ["refused"] * 6 + ["survivor"]}
    of = {number: [{"layer": "plan", "verdict": each} for each in found] for number, found in verdicts.items()}
    tried.record(tmp_path, "forms", "generated", {"commit": "c1", "of": of})
    tried.record(tmp_path, "reported", "replay", {"commit": "c1", "of": {"silence": {"gone": 8, "refused": 9}}})
    tried.record(tmp_path, "reported", "days", {"of": {"poison": {"incidents": [2], "alert": "crash", "minutes": 3}}})
    seen = {
        1: [Cover("alert", "silence", "Silence", (1,)), Cover("alert", "backlog-age", "Age", (1,))],
        3: [Cover("command", "ops/verification/checks.py", "Checks", (3,))],
    }
    rows = [line for line in forms.section(tmp_path, what, seen) if line.startswith("| ") and "It broke" in line]
    assert rows == [
        "| 1 | It broke | 0 | 6 | plan | 6 | 0 | 0 | 0 | prevented | `silence`, 9 min in the replay |",
        "| 2 | It broke | 0 | 6 | plan | 4 | 1 | 1 | 0 | prevented or told or harmless | `crash`, 3 min in the day poison |",
        "| 3 | It broke | 0 | 7 | plan | 6 | 0 | 0 | 1 | **not all seen** | `ops/verification/checks.py`, when it runs |",
    ]
