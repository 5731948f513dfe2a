"""What code loads, opens and names, however it is written: each sample is shipped, refused with its reason, or let pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.archive import Archive, ArchiveSource, SourceRoot, analyse_function
from tests.archive.test_trees import LOCKED

HANDLE = "\n\ndef handle(request):\n    return 'ok'\n"
FILES = {
    "conf.json": "{}",
    "main.json": "{}",
    "texts.json": "{}",
    "data/one.json": "{}",
    "data/.hidden/two.py": "x = 1\n",
    "templates/page.html": "<p>",
    "job.py": "x = 1\n",
    "helper.py": "x = 1\n",
    "jobs/__init__.py": "",
    "jobs/alpha.py": "x = 1\n",
    "jobs/beta.py": "x = 1\n",
    "tables/__init__.py": "",
    "tables/rows.csv": "a",
}


def built(tmp_path: Path, main: str, shared: str = "", **declared: object) -> Archive:
    folder = tmp_path / "functions" / "f"
    for path, text in {**FILES, "main.py": main + HANDLE}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (tmp_path / "functions" / "shared").mkdir()
    (tmp_path / "functions" / "shared" / "__init__.py").write_text("")
    (tmp_path / "functions" / "shared" / "tools.py").write_text(shared)
    roots = (SourceRoot(tmp_path / "functions", only=("shared",)),)
    source = ArchiveSource("f", folder, "handle", "http", tmp_path, roots=roots, **declared)  # type: ignore[arg-type]
    return analyse_function(source, locked=LOCKED)


def shipped(archive: Archive) -> set[str]:
    return {file.path for file in archive.files} - {"main.py", "requirements.txt"}


@pytest.mark.parametrize(
    ("main", "file"),
    [
        ("import os\nopen(os.path.dirname(__file__) + '/conf.json')", "conf.json"),
        ("import os\nHERE = os.path.dirname(__file__)\nopen(f'{HERE}/conf.json')", "conf.json"),
        ("import os as _os\nopen(_os.path.join(_os.path.dirname(__file__), 'data', 'one.json'))", "data/one.json"),
        ("open('conf.json')", "conf.json"),
        ("from pathlib import Path as P\nP('conf.json').read_text()", "conf.json"),
        ("from pathlib import Path\nPath(__file__).with_suffix('.json').read_text()", "main.json"),
        ("open(__file__.replace('.py', '.json'))", "main.json"),
        ("import os\nopen(os.path.splitext(__file__)[0] + '.json')", "main.json"),
        (
            "from pathlib import Path\nfor each in Path(__file__).parent.glob('*.json'):\n    each.read_text()",
            "texts.json",
        ),
        (
            "import importlib.resources\nimport tables\nimportlib.resources.files(tables) / 'rows.csv'",
            "tables/rows.csv",
        ),
        ("from importlib import resources as r\nr.files('tables').joinpath('rows.csv')", "tables/rows.csv"),
        ("import flask\napp = flask.Flask(__name__)", "templates/page.html"),
        (
            "from pathlib import Path\nclass A:\n    base = Path(__file__).parent\n    def f(self):\n        return self.base / 'conf.json'",
            "conf.json",
        ),
        (
            "from pathlib import Path\ndef at(name):\n    return Path(__file__).parent / name\nat('conf.json').read_text()",
            "conf.json",
        ),
        ("from shared.tools import load\nload('conf.json')", "conf.json"),
    ],
)
def test_a_data_file_is_shipped_however_it_is_named(main: str, file: str, tmp_path: Path) -> None:
    archive = built(tmp_path, main, "def load(path):\n    with open(path) as stream:\n        return stream.read()\n")
    assert [finding for finding in archive.findings if finding.severity == "violation"] == []
    assert file in shipped(archive)


@pytest.mark.parametrize(
    ("main", "fragment"),
    [
        ("import os\nopen(os.path.dirname(__file__) + '/gone.json')", "'gone.json' is read, but is no file"),
        ("open('gone.json')", "'gone.json' is read, but is no file"),
        ("from pathlib import Path\nPath(__file__).with_suffix('.txt').read_text()", "'main.txt' is read"),
        ("from pathlib import Path\nPath(__file__).parent.glob('*.yaml')", "'*.yaml' is read"),
        ("import os\nfrom pathlib import Path\nopen(Path(__file__).parent / os.environ['NAME'])", "by a computed name"),
        ("import os\nopen(f\"data/{os.environ['NAME']}.json\")", "by a computed name"),
    ],
)
def test_a_data_file_that_is_not_there_or_computed_is_refused(main: str, fragment: str, tmp_path: Path) -> None:
    messages = [finding.message for finding in built(tmp_path, main).findings]
    assert len(messages) == 1
    assert fragment in messages[0]


def test_a_computed_data_file_is_satisfied_by_a_declaration(tmp_path: Path) -> None:
    main = "import os\nfrom pathlib import Path\nopen(Path(__file__).parent / os.environ['NAME'])"
    archive = built(tmp_path, main, resources=("data",))
    assert archive.findings == ()
    assert {"data/one.json", "data/.hidden/two.py"} <= shipped(archive)


@pytest.mark.parametrize(
    ("main", "modules"),
    [
        ("from importlib import import_module as load\nload('jobs.alpha')", {"jobs.alpha"}),
        ("import importlib as i\ni.import_module(name='jobs.alpha')", {"jobs.alpha"}),
        ("import importlib\ngetattr(importlib, 'import_module')('jobs.alpha')", {"jobs.alpha"}),
        (
            "import importlib\nlist(map(importlib.import_module, ['jobs.alpha', 'jobs.beta']))",
            {"jobs.alpha", "jobs.beta"},
        ),
        ("import runpy\nrunpy.run_module('job')", {"job"}),
        ("import runpy\nrunpy.run_path('job.py')", {"job"}),
        ("from subprocess import run as r\nimport sys\nr([sys.executable, '-m', 'job'])", {"job"}),
        ("import subprocess\nimport sys\nsubprocess.run([sys.executable, 'job.py'])", {"job"}),
        ("import pkgutil\npkgutil.resolve_name('jobs.alpha:x')", {"jobs.alpha"}),
        ("__import__('jobs', fromlist=['alpha'])", {"jobs.alpha"}),
        (
            "import importlib\nimport sys\nname = 'jobs.alpha'\nif sys.argv:\n    name = 'jobs.beta'\nimportlib.import_module(name)",
            {"jobs.alpha", "jobs.beta"},
        ),
        (
            "import importlib\nfor name in ('jobs.alpha',):\n    importlib.import_module(name)\nfor name in ('jobs.beta',):\n    importlib.import_module(name)",
            {"jobs.alpha", "jobs.beta"},
        ),
        (
            "import importlib\nJOBS = {'a': 'jobs.alpha', 'b': 'jobs.beta'}\ndef f(key):\n    importlib.import_module(JOBS[key])",
            {"jobs.alpha", "jobs.beta"},
        ),
        ("from shared.tools import load\nload('jobs.alpha')", {"jobs.alpha"}),
        ("import sys\nif sys.version_info >= (3, 11, 4):\n    import jobs.alpha", {"jobs.alpha"}),
    ],
)
def test_a_module_is_followed_however_it_is_loaded(main: str, modules: set[str], tmp_path: Path) -> None:
    shared = "import importlib\ndef load(name):\n    return importlib.import_module(name)\n"
    archive = built(tmp_path, main, shared)
    assert archive.findings == ()
    assert modules <= set(archive.modules)


@pytest.mark.parametrize(
    "main",
    [
        "import importlib\nimport os\nimportlib.import_module(os.environ['NAME'])",
        "import importlib\nname = ''\nfor part in ('a', 'b'):\n    name += part\nimportlib.import_module(name)",
        "import os\nexec(os.environ['NAME'])",
        "from importlib.metadata import entry_points\nentry_points(group='jobs')",
    ],
)
def test_a_computed_module_is_refused_and_satisfied_by_a_declaration(main: str, tmp_path: Path) -> None:
    rules = {finding.rule for finding in built(tmp_path / "bare", main).findings}
    assert rules == {"archive-computed-import"}
    archive = built(tmp_path / "declared", main, dynamic_imports=("jobs.alpha",))
    assert archive.findings == ()
    assert "jobs.alpha" in archive.modules


@pytest.mark.parametrize(
    "main",
    [
        "from typing import TYPE_CHECKING as TC\nif TC:\n    import nowhere",
        "import sys\nif sys.platform in ('win32', 'cygwin'):\n    import nowhere",
        "import sys\nWINDOWS = sys.platform == 'win32'\nif WINDOWS:\n    import nowhere",
        "# client.insert_rows_json(table, rows) and settings['window']\nx = 1",
        "import os\nimport sys\nsys.path += [os.path.join(os.path.dirname(__file__), 'jobs')]\nimport alpha",
        "import os\nimport sys\nsys.path.extend([os.path.join(os.path.dirname(__file__), 'jobs')])\nimport alpha",
        "def f(kind):\n    match kind:\n        case 'a' | 'b' as name:\n            return name\n        case {'x': x, **rest}:\n            return x, rest",
        "values = [name for name in ('a', 'b')]\nx: int = len(values)",
        "open('/tmp/out.txt', 'w').write('x')\nopen('out.txt', mode='w')",
    ],
)
def test_benign_code_is_not_refused(main: str, tmp_path: Path) -> None:
    assert built(tmp_path, main).findings == ()


def test_a_flag_left_by_a_failed_import_guards_what_is_behind_it(tmp_path: Path) -> None:
    main = "try:\n    import ujson\n    HAS = True\nexcept ImportError:\n    HAS = False\n\ndef f():\n    if HAS:\n        import ujson.fast"
    archive = built(tmp_path, main, optional_imports={"ujson": "faster where it is there"})
    assert archive.findings == ()


@pytest.mark.parametrize(
    "main",
    [
        "from importlib.util import find_spec\nHAS = find_spec('ujson') is not None\ndef f():\n    if HAS:\n        import ujson",
        "import importlib.util\nif importlib.util.find_spec('ujson'):\n    import ujson",
        "from importlib import util as u\nHAS = bool(u.find_spec('ujson'))\nif HAS:\n    from ujson import loads",
        "import importlib.util\nFAST = importlib.util.find_spec('ujson')\nif FAST is None:\n    import json\nelse:\n    import ujson as json",
        "try:\n    import ujson as json\n    FAST = True\nexcept ImportError:\n    import json\n    FAST = False\nif FAST:\n    import ujson.fast",
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import ujson",
    ],
)
def test_an_optional_module_that_is_asked_for_first_is_satisfied_by_a_declaration(main: str, tmp_path: Path) -> None:
    bare = built(tmp_path / "bare", main)
    assert {finding.rule for finding in bare.findings} == {"archive-missing-module"}
    assert all("optional_imports" in finding.message for finding in bare.findings)
    declared = built(tmp_path / "declared", main, optional_imports={"ujson": "faster where it is there"})
    assert declared.findings == ()


def test_a_name_that_a_later_version_has_is_satisfied_by_a_declaration(tmp_path: Path) -> None:
    main = "try:\n    from itertools import batched\nexcept ImportError:\n    batched = None"
    [finding] = built(tmp_path / "bare", main).findings
    assert "'itertools' has no name 'batched'" in finding.message
    declared = built(tmp_path / "declared", main, optional_imports={"itertools": "its own way before 3.12"})
    assert declared.findings == ()


@pytest.mark.parametrize("resources", [(), ("fast.cpython-311-x86_64-linux-gnu.so",)])
def test_a_compiled_module_of_ours_is_shipped(resources: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "functions" / "f"
    folder.mkdir(parents=True)
    (folder / "main.py").write_text("import fast\nfrom fast import anything" + HANDLE)
    (folder / "fast.cpython-311-x86_64-linux-gnu.so").write_bytes(b"")
    source = ArchiveSource("f", folder, "handle", "http", tmp_path, resources=resources)
    archive = analyse_function(source, locked=LOCKED)
    assert archive.findings == ()
    assert "fast.cpython-311-x86_64-linux-gnu.so" in shipped(archive)


def test_a_module_finds_a_file_of_the_folder_around_it(tmp_path: Path) -> None:
    shared = "from pathlib import Path\nTEXTS = (Path(__file__).parents[1] / 'texts.json').read_text()\n"
    archive = built(tmp_path, "from shared import tools", shared)
    assert archive.findings == ()
    assert "texts.json" in shipped(archive)


@pytest.mark.parametrize(
    "main",
    [
        "".join(f"a{number + 1} = a{number} + a{number}\n" for number in range(80)).replace("a0 + a0", "'x' + 'x'"),
        "x = '%100000000d' % 5",
        "x = 'a' * 10**9",
        "x = f(0)\n" + "".join("x = f(x, x)\n" for _ in range(60)),
    ],
)
def test_values_without_end_are_not_followed(main: str, tmp_path: Path) -> None:
    assert {finding.rule for finding in built(tmp_path, main).findings} <= {"archive-unbound-name"}


def test_uses_are_recognised_by_meaning(tmp_path: Path) -> None:
    main = """
from os import environ as env
import os as _os
from shared.tools import Topics
def f(db, topics: Topics, client, world):
    env["A"], _os.getenv("B")
    db.collection ("c")
    world.topics.publish("nba-retry", ())
    client.query("SELECT\\n gone\\nFROM d.t")
    client.query("UPDATE d.u\\nSET x = 1 WHERE true")
    client.create(location="US")
    limits = world.view.settings
    return limits["window"]
"""
    shared = """
class Topics:
    def publish(self, topic, messages):
        self.client.send(self.path(topic), messages)
    def path(self, topic):
        return f"projects/{self.project}/topics/{topic}"
"""
    uses = built(tmp_path, main, shared).uses
    assert [use.name for use in uses.env] == ["A", "B"]
    assert [use.name for use in uses.collections] == ["c"]
    assert [use.name for use in uses.topics] == ["nba-retry"]
    assert [use.name for use in uses.regions] == ["US"]
    assert [use.name for use in uses.settings] == ["window"]
    assert {(use.table, use.written) for use in uses.tables} == {("d.t", False), ("d.u", True)}


def test_files_of_no_package_are_judged_by_the_rules_of_the_target(tmp_path: Path) -> None:
    main = "from importlib.resources import files\nfiles().joinpath('conf.json').read_text()"
    [finding] = built(tmp_path / "old", main).findings
    assert "needs the package as its argument before Python 3.12" in finding.message
    folder = tmp_path / "old" / "functions" / "f"
    source = ArchiveSource("f", folder, "handle", "http", tmp_path / "old")
    assert analyse_function(source, locked=LOCKED, target_python=(3, 12)).findings == ()
    given = "from importlib.resources import files\nfiles('tables').joinpath('rows.csv').read_text()"
    assert built(tmp_path / "given", given).findings == ()


def test_what_a_package_takes_from_itself_is_shipped(tmp_path: Path) -> None:
    """The import binds the name that it asks for, so the name alone says nothing."""
    folder = tmp_path / "functions" / "f"
    (folder / "package").mkdir(parents=True)
    (folder / "main.py").write_text("import package" + HANDLE)
    (folder / "package" / "__init__.py").write_text("from . import heavy as heavy\nfrom package import light\n")
    for name in ("heavy", "light"):
        (folder / "package" / f"{name}.py").write_text("x = 1\n")
    archive = analyse_function(ArchiveSource("f", folder, "handle", "http", tmp_path), locked=LOCKED)
    assert archive.findings == ()
    assert {"package.heavy", "package.light"} <= set(archive.modules)


EAGER = {
    "as itself": "from . import heavy as heavy\n",
    "by its whole name": "import package.heavy\n",
    "from the package": "from package import heavy\n",
    "a name of it": "from .heavy import connect\n",
    "everything": "from .heavy import *\n",
    "through another": "from .between import connect\n",
    "by a call": "import importlib\nimportlib.import_module('package.heavy')\n",
}
LATE = {
    "in a function": "def heavy():\n    import package.heavy\n",
    "when asked": "def __getattr__(name):\n    import importlib\n    return importlib.import_module('.' + name, __name__)\n",
}
PARTS = {"heavy": "import yaml\nconnect = yaml\n", "between": "from .heavy import connect\n", "light": "x = 1\n"}


def rules(tmp_path: Path, main: str, init: str) -> list[str]:
    folder = tmp_path / "functions" / "f"
    (folder / "package").mkdir(parents=True)
    (folder / "main.py").write_text(main + HANDLE)
    (folder / "package" / "__init__.py").write_text(init)
    for name, text in PARTS.items():
        (folder / "package" / f"{name}.py").write_text(text)
    source = ArchiveSource("f", folder, "handle", "http", tmp_path)
    return [finding.rule for finding in analyse_function(source, locked=LOCKED).findings]


@pytest.mark.parametrize("main", ["from package import light", "import package.light\npackage.light.x"])
@pytest.mark.parametrize("init", EAGER)
def test_a_package_that_loads_for_everybody_is_refused_however_it_does(init: str, main: str, tmp_path: Path) -> None:
    assert rules(tmp_path, main, EAGER[init]) == ["archive-eager-init"]


@pytest.mark.parametrize("main", ["from package import heavy", "import package\npackage.heavy.connect"])
@pytest.mark.parametrize("init", EAGER)
def test_what_is_asked_for_may_be_loaded(init: str, main: str, tmp_path: Path) -> None:
    assert rules(tmp_path, main, EAGER[init]) == []


@pytest.mark.parametrize("init", LATE)
def test_what_a_package_loads_late_is_loaded_for_nobody_else(init: str, tmp_path: Path) -> None:
    assert rules(tmp_path, "from package import light", LATE[init]) == []


@pytest.mark.parametrize("handler", ["except Exception", "except BaseException", "except"])
@pytest.mark.parametrize(
    ("code", "rule", "expects"),
    [
        ("nothing_there", "archive-unbound-name", "NameError"),
        ("helper.nothing", "archive-missing-name", "AttributeError"),
        ("A().nothing", "archive-missing-attribute", "AttributeError"),
        ("A(1)", "archive-arguments", "TypeError"),
    ],
)
def test_a_handler_that_takes_whatever_fails_hides_a_mistake(
    code: str, rule: str, expects: str, handler: str, tmp_path: Path
) -> None:
    text = "import helper\nclass A:\n    x = 1\ndef f():\n    try:\n        return {}\n    {}:\n        return None\n"
    (hidden,) = built(tmp_path / "one", text.format(code, handler)).findings
    assert (hidden.rule, hidden.severity) == (rule, "violation")
    assert built(tmp_path / "two", text.format(code, f"except ({expects}, OSError)")).findings == ()
    assert built(tmp_path / "three", text.format("A().x", handler)).findings == ()
    assert built(tmp_path / "four", text.format("unicode", handler)).findings == ()
