"""A completion counts where a known processor completed; what is declared of one has the bounds and defaults that are told."""

from __future__ import annotations

import pytest
from shared.declaration.types import Batch, Rule

from blueprint.json_schema import json_schema
from tests.functions.model import completion


@pytest.mark.parametrize(
    ("processor", "status", "counts"),
    [("p", "success", True), ("p", "partial", True), ("p", "failed", False), ("p", "no_data", False), (None, "success", False)],
)  # fmt: skip
def test_what_a_known_processor_completed_counts(processor: str | None, status: str, counts: bool) -> None:
    assert completion(processor, status=status).counts is counts


def test_a_share_is_between_none_and_all() -> None:
    shares = [
        json_schema(each, "")["properties"][name] for each, name in ((Rule, "at_least_percent"), (Batch, "min_percent"))
    ]
    assert [(each["minimum"], each["maximum"]) for each in shares] == [(0, 100)] * 2


def test_what_says_no_default_is_asked_for() -> None:
    assert json_schema(Batch, "")["required"] == ["percent", "count", "min_percent", "min_count"]


def test_a_success_alone_is_no_whole_batch_unless_declared() -> None:
    assert Batch(percent="p", count="c", min_percent=1.0, min_count=1).success_completes is False
