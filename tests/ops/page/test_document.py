"""What the page says: findings, contracts and parts, the sentences of `ops diff`, and the day; the same bytes each time."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from ops.change import render
from ops.invocation import CODE
from ops.page.document import Page, html
from tests.ops.page import pages


@pytest.fixture(scope="module")
def sound() -> Page:
    return pages.page(difference=pages.DIFFERENCE, run=pages.RUN)


@pytest.fixture(scope="module")
def text(sound: Page) -> str:
    return html(sound)


def words(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def test_the_same_plan_gives_the_same_bytes(text: str) -> None:
    again = pages.page(difference=pages.DIFFERENCE, run=pages.RUN)
    assert html(again) == text


def test_every_resource_stands_on_it(sound: Page, text: str) -> None:
    shown = {each.name for part in sound.parts for each in part.resources}
    inside = {
        each.name
        for each in sound.plan.resources
        if each.custom and each.parent and "::pulumi:pulumi:Stack::" not in each.parent
    }
    assert inside - shown == set()
    assert all(f'id="{part.anchor}"' in text for part in sound.parts)
    assert len({part.anchor for part in sound.parts}) == len(sound.parts)


def test_the_picture_says_of_everything_that_is_ours_how_many_alerts_watch_it(sound: Page) -> None:
    assert sound.known
    assert {node for node in sound.known.anchors if node.kind != "service"} == set(sound.known.notes)


def test_every_link_leads_somewhere(text: str) -> None:
    assert {*re.findall(r'href="#([^"]+)"', text)} <= {*re.findall(r'\bid="([^"]+)"', text)}


def test_every_grant_has_its_line_of_code(sound: Page) -> None:
    [part] = [each for each in sound.parts if (each.kind, each.name) == ("function", "start-sorting")]
    [rights] = [each for each in part.tables if each.title.startswith("Rights")]
    rows = [row.cells for row in rights.rows]
    assert {("pubsub.publisher", "parcels-sort")} <= {row[:2] for row in rows}
    assert all(re.fullmatch(r".*functions/.+:\d+", row[2]) and row[3] for row in rows)


def test_it_does_not_tell_where_this_machine_keeps_anything(text: str) -> None:
    assert str(CODE) not in text
    assert "functions/shared/google/pubsub.py:15" in text


def test_what_changed_is_told_as_ops_diff_tells_it(text: str) -> None:
    told = words(text)
    assert words(render.verdict(pages.DIFFERENCE)) in told
    assert "What starts, and when" in told
    assert "ackDeadlineSeconds : 600 → 10" in told


def test_the_day_is_told(sound: Page, text: str) -> None:
    first, second = (row.cells for row in sound.boundaries)
    assert first == ("intake_to_sorting", "2 of 2", "2026-01-29T03:12:00+00:00", "2026-01-29T03:14:01+00:00", "all_in")
    assert second[1:] == ("not known", "2026-01-29T03:15:00+00:00", "not triggered", "")
    assert "messages 1" in words(text)


def test_nothing_is_loaded_and_no_style_or_script_but_ours_runs(text: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-\S+'; base-uri 'none'; form-action 'none'",
        unescape(policy[1]),
    )
    assert re.findall(r'(?:src|href|action)="(?!#)[^"]*"', text) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("topic: parcels-sort\n", "topic: parcels-sorts\n"),
        ("function: start-sorting\n", "function: start-sortin\n"),
        ("upstream: intake\n", "upstream: intak\n"),
        ("service: parcel-intake\n", "service: parcel-intak\n"),
        ("completion_topic: parcels-taken-in\n", "completion_topic: parcels-taken\n"),
        ("function: watch-parcels, schedule", "function: watch-parcel, schedule"),
        ("    deadline: 1h\n", ""),
        ("\npipeline: parcels", "\npipeline: [parcels"),
    ],
)
def test_a_refused_plan_shows_why_before_anything_else(tmp_path: Path, before: str, after: str) -> None:
    refused = pages.page(pages.edited(tmp_path / "p", before, after))
    assert [each.anchor for each in refused.sections][:2] == ["findings", "picture"]
    told = words(html(refused))
    assert refused.plan.violations
    assert all(words(each.message) in told for each in refused.plan.violations)
    assert "✗ Refused" in told
