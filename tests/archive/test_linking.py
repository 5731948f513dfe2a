"""What a name is that another file makes: by its functions, and by the methods of its classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.running import violations

BESIDE = {
    "helper.py": "x = 1\n",
    "makers.py": "class Maker:\n    def __init__(self, name):\n        self.kept = name\n    def name(self):\n        return 'helper'\n    def given(self, name='gone'):\n        return name\n\ndef made():\n    return Maker('x')\n",
}
LOAD = "import importlib\nfrom makers import Maker, made\nimportlib.import_module({})"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Maker('x').name()", []),
        ("Maker('x').given('helper')", []),
        ("Maker('x').given(name='helper')", []),
        ("Maker('x').given()", ["archive-missing-module"]),
        ("Maker('x').given('nowhere')", ["archive-missing-module"]),
        ("made().other()", ["archive-computed-import"]),
    ],
)
def test_a_method_of_an_object_is_that_of_its_class(value: str, expected: list[str], tmp_path: Path) -> None:
    assert violations(tmp_path, LOAD.format(value), BESIDE) == expected
