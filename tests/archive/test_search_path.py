"""Which folders code adds to where its modules are looked up, and where it may put modules itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.running import violations

BESIDE = {
    "lib/deep.py": "x = 1\n",
    "registers.py": "import sys, types\n\n\n\nsys.modules['made'] = types.ModuleType('made')\n",
}


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
    assert violations(tmp_path, main, BESIDE) == expected


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
    assert violations(tmp_path, main, BESIDE) == expected
