"""Keys of completions: how each kind is written, and which day it belongs to, in zones of whole and of half hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from shared.declaration.keys import EXAMPLES, Key

NEW_YORK, KOLKATA, LISBON = (ZoneInfo(each) for each in ("America/New_York", "Asia/Kolkata", "Europe/Lisbon"))
DATE, HOUR, BATCH = Key("date"), Key("hour"), Key("batch")


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        (DATE, "2026-01-29", True),
        (DATE, "2026-02-29", False),
        (DATE, "2028-02-29", True),
        (DATE, "2026-1-29", False),
        (DATE, "20260129", False),
        (DATE, "1026-01-29", False),
        (DATE, "1899-12-31", False),
        (DATE, "1900-01-01", True),
        (DATE, "2199-12-31", True),
        (DATE, "2200-01-01", False),
        (DATE, "2026-01-29T17Z", False),
        (DATE, "２０２６-01-29", False),
        (HOUR, "2026-01-29T17Z", True),
        (HOUR, "2026-01-29T24Z", False),
        (HOUR, "2026-01-29T17", False),
        (HOUR, "2026-01-29T17:00Z", False),
        (HOUR, "2026-01-29", False),
        (BATCH, "run-0042", True),
        (BATCH, "2026-01-29", True),
        (BATCH, "", False),
        (BATCH, "..", False),
        (BATCH, "__x__", False),
        (BATCH, "a/b", False),
        (BATCH, "a" * 200, True),
        (BATCH, "a" * 201, False),
        (BATCH, "run\n", False),
        (DATE, 20260129, False),
        (BATCH, None, False),
    ],
)
def test_what_is_a_key(key: Key, value: object, fits: bool) -> None:
    assert key.fits(value) is fits


def test_every_example_is_a_key_of_its_kind_only_or_a_batch() -> None:
    for kind, example in EXAMPLES.items():
        assert [each.kind for each in (DATE, HOUR) if each.fits(example)] == [kind] * (kind != "batch")


@pytest.mark.parametrize(
    ("key", "value", "zone", "day"),
    [
        (DATE, "2026-01-29", NEW_YORK, date(2026, 1, 29)),
        (HOUR, "2026-01-29T04Z", NEW_YORK, date(2026, 1, 28)),
        (HOUR, "2026-01-29T05Z", NEW_YORK, date(2026, 1, 29)),
        (HOUR, "2026-01-29T18Z", KOLKATA, date(2026, 1, 29)),  # 23:30 there
        (HOUR, "2026-01-29T19Z", KOLKATA, date(2026, 1, 30)),  # 00:30 there
        (BATCH, "2026-01-29", NEW_YORK, None),
    ],
)
def test_the_day_that_a_key_belongs_to(key: Key, value: str, zone: ZoneInfo, day: date | None) -> None:
    assert key.day(value, zone) == day


@pytest.mark.parametrize(
    ("value", "side"), [("2026-01-29T18Z", "before_today"), ("2026-01-29T19Z", "today"), ("2026-01-30T19Z", "after_today")]
)  # fmt: skip
def test_the_side_of_an_hour_is_that_of_its_day(value: str, side: str) -> None:
    assert HOUR.side(value, datetime(2026, 1, 30, 6, 0, tzinfo=KOLKATA), KOLKATA) == side


def test_hours_are_told_apart_where_the_local_clock_is_set_back() -> None:
    twice = [HOUR.day(each, LISBON) for each in ("2026-10-25T00Z", "2026-10-25T01Z")]  # 01:00 in Lisbon, both
    assert twice == [date(2026, 10, 25)] * 2
    assert HOUR.span("2026-10-25T00Z", "2026-10-25T01Z", 10) == ["2026-10-25T00Z", "2026-10-25T01Z"]


def test_when_a_key_is_over() -> None:
    assert DATE.end("2026-01-29", NEW_YORK) == datetime(2026, 1, 30, tzinfo=NEW_YORK)
    assert HOUR.end("2026-01-29T23Z", NEW_YORK) == datetime(2026, 1, 30, 0, tzinfo=UTC)
    assert BATCH.end("x", NEW_YORK) is None


def test_what_queries_are_given() -> None:
    assert (DATE.parameter("2026-01-29"), DATE.sql_type) == (date(2026, 1, 29), "DATE")
    assert (HOUR.parameter("2026-01-29T17Z"), HOUR.sql_type) == ("2026-01-29T17Z", "STRING")
    assert (BATCH.parameter("2026-01-29"), BATCH.sql_type) == ("2026-01-29", "STRING")


def test_the_current_key_and_the_one_before() -> None:
    now = datetime(2026, 1, 29, 23, 30, tzinfo=NEW_YORK)
    assert DATE.recent(now, NEW_YORK) == ["2026-01-28", "2026-01-29"]
    assert HOUR.recent(now, NEW_YORK) == ["2026-01-30T03Z", "2026-01-30T04Z"]
    assert BATCH.recent(now, NEW_YORK) == []


def test_ranges_run_forward_and_end() -> None:
    assert DATE.span("2026-02-27", "2026-03-01", 3) == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert HOUR.span("2026-01-29T23Z", "2026-01-30T00Z", 9) == ["2026-01-29T23Z", "2026-01-30T00Z"]
    assert BATCH.span("a", "a", 1) == ["a"]
    for key, first, last in ((DATE, "2026-03-01", "2026-02-27"), (DATE, "2026-01-01", "2026-01-04")):
        with pytest.raises(OverflowError):
            key.span(first, last, 3)
    for key, first, last in ((DATE, "2026-01-01", "soon"), (HOUR, "2026-01-01", "2026-01-02"), (BATCH, "a", "b")):
        with pytest.raises(ValueError, match=first):
            key.span(first, last, 3)


def test_every_hour_of_a_year_belongs_to_one_day_and_comes_back_as_it_was_written() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(366 * 24):
        written = f"{at:%Y-%m-%dT%HZ}"
        assert HOUR.fits(written)
        assert HOUR.day(written, NEW_YORK) == at.astimezone(NEW_YORK).date()
        assert HOUR.span(written, written, 1) == [written]
        at += timedelta(hours=1)
