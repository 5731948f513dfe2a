"""What of one closure fails by a name although every module is there: names bound nowhere, attributes that are missing."""

from __future__ import annotations

from analysis.python.call_sites import CodePlace, argument
from analysis.python.events import Call
from analysis.python.exported_names import OF_EVERY_MODULE, ExportedNames
from analysis.python.graph import Closure, ImportProblem, caught, expected
from analysis.python.imports import ImportFact
from analysis.python.outside import Outside
from analysis.python.program import Program
from analysis.python.text_values import shown
from analysis.python.values import Constant, Thing, Value, possible, text_of


def check_names(closure: Closure, names: ExportedNames, outside: Outside, program: Program) -> None:
    """Note in the closure where its modules read names that are not there."""
    closure.problems = [each for each in closure.problems if not _is_given_later(closure, program, each)]
    hints = any(record.hints for record in closure.records.values())
    for module in list(closure.modules):
        if hints:
            _hints(closure, names, program, module)
        _unbound(closure, names, program, module)
        _attributes(closure, names, outside, program, module)
        _asks_itself(closure, program, module)


def _unbound(closure: Closure, exported: ExportedNames, program: Program, module: str) -> None:
    facts = closure.records[module]
    names = exported.of(module) if facts.unbound else frozenset()
    guards = (
        (each.name, caught if each.name in _OF_OTHER_PYTHONS else expected, each.catches) for each in facts.unbound
    )
    there = {name for name, guarded, catches in guards if guarded("NameError", catches)} | (names or frozenset())
    for unbound in facts.unbound if names is not None else ():
        given = unbound.lazy and not unbound.deleted and is_given(closure, program, module, unbound.name)
        if unbound.deleted or (unbound.name not in there and not given):
            fact = ImportFact(None, 0, None, unbound.line, unbound.lazy, "", unbound.catches)
            kind, error = ("deleted", "UnboundLocalError") if unbound.deleted else ("unbound", "NameError")
            closure.fail(kind, unbound.name, module, fact, error)


def _hints(closure: Closure, exported: ExportedNames, program: Program, module: str) -> None:
    """Note the names in annotations that a call of a module asks for, and that are bound nowhere."""
    for callee, call in program.calls(module):
        given = argument(call, 0, "obj")
        if given is None or not _evaluates(closure, callee, call):
            continue
        for value, place in program.reached(given, CodePlace(module, call.line, call.around)):
            for thing in possible(value):
                owner, _, definition = thing.name.partition(":") if isinstance(thing, Thing) else ("", "", "")
                record = closure.records.get(owner)
                names = exported.of(owner) if record and record.hints else None
                for hint in record.hints if record and names is not None else ():
                    if hint.definition == definition and hint.name not in (names or ()):
                        fact = place.around.fact(hint.line)
                        if not caught("NameError", fact.catches):
                            closure.fail("hint", hint.name, owner, fact, "NameError", f"{place.module}:{place.line}")


def _evaluates(closure: Closure, callee: str, call: Call) -> bool:
    """Return whether a call evaluates the annotations of what it is given, with the names of its module."""
    named = dict(call.keywords)
    if callee in ("inspect.signature", "inspect.get_annotations"):
        return named.get("eval_str") == Constant(True) and not {"globals", "locals"} & {*named}
    if callee in ("typing.get_type_hints", "typing_extensions.get_type_hints"):
        return len(call.arguments) == 1 and not {"globalns", "localns"} & {*named}
    registers = callee.removesuffix(".__init__")
    module, _, function = registers.removesuffix(".register").partition(":")
    record = closure.records.get(module) if registers.endswith(".register") else None
    definition = dict(record.functions).get(function) if record else None
    return definition is not None and any(each.endswith("singledispatch") for each in definition.decorators)


def _asks_itself(closure: Closure, program: Program, module: str) -> None:
    """Note where a package's `__getattr__` never ends: it takes a part of itself that nothing has loaded before."""
    for name, line in closure.records[module].asks_itself:
        part = f"{module}.{name}"
        loaded = any(edge.target == part and edge.fact.function != "__getattr__" for edge in closure.edges)
        if not loaded and program.asked(module):
            fact = ImportFact("", 0, None, line, True, "__getattr__")
            closure.fail("recursion", part, module, fact, "RecursionError")


def _attributes(closure: Closure, exported: ExportedNames, outside: Outside, program: Program, module: str) -> None:
    """Check the attributes that are read of modules, unless the code asks for them or makes them."""
    asked = None
    for read in closure.records[module].reads:
        name = program.absolute(module, read.name)
        owner, _, attribute = name.rpartition(".")
        ours = owner != module and _ours_lacks(closure, exported, owner, attribute)
        lacks = ours or (outside.names_of(owner).lacks(owner, attribute) and outside.owns(owner))
        if not lacks or (expected if ours else caught)("AttributeError", read.around.catches):
            continue
        asked = asked if asked is not None else _asked_for(program, module)
        if ours:
            made = is_given(closure, program, owner, attribute)
        else:
            made = bool(program.calls_of(module, {f"{name}.__set__"}))
        if name not in asked and not made and not (read.around.perhaps and owner in asked):
            detail = "" if ours else f"listed:{outside.provider_of(owner)}"
            closure.fail("name", name, module, read.around.fact(read.line, owner), "AttributeError", detail)


def _ours_lacks(closure: Closure, exported: ExportedNames, owner: str, attribute: str) -> bool:
    """Return whether something is a module of ours that is known not to have an attribute."""
    if owner not in closure.modules or f"{owner}.{attribute}" in closure.modules or attribute in OF_EVERY_MODULE:
        return False
    package, _, part = owner.rpartition(".")
    if package in closure.records and part in closure.records[package].names:
        return False  # a package may call something else as it calls its module
    names = exported.of(owner)
    return names is not None and attribute not in names and not closure.records[owner].makes(attribute)


def is_given(closure: Closure, program: Program, owner: str, attribute: str) -> bool:
    """Return whether any module may give one of ours an attribute."""
    return any(_sets(program, module, owner, f"{owner}.{attribute}") for module in closure.modules)


def _is_given_later(closure: Closure, program: Program, problem: ImportProblem) -> bool:
    """Return whether a name that an import does not find is given to its module by another one."""
    owner, _, attribute = problem.subject.rpartition(".")
    ours = problem.kind == "name" or problem.detail.startswith("neither:")
    named = {f"{problem.subject}.__set__"}
    return (
        ours
        and owner in closure.modules
        and any(
            program.calls_of(module, named) or _gives_by_name(program, module, owner, attribute)
            for module in closure.modules
            if module != problem.importer
        )
    )


def _gives_by_name(program: Program, module: str, owner: str, attribute: str) -> bool:
    """Return whether a module calls `setattr` with another one and that name, or one that is not known."""
    for _, call in program.calls_of(module, {"builtins.setattr"}):
        if not call.arguments:
            continue
        whose, *names = (program.linked(each, module) for each in call.arguments[:2])
        known = text_of(names[0]) if names else None
        if Thing(owner) in possible(whose) and known in (None, attribute):
            return True
    return False


def _sets(program: Program, module: str, owner: str, name: str) -> bool:
    """Return whether a module may give another one an attribute."""
    own = f"{owner}:{name.removeprefix(owner)[1:]}"
    if program.calls_of(
        module, {f"{name}.__set__", f"{own}.__set__", f"{owner}.__dict__.update", f"{owner}.__dict__.__set__"}
    ):
        return True
    given = program.calls_of(module, {"builtins.setattr", "builtins.vars"})
    if any(call.arguments and _may_be(program, module, call.arguments[0], owner) for _, call in given):
        return True
    handed = ((callee, each) for callee, call in program.calls(module) for each in call.arguments)
    return any(each == Thing(owner) and not callee.startswith("builtins.") for callee, each in handed)


def _may_be(program: Program, module: str, value: Value, owner: str) -> bool:
    """Return whether a value may be a module: what is not known may be any."""
    linked = possible(program.linked(value, module))
    return any(not isinstance(each, Thing) or each.name == owner for each in linked)


def _asked_for(program: Program, module: str) -> set[str]:
    """Return the attributes that a module asks for by `hasattr` before it reads them, and of what it asks for any."""
    found = set()
    for _, call in program.calls_of(module, {"builtins.hasattr"}):
        if len(call.arguments) == 2 and isinstance(call.arguments[1], Constant):
            owner = program.callee(module, call.arguments[0])
            found |= {owner, f"{owner}.{shown(call.arguments[1])}"}  # what has the one may be known to have another
    return found


_OF_OTHER_PYTHONS = {
    *("basestring", "buffer", "cmp", "execfile", "file", "intern", "long", "raw_input", "reduce", "reload", "unichr"),
    *("unicode", "xrange", "WindowsError", "aiter", "anext", "EncodingWarning", "ExceptionGroup", "BaseExceptionGroup"),
    *("PythonFinalizationError", "StandardError"),
}
"""Builtins that some Python has and another has not: code that looks for them guards itself in whatever way."""
