"""Three completions of one processor end in one record, whatever their order, equal times, runs and states included."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from typing import Any

import pytest
from shared.decisions.completion import Completion

from tests.functions.model import START, Model, completion
from tests.functions.views import boundary


def one(pick: random.Random, *, batch: bool) -> Completion:
    values: dict[str, Any] = {
        "completed_at": START + timedelta(seconds=pick.randint(0, 1)),
        "execution_id": f"e{pick.randint(0, 1)}",
        "status": pick.choice(["success", "partial"]),
        "record_count": pick.choice([None, 1, 2]),
        "correlation_id": pick.choice(["a", "b"]),
        "is_incremental": pick.random() < 0.7,
        "entities_changed": tuple(pick.sample("abcd", 2)),
        "skip_downstream": pick.random() < 0.2,
    }
    if batch:
        percent, number = pick.choice([10, 80]), pick.choice([1, 10, 11])
        values["metadata"] = {"completion_pct": percent, "completed_predictions": number}
    return completion("prediction_coordinator" if batch else "player_game_summary", **values)


@pytest.mark.parametrize("name", ["phase3_to_phase4", "phase5_to_phase6"])
def test_the_record_does_not_depend_on_the_order(name: str) -> None:
    declared = boundary(name)
    for seed in range(1_500):
        pick = random.Random(seed)
        sent = [one(pick, batch=declared.upstream.batch) for _ in range(3)]
        ends = []
        for order in itertools.permutations(sent):
            model = Model(declared)
            for each in order:
                model.handle(each)
            ends.append((model.document or {})[str(sent[0].processor)])
        assert all(end == ends[0] for end in ends), f"seed {seed}"
