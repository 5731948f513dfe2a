"""Views of this project's functions, as the archive builder writes them, and small boundaries of no pipeline."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from shared.declaration import view
from shared.declaration.view import Boundary, View

from blueprint.loader import load_manifest
from blueprint.manifest import Manifest
from blueprint.names import Names
from blueprint.schemas.firestore import load_firestore
from blueprint.view import function_view
from tests.functions.conftest import ROOT

ORCHESTRATORS = {
    "phase2_to_phase3": "phase2-to-phase3-orchestrator",
    "phase3_to_phase4": "phase3-to-phase4-orchestrator",
    "phase4_to_phase5": "phase4-to-phase5-orchestrator",
    "phase5_to_phase6": "phase5-to-phase6-orchestrator",
}


PARCELS = ROOT / "tests/pipelines/parcels"


@functools.cache
def manifest(root: Path = ROOT) -> Manifest:
    return load_manifest(root)


@functools.cache
def raw_view(function: str, project: str = "demo-project", root: Path = ROOT) -> Any:
    declared = manifest(root)
    firestore, _ = load_firestore(root, declared)
    names = Names(declared.pipeline, project, "1", "us-west2")
    return json.loads(json.dumps(function_view(declared, function, names, root, firestore)))


@functools.cache
def view_of(function: str, root: Path = ROOT) -> View:
    return view.parse(raw_view(function, root=root))


def boundary(name: str) -> Boundary:
    return view_of(ORCHESTRATORS[name]).boundaries[name]
