"""Three hundred random dates through real push delivery, while the function is killed again and again.

Messages arrive in any order and number, some of them bad; the server is ended with its work half done. When the queue
is empty every date must be exactly what its messages say: all recorded, triggered where complete, under one id.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from ops.local.cloud import Cloud
from tests.emulators.conftest import LEASE, Serve, view_of
from tests.emulators.front import Front
from tests.emulators.messages import completion, eventually

RUNS = 300
KILL_EVERY = 50
FIRST = date(2025, 1, 1)
TOPIC = "nba-phase2-raw-complete"


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as opened:
        yield opened


def storm(pick: random.Random, names: list[str], game_date: str) -> tuple[list[dict[str, Any] | bytes], set[str]]:
    """Return the messages of a date, shuffled and repeated, and the processors that they complete."""
    completed = set(names) if pick.random() < 0.7 else set(pick.sample(names, pick.randint(1, len(names))))
    messages: list[dict[str, Any] | bytes] = [
        completion(name, game_date, status=pick.choice(["success", "partial"])) for name in sorted(completed)
    ]
    missing = [name for name in names if name not in completed]
    messages += [completion(name, game_date, status="failed") for name in missing if pick.random() < 0.3]
    messages += [pick.choice(messages) for _ in range(pick.randint(0, 3))]
    messages += [pick.randbytes(20)] if pick.random() < 0.1 else []
    pick.shuffle(messages)
    return messages, completed


def test_three_hundred_storms(serve: Serve, cloud: Cloud, stack: contextlib.ExitStack) -> None:
    function = serve("phase2-to-phase3-orchestrator")
    view = view_of(function)
    names = list(view["boundaries"]["phase2_to_phase3"]["modes"][0]["expected"])
    for topic in (TOPIC, "nba-phase3-trigger", view["dead_letter_topic"]):
        cloud.pull(topic)
    front = stack.enter_context(Front(function))
    cloud.push(TOPIC, front.url, "storms")
    pick = random.Random(20260129)
    expected: dict[str, set[str]] = {}
    bad = 0
    for number in range(RUNS):
        game_date = (FIRST + timedelta(days=number)).isoformat()
        messages, expected[game_date] = storm(pick, names, game_date)
        bad += sum(isinstance(message, bytes) for message in messages)
        cloud.publish(TOPIC, *messages)
        if number % KILL_EVERY == KILL_EVERY - 1:  # with what is in hand half done
            time.sleep(pick.uniform(0.5, 2))
            function.kill()
            function.start()
    complete = {game_date for game_date, completed in expected.items() if len(completed) == len(names)}
    triggers: dict[str, set[str]] = defaultdict(set)

    def settled() -> bool:
        for message in cloud.pull("nba-phase3-trigger"):
            triggers[json.loads(message.data)["game_date"]].add(message.attributes["trigger_id"])
        documents = {one.id: one.to_dict() or {} for one in cloud.firestore.collection("phase2_completion").stream()}
        return all(
            {name for name in documents.get(game_date, {}) if not name.startswith("_")} == completed
            and documents[game_date]["_triggered"] is (game_date in complete)
            for game_date, completed in expected.items()
        )

    eventually(settled, seconds=600, every=LEASE / 2)
    assert {day: ids for day, ids in triggers.items() if day in expected} == {
        day: {f"phase2_to_phase3:{day}"} for day in complete
    }
    letters = cloud.pull(view["dead_letter_topic"])
    assert {letter.attributes["reason"] for letter in letters} == {"not_json"}
    assert len({letter.data for letter in letters}) == bad
    cloud.delete_subscription("storms")
