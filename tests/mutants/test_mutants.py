"""How mutants are judged, on two of them; and what survives is still there to survive."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functions.conftest import ROOT
from tests.mutants.__main__ import held
from tests.mutants.groups import GROUPS, Group
from tests.mutants.judge import BUDGET, MOST, nearest, sharing
from tests.mutants.mutant import Mutant
from tests.mutants.reasons import idle, reasons
from tests.mutants.survey import MARK, Cost, marked, reached

MODULE = "functions/shared/orchestration/lease.py"
TEST = "tests/functions/test_lease.py"
JUDGE = f"""
import json, sys
from pathlib import Path
from tests.mutants.judge import anew, verdicts
from tests.mutants.mutant import Mutant
root, tests = Path.cwd(), ["{TEST}::test_it_is_renewed_while_the_work_goes_on_and_not_after"]
mutants = {{str(n): Mutant(**each) for n, each in enumerate(json.load(sys.stdin))}}
said = verdicts(root, ["{TEST}"], mutants, dict.fromkeys(mutants, tests))
print(json.dumps([*dict(said).values(), *(anew(root, each, tests) for each in mutants.values())]))
"""


def mutant(before: str, after: str, definition: str = "", *, inside: bool = True) -> dict[str, object]:
    start = (ROOT / MODULE).read_text(encoding="utf-8").index(before)
    return {
        "module": MODULE, "operator": "by hand", "line": 1, "definition": definition, "in_function": inside,
        "start": start, "end": start + len(before), "text": after,
    }  # fmt: skip


def test_what_a_test_sees_is_told_from_what_none_sees() -> None:
    given = [
        mutant("context.lease / RENEWALS", "context.lease * RENEWALS"),
        mutant("context.lease / RENEWALS", "context.lease * (1 / RENEWALS)"),
    ]
    done = subprocess.run(
        (sys.executable, "-W", "ignore", "-c", JUDGE), input=json.dumps(given), cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["killed", "survived"] * 2


def test_a_mutant_meets_the_tests_that_call_its_function_cheapest_first() -> None:
    here, other = f"{MODULE}:_renew", f"{MODULE}:other"
    found = {
        "far": Cost({other}, 0.1),
        "slow": Cost({here}, BUDGET),
        "quick": Cost({here, other}, 0.2),
        "quicker": Cost({here}, 0.1),
    }
    made = Mutant(**mutant("RENEWALS", "RENEWALS", "_renew"))  # type: ignore[arg-type]
    assert nearest(ROOT, found, made) == ["quicker", "quick"]
    constant = Mutant(**mutant("RENEWALS", "RENEWALS", inside=False))  # type: ignore[arg-type]
    assert nearest(ROOT, found, constant) == ["far", "quicker", "quick"]


def test_a_mutant_meets_its_modules_own_tests_first_and_then_one_of_each_file() -> None:
    here, stem = f"{MODULE}:_renew", Path(MODULE).stem
    cheap = {f"tests/test_often.py::test_{n}": Cost({here}, 0.001) for n in range(MOST)}
    own = {f"tests/test_{stem}.py::test_{n}": Cost({here}, 0.05) for n in range(3)}
    found = {**cheap, **own, "tests/test_once.py::test": Cost({here}, 0.1)}
    chosen = nearest(ROOT, found, Mutant(**mutant("RENEWALS", "RENEWALS", "_renew")))  # type: ignore[arg-type]
    assert len(chosen) == MOST
    assert {*own, "tests/test_once.py::test"} <= {*chosen[:5]}


def test_what_costs_next_to_nothing_is_run_before_what_costs() -> None:
    here = f"{MODULE}:_renew"
    dear = {f"tests/test_{name}.py::test_{n}": Cost({here}, 1.0) for name in "ab" for n in range(15)}
    cheap = {f"tests/test_cheap.py::test_{n}": Cost({here}, 0.001) for n in range(200)}
    chosen = nearest(ROOT, {**dear, **cheap}, Mutant(**mutant("RENEWALS", "RENEWALS", "_renew")))  # type: ignore[arg-type]
    assert {*cheap, "tests/test_a.py::test_0", "tests/test_b.py::test_0"} <= {*chosen}
    assert len(chosen) < len(dear) + len(cheap)


def test_a_fixture_counts_once_and_not_at_all_where_it_is_made_before() -> None:
    here, fixture = f"{MODULE}:_renew", "session :plan"
    found = {f"tests/test_a.py::test_{n}": Cost({here}, 0.1, {fixture: BUDGET - 1}) for n in range(5)}
    found["tests/test_b.py::test"] = Cost({here}, 0.1, {"module :plan": 2.0})
    made = Mutant(**mutant("RENEWALS", "RENEWALS", "_renew"))  # type: ignore[arg-type]
    assert nearest(ROOT, found, made) == ["tests/test_b.py::test"]
    assert set(nearest(ROOT, found, made, Group((), (), shared=True))) == {*found}
    del found["tests/test_b.py::test"]
    assert len(nearest(ROOT, found, made)) == 5
    assert sharing(found) == ["tests/test_a.py::test_0"]


def test_a_mutant_of_a_rule_meets_the_tests_that_name_it_first(tmp_path: Path) -> None:
    text = """@rule("no-such-thing", "Title")
def check(x):
    _helper(x)


def _helper(x):
    print(x)


@rule("other-thing", "Title")
def other(x):
    print(x)
"""
    (tmp_path / "m.py").write_text(text, encoding="utf-8")
    found = {
        f"test_a.py::test[{name}]": Cost({"m.py:check", "m.py:_helper"}, 1.0)
        for name in ("other-thing-x", "no-such-thing-x")
    }
    found["test_b.py::test"] = Cost(set(), 1.0)
    of = {
        name: Mutant("m.py", "by hand", line, name, in_function=line != 1, start=0, end=0, text="")
        for name, line in (("_helper", 7), ("check", 1))
    }
    assert nearest(tmp_path, found, of["_helper"])[0] == "test_a.py::test[no-such-thing-x]"
    registered = Group((), (), registered=("test_b.py",))
    assert nearest(tmp_path, found, of["check"], registered)[0] == "test_b.py::test"


def test_a_mutant_meets_those_alone_that_reach_its_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """def f(x):
    if x:
        for each in x:
            print(each)
        return 1
    return 2
"""
    (tmp_path / "m.py").write_text(text, encoding="utf-8")
    said: list[str] = []
    monkeypatch.setattr(builtins, MARK, said.append, raising=False)
    made: dict[str, Callable[[object], int]] = {}
    exec(marked(tmp_path / "m.py", "m.py"), made)
    assert (made["f"](()), said) == (2, ["m.py:f"])
    said.clear()
    assert (made["f"]("a"), said) == (1, ["m.py:f", "m.py:f@3", "m.py:f@4"])
    places = [reached(tmp_path / "m.py", "m.py", "f", line) for line in range(2, 7)]
    assert places == ["m.py:f", "m.py:f@3", "m.py:f@4", "m.py:f@3", "m.py:f"]
    found = {"empty": Cost({"m.py:f"}, 0.1), "full": Cost({*said}, 0.2)}
    at = {line: Mutant("m.py", "by hand", line, "f", in_function=True, start=0, end=0, text="") for line in (4, 6)}
    assert nearest(tmp_path, found, at[4]) == ["full"]
    assert nearest(tmp_path, found, at[6]) == ["empty", "full"]


def test_the_name_of_a_mutant_tells_the_line_before_and_after() -> None:
    made = Mutant(**mutant("context.lease / RENEWALS", "None", "_renew"))  # type: ignore[arg-type]
    assert made.name(ROOT).startswith(f"{MODULE}:_renew | while not ended.wait(context.lease / RENEWALS)")
    assert " → while not ended.wait(None)" in made.name(ROOT)


def gone(survivor: str) -> bool:
    place, _, change = survivor.partition(" | ")
    before = change.partition(" → ")[0]
    return before not in " ".join((ROOT / place.partition(":")[0]).read_text(encoding="utf-8").split())


def test_what_survives_is_a_line_of_the_code() -> None:
    """`make mutants` judges each again, and fails where a test sees it."""
    assert [each for each in reasons() if gone(each)] == []
    made = Mutant(**mutant("context.lease / RENEWALS", "None", "_renew"))  # type: ignore[arg-type]
    assert not gone(made.name(ROOT))
    assert gone(made.name(ROOT).replace("context.lease", "context.lent"))


def test_a_reason_without_a_survivor_is_told() -> None:
    assert [*idle(["a", "b", "c"], ["a", "b"], ["b"])] == [
        "survivors.yaml names what a test sees: b",
        "survivors.yaml names what is no mutant: c",
    ]
    assert [*idle(["a"], ["a"], [])] == []


def test_nine_of_ten_have_to_be_seen() -> None:
    assert [held(killed, 100) for killed in (89, 90, 100)] == [False, True, True]
    assert held(0, 0)


@pytest.mark.parametrize("name", GROUPS)
def test_each_group_has_modules_and_tests(name: str) -> None:
    group = GROUPS[name]
    assert group.files(ROOT, group.modules)
    assert len(group.files(ROOT, group.tests)) > 2
