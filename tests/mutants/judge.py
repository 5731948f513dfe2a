"""Whether the nearest tests see a mutant: first with its function changed in a process that has all tests loaded.

What changes when a module is imported, and what survived, is judged again in a process that imports everything anew.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.groups import Group
from tests.mutants.mutant import Mutant
from tests.mutants.process import OPTIONS, apart, importing
from tests.mutants.survey import IMPORT, LITTLE, Cost, reached, rules

KILLED, SURVIVED, UNSEEN = "killed", "survived", "no test reaches it"
BUDGET, MOST, BOUND = 20.0, 400, 90.0
"""Seconds and number of tests that a mutant meets; seconds after which it counts as one that does not end."""
SESSION = "session "
SLOW = 0.5
"""Seconds that a fixture takes which is made once."""
EVERY = Group((), ())


def nearest(root: Path, found: Mapping[str, Cost], mutant: Mutant, group: Group = EVERY) -> list[str]:
    """Return the tests that reach the mutant, as many as may be run; of what runs at import, those of the module, or any.

    Those that name the rule that holds it, and those of the file that is named after the module, come first, then one of
    each other file, then all that cost next to nothing, and one of each file in turn; the cheapest first. What only an
    import runs meets those that read what is registered, too.
    """
    place = reached(root / mutant.module, mutant.module, mutant.definition, mutant.line)
    inside = mutant.in_function and place not in found.get(IMPORT, Cost()).calls
    of_module = f"{mutant.module}:" + (f"{mutant.definition}." if mutant.definition and not mutant.in_function else "")

    def reaches(cost: Cost) -> bool:
        return place in cost.calls if inside else any(name.startswith(of_module) for name in cost.calls)

    free = SESSION if group.shared else ()
    costs = {test: cost.seconds + sum(cost.needs(free).values()) for test, cost in found.items() if test != IMPORT}
    called = sorted((seconds, test) for test, seconds in costs.items() if reaches(found[test]))
    if not (called or inside):
        called = sorted((seconds, test) for test, seconds in costs.items())
    own = f"test_{Path(mutant.module).stem}.py"
    named = rules(root / mutant.module, mutant.definition)
    turn: Counter[str] = Counter()
    ranked: list[tuple[int, float, str]] = []
    for seconds, test in called:
        file, _, parameters = test.partition("::")
        first = Path(file).name == own or any(each in parameters for each in named)
        later = 2 if seconds < LITTLE else 2 + turn[file]
        ranked.append((0 if first else later if turn[file] else 1, seconds, test))
        turn[file] += 1
    chosen = [
        test
        for test in costs
        if not inside
        and test.partition("::")[0] in group.registered
        and ("[" not in test or any(f"[{each}" in test for each in named))
    ]
    total, made = 0.0, set[str]()
    for _, _, test in sorted(ranked):
        needs = {name: seconds for name, seconds in found[test].needs(free).items() if name not in made}
        seconds = found[test].seconds + sum(needs.values())
        if test in chosen or (chosen and total + seconds > BUDGET):
            continue
        chosen.append(test)
        made |= needs.keys()
        total += seconds
    return chosen[:MOST]


@dataclass(eq=False)
class Failing:
    """A plugin that says that a mutant is seen as soon as a test fails."""

    say: Callable[[str], None]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at each report."""
        if report.failed:
            self.say(KILLED)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module of tests that cannot be read sees it too."""
        if report.failed:
            self.say(KILLED)


@dataclass(eq=False)
class Chosen(Failing):
    """Runs some tests only, whatever their parameters are called."""

    tests: Sequence[str] = ()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the chosen ones, in their order."""
        order = {_base(test): n for n, test in reversed([*enumerate(self.tests)])}
        whole = {item.nodeid for item in items}
        wanted = (
            {*self.tests} if whole.issuperset(self.tests) else {i.nodeid for i in items if _base(i.nodeid) in order}
        )
        items[:] = sorted((i for i in items if i.nodeid in wanted), key=lambda i: order[_base(i.nodeid)])


def sharing(found: Mapping[str, Cost]) -> list[str]:
    """Return tests that together need all that takes long and that a session shares, the cheapest first."""
    chosen, made = [], set[str]()
    for test, cost in sorted(found.items(), key=lambda each: each[1].seconds):
        slow = {name for name, seconds in cost.shared.items() if name.startswith(SESSION) and seconds > SLOW}
        if slow - made:
            chosen.append(test)
            made |= slow
    return chosen


def _base(test: str) -> str:
    return test.partition("[")[0]


def anew(root: Path, mutant: Mutant, tests: Sequence[str]) -> str:
    """Judge with everything of ours imported anew."""

    def work(say: Callable[[str], None]) -> None:
        path = root / mutant.module
        importing({str(path): functools.partial(compile, mutant.source(root), str(path), "exec")})
        files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
        code = pytest.main([*files, "-x", *OPTIONS], [Chosen(say, tests)])
        say({0: SURVIVED, 1: KILLED, 2: KILLED, 4: KILLED}.get(code, f"{code}: not judged"))  # 4: no module can be read

    return apart(work, BOUND)


@dataclass(eq=False)
class Loaded:
    """A plugin that, once all tests are collected, judges mutants instead of running tests."""

    root: Path
    judged: Callable[[Loaded], None]
    shared: Sequence[str] = ()
    """Tests that are run once before, so that what they share is there."""
    items: dict[str, pytest.Item] = field(default_factory=dict)
    functions: dict[str, list[FunctionType]] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge."""
        self.items = {item.nodeid: item for item in session.items}
        for each in (self.items[test] for test in self.shared if test in self.items):
            runtestprotocol(each, log=False, nextitem=self.elsewhere(each))
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and each.__code__.co_filename.startswith((str(self.root), ".")):
                self.functions.setdefault(os.path.realpath(each.__code__.co_filename), []).append(each)
        gc.freeze()
        self.judged(self)
        return True

    def elsewhere(self, item: pytest.Item) -> pytest.Item | None:
        """Return an item of another file: with it to come, nothing that a session shares is taken down."""
        return next((each for each in self.items.values() if each.path != item.path), None)

    def judge(self, mutant: Mutant, tests: Sequence[str]) -> str:
        """Judge with the function changed in place; say None where that is not possible."""
        items = [self.items[test] for test in tests if test in self.items]
        path = str(self.root / mutant.module)
        changed = dict(_codes(compile(mutant.source(self.root), path, "exec")))
        edits = [
            (each, code)
            for each in self.functions.get(path, ())
            if (code := changed.get(_key(each.__code__))) and code != each.__code__
        ]
        if not edits or not items or any(code.co_freevars != each.__code__.co_freevars for each, code in edits):
            return ""

        def work(say: Callable[[str], None]) -> None:
            for each, code in edits:
                each.__code__ = code
            items[0].config.pluginmanager.register(Failing(say))
            items[0].config._tmp_path_factory._basetemp = Path(tempfile.mkdtemp())  # type: ignore[attr-defined]
            for item, following in zip(items, [*items[1:], self.elsewhere(items[-1])], strict=True):
                runtestprotocol(item, log=True, nextitem=following)
            say(SURVIVED)

        return apart(work, BOUND)


def _key(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield _key(each), each
            yield from _codes(each)


def verdicts(
    root: Path, files: Sequence[str], mutants: Mapping[str, Mutant], tests: Mapping[str, Sequence[str]], shared: Sequence[str] = ()
) -> Iterator[tuple[str, str]]:  # fmt: skip
    """Yield what became of each mutant by its name; `files` hold all tests, `tests` names those that a mutant meets.

    `shared` are run once before any mutant, for what they share.

    This process must not have imported what is judged.
    """

    def work(say: Callable[[str], None]) -> None:
        def each(loaded: Loaded) -> None:
            say(json.dumps({name: loaded.judge(mutant, tests[name]) for name, mutant in mutants.items()}))

        pytest.main([*files, "-s", *OPTIONS], [Loaded(root, each, shared)])

    said = apart(work, len(mutants) * BOUND)
    first: Mapping[str, str] = json.loads(said)
    for name, mutant in mutants.items():
        found = first[name]
        if found in ("", SURVIVED):
            found = anew(root, mutant, tests[name]) if tests[name] else UNSEEN
        yield name, found
