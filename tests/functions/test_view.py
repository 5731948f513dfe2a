"""The view: nothing in it that no function reads, nothing twice, and the same bytes for the same declaration."""

from __future__ import annotations

import ast
import dataclasses
import json
from pathlib import Path
from types import ModuleType

import pytest
from shared.decisions import protocol
from shared.decisions.transition import Context
from shared.declaration import types, view
from shared.declaration.codec import encode
from shared.declaration.view import View

from blueprint import boundaries as declaration
from blueprint.view import queries, view_bytes
from tests.functions.conftest import ROOT
from tests.functions.views import manifest, raw_view


def defined(module: ModuleType) -> list[type]:
    found = [each for each in vars(module).values() if isinstance(each, type) and dataclasses.is_dataclass(each)]
    return [each for each in found if each.__module__ == module.__name__]


FUNCTIONS = sorted(manifest().functions)
PARTS = [each for module in (types, view) for each in defined(module)]


def read_attributes() -> set[str]:
    files = [path for path in (ROOT / "functions").rglob("*.py") if path != Path(str(view.__file__))]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    itself = {"phases", "time_zone"}  # what names refer to, and the text of `zone`
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | itself


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_functions_read_every_part(part: type) -> None:
    fields = {field.name for field in dataclasses.fields(part)}
    assert fields - read_attributes() == set()


@pytest.mark.parametrize("part", defined(types), ids=lambda part: part.__name__)
def test_what_is_declared_of_a_part_is_what_a_function_is_told(part: type) -> None:
    """The model's type is the function's, or extends it: there is no second list of fields between them."""
    declared = getattr(declaration, part.__name__, part)
    assert issubclass(declared, part)
    assert {field.name for field in dataclasses.fields(part)} <= {field.name for field in dataclasses.fields(declared)}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_view_is_read_as_it_was_written(function: str) -> None:
    seen = raw_view(function)
    assert encode(View, view.parse(seen)) == seen


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_phase_is_said_once(function: str) -> None:
    text = json.dumps(raw_view(function))
    phases = raw_view(function)["phases"]
    assert phases
    for phase in phases.values():
        assert text.count(json.dumps(phase)) == 1
        assert text.count(json.dumps(phase["collection"])) <= 2  # once more where its documents expire


@pytest.mark.parametrize("function", FUNCTIONS)
def test_boundaries_share_their_phases(function: str) -> None:
    seen = view.parse(raw_view(function))
    found = [phase for each in seen.boundaries.values() for phase in (each.upstream, each.downstream) if phase]
    assert len({id(phase) for phase in found}) == len({phase.name for phase in found})


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_who_judges_a_boundary_gets_its_gates(function: str) -> None:
    """Their queries are rights to read; and without them nothing is decided, so that none is passed over."""
    seen = view.parse(raw_view(function))
    for name, boundary in seen.boundaries.items():
        declared = manifest().boundaries[name]
        judges = function in (declared.function, declared.timer.function)
        assert (boundary.gates is None) is not judges
        if not judges:
            context = Context(boundary, seen.zone, 60, None, "2026-01-29", "somebody")
            with pytest.raises(RuntimeError, match=f"must not decide about {name}"):
                next(protocol.run(context, None, function))
    asked = [name for name, _, _ in queries(manifest(), function, ROOT)]
    assert asked == [f"{name}.{gate.name}" for name, each in seen.boundaries.items() for gate in each.gates or ()]


def test_bytes_are_compact_and_of_one_order() -> None:
    seen = raw_view(FUNCTIONS[0])
    text = view_bytes(seen)
    assert view_bytes(dict(reversed(list(seen.items())))) == text
    assert json.loads(text) == seen
    assert len(text) <= len(json.dumps(seen, separators=(",", ":"))) + 1
