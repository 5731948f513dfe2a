"""What of one closure fails by a name although every module is there: names bound nowhere, attributes that are missing."""

from __future__ import annotations

from analysis.python.exported_names import ExportedNames
from analysis.python.graph import Closure, caught
from analysis.python.imports import ImportFact
from analysis.python.outside import Outside
from analysis.python.program import Program
from analysis.python.text_values import shown
from analysis.python.values import Constant


def check_names(closure: Closure, names: ExportedNames, outside: Outside, program: Program) -> None:
    """Note in the closure where its modules read names that are not there."""
    for module in list(closure.modules):
        _unbound(closure, names, module)
        _attributes(closure, outside, program, module)
        _asks_itself(closure, program, module)


def _unbound(closure: Closure, exported: ExportedNames, module: str) -> None:
    facts = closure.records[module]
    names = exported.of(module) if facts.unbound else frozenset()
    for unbound in facts.unbound if names is not None else ():
        if unbound.deleted or unbound.name not in (names or ()):
            fact = ImportFact(None, 0, None, unbound.line, unbound.lazy, "", unbound.catches)
            kind, error = ("deleted", "UnboundLocalError") if unbound.deleted else ("unbound", "NameError")
            closure.fail(kind, unbound.name, module, fact, error)


def _asks_itself(closure: Closure, program: Program, module: str) -> None:
    """Note where a package's `__getattr__` never ends: it takes a part of itself that nothing has loaded before."""
    for name, line in closure.records[module].asks_itself:
        part = f"{module}.{name}"
        loaded = any(edge.target == part and edge.fact.function != "__getattr__" for edge in closure.edges)
        if not loaded and program.asked(module):
            fact = ImportFact("", 0, None, line, True, "__getattr__")
            closure.fail("recursion", part, module, fact, "RecursionError")


def _attributes(closure: Closure, outside: Outside, program: Program, module: str) -> None:
    """Check the attributes that are read of modules that are not ours, unless the code asks for them or makes them."""
    asked = None
    for read in closure.records[module].reads:
        owner, _, name = read.name.rpartition(".")
        known = outside.names_of(owner)
        if not known.lacks(owner, name) or not outside.owns(owner) or caught("AttributeError", read.around.catches):
            continue
        asked = asked if asked is not None else _asked_for(program, module)
        if read.name not in asked and not program.calls_of(module, {f"{read.name}.__set__"}):
            around = read.around
            fact = ImportFact(owner, 0, None, read.line, around.lazy, around.function, around.catches)
            detail = f"listed:{outside.provider_of(owner)}"
            closure.fail("name", read.name, module, fact, "AttributeError", detail)


def _asked_for(program: Program, module: str) -> set[str]:
    """Return the attributes that a module asks for by `hasattr` before it reads them."""
    return {
        f"{program.callee(module, call.arguments[0])}.{shown(call.arguments[1])}"
        for _, call in program.calls_of(module, {"builtins.hasattr"})
        if len(call.arguments) == 2 and isinstance(call.arguments[1], Constant)
    }
