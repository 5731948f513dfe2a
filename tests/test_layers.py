"""Imports go one way, in no circle: components, policies, ops to blueprint, that to analysis and provider."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ARROWS: dict[str, set[str]] = {
    "analysis": set(),
    "provider": set(),
    "blueprint": {"analysis", "provider"},
    "components": {"blueprint"},
    "policies": {"blueprint", "provider"},
    "ops": {"analysis", "provider", "blueprint", "components", "policies"},
    "functions": set(),
    "__main__": {"blueprint", "components"},
}
TYPES = {f"shared.declaration.{name}" for name in ("codec", "grammar", "keys", "types", "view")}
"""The one part of the functions' library that the model imports: plain types and values, which are written once for both."""
SCAFFOLDED = ROOT / "ops" / "scaffolding" / "pipeline"
"""Functions that `ops new` writes."""
ROOMS = ("declaration", "decisions", "google", "reports", "orchestration", "http")
"""The rooms of `functions/shared`: each imports only from those before it."""
CLIENTS = {"google", "grpc"}
PULUMI = {"pulumi", "pulumi_gcp", "pulumi_policy"}


def modules(layer: str) -> Iterator[Path]:
    if layer == "__main__":
        yield ROOT / "__main__.py"
    yield from sorted((ROOT / layer).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Yield what each import names, wherever in the module it stands, and its line."""
    for node in ast.walk(ast.parse(path.read_bytes(), path.name)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def crossings(layer: str, path: Path) -> list[str]:
    """Return the imports of one module that its layer forbids."""
    forbidden = set(ARROWS) - ARROWS[layer] - {layer, "__main__"}
    if layer in ("analysis", "provider", "blueprint", "functions"):
        forbidden |= PULUMI
    found = [(name, line) for name, line in imported(path) if name.partition(".")[0] in forbidden]
    if layer != "functions" and SCAFFOLDED not in path.parents:
        allowed = TYPES if layer == "blueprint" else set()
        library = ((name, line) for name, line in imported(path) if name.partition(".")[0] == "shared")
        found += ((name, line) for name, line in library if ".".join(name.split(".")[:3]) not in allowed)
    return [f"{path}:{line} imports {name}" for name, line in found]


@pytest.mark.parametrize("layer", ARROWS)
def test_arrows(layer: str) -> None:
    assert [crossing for path in modules(layer) for crossing in crossings(layer, path)] == []


def test_a_crossing_is_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("def late():\n    import pulumi\n    from components.base import Context\n    from . import x\n")
    assert crossings("blueprint", module) == [
        f"{module}:2 imports pulumi",
        f"{module}:3 imports components.base.Context",
    ]
    assert crossings("ops", module) == []


def test_the_model_imports_of_the_functions_their_types_alone(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("from shared.declaration import types\nfrom shared.declaration.types import Rule\n")
    assert crossings("blueprint", module) == []
    assert len(crossings("ops", module)) == 2
    module.write_text(
        "import shared\nfrom shared.declaration import settings\nfrom shared.decisions.rules import judge\n"
    )
    assert len(crossings("blueprint", module)) == 3


def test_the_types_that_both_import_need_nothing_else() -> None:
    for name in TYPES:
        path = ROOT / "functions" / f"{name.replace('.', '/')}.py"
        others = {each for each, _ in imported(path) if each.partition(".")[0] not in sys.stdlib_module_names}
        assert {each for each in others if ".".join(each.split(".")[:3]) not in TYPES} <= {"tzdata"}


def test_a_package_shared_of_another_project_is_not_taken_for_the_functions(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").write_text("raise RuntimeError")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    command = [sys.executable, "-c", "import blueprint.manifest"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)


def room_crossings(room: str, path: Path) -> list[str]:
    """Return the imports of one module of `functions/shared` that its room forbids: of later rooms, of Google's clients."""
    found = []
    for node in ast.walk(ast.parse(path.read_bytes(), path.name)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            later = top == "shared" and rest.partition(".")[0] not in ROOMS[: ROOMS.index(room) + 1]
            if later or (top in CLIENTS and room != "google"):
                found.append(f"{path.name}:{node.lineno} imports {name}")
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_of_the_functions_library(room: str) -> None:
    library = ROOT / "functions" / "shared"
    assert {path.relative_to(library).parts[0] for path in library.rglob("*.py")} == {*ROOMS, "__init__.py"}
    found = [crossing for path in sorted((library / room).rglob("*.py")) for crossing in room_crossings(room, path)]
    assert found == []


def test_a_module_in_the_wrong_room_is_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("from shared.http import caller\nimport grpc\nfrom shared import decisions\nimport json\n")
    assert room_crossings("decisions", module) == [
        "module.py:1 imports shared.http.caller",
        "module.py:2 imports grpc",
    ]
    assert room_crossings("http", module) == ["module.py:2 imports grpc"]


def graph(root: Path, layers: Iterable[str]) -> dict[str, set[str]]:
    """Return module → modules of the same tree that it imports, lazily and for types too."""
    paths = {path for layer in layers for path in (root / layer).rglob("*.py")}
    names = {path: ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for path in paths}
    found: dict[str, set[str]] = {name: set() for name in names.values()}
    for path, name in names.items():
        for node in ast.walk(ast.parse(path.read_bytes(), path.name)):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names} & set(found)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                inner = {f"{node.module}.{alias.name}" for alias in node.names} & set(found)
                found[name] |= inner or {node.module} & set(found)
    return found


def test_no_module_is_imported_by_what_it_imports() -> None:
    for root, layers in ((ROOT, [layer for layer in ARROWS if layer != "functions"]), (ROOT / "functions", ["shared"])):
        imports = graph(root, layers)
        assert len(imports) > 20
        TopologicalSorter(imports).prepare()


def test_a_circle_is_seen(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.py").write_text("def late():\n    from a.two import x\n")
    (tmp_path / "a" / "two.py").write_text("from a import one\n")
    with pytest.raises(CycleError):
        TopologicalSorter(graph(tmp_path, ["a"])).prepare()


def test_the_policy_pack_starts_only_when_it_is_run() -> None:
    packs = [
        path
        for path in modules("policies")
        if path.name != "__main__.py" and "PolicyPack(" in path.read_text(encoding="utf-8")
    ]
    assert packs == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("blueprint.check", {"pulumi", "sqlglot", "grpc", "google.protobuf"}),
        ("ops.__main__", {"pulumi", "sqlglot", "grpc", "yaml"}),
    ],
)
def test_what_starts_every_command_is_cheap(module: str, heavy: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & {heavy!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
