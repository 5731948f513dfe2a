"""What a schedule asks for by the clock on the wall."""

from __future__ import annotations

import pytest

from blueprint import cron
from blueprint.alerts import schedules

WEEKDAYS = frozenset({1, 2, 3, 4, 5})


@pytest.mark.parametrize(
    ("expression", "times", "days", "weekdays", "either"),
    [
        ("0,30 * * * *", tuple(range(0, 1440, 30)), None, None, False),
        ("0 7 * * *", (420,), None, None, False),
        ("30 6,18 * * 1-5", (390, 1110), None, WEEKDAYS, False),
        ("30 6,18 * * MON-FRI", (390, 1110), None, WEEKDAYS, False),
        ("0 0 * * 0", (0,), None, frozenset({0}), False),
        ("0 0 * * SUN,7", (0,), None, frozenset({0}), False),
        ("0 0 1,15 * *", (0,), frozenset({1, 15}), None, False),
        ("0 0 13 * 5", (0,), frozenset({13}), frozenset({5}), True),
    ],
)
def test_patterns(
    expression: str,
    times: tuple[int, ...],
    days: frozenset[int] | None,
    weekdays: frozenset[int] | None,
    either: bool,
) -> None:
    assert cron.pattern(expression) == cron.CronPattern(times, None, days, weekdays, either)


@pytest.mark.parametrize(
    "expression", ["x * * * *", "60 * * * *", "* * * *", "*/0 * * * *", "", "0 0 30 2 *", "0 0 L * *"]
)
def test_what_is_no_schedule_has_none(expression: str) -> None:
    assert cron.pattern(expression) is None
    assert schedules.missing("a-job", expression, "America/New_York") is None
