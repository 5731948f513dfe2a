"""Every log alert on every recorded entry: it matches those its cases name and no other."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest

from analysis.logfilter.expression import AllOf, AnyOf, Compare, Filter, Not, problems, required
from blueprint.alerts import Alert, LogMatch, cases
from blueprint.alerts.kinds import KINDS, LogSearch

LOG_KINDS = sorted(kind for kind in KINDS if any(case.name in cases.entries() for case in cases.load(kind).fires))


def needed(template: Any) -> set[str]:
    if isinstance(template, str):
        return {name for _, name, _, _ in Formatter().parse(template) if name}
    if isinstance(template, dict):
        return set().union(*(needed(part) for item in template.items() for part in item))
    return set()


def entries_for(alert: Alert) -> dict[str, Any]:
    values = {"function": alert.values.get("function", "a-function"), **alert.values}
    return {
        name: cases.filled(entry, values) for name, entry in cases.entries().items() if needed(entry) <= set(values)
    }


@pytest.mark.parametrize("kind", LOG_KINDS)
def test_matches_exactly_the_entries_of_its_cases(kind: str, alerts: tuple[Alert, ...]) -> None:
    mine = [alert for alert in alerts if alert.kind == kind]
    assert mine, f"no alert is of kind {kind}"
    expected = {case.name for case in cases.load(kind).fires}
    for alert in mine:
        assert isinstance(alert.condition, LogMatch)
        found = alert.condition.condition
        entries = entries_for(alert)
        assert {name for name, entry in entries.items() if found.holds(entry)} == expected
        assert set(cases.load(kind).silent) <= set(entries) - expected


def test_gen1_entries_match_nothing(alerts: tuple[Alert, ...]) -> None:
    checked = 0
    for alert in alerts:
        if isinstance(alert.condition, LogMatch):
            for name, entry in entries_for(alert).items():
                gen1 = {**entry, "resource": {**entry["resource"], "type": "cloud_function"}}
                assert not alert.condition.condition.holds(gen1), (alert.name, name)
                checked += 1
    assert checked > 1000


def test_every_log_alert_is_tried(alerts: tuple[Alert, ...]) -> None:
    assert {alert.kind for alert in alerts if isinstance(alert.condition, LogMatch)} == set(LOG_KINDS)


SEARCHES = {kind.id: kind.diagnosis for kind in KINDS.values() if isinstance(kind.diagnosis, LogSearch)}


def given(node: Filter, values: dict[str, str]) -> Filter:
    match node:
        case Compare(path, operator, value):
            return Compare(path, operator, value.format_map(values))
        case Not(item):
            return Not(given(item, values))
        case AllOf(items):
            return AllOf(tuple(given(item, values) for item in items))
        case AnyOf(items):
            return AnyOf(tuple(given(item, values) for item in items))


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_diagnosis_searches_fields_that_entries_have(kind: str) -> None:
    assert list(problems(SEARCHES[kind].filter)) == []
    assert Compare(("resource", "type"), "=", "cloud_run_revision") in required(SEARCHES[kind].filter)


def test_a_misspelt_field_of_a_diagnosis_is_seen() -> None:
    assert list(problems(AllOf((Compare(("severty",), "=", "ERROR"),)))) != []


@pytest.mark.parametrize("kind", sorted(SEARCHES.keys() & set(LOG_KINDS)))
def test_a_diagnosis_shows_the_entry_that_fired_the_alert(kind: str, alerts: tuple[Alert, ...]) -> None:
    for alert in alerts:
        if alert.kind == kind:
            entries, search = entries_for(alert), given(SEARCHES[kind].filter, dict(alert.values))
            assert [case.name for case in cases.load(kind).fires if not search.holds(entries[case.name])] == []
