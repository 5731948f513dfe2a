"""Edits that must not be refused, beside such that must be; every archive is also started, so that both are held to what runs."""

from __future__ import annotations

import pytest

from tests.archive.running import Tried, tried

FILES = {
    "conf.json": "{}",
    "texts/one.txt": "one",
    "texts/two.txt": "two",
    "helper.py": "VALUE = 1\n\n\ndef work(a, b=2, *c, d=3, **e):\n    return a\n",
    "jobs/__init__.py": "",
    "jobs/alpha.py": "def run():\n    return 'alpha'\n",
    "jobs/beta.py": "def run():\n    return 'beta'\n",
}
SHARED = {
    "__init__.py": "",
    "settings.py": "import os\n\n\ndef read(name, default=''):\n    return os.environ.get(name, default)\n",
    "loading.py": "import importlib\n\n\ndef load(name):\n    return importlib.import_module(name)\n",
    "tools.py": "from shared import settings\nfrom shared.settings import read as _read\n\nNAME = _read('NAME', 'x')\n",
}
READ = "from pathlib import Path\n"
BENIGN = {
    # names and imports
    "plain": "import helper\nhelper.work(1)",
    "another name": "import helper as _h\n_h.work(1)",
    "a name from it": "from helper import work as w, VALUE\nw(VALUE)",
    "in brackets": "from helper import (\n    work,  # first\n    VALUE,\n)\nwork(VALUE)",
    "in a function": "def f():\n    from helper import work\n    return work(1)\nf()",
    "star": "from helper import *\nwork(VALUE)",
    "two at once": "import helper, json\nhelper.work(json.dumps(1))",
    "a submodule": "import jobs.alpha\njobs.alpha.run()",
    "a submodule by from": "from jobs import alpha, beta\nalpha.run() + beta.run()",
    "shared": "from shared.tools import NAME\nNAME.upper()",
    "imported twice": "import helper\nimport helper\nhelper.work(1)",
    "renamed local": "import helper\ndef f(limits):\n    settings = limits\n    return settings\nf(helper.VALUE)",
    "alias of a function": "import helper\nwork = helper.work\nwork(1)",
    "semicolons": "import helper; helper.work(1); x = 1",
    # text, comments, quotes
    "comment": "# import nowhere; client.insert_rows_json(x)\nx = 1",
    "docstring": '"""Loads `nowhere` with importlib.import_module(name)."""\nx = 1',
    "text that looks like code": "x = 'import nowhere'\ny = \"from nowhere import z\"",
    "quotes": "import helper\nx = 'a' \"b\" '''c'''\nhelper.work(x)",
    "raw and bytes": "x = r'\\d' + 'x'\ny = b'abc' + rb'\\d'",
    "long line": "x = " + " + ".join(["'part'"] * 60),
    "tabs": "def f():\n\treturn 1\nf()",
    "blank lines": "\n\n\n\nimport helper\n\n\n\nhelper.work(1)\n\n\n",
    "no ascii": "größe = 'ü'\nprint(größe)",
    "coding comment": "# -*- coding: utf-8 -*-\nx = 'é'",
    "form feed": "x = 1\n\x0c\ny = 2",
    # annotations and types
    "annotations": "x: int = 1\ny: 'Nowhere' = x\ndef f(a: 'Nowhere') -> 'Nothing':\n    return a\nf(1)",
    "future annotations": "from __future__ import annotations\ndef f(a: Nowhere) -> Nothing:\n    return a\nf(1)",
    "type checking": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import nowhere\ndef f(a: 'nowhere.X'):\n    return a\nf(1)",
    "type checking renamed": "import typing as t\nif t.TYPE_CHECKING:\n    from nowhere import X\nx = 1",
    "dataclass": "from dataclasses import dataclass, field\n@dataclass\nclass A:\n    x: list = field(default_factory=list)\nA()",
    "protocol": "from typing import Protocol\nclass A(Protocol):\n    def f(self) -> int: ...\nx = A",
    "type variable": "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass A(Generic[T]):\n    x: T\nA()",
    # statements
    "match": "def f(kind):\n    match kind:\n        case {'a': x, **rest}:\n            return x, rest\n        case [first, *others]:\n            return first, others\n        case str() as name if name:\n            return name\nf('x')",
    "walrus": "if (n := len('abc')) > 2:\n    print(n)\nprint([y for x in 'ab' if (y := x)])",
    "comprehensions": "x = [a for a in range(3) for b in range(a)]\ny = {k: v for k, v in {'a': 1}.items()}\nz = {c for c in 'ab'}\nw = sum(i for i in x)",
    "made of itself": "x = ' a'\nx = str(x).strip()\nif x and not x.isdigit():\n    x = x.upper()\nwhile len(x) < 3:\n    x = x + x\nif x:\n    print(x)",
    "lambda": "f = lambda a, *b, c=1, **d: (a, b, c, d)\nf(1)",
    "nested functions": "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n        return n\n    return g()\nf()",
    "global": "COUNT = 0\ndef f():\n    global COUNT, LATE\n    COUNT += 1\n    LATE = 1\nf()\nprint(LATE)",
    "try with else": "try:\n    x = int('1')\nexcept (ValueError, TypeError) as error:\n    print(error)\nelse:\n    print(x)\nfinally:\n    print('end')",
    "exception group": "try:\n    raise ExceptionGroup('x', [ValueError('a')])\nexcept* ValueError as group:\n    print(group)",
    "with": "import contextlib\nwith contextlib.suppress(ValueError), contextlib.nullcontext(1) as one:\n    print(one)",
    "async": "import asyncio\nasync def f():\n    async with asyncio.timeout(1):\n        return [x async for x in g()]\nasync def g():\n    yield 1\nasyncio.run(f())",
    "decorators": "import functools\n@functools.lru_cache(maxsize=1)\ndef f():\n    return 1\nf()",
    "class with everything": "class A:\n    size = 2\n    items = [0] * size\n    def __init__(self):\n        self.x = self.size\n    @property\n    def y(self):\n        return self.x\n    @classmethod\n    def make(cls):\n        return cls()\n    @staticmethod\n    def z():\n        return 1\nA.make().y",
    "inheritance": "class A:\n    def __init__(self, a):\n        self.a = a\nclass B(A):\n    def __init__(self):\n        super().__init__(1)\nB().a",
    "metaclass": "class M(type):\n    def __new__(cls, name, bases, body, **kw):\n        return super().__new__(cls, name, bases, body)\nclass A(metaclass=M, x=1):\n    pass",
    "slots and dunder": "class A:\n    __slots__ = ('x',)\n    def __enter__(self):\n        return __class__\n    def __exit__(self, *a):\n        return None\nwith A() as a:\n    print(a, __name__, __file__, __doc__)",
    "delete": "x = 1\ndel x\nfor i in range(2):\n    pass\nprint(i)",
    "unpacking": "(a, *b), c = (1, 2, 3), 4\nx = [*b, *range(2)]\ny = {**{'a': 1}, 'b': c}",
    "f-strings": "x = 1.5\nprint(f'{x!r:>10} {x=} {{}} {x:{\"10\"}.2f}')",
    # branches that never run, and guards
    "dead branch": "if False:\n    import nowhere\nx = 1",
    "dead by version": "import sys\nif sys.version_info < (3, 8):\n    import nowhere\nx = 1",
    "dead by platform": "import os, sys\nif sys.platform == 'win32' or os.name == 'nt':\n    import winreg_helper\nx = 1",
    "dead main": "if __name__ == '__main__':\n    import nowhere\nx = 1",
    "fallback of the library": "try:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib\nx = tomllib",
    "name that moved": "try:\n    from collections import Mapping\nexcept ImportError:\n    from collections.abc import Mapping\nx = Mapping",
    # loading by a call
    "import module": "import importlib\nimportlib.import_module('jobs.alpha').run()",
    "import module renamed": "from importlib import import_module as load\nload('jobs.beta').run()",
    "relative import module": "import importlib\nimportlib.import_module('.alpha', package='jobs').run()",
    "in a loop": "import importlib\nfor name in ('alpha', 'beta'):\n    importlib.import_module(f'jobs.{name}').run()",
    "by a table": "import importlib\nJOBS = {'a': 'jobs.alpha', 'b': 'jobs.beta'}\nfor key in JOBS:\n    importlib.import_module(JOBS[key])",
    "by a wrapper": "from shared.loading import load\nload('jobs.alpha').run()",
    "by a method": "import importlib\nclass A:\n    def load(self, name):\n        return importlib.import_module('jobs.' + name)\nA().load('alpha')",
    "dunder import": "__import__('jobs', fromlist=['alpha']).alpha.run()",
    "relative in the entry": "from .jobs import alpha\nfrom . import jobs\nalpha.run()\njobs.alpha.run()",
    "entry as a package": "import main.jobs.alpha\nmain.jobs.alpha.run()",
    "formula without built-ins": "import sys\nprint(eval('1 + ' * len(sys.argv) + '1', {'__builtins__': {}}, {'x': 1}))",
    "runpy": "import runpy\nrunpy.run_module('jobs.alpha')",
    "in a branch": "import importlib, sys\nname = 'jobs.alpha'\nif len(sys.argv) > 99:\n    name = 'jobs.beta'\nimportlib.import_module(name)",
    # data files
    "open": "open('conf.json').close()",
    "open with": "import json\nwith open('conf.json', encoding='utf-8') as stream:\n    json.load(stream)",
    "beside the file": f"{READ}(Path(__file__).parent / 'conf.json').read_text()",
    "with name": f"{READ}Path(__file__).with_name('conf.json').read_bytes()",
    "by os.path": "import os\nopen(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'conf.json')).close()",
    "by a constant": f"{READ}HERE = Path(__file__).resolve().parent\nFILE = HERE / 'texts' / 'one.txt'\nFILE.read_text()",
    "a folder": f"{READ}assert len(list((Path(__file__).parent / 'texts').iterdir())) == 2",
    "a pattern": f"{READ}assert len(list(Path(__file__).parent.glob('texts/*.txt'))) == 2",
    "by a helper": f"{READ}def at(name):\n    return (Path(__file__).parent / 'texts' / name).read_text()\nat('one.txt') + at('two.txt')",
    "a file that is written": "import tempfile, os\npath = os.path.join(tempfile.gettempdir(), 'x-of-ours.txt')\nopen(path, 'w').close()\nos.unlink(path)",
    "environment": "import os\nos.environ.get('NAME'), os.getenv('OTHER', 'x'), 'THIRD' in os.environ",
    "log of itself": "import logging\nlogging.getLogger(__name__).info('started %s', __file__)",
}  # fmt: skip
REFUSED = {
    "missing module": "import nowhere_at_all",
    "missing in a function": "def handle(request):\n    import nowhere_at_all\n    return 1",
    "missing submodule": "import jobs.gamma",
    "missing name": "from helper import absent",
    "missing name in a function": "def handle(request):\n    from helper import absent\n    return absent",
    "missing by a call": "import importlib\nimportlib.import_module('jobs.gamma')",
    "missing by a wrapper": "from shared.loading import load\nload('jobs.gamma')",
    "missing in a loop": "import importlib\nfor name in ('alpha', 'gamma'):\n    importlib.import_module(f'jobs.{name}')",
    "missing by a table": "import importlib\nJOBS = {'a': 'jobs.alpha', 'c': 'jobs.gamma'}\nfor key in JOBS:\n    importlib.import_module(JOBS[key])",
    "missing by runpy": "import runpy\nrunpy.run_module('jobs.gamma')",
    "missing by fromlist": "__import__('jobs', fromlist=['gamma']).gamma",
    "undefined name": "print(undefined_name)",
    "undefined in a function": "def handle(request):\n    return undefined_name",
    "undefined in a comprehension": "def handle(request):\n    return [undefined_name for x in (1,)]",
    "type only": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import json\ndef handle(request):\n    return json",
    "syntax": "def f(:\n    pass",
    "two parameters": "def f(a, a):\n    pass",
    "return outside": "return 1",
    "missing file": "open('gone.json')",
    "missing beside": f"{READ}(Path(__file__).parent / 'gone.json').read_text()",
    "missing by a helper": f"{READ}def at(name):\n    return (Path(__file__).parent / 'texts' / name).read_text()\nat('one.txt') + at('three.txt')",
    "name of the library": "from collections import Mapping",
    "name of the library in a function": "def handle(request):\n    from inspect import getargspec\n    return getargspec",
    "name of a distribution": "from flask import Markup",
    "name of a distribution in a function": "def handle(request):\n    from werkzeug.urls import url_quote\n    return url_quote",
    "module of a distribution": "import google.cloud.bigquery.nothing",
    "attribute that is no module": "import json.nothing",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tried]:
    """Return what becomes of every edit."""
    return tried(tmp_path_factory.mktemp("benign"), {**BENIGN, **REFUSED}, FILES, SHARED)


def test_there_are_enough_edits() -> None:
    assert len(BENIGN) >= 60
    assert len(REFUSED) >= 25
    assert not BENIGN.keys() & REFUSED.keys()


@pytest.mark.parametrize("name", BENIGN)
def test_a_benign_edit_is_sound_and_runs(name: str, made: dict[str, Tried]) -> None:
    assert made[name].archived == "-"
    assert made[name].refused == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_does_not_run(name: str, made: dict[str, Tried]) -> None:
    assert made[name].archived != "-"
    assert len(made[name].refused) == 1
