"""Sources and folders that nobody meant to write; whatever they hold, there is an answer and no traceback."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from analysis.audit.model import AuditedFunction
from analysis.audit.tree import audit_tree
from blueprint.archive import ArchiveSource, analyse_function
from tests.archive.test_trees import LOCKED

HANDLE = "\n\ndef handle(request):\n    pass\n"
SOURCES = {
    "empty": b"",
    "null bytes": b"import os\0\n",
    "only a byte order mark": b"\xef\xbb\xbf",
    "utf-16": "import os\n".encode("utf-16"),
    "an unknown encoding": b"# -*- coding: martian -*-\nimport os\n",
    "no line end": b"def handle(request): pass",
    "carriage returns": b"import os\rdef handle(request):\r    pass\r",
    "form feeds": b"import os\n\x0c\ndef handle(request):\n    pass\n",
    "a long chain of elif": (
        "if x == 0:\n    pass\n" + "".join(f"elif x == {n}:\n    pass\n" for n in range(900))
    ).encode(),
    "a long sum": ("x = " + " + ".join(["'a'"] * 900) + "\nimport importlib\nimportlib.import_module(x)\n").encode(),
    "a long attribute": ("import importlib\nx" + ".a" * 900 + "()\n").encode(),
    "nested lists": b"import importlib\nx = " + b"[" * 90 + b"]" * 90 + b"\n",
    "nested too deeply": b"x = " + b"(" * 5000 + b")" * 5000 + b"\n",
    "a relative import of nothing": b"from ..... import *\n",
    "import of itself": b"import main\nfrom main import *\nfrom main import handle\n" + HANDLE.encode(),
    "two parameters of one name": b"def handle(a, a):\n    pass\n",
    "a computed everything": b"__all__ = [x for x in dir()]\nexec('y = 1')\nglobals()['z'] = 2\n__import__(z)\n",
    "odd paths": b"from pathlib import Path\nPath(__file__).parents[99]\nPath(__file__) / '/etc/passwd'\nopen(__file__)\n",
}


def audited(tree: Path) -> AuditedFunction:
    return audit_tree(tree, target_python=(3, 11)).functions[0]


@pytest.mark.parametrize("name", SOURCES)
def test_any_source_has_a_verdict(name: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes(SOURCES[name])
    assert audited(tmp_path).verdict in (
        "sound",
        "cannot start",
        "breaks when reached",
        "degrades silently",
        "not known",
    )


@pytest.mark.parametrize("seed", range(150))
def test_any_damage_has_a_verdict(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    own = Path(__file__).resolve().parents[2] / "blueprint" / "archive"
    text = bytearray(chance.choice(sorted(own.glob("*.py"))).read_bytes())
    for _ in range(chance.randrange(1, 6)):
        where = chance.randrange(len(text))
        text[where : where + chance.randrange(12)] = bytes(chance.randrange(256) for _ in range(chance.randrange(4)))
    (tmp_path / "main.py").write_bytes(text)
    assert audited(tmp_path).modules == 1


def test_odd_entries_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "main.py").write_text("import pipe\nimport folder\nimport looped\nimport self_made.deep" + HANDLE)
    os.mkfifo(folder / "pipe.py")
    (folder / "folder.py").mkdir()
    (folder / "looped.py").symlink_to("other.py")
    (folder / "other.py").symlink_to("looped.py")
    (folder / "self_made").symlink_to("self_made")
    (folder / os.fsdecode(b"name-\xff.py")).write_text("")
    found = audited(tmp_path)
    assert found.missing == ("folder", "looped", "pipe", "self_made.deep")
    assert found.dangling == 3


def test_a_folder_instead_of_the_entry(tmp_path: Path) -> None:
    (tmp_path / "one" / "main.py").mkdir(parents=True)
    assert audited(tmp_path).verdict == "cannot start"


def test_a_pipe_instead_of_requirements_is_not_known_and_the_other_folder_has_its_verdict(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.py").write_text("import strange" + HANDLE)
    os.mkfifo(tmp_path / "one" / "requirements.txt")
    found = audit_tree(tmp_path, target_python=(3, 11)).functions
    assert [each.verdict for each in found] == ["not known", "cannot start"]


@pytest.mark.parametrize(("budget", "value"), [("MOST_MODULES", 3), ("MOST_SECONDS", 0.0)])
def test_a_folder_too_large_has_its_sentence_and_the_other_its_verdict(
    tmp_path: Path, budget: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, modules in (("large", 9), ("small", 0)):
        (tmp_path / name).mkdir()
        for number in range(modules):
            (tmp_path / name / f"part_{number}.py").write_text("")
        imports = "".join(f"import part_{number}\n" for number in range(modules))
        (tmp_path / name / "main.py").write_text(imports + HANDLE)
    monkeypatch.setattr(f"analysis.python.budget.{budget}", value)
    large, small = audit_tree(tmp_path, target_python=(3, 11)).functions
    assert large.verdict == "not known"
    assert "what is behind is not known" in large.findings[0].message
    assert budget == "MOST_SECONDS" or small.verdict == "sound"


@pytest.mark.parametrize(
    "text",
    [
        "n = 0\n" + "n += 1\n" * 1500,
        "".join(f"def f{n + 1}(x): return f{n}(x) + f{n}(x)\n" for n in range(40)).replace("f0(x)", "x")
        + "open(f40('a'))",
        "a0 = {'k': 1}\n" + "".join(f"a{n + 1} = {{'x': a{n}, 'y': a{n}}}\n" for n in range(60)),
        "x = " + "[" * 100_000 + "]" * 100_000,
        "x = '{:100000000d}'.format(5)\ny = f'{5:100000000d}'\nz = 'x'.ljust(10**9)\n",
    ],
)
def test_a_value_without_end_takes_no_time(text: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(text + HANDLE)
    before = time.process_time()
    assert audited(tmp_path).modules == 1
    assert time.process_time() - before < 10


def refusals(folder: Path, main: str, **declared: object) -> list[str]:
    folder.mkdir(exist_ok=True)
    (folder / "main.py").write_text(main + HANDLE)
    source = ArchiveSource("f", folder, "handle", "http", folder.parent, **declared)  # type: ignore[arg-type]
    return [finding.message for finding in analyse_function(source, locked=LOCKED).findings]


def test_a_file_too_large_to_be_read_has_its_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    for name in ("big.json", "big.py"):
        with (folder / name).open("wb") as stream:
            stream.truncate(50 << 30)
    assert refusals(folder, "open('big.json')") == [
        "'big.json' is shipped, but cannot be read. Make it a readable file."
    ]
    assert refusals(folder, "import big") == ["The file cannot be read. Make it a readable file of source code."]
    assert audited(tmp_path).verdict == "cannot start"


def test_links_that_make_any_number_of_folders_have_their_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.python.data_files.MOST_FILES", 500)
    for level in range(12):
        (tmp_path / "one" / "data" / f"level_{level}").mkdir(parents=True)
        for number in range(4 if level else 0):
            (tmp_path / "one" / "data" / f"level_{level - 1}" / f"{number}").symlink_to(f"../level_{level}")
    (tmp_path / "one" / "data" / "level_11" / "file.txt").write_text("")
    [message] = refusals(tmp_path / "one", "x = 1", resources=("data",))
    assert "what it reads leads to more than 500 files" in message
    assert refusals(tmp_path / "two", "x = 1") == []


def test_a_name_that_is_no_utf_8_is_refused_where_it_is_shipped(tmp_path: Path) -> None:
    (tmp_path / "one" / "data").mkdir(parents=True)
    (tmp_path / "one" / "data" / "good.json").write_text("")
    (tmp_path / "one" / "data" / os.fsdecode(b"caf\xe9\x1b[31m.json")).write_text("")
    assert refusals(tmp_path / "one", "x = 1", resources=("data",)) == [
        "'data/caf\\xe9\\x1b[31m.json' is shipped, but its name is no UTF-8, which a zip cannot hold. Rename it."
    ]


@pytest.mark.parametrize(
    "main",
    [
        "class A(B):\n    x = 1\n    def f(self): return self.x\nclass B(A):\n    x = 2\n    def f(self): return self.x",
        "".join(
            f"class A{n}({f'A{n - 1}' if n else ''}):\n    x = 'a{n}'\n    def f(self): return self.x\n"
            for n in range(400)
        ),
        "x = " + "+".join(["'a'"] * 5000),
        "s = 'x=1'\n" + "s = 'exec(' + repr(s) + ')'\n" * 50 + "exec(s)",
    ],
)
def test_code_that_leads_back_to_itself_has_an_answer_in_time(main: str, tmp_path: Path) -> None:
    before = time.process_time()
    refusals(tmp_path / "one", main)
    assert time.process_time() - before < 10
