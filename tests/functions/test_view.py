"""The view: nothing in it that no function reads, nothing twice, and the same bytes for the same declaration."""

from __future__ import annotations

import ast
import dataclasses
import json
from pathlib import Path

import pytest
from shared.decisions import protocol
from shared.decisions.transition import Context
from shared.declaration import view

from blueprint import manifest as declaration
from blueprint.grammar import fields_of
from blueprint.view import queries, view_bytes
from tests.functions.conftest import ROOT
from tests.functions.views import manifest, raw_view

FUNCTIONS = sorted(manifest().functions)
PARTS = [each for each in vars(view).values() if dataclasses.is_dataclass(each) and isinstance(each, type)]


def read_attributes() -> set[str]:
    files = [path for path in (ROOT / "functions").rglob("*.py") if path != Path(str(view.__file__))]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    return {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {"properties"}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_functions_read_every_part(part: type) -> None:
    fields = {field.name for field in dataclasses.fields(part)}
    assert fields - read_attributes() == set()


@pytest.mark.parametrize("part", ["Batch", "Mode", "Rule"])
def test_a_function_is_told_of_a_part_what_the_declaration_says(part: str) -> None:
    """Key by key, without a translation between: a key that one side lacks would be lost, or stop the function."""
    read = {field.name for field in dataclasses.fields(getattr(view, part))} - {"name"}
    assert read == set(fields_of(getattr(declaration, part)))


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
            context = Context(boundary, seen.time_zone, 60, {}, "2026-01-29", "somebody")
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
