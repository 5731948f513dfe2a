"""Which folders code adds to where its modules are looked up, and where it may put modules itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.archive import analyse_function
from tests.archive.running import TARGET, locked, source_in, with_handle, write

BESIDE = {
    "lib/deep.py": "x = 1\n",
    "registers.py": "import sys, types\n\n\n\nsys.modules['made'] = types.ModuleType('made')\n",
}


def refused(root: Path, main: str) -> list[str]:
    source = source_in(root, "f")
    write(source.folder, {**BESIDE, "main.py": with_handle(main)})
    write(root / "functions" / "shared", {"__init__.py": ""})
    found = analyse_function(source, target_python=TARGET, locked=locked()).findings
    return [each.rule for each in found if each.severity == "violation"]


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ("import sys\nsys.path.append('lib')\nimport deep", []),
        ("import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(__file__), 'lib'))\nimport deep", []),
        ("import sys\nsys.path.append('other')\nimport deep", ["archive-missing-module"]),
        ("import sys, os\nsys.path.append(os.environ['X'])\nimport deep", ["archive-missing-module"]),
        ("import sys\nsys.path += ['/elsewhere', '..', 'lib']\nimport deep", []),
    ],
)
def test_a_folder_that_code_adds_is_looked_in(main: str, expected: list[str], tmp_path: Path) -> None:
    assert refused(tmp_path, main) == expected


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ("import registers\nimport made", []),
        ("import sys, types\nsys.modules['made'] = types.ModuleType('made')\nimport made", []),
        ("import sys, types\nimport made\nsys.modules['made'] = types.ModuleType('made')", ["archive-missing-module"]),
        ("import sys, types\ndef late():\n    import made\nsys.modules['made'] = types.ModuleType('made')", []),
        ("import registers\nimport made.part", []),
        ("import registers\nimport maker", ["archive-missing-module"]),
    ],
)
def test_a_module_that_code_makes_is_there_once_it_is_made(main: str, expected: list[str], tmp_path: Path) -> None:
    assert refused(tmp_path, main) == expected
