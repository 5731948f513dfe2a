"""What is beyond a limit of the reader is not known, with the limit named; and a way that it does not follow is declared."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from analysis.python.folding import link
from analysis.python.syntax import MOST_BYTES, NOT_KNOWN, SyntaxFault, parse
from analysis.python.values import CallResult, SequenceValue, Thing, Value, parts_of
from blueprint.archive import ArchiveSource, analyse_function
from tests.archive.test_trees import LOCKED

HANDLE = "\n\ndef handle(request):\n    pass\n"


def said(root: Path, files: dict[str, str], **declared: tuple[str, ...]) -> list[str]:
    for name, text in files.items():
        (root / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "f" / name).write_text(text)
    source = ArchiveSource("f", root / "f", "handle", "http", root, **declared)  # type: ignore[arg-type]
    return [str(finding) for finding in analyse_function(source, locked=LOCKED).findings]


def starts(root: Path) -> str:
    """Return the last line that a function folder says when it is loaded and called, empty where all is well."""
    command = [sys.executable, "-c", "import main; main.handle(None)"]
    return subprocess.run(command, cwd=root / "f", capture_output=True, text=True, check=False).stderr.strip()


@pytest.mark.parametrize("text", ["x = " + "+".join(["1"] * 5000), "x = " + "-" * 3000 + "1", "x = " + "(" * 5000])
def test_what_is_nested_too_deeply_is_not_known(tmp_path: Path, text: str) -> None:
    found = " ".join(said(tmp_path, {"main.py": f"import big{HANDLE}", "big.py": text}))
    assert "does not compile" not in found or "too many nested parentheses" in found
    assert "not known" in found or "cannot be read to its end" in found or "too many nested parentheses" in found
    assert "4000 calls" in found or "too many nested parentheses" in found


def test_a_line_of_megabytes_ends_soon() -> None:
    started = time.process_time()
    for text in (b"x = [" + b"1," * MOST_BYTES + b"]", b'x = f"' + b"{x}" * 600_000 + b'"'):
        found = parse(text, (3, 11), "names")
        assert isinstance(found, SyntaxFault)
        assert found.message.startswith(NOT_KNOWN)
    assert time.process_time() - started < 30
    assert not isinstance(parse(b'y = f"{x}"\nx = "' + b"a" * 1_000_000 + b'"', (3, 11), "names"), SyntaxFault)


ASKS = "def __getattr__(name):\n    if name == 'part':\n        from . import part\n        return part\n    raise AttributeError(name)\n"
ALWAYS = "def __getattr__(name):\n    from . import part\n    return part\n"
OTHER = "def __getattr__(name):\n    if name == 'Part':\n        from . import part\n        return part\n    raise AttributeError(name)\n"
LOADS = "import importlib\ndef __getattr__(name):\n    if name == 'part':\n        return importlib.import_module('.part', __name__)\n    raise AttributeError(name)\n"


@pytest.mark.parametrize(
    ("package", "main", "ends"),
    [
        (ASKS, "import pkg\ndef handle(r):\n    return pkg.part\n", False),
        (ALWAYS, "import pkg\ndef handle(r):\n    return pkg.part\n", False),
        (ASKS, "import pkg, pkg.part\ndef handle(r):\n    return pkg.part\n", True),
        (ASKS, "import pkg\ndef handle(r):\n    return pkg\n", True),
        (OTHER, "import pkg\ndef handle(r):\n    return pkg.Part\n", True),
        (LOADS, "import pkg\ndef handle(r):\n    return pkg.part\n", True),
    ],
)
def test_a_package_that_asks_itself_for_ever(tmp_path: Path, package: str, main: str, ends: bool) -> None:
    found = said(tmp_path, {"main.py": main, "pkg/__init__.py": package, "pkg/part.py": ""})
    assert [each for each in found if "asks `__getattr__` again and never ends" in each] == found
    assert bool(found) != ends
    assert ("RecursionError" in starts(tmp_path)) != ends


FOLDER = "os.path.join(os.path.dirname(__file__), 'extra')"


@pytest.mark.parametrize(
    "way", [f"__path__.append({FOLDER})", f"__path__ += [{FOLDER}]", f"__path__.insert(0, {FOLDER})"]
)
@pytest.mark.parametrize("main", ["from pkg import part", "import pkg.part"])
def test_folders_that_a_package_adds_are_declared(tmp_path: Path, way: str, main: str) -> None:
    files = {"main.py": f"{main}{HANDLE}", "pkg/__init__.py": f"import os\n{way}\n", "pkg/extra/part.py": ""}
    [found] = said(tmp_path, files)
    assert "'pkg.part' is looked for in folders that its package adds to `__path__`" in found
    assert said(tmp_path, files, dynamic_imports=("pkg.part",), resources=("pkg/extra/part.py",)) == []
    assert starts(tmp_path) == ""


def test_what_stands_in_a_value_many_times_is_looked_at_once() -> None:
    value: Value = CallResult(Thing("os.listdir"), (Thing("x.y"),))
    for _ in range(100):
        value = SequenceValue((value, value))
    seen: list[Value] = []
    assert len([*parts_of(value)]) == 103
    assert link(value, seen.append) is not None
    assert len(seen) == 3
