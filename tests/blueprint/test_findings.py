"""Findings are told once each: repeats, what has one cause, and what several things inherit."""

from __future__ import annotations

from blueprint.findings import Finding, Location, apart, once


def at(line: int, file: str = "a.py") -> Location:
    return Location(file, line)


def test_the_same_words_of_one_place_are_told_once_by_the_first_rule() -> None:
    first, second = Finding("a-rule", "It is lost.", at(1)), Finding("b-rule", "It is lost.", at(1))
    (told,) = once([first, second])
    assert (told, told.same) == (first, (second,))


def test_other_words_places_and_severities_are_told_each() -> None:
    findings = (
        Finding("rule", "It is lost.", at(1)),
        Finding("rule", "It is lost.", at(2)),
        Finding("rule", "It is gone.", at(1)),
        Finding("rule", "It is lost.", at(1), "warning"),
    )
    assert once(findings) == findings


def test_one_cause_is_told_once_with_the_other_places() -> None:
    used = [Finding("import", f"'x' is imported by {line}.", at(line), cause="module x") for line in range(1, 9)]
    (told,) = once(used)
    assert told.message == "'x' is imported by 1. Also at a.py:2, a.py:3, a.py:4, a.py:5, a.py:6 and 2 places more."
    assert [each.at.line for each in apart([told])] == list(range(1, 9))


def test_a_cause_is_told_where_it_stands() -> None:
    follows = Finding("query", "Nobody declares it.", at(7, "q.sql"), cause="table t")
    stands = Finding("table", "The file is missing.", at(1, "pipeline.yaml"), cause="table t", at_cause=True)
    (told,) = once([follows, stands])
    assert (told.rule, told.message, told.at) == ("table", "The file is missing. Also at q.sql:7.", stands.at)
    assert told.same == (follows,)


def test_a_warning_never_stands_for_a_violation() -> None:
    warned = Finding("a", "It is thin.", at(1), "warning", cause="x", at_cause=True)
    refused = Finding("b", "It is gone.", at(2), cause="x")
    assert once([warned, refused]) == (warned, refused)


def test_findings_without_a_cause_stay_apart() -> None:
    findings = (Finding("a", "One.", at(1)), Finding("a", "Two.", at(2)))
    assert once(findings) == findings
