"""Our reading of scopes against the compiler's own symbol table, on the standard library and on what it does not have."""

from __future__ import annotations

import ast
import gc
import symtable
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from analysis.python.record import read_record, record_of
from analysis.python.scopes import module_scopes
from analysis.python.syntax import parse

LIBRARY = Path(sysconfig.get_path("stdlib"))
SOURCES = sorted(
    file
    for folder in ("", "asyncio", "concurrent/futures", "email", "importlib", "unittest")
    for file in (LIBRARY / folder).glob("*.py")
)
CASES = {
    "a class hides nothing from its functions": "class A:\n    x = 1\n    def f(self):\n        return x\n",
    "global beats the function around": "def f():\n    x = 1\n    def g():\n        global x\n        return lambda: x\n",
    "nonlocal": "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = y\n",
    "a comprehension's own names": "a = [b for b in c if b for d in e(b)]\nb, d\n",
    "an assignment expression leaves comprehensions": "def f():\n    return [[z := y for y in x] for x in w], z\n",
    "a private name": "class A:\n    def f(self):\n        return __hidden\n",
    "defaults and annotations": "def f(a: b = c, *d: e, f=g, **h: i) -> j:\n    return lambda k=l: (k, m)\n",
    "deferred annotations": "from __future__ import annotations\ndef f(a: b) -> c:\n    d: e = f\n",
    "an annotation in brackets": "(a): b\n(c): d = e\n",
    "patterns": "match a:\n    case B(c, d=e) | [*f] | {'g': h, **i}:\n        pass\n    case j:\n        k\n",
    "handlers": "try:\n    a\nexcept B as c:\n    d\nelse:\n    e\nfinally:\n    f\n",
    "deletion and augmented assignment": "del a\nb += c\nfor d.e in f:\n    g\nwith h as (i, *j):\n    pass\n",
    "imports": "import a.b, c as d\nfrom e import f, g as h\nfrom i import *\n",
    "decorators": "@a\nclass B(c, d=e):\n    @f\n    async def g(self):\n        async for h in i:\n            await j\n",
}
if hasattr(ast, "TypeAlias"):
    CASES |= {
        "type parameters": "def f[T: a](b: T) -> c:\n    return T\nclass D[*E](e[E]):\n    def g(self) -> E:\n        return E\n",
        "a type alias": "type A[T] = b[T, A]\n",
    }


def compiled(content: bytes) -> tuple[set[str], set[str]]:
    table = symtable.symtable(content, "<source>", "exec")  # type: ignore[arg-type]
    bound = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_declared_global()
    }
    return bound, {name for scope in _scopes(table) for name in _read(scope)} - bound


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)


def _read(scope: symtable.SymbolTable) -> Iterable[str]:
    if isinstance(scope, symtable.Function):
        return scope.get_globals()
    return [symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global() and symbol.is_referenced()]


def ours(content: bytes) -> tuple[set[str], set[str]]:
    tree = parse(content, sys.version_info[:2], "names")
    assert isinstance(tree, ast.Module), tree
    found = module_scopes(tree, [])
    return found.bound, found.read - found.bound


@pytest.mark.parametrize("case", CASES)
def test_the_compiler_agrees_on(case: str) -> None:
    content = CASES[case].encode()
    bound, read = compiled(content)
    assert ours(content) == (bound, {name for name in read if "__hidden" not in name})


def test_the_compiler_agrees_on_the_standard_library() -> None:
    assert len(SOURCES) > 200
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for file in SOURCES:
            content = file.read_bytes()
            (bound, read), (have, want) = ours(content), compiled(content)
            # Since Python 3.12 a comprehension's own names count as the module's, which nothing else can read.
            assert bound == have if sys.version_info < (3, 12) else bound <= have, file
            assert read - {"__class__"} - have == want - {"__class__"}, file


REFUSED = {
    "parameters": "def f(a, *, a):\n    pass\n",
    "parameters of a lambda": "x = [lambda a, **a: 1]\n",
    "global after use": "def f():\n    x = 1\n    global x\n",
    "global parameter": "def f(x):\n    global x\n",
    "nonlocal of the module": "nonlocal x\n",
    "nonlocal of nothing": "def f():\n    nonlocal x\n",
    "star import in a function": "def f():\n    from a import (\n        b)\n    from c import *\n",
    "assignment to an iteration variable": "[x := 1 for x in y]\n",
    "assignment in an iterable": "[x for x in (y := z)]\n",
    "assignment in a class's comprehension": "class A:\n    [x := 1 for y in z]\n",
    "yield in a comprehension": "def f():\n    return [(yield x) for x in y]\n",
    "yield in an annotation": "from __future__ import annotations\ndef f():\n    x: list[(  # of what?\n        yield)] = []\n",
    "await in an annotation": "from __future__ import annotations\nasync def f():\n    x: await y = 1\n",
    "a future that is none": "from __future__ import annotations, braces_for_all\n",
}
if sys.version_info >= (3, 12):
    REFUSED |= {"type parameters": "def f[T, T](a: T): pass\n", "a yield in a bound": "class A[T: (yield)]: pass\n"}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_symbol_table_refuses_is_refused_without_generating_code(case: str) -> None:
    content = REFUSED[case].encode()
    with pytest.raises(SyntaxError):
        symtable.symtable(content, "<source>", "exec")  # type: ignore[arg-type]
    fault = read_record(content, sys.version_info[:2], "names").fault
    assert fault is not None
    assert fault[0] <= content.count(b"\n")


def test_the_standard_library_is_refused_nowhere() -> None:
    """What refuses are parsing and scopes, which read all of it above; the rest of the reading meets each eighth file."""
    for file in SOURCES[::8]:
        assert read_record(file.read_bytes(), sys.version_info[:2], "names").fault is None, file


def test_statements_that_a_text_has_nowhere_are_looked_for_in_vain() -> None:
    """`:=`, `global` and `nonlocal` are sought only where a text holds the words, or has an encoding of its own."""
    texts = [*(case.encode() for case in CASES.values()), *(file.read_bytes() for file in SOURCES[::12])]
    target = sys.version_info[:2]
    differs = [
        text
        for text in texts
        if record_of(parse(text, target), text, target) != record_of(parse(text, target), b"coding", target)
    ]
    assert differs == []


def test_a_comprehension_in_a_class_does_not_see_its_names() -> None:
    assert ours(b"class A:\n    x = [1]\n    y = [x for _ in x]\n") == ({"A"}, {"x"})


def test_nothing_is_left_to_the_collector() -> None:
    text = b"def f(a):\n    def g():\n        return [b := c for c in a]\n    return g, b\nclass D:\n    x = {y for y in f}\nif f:\n    h = k = [f]\n    for z in h:\n        z.append(k)\n"
    gc.collect()
    gc.disable()
    try:
        read_record(text, sys.version_info[:2])
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_never_runs_binds_nothing() -> None:
    tree = ast.parse("if never:\n    import a, b\nelse:\n    import b\n")
    assert isinstance(tree.body[0], ast.If)
    assert module_scopes(tree, tree.body[0].body)[:2] == ({"b"}, {"never"})
