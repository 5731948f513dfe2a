"""Calls of our own functions and classes, with arguments that they take, and with such that they do not."""

from __future__ import annotations

CLASSES = """import dataclasses
from dataclasses import dataclass, field, InitVar, KW_ONLY
from typing import ClassVar, NamedTuple

@dataclass(frozen=True)
class Base:
    a: int
    b: int = 1

@dataclass(frozen=True)
class Derived(Base):
    c: int = 2
    seen: ClassVar[int] = 0
    kept: list = field(default_factory=list)
    made: int = field(init=False, default=0)
    given: InitVar[int] = 0
    _: KW_ONLY
    d: int = 3

class Row(NamedTuple):
    a: int
    b: str = ""

class Plain:
    def __init__(self, a, *, b):
        self.a = a
    def work(self, x):
        return x
    @classmethod
    def of(cls, a):
        return cls(a, b=1)
    @staticmethod
    def helps(x, y=1):
        return x

class Below(Plain):
    pass

class Bare:
    pass
"""

FORMS: dict[str, dict[str, dict[str, str]]] = {
    "arguments": {
        "sound": {
            "by place and name": "import helper\nhelper.work(1)\nhelper.work(1, 2, 3, d=4, e=5)\nhelper.work(b=1, a=2)",
            "by name only": "def f(a, /, b, *, c): ...\nf(1, b=2, c=3)\nf(1, 2, c=3)",
            "behind stars": "def f(a, b): ...\nf(*[1, 2])\nf(**{'a': 1, 'b': 2})\nf(1, *(x for x in [2]))",
            "partial": "import functools\ndef f(a, b): ...\ng = functools.partial(f, 1)\ng(2)\nfunctools.partial(f, b=1)(2)",
            "decorated by what gives": "import functools\ndef gives(f):\n    @functools.wraps(f)\n    def inner(*args):\n        return f('given', *args)\n    return inner\n@gives\ndef f(a, b): ...\nf(1)",
            "cached": "import functools\n@functools.lru_cache(maxsize=None)\ndef f(a): ...\nf(1)\nf.cache_clear()",
            "manager": "import contextlib\n@contextlib.contextmanager\ndef f(a, b=1):\n    yield\nwith f(1): ...",
            "caught": "def f(a): ...\ntry:\n    f()\nexcept TypeError:\n    pass",
            "one of two": "import random\ndef f(a): ...\ndef g(): ...\n(f if random.random() > 2 else g)()",
            "defined twice": "import sys\nif sys.platform == 'win32':\n    def f(): ...\nelse:\n    def f(a): ...\nf(1)",
            "bound again": "def f(): ...\ndef wrap(g):\n    return lambda x: g()\nf = wrap(f)\nf(1)",
            "given from outside": "import helper\nhelper.work = lambda: 1\nhelper.work()",
            "put in by globals": "def f(): ...\nglobals()['f'] = lambda x: x\nf(1)",
            "dataclasses": CLASSES + "Derived(1, 2, 3, [], 5, d=6)\nDerived(a=1)\nBase(1)\nRow(1)\nRow(a=1, b='')",
            "classes": CLASSES
            + "Plain(1, b=2).work(3)\nPlain.of(1).work(2)\nBelow(1, b=2).helps(1, 2)\nPlain.helps(1)\nBare()",
            "unbound method": CLASSES + "Plain.work(Plain(1, b=2), 3)",
            "super in a diamond": "class A:\n    def __init__(self): ...\nclass B(A):\n    def __init__(self, x=0):\n        super().__init__(x)\nclass C(A):\n    def __init__(self, x): ...\nclass D(B, C): ...\nD()",
            "method of a derived class": "class A:\n    def go(self):\n        return self.step(1)\n    def step(self): ...\nclass B(A):\n    def step(self, x): ...\nB().go()",
            "by a metaclass": "class M(type):\n    def __call__(cls, *args):\n        return super().__call__()\nclass A(metaclass=M): ...\nclass B(A):\n    def __init__(self): ...\nB(1, 2)",
            "by new": "class A:\n    def __new__(cls, x):\n        return super().__new__(cls)\nA(1)",
            "exceptions": "class E(Exception): ...\nE('a', 'b')",
            "enumeration": "import enum\nclass E(enum.Enum):\n    A = 1\nE(1)",
            "method given to the object": "class A:\n    def __init__(self):\n        self.go = lambda x: x\n    def go(self): ...\nA().go(1)",
            "method imported in the class": "class A:\n    from helper import work\n    def go(self):\n        return self.work()\nA().go()\nA().work()",
            "function kept by the class": "import helper\nclass A:\n    work = helper.work\n    def go(self):\n        return self.work()\nA().go()\nA().work()",
            "function kept by the object": "def f(x): ...\nclass A:\n    def __init__(self):\n        self.f = f\n    def go(self):\n        return self.f(1)\nA().go()",
            "overloads": "import typing\n@typing.overload\ndef f(a: int) -> int: ...\n@typing.overload\ndef f(a: str, b: int) -> str: ...\ndef f(a, b=1): ...\nf('', 1)",
        },
        "refused": {
            "too few": "import helper\nhelper.work()",
            "too many": "from helper import work\ndef f(a): ...\ndef handle(request):\n    return f(1, 2)",
            "no such name": "def f(a): ...\nf(a=1, b=2)",
            "misspelt name": "def f(a, *, window=1): ...\ndef handle(request):\n    return f(1, windows=2)",
            "twice": "def f(a): ...\nf(1, a=2)",
            "not by name only": "def f(a, *, b): ...\nf(1, 2)",
            "not by place only": "def f(a, /): ...\nf(a=1)",
            "not partial": "import functools\ndef f(a, b): ...\nfunctools.partial(f, 1)(2, 3) if False else functools.partial(f, 1, 2, 3)()",
            "aliased": "import helper as h\nwork = h.work\nwork(b=1)",
            "not cached": "import functools\n@functools.cache\ndef f(a): ...\nf()",
            "inner function": "def handle(request):\n    def inner(a): ...\n    return inner(1, 2)",
            "dataclass too many": CLASSES + "Base(1, 2, 3)",
            "dataclass without": CLASSES + "Derived()",
            "dataclass field of no init": CLASSES + "Derived(1, made=1)",
            "dataclass named only": CLASSES + "Derived(1, 2, 3, [], 5, 6)",
            "named tuple": CLASSES + "Row()",
            "class": CLASSES + "Plain(1)",
            "class below": CLASSES + "Below(1)",
            "class without anything": CLASSES + "Bare(1)",
            "method": CLASSES + "Plain(1, b=2).work()",
            "static method": CLASSES + "Plain(1, b=2).helps(1, 2, 3)",
            "one and the other": "import random\ndef f(a): ...\ndef g(a, b): ...\n(f if random.random() > 2 else g)()",
        },
    },
}
