"""What a run may hold, and what is refused of one that comes from elsewhere."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from ops.page.run import Run, RunEvent, from_json
from ops.untrusted import Malformed

RUN = Run(
    "A day",
    "2026-01-29",
    "Every boundary is triggered.",
    (
        RunEvent("2026-01-29T03:12:00-05:00", "a_to_b", "completion", "belt", "", {"complete": 1, "expected": 2}),
        RunEvent("2026-01-29T03:13:00-05:00", "a_to_b", "triggered", "b-trigger", "all_complete"),
    ),
)


def test_what_is_written_is_read_again() -> None:
    assert from_json(json.loads(json.dumps(RUN.as_json()))) == RUN


Edit = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda run: run.pop("verdict"), "with title, day, verdict, events and nothing else"),
        (lambda run: run.update(more=1), "nothing else"),
        (lambda run: run.update(title=3), "`title` is a text"),
        (lambda run: run.update(events={}), "`events` is a list"),
        (lambda run: run["events"][0].update(at="yesterday"), "`at` is a time"),
        (lambda run: run["events"][0].update(at="2026-01-29T03:12:00"), "with an offset"),
        (lambda run: run["events"][0].update(what="exploded"), "`what` is one of completion"),
        (lambda run: run["events"][0].update(what=[]), "`what` is one of completion"),
        (lambda run: run["events"][0].update(counts={"complete": True}), "whole numbers"),
        (lambda run: run["events"][0].update(counts=[1]), "`counts` is an object"),
        (lambda run: run["events"][0].update(reason="x" * 3000), "`reason` is a text of at most"),
    ],
)
def test_anything_else_is_refused(edit: Edit, words: str) -> None:
    document = copy.deepcopy(json.loads(json.dumps(RUN.as_json())))
    edit(document)
    with pytest.raises(Malformed, match=words):
        from_json(document)
