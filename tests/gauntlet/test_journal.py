"""A run that is stopped goes on where it was, and what was explained before a cure need not be judged again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.gauntlet.journal import NOT_COMMITTED, Journal
from tests.gauntlet.judge import Outcome
from tests.gauntlet.mutation import Mutation

ONE = Mutation("leaf deleted", "pipeline.yaml", "store.lease", "a: 1\n")
OTHER = replace(ONE, place="store.database")
REFUSED = Outcome(ONE, "refused", "manifest", 'pipeline.yaml:3: "…" is missing.', 2)
LEFT = Outcome(OTHER, "survivor", "nothing", "")


def test_what_was_kept_is_known_to_the_next_run_of_the_same_commit(tmp_path: Path) -> None:
    first = Journal(tmp_path, "harmless SQL", "c1")
    assert first.outcome(ONE) is None
    first.keep(REFUSED)
    assert first.outcome(ONE) == REFUSED
    again = Journal(tmp_path, "harmless SQL", "c1")
    assert again.outcome(ONE) == REFUSED
    assert again.outcome(replace(ONE, text="a: 2\n")) is None
    assert again.outcome(replace(ONE, beside=(("b", None),))) is None
    assert Journal(tmp_path, "harmless SQL", "c2").outcome(ONE) is None
    assert Journal(tmp_path, "tables", "c1").outcome(ONE) is None


def test_a_line_that_a_kill_cut_off_costs_only_itself(tmp_path: Path) -> None:
    Journal(tmp_path, "stack", "c1").keep(REFUSED)
    path = tmp_path / "stack.jsonl"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + whole[:40], encoding="utf-8")
    after = Journal(tmp_path, "stack", "c1")
    assert after.outcome(ONE) == REFUSED
    after.keep(LEFT)
    assert Journal(tmp_path, "stack", "c1").outcome(OTHER) == LEFT


def test_only_what_an_earlier_commit_left_is_judged_after_a_cure(tmp_path: Path) -> None:
    before = Journal(tmp_path, "stack", "c1")
    before.keep(REFUSED)
    before.keep(LEFT)
    after = Journal(tmp_path, "stack", "c2", since=["c1"])
    assert (after.outcome(ONE), after.outcome(OTHER)) == (REFUSED, None)
    assert (after.met(ONE), after.met(OTHER), after.met(replace(ONE, place="x"))) == (True, True, False)
    assert not Journal(tmp_path, "stack", "c2").met(ONE)
    after.keep(replace(LEFT, verdict="refused", by="manifest"))
    assert after.commits([ONE, OTHER]) == ["c2", "c1"]


def test_nothing_is_known_of_a_tree_that_is_not_committed(tmp_path: Path) -> None:
    Journal(tmp_path, "stack", NOT_COMMITTED).keep(REFUSED)
    assert Journal(tmp_path, "stack", NOT_COMMITTED).outcome(ONE) is None
