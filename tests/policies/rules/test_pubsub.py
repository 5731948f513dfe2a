"""Where a subscription stops being sound: on both sides of each limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.policies.harness import ABSENT, said
from tests.policies.stack import ACCOUNT, FUNCTION, HOLD, LETTERS, PUSH, TOPIC


@pytest.mark.parametrize(("seconds", "sound"), [(9, False), (10, True), (600, True), (601, False)])
def test_a_deadline_that_the_platform_takes(seconds: int, sound: bool) -> None:
    assert (said("ack-deadline-declared", PUSH.with_("ackDeadlineSeconds", seconds)) == []) is sound


@pytest.mark.parametrize(("seconds", "sound"), [(539, False), (540, True), (541, True)])
def test_a_push_waits_as_long_as_its_function_may_work(seconds: int, sound: bool) -> None:
    found = said("ack-covers-timeout", FUNCTION, ACCOUNT, TOPIC, PUSH.with_("ackDeadlineSeconds", seconds))
    assert (found == []) is sound


@pytest.mark.parametrize(("attempts", "sound"), [(4, False), (5, True), (100, True), (101, False)])
def test_attempts_that_the_platform_takes(attempts: int, sound: bool) -> None:
    push = PUSH.with_("deadLetterPolicy.maxDeliveryAttempts", attempts)
    assert (said("dead-letter-consumed", TOPIC, LETTERS, HOLD, push) == []) is sound


@pytest.mark.parametrize(
    ("pause", "sound"), [("9s", False), ("9.9s", False), ("10s", True), ("10.5s", True), ("soon", False), ("1.0.0s", False)]
)  # fmt: skip
def test_a_first_pause_of_ten_seconds(pause: str, sound: bool) -> None:
    assert (said("back-off-declared", PUSH.with_("retryPolicy.minimumBackoff", pause)) == []) is sound


@pytest.mark.parametrize("half", ["minimumBackoff", "maximumBackoff"])
@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({}, ["No back-off is set, so redelivery is immediate; set minimumBackoff and maximumBackoff."]),
        ({"pushConfig": ABSENT}, []),
        ({"pushConfig": ABSENT, "bigqueryConfig": {"table": "t"}}, ["No back-off is set, so redelivery is immediate; set minimumBackoff and maximumBackoff."]),
    ],
)  # fmt: skip
def test_what_pushes_or_writes_needs_both_pauses(half: str, held: dict[str, Any], words: list[str]) -> None:
    subscription = PUSH.with_(f"retryPolicy.{half}", ABSENT)
    for path, value in held.items():
        subscription = subscription.with_(path, value)
    assert said("back-off-declared", subscription) == words


def test_each_topic_without_a_reader_is_told() -> None:
    assert said("topic-has-subscription", TOPIC, PUSH) == []
    others = [replace(TOPIC, name=f"t{n}", props={**TOPIC.props, "name": f"t{n}"}) for n in range(2)]
    assert len(said("topic-has-subscription", TOPIC, PUSH, *others)) == 2
