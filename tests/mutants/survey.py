"""Which test reaches which block of which function, and what it takes alone: a mutant meets the nearest, cheapest first.

Each function of the judged modules says that it was called, and each of its blocks that it was entered. What a shared
fixture or a cached function called counts for every test that gets its result, and so does its time.
"""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.process import OPTIONS, importing

IMPORT = "import"
"""Stands for a test in a survey: what runs when modules of tests are read."""
LITTLE = 0.05
"""Seconds below which nobody has to know that tests share something."""
MARK = "__called__"
"""The builtin that a marked function or block calls first, with its module, qualified name and line."""


@dataclass
class Cost:
    """What ran: the functions and blocks by name, the seconds, and those of what is made once for several tests, by name."""

    calls: set[str] = field(default_factory=set)
    seconds: float = 0.0
    shared: dict[str, float] = field(default_factory=dict)

    def needs(self, free: str | tuple[str, ...]) -> dict[str, float]:
        """Return what has to be made before, but for what is free: its name begins so."""
        return {name: seconds for name, seconds in self.shared.items() if not name.startswith(free)}

    def again(self, name: str, made: Cost) -> None:
        """Count what made something that is there already."""
        self.calls |= made.calls
        self.shared |= made.shared | {name: made.seconds}


@dataclass(eq=False)
class Survey:
    """A plugin of pytest that keeps the cost of each test, and of what tests share."""

    found: dict[str, Cost] = field(default_factory=dict)
    fixtures: dict[int, Cost] = field(default_factory=dict)
    running: list[Cost] = field(default_factory=lambda: [Cost()])
    imported: Cost = field(default_factory=Cost)

    def pytest_collection_finish(self) -> None:
        """Keep what ran so far."""
        self.imported.calls |= self.running[0].calls

    @contextmanager
    def counted(self, cost: Cost, name: str = "") -> Iterator[None]:
        """Count what runs inside for this cost, and for all around it; as shared, where it has a name and takes long."""
        self.running.append(cost)
        begun = time.perf_counter()
        try:
            yield
        finally:
            passed = time.perf_counter() - begun
            cost.seconds += passed
            self.running.pop()
            if name and passed > LITTLE:
                self.running[-1].again(name, cost)
                self.running[-1].seconds -= passed
            self.running[-1].calls |= cost.calls

    def called(self, name: str) -> None:
        """Count a call."""
        self.running[-1].calls.add(name)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Keep what the test ran, with the fixtures that were there already."""
        cost = Cost()
        before = set(self.fixtures)
        with self.counted(cost):
            result = yield
        names = getattr(item, "_fixtureinfo", None)
        for fixtures in names.name2fixturedefs.values() if names else ():
            for each in fixtures:
                if id(each) in before:
                    cost.again(fixture(each), self.fixtures[id(each)])
        self.found[item.nodeid] = cost
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """Keep what a fixture ran that several tests share."""
        if fixturedef.scope == "function":
            return (yield)
        with self.counted(self.fixtures.setdefault(id(fixturedef), Cost()), fixture(fixturedef)):
            return (yield)

    def cached(self, made: Callable[..., Any]) -> Callable[..., Any]:
        """Return `functools.lru_cache` or `cache`, that tells each caller what the result took."""

        def decorator(*arguments: Any, **named: Any) -> Any:
            if arguments and callable(arguments[0]):
                return self._cached(made, arguments[0])
            return lambda function: self._cached(made(*arguments, **named), function)

        return decorator

    def _cached(self, kept: Callable[..., Any], function: Callable[..., Any]) -> Any:
        name, number = f"{function.__module__}.{function.__qualname__}", itertools.count()

        def first(*arguments: Any, **named: Any) -> tuple[Any, str, Cost]:
            one, cost = f"{name} {next(number)}", Cost()
            with self.counted(cost, one):
                return function(*arguments, **named), one, cost

        known = kept(first)

        @functools.wraps(function)
        def get(*arguments: Any, **named: Any) -> Any:
            hits = known.cache_info().hits
            value, one, cost = known(*arguments, **named)
            if known.cache_info().hits > hits:
                self.running[-1].calls |= cost.calls
                if cost.seconds > LITTLE:
                    self.running[-1].again(one, cost)
            return value

        for each in ("cache_clear", "cache_info", "cache_parameters"):
            setattr(get, each, getattr(known, each))
        return get


def fixture(definition: Any) -> str:
    """Return the name of a fixture in a survey, its scope first."""
    return f"{definition.scope} {definition.baseid}:{definition.argname}"


def marked(path: Path, name: str) -> Any:
    """Return the code of a module whose functions, and the blocks inside, say that they are reached."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for within, block in [*blocks(tree)]:
        call = ast.parse(f"{MARK}({f'{name}:{within}@{block[0].lineno}'!r})").body[0]
        block.insert(0, call)
    for within, function in [*functions(tree)]:
        call = ast.parse(f"{MARK}({f'{name}:{within}'!r})").body[0]
        documented = ast.get_docstring(function, clean=False) is not None
        function.body.insert(1 if documented else 0, call)
    return compile(ast.fix_missing_locations(tree), str(path), "exec")


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield each function with its qualified name."""

    def look(node: ast.AST, within: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for child in ast.iter_child_nodes(node):
            inner = within
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                inner = f"{within}.{child.name}".strip(".")
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield inner, child
            yield from look(child, inner)

    return look(tree, "")


def blocks(tree: ast.Module) -> Iterator[tuple[str, list[ast.stmt]]]:
    """Yield each list of statements that a function runs only sometimes, with the function's qualified name."""
    for within, function in functions(tree):
        waiting: list[ast.AST] = [*function.body]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
                continue
            for field_name in ("body", "orelse", "finalbody"):
                block = getattr(node, field_name, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    yield within, block
            waiting += ast.iter_child_nodes(node)


@functools.cache
def _placed(path: Path) -> Sequence[tuple[int, int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [(block[0].lineno, block[-1].end_lineno or 0, within) for within, block in blocks(tree)]


def reached(path: Path, name: str, definition: str, line: int) -> str:
    """Return what says that a line of a function is reached: the innermost block that holds it, or the function."""
    around = [(first, last) for first, last, within in _placed(path) if within == definition and first <= line <= last]
    return f"{name}:{definition}" + (f"@{max(around)[0]}" if around else "")


@functools.cache
def rules(path: Path, definition: str) -> frozenset[str]:
    """Return the names that a function is registered by, as in `@rule("no-such-thing")`, or those that call it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named, calls = {}, {}
    for name, function in functions(tree):
        texts = {
            each.value for made in function.decorator_list for each in ast.walk(made) if isinstance(each, ast.Constant)
        }
        named[name] = {each for each in texts if isinstance(each, str) and re.fullmatch("[a-z]+(-[a-z0-9]+)+", each)}
        calls[name] = {each.id for each in ast.walk(function) if isinstance(each, ast.Name)}
    wanted: set[str] = set()
    waiting = {definition}
    while waiting - wanted:
        wanted |= waiting
        waiting = {name for name in named if calls[name] & wanted}
    return frozenset(named.get(definition) or {each for name in wanted for each in named.get(name, ())})


def survey(root: Path, modules: Sequence[str], tests: Sequence[str]) -> dict[str, Cost]:
    """Run the tests in this process, which is good for nothing else afterwards, and return what each of them ran."""
    plugin = Survey()
    setattr(builtins, MARK, plugin.called)
    plain = functools.lru_cache
    functools.lru_cache = plugin.cached(plain)
    functools.cache = plugin.cached(plain(maxsize=None))
    importing({str(root / name): functools.partial(marked, root / name, name) for name in modules})
    pytest.main([*tests, *OPTIONS], [plugin])
    return plugin.found | {IMPORT: plugin.imported}


def write(found: Mapping[str, Cost], path: Path) -> None:
    """Keep a survey."""
    rows = {
        test: [sorted(cost.calls), round(cost.seconds, 3), {name: round(each, 3) for name, each in cost.shared.items()}]
        for test, cost in found.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), encoding="utf-8")


def read(path: Path) -> dict[str, Cost]:
    """Return a survey that was kept."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {test: Cost(set(calls), *costs) for test, (calls, *costs) in rows.items()}
