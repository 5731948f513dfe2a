"""Each kind of broken place, as its sentence tells it, and repaired as the sentence says: nothing is left to be said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from blueprint.archive import Archive, ArchiveSource, analyse_function
from blueprint.archive.sentences import SENTENCES
from tests.archive.test_trees import LOCKED

FILES = {"conf.json": "{}", "helper.py": "x = 1\n", "tables/__init__.py": "", "tables/rows.csv": "a"}
LAZY = "import importlib\ndef __getattr__(name):\n    {how}\n    return part\n"
BY_IMPORT, BY_CALL = "from . import part", "part = importlib.import_module('.part', __name__)"


class Cured(NamedTuple):
    """Code that is refused, words of the sentence, what it says to write, declare or create instead; files there before."""

    broken: str
    words: str
    cure: str = ""
    declared: Mapping[str, Any] = MappingProxyType({})
    created: Mapping[str, str] = MappingProxyType({})
    beside: Mapping[str, str] = MappingProxyType({})


CURES = {
    "module": Cured("import helper.gone", "Create it, correct the import", "import helper"),
    "distribution": Cured("import nowhere", "Create it", created={"nowhere.py": "x = 1\n"}),
    "distribution, guarded": Cured(
        "try:\n    import nowhere\nexcept ImportError:\n    nowhere = None",
        "declare it under optional_imports",
        declared={"optional_imports": {"nowhere": "only a laptop has it"}},
    ),
    "name": Cured("from helper import gone", "Correct the import", "from helper import x"),
    "syntax": Cured("def f(:\n    pass", "does not compile", "def f():\n    pass"),
    "syntax-unknown": Cured(f"x = '{'y' * 2_000_001}'", "keep data in data files", "open('conf.json').read()"),
    "anchor": Cured("from importlib import resources\nresources.files()", "Name the package that holds the file", "from importlib import resources\nresources.files('tables')"),
    "unreadable": Cured("import huge", "Make it a readable file of source code", "import helper"),
    "relative": Cured("from .. import helper", "Import by the absolute name", "import helper"),
    "unbound": Cured("x = nothing_there", "Import or define it", "nothing_there = 1\nx = nothing_there"),
    "arguments": Cured("def f(a): ...\nf()", "Correct the call", "def f(a): ...\nf(1)"),
    "member": Cured(
        "class A:\n    x = 1\ndef f(a: A):\n    return a.y\nf(A())",
        "Correct the name, or define it there",
        "class A:\n    x = 1\ndef f(a: A):\n    return a.x\nf(A())",
    ),
    "deleted": Cured(
        "try:\n    x = 1\nexcept OSError as error:\n    pass\nprint(error)",
        "Keep the value under another name",
        "kept = None\ntry:\n    x = 1\nexcept OSError as error:\n    kept = error\nprint(kept)",
    ),
    "hint": Cured(
        "import typing\ndef f(x: 'Decimal'): ...\ntyping.get_type_hints(f)",
        "Import it outside of `TYPE_CHECKING`",
        "import typing\nfrom decimal import Decimal\ndef f(x: 'Decimal'): ...\ntyping.get_type_hints(f)",
    ),
    "order": Cured(
        "import one",
        "Import it where it is used",
        created={"two.py": "def name():\n    from one import NAME\n    return NAME\n"},
        beside={"one.py": "import two\nNAME = 1\n", "two.py": "from one import NAME\n"},
    ),
    "recursion": Cured(
        "import p\np.part",
        "Import it by `importlib.import_module`",
        created={"p/__init__.py": LAZY.format(how=BY_CALL)},
        beside={"p/__init__.py": LAZY.format(how=BY_IMPORT), "p/part.py": ""},
    ),
    "search-path": Cured(
        "from p import other",
        "List it under dynamic_imports",
        declared={"dynamic_imports": ("p.other",)},
        beside={"p/__init__.py": "import os\n__path__.append(os.environ['X'])\n"},
    ),
    "computed": Cured(
        "import importlib, os\nimportlib.import_module(os.environ['X'])",
        "List what it can be under dynamic_imports",
        declared={"dynamic_imports": ("helper",)},
    ),
    "computed-resource": Cured(
        "from pathlib import Path\nimport os\n(Path(__file__).parent / os.environ['X']).read_text()",
        "List what it can be under resources",
        declared={"resources": ("conf.json",)},
    ),
    "resource": Cured("open('gone.json').read()", "Create it or correct the path", "open('conf.json').read()"),
}  # fmt: skip


def built(folder: Path, main: str, files: Mapping[str, str], declared: Mapping[str, Any]) -> Archive:
    for path, text in {**FILES, **files, "main.py": f"{main}\n\n\ndef handle(request):\n    return 'ok'\n"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    with (folder / "huge.py").open("wb") as stream:
        stream.truncate(50 << 30)  # a file with nothing in it takes no room
    source = ArchiveSource("f", folder, "handle", "http", folder.parent, size_budget=3_000_000, **declared)
    return analyse_function(source, locked=LOCKED)


@pytest.mark.parametrize("kind", CURES)
def test_what_the_sentence_says_is_the_cure(kind: str, tmp_path: Path) -> None:
    case = CURES[kind]
    (refused,) = built(tmp_path / "f", case.broken, case.beside, {}).findings
    assert refused.rule == SENTENCES[kind.partition(",")[0]][0]
    assert case.words in refused.message
    assert built(tmp_path / "f", case.cure or case.broken, case.created, case.declared).findings == ()


def test_every_kind_has_a_cure() -> None:
    assert {kind.partition(",")[0] for kind in CURES} == {*SENTENCES}
