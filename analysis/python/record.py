"""What one source file says about imports, names and files; a function of its bytes and the target only.

Record know nothing of other files, so they are cached by content. `closure` puts them together.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from analysis.python.annotations import Hint, hinted_names
from analysis.python.bindings import BindingScope, read_bindings, release
from analysis.python.conditions import Conditions
from analysis.python.events import AttributeRead, Call, Said, read_events
from analysis.python.expressions import Evaluator
from analysis.python.imports import ImportFact, dotted
from analysis.python.member_reads import MemberRead, MemberReads
from analysis.python.members import ClassMembers, read_members, read_types
from analysis.python.module_getattr import answered_names, asks_itself
from analysis.python.module_names import Unbound, builtins_of, names_of
from analysis.python.scopes import deferred_annotations
from analysis.python.signatures import ClassSignature, Signature, read_signatures
from analysis.python.syntax import TOO_DEEP, Depth, PythonVersion, SyntaxFault, fault, parse
from analysis.python.typed_json import dumps, reader_of
from analysis.python.values import REST, CallResult, Choice, Member, Thing, Unknown, Value
from analysis.python.values_json import to_json


class Definition(NamedTuple):
    """A top-level function: line, dotted decorators, how many arguments it needs and takes, whether it has to be awaited."""

    line: int
    decorators: tuple[str, ...]
    required: int
    accepted: int
    awaited: bool = False


class FileRecord(NamedTuple):
    """Everything that is read from one file.

    Attributes:
        fault: line and message when it does not compile on the target; nothing else is known then.
        imports: imports that can run on the target.
        names: what the module has once loaded, submodules and star imports apart, and the line that binds each first; 0
            where the line tells nothing.
        exports: the literal `__all__`, None when absent or computed.
        open_ended: it makes names in a way that cannot be read (`globals()[...] =`, `exec`).
        answers: names that its own `__getattr__` answers; None where there is none, or only running it tells.
        asks_itself: names, with lines, that its `__getattr__` asks of the module itself while it is asked for them.
        hints: names in annotations that nothing evaluates yet, and that are bound nowhere in the file.
        unbound: names used and bound nowhere in the file; a star import may still bind them.
        functions: top-level functions.
        calls: calls and readings of items, with their arguments as values.
        reads: attributes of what is imported that it reads.
        said: texts and paths beside the code.
        values: what a name of the module, or `Class.name`, is.
        returns: what a function may return, by its dotted name.
        parameters: a function's own, in order; `*` stands for what it is given beyond them.
        defaults: what a parameter is where a caller gives nothing, by `function.parameter`.
        signatures: what functions take, by their dotted names.
        classes: how objects of classes are made, by their dotted names.
        members: what objects of classes have, by their dotted names.
        types: what is told of the class of parameters, fields and results; see `read_types`.
        member_reads: attributes of objects that it reads.
        given: which attributes objects may have beyond that; see `MemberReads`.
    """

    fault: tuple[int, str] | None = None
    imports: tuple[ImportFact, ...] = ()
    names: Mapping[str, int] = MappingProxyType({})
    exports: tuple[str, ...] | None = None
    open_ended: bool = False
    answers: tuple[str, ...] | None = None
    asks_itself: tuple[tuple[str, int], ...] = ()
    hints: tuple[Hint, ...] = ()
    unbound: tuple[Unbound, ...] = ()
    functions: tuple[tuple[str, Definition], ...] = ()
    calls: tuple[Call, ...] = ()
    reads: tuple[AttributeRead, ...] = ()
    said: tuple[Said, ...] = ()
    values: Mapping[str, Value] = MappingProxyType({})
    returns: Mapping[str, Value] = MappingProxyType({})
    parameters: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    defaults: Mapping[str, Value] = MappingProxyType({})
    signatures: Mapping[str, Signature] = MappingProxyType({})
    classes: Mapping[str, ClassSignature] = MappingProxyType({})
    members: Mapping[str, ClassMembers] = MappingProxyType({})
    types: Mapping[str, Value] = MappingProxyType({})
    member_reads: tuple[MemberRead, ...] = ()
    given: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def makes(self, name: str) -> bool:
        """Return whether the module may make a name when it is asked for it."""
        if "__getattr__" not in self.names:
            return False
        return self.answers is None or name in self.answers


def read_record(content: bytes, target: PythonVersion, depth: Depth = "code") -> FileRecord:
    """Return the record of one source text for the runtime `target`."""
    return record_of(parse(content, target, depth), content, target)


def record_of(tree: ast.Module | SyntaxFault, content: bytes, target: PythonVersion) -> FileRecord:
    """Return the record of one source text that is parsed already."""
    if isinstance(tree, SyntaxFault):
        return FileRecord(fault=(tree.line, tree.message))
    try:
        return _read(tree, content, target)
    except SyntaxError as error:
        found = fault(error, target)
        return FileRecord(fault=(found.line, found.message))
    except RecursionError:
        return FileRecord(fault=(1, TOO_DEEP))


def _read(tree: ast.Module, content: bytes, target: PythonVersion) -> FileRecord:
    module = read_bindings(tree, content)
    try:
        return _record(tree, module, target)
    finally:
        release(module)


def _record(tree: ast.Module, module: BindingScope, target: PythonVersion) -> FileRecord:
    expressions = Evaluator(Conditions(Evaluator(), target).truth)
    types = dict(read_types(module, expressions))
    members = MemberReads(types)
    events = read_events(tree, module, expressions, Conditions(expressions, target), members)
    open_ended = any(map(_makes_names, events.calls))
    signatures = [*read_signatures(module, expressions)]
    names = names_of(tree, events.dead, target, open_ended=open_ended)
    return FileRecord(
        imports=tuple(events.imports),
        names={name: _first_line(name, module) for name in sorted(names.bound)},
        exports=None if "__all__" in module.changed else _exports(tree),
        open_ended=open_ended,
        answers=answered_names(module, expressions) if "__getattr__" in names.bound else None,
        asks_itself=asks_itself(module, expressions) if "__getattr__" in names.bound else (),
        hints=tuple(hinted_names(tree, names.bound | builtins_of(target), deferred=deferred_annotations(tree))),
        unbound=names.unbound,
        functions=tuple(
            (node.name, _definition(node))
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ),
        calls=tuple(events.calls),
        reads=tuple(events.reads.values()),
        said=tuple(events.said),
        values=dict(_values(module, expressions)),
        returns=events.returns,
        parameters=dict(_parameters(module)),
        defaults=events.defaults,
        signatures={name: each for name, each in signatures if isinstance(each, Signature)},
        classes={name: each for name, each in signatures if isinstance(each, ClassSignature)},
        members=dict(read_members(module, expressions)),
        types=types,
        member_reads=tuple(members.found()),
        given={name: tuple(sorted(each)) for name, each in sorted(members.given.items())},
    )


def _values(scope: BindingScope, expressions: Evaluator) -> Iterator[tuple[str, Value]]:
    """Yield what each name of the module, and of its classes, is for others."""
    for name in scope.names:
        value = expressions.lasting(name, scope)
        if not isinstance(value, Unknown):
            yield f"{scope.name}.{name}" if scope.name else name, value
    for inner in scope.inner.values():
        if inner.kind == "class":
            yield from _values(inner, expressions)


def _first_line(name: str, module: BindingScope) -> int:
    """Return the line that binds a name of the module first; 0 where a function may do so, or what is no statement."""
    lines = [each.end for each in module.names.get(name, ())]
    return min(lines) if lines and name not in module.late else 0


def _parameters(scope: BindingScope) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the parameters of every function, without the one that stands for a method's object."""
    for inner in scope.inner.values():
        if inner.kind == "function":
            kinds = {name: found[0].source for name, found in inner.names.items()}
            given = [REST if kinds[name] == "rest" else name for name in kinds if kinds[name] in ("parameter", "rest")]
            yield inner.name, tuple(given[1:] if inner.owner else given)
        if inner.kind != "expression":
            yield from _parameters(inner)


_OWN_NAMES = (Thing("builtins.globals"),)
_MAKE_NAMES = ("builtins.exec", "pkgutil.extend_path", "gettext.install", "enum.global_enum")
_NAMESPACES = ("builtins.globals", "builtins.vars", "builtins.locals")


def _makes_names(call: Call) -> bool:
    """Return whether a call writes into the module's own namespace, or replaces the module."""
    if isinstance(call.function, Choice):
        return any(_makes_names(call._replace(function=each)) for each in call.function.values)
    function, first = call.function, call.arguments[0] if call.arguments else None
    if isinstance(function, Member) and function.name == "exec" and len(call.arguments) == 1:
        return True  # some module's `builtins`
    if any(isinstance(each, CallResult) and each.function in _OWN_NAMES for each in call.arguments):
        return True  # whoever is given the namespace may write into it
    if isinstance(function, Member) and isinstance(function.owner, CallResult):
        whose = function.owner.function
        return (
            isinstance(whose, Thing)
            and whose.name in _NAMESPACES
            and function.name in ("update", "setdefault", "__set__")
        )
    name = function.name if isinstance(function, Thing) else ""
    if name == "sys.modules.__set__":
        return Thing(":") in call.arguments
    if name == "builtins.setattr":
        return isinstance(first, CallResult) and first.function == Thing("sys.modules.__getitem__")
    return name in _MAKE_NAMES or name.endswith("._convert_")


def dump_record(record: FileRecord) -> bytes:
    """Return `record` as JSON."""
    return dumps(record, to_json)


def load_record(payload: bytes) -> FileRecord:
    """Return what `dump_record` was given."""
    record: FileRecord = reader_of(FileRecord)(json.loads(payload))
    return record


def _exports(tree: ast.Module) -> tuple[str, ...] | None:
    found: list[str] | None = None
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            continue
        value = getattr(node, "value", None)
        items = value.elts if isinstance(value, ast.List | ast.Tuple) else [None]
        if not all(isinstance(item, ast.Constant) for item in items):
            return None
        found = (found or []) + [str(item.value) for item in items if isinstance(item, ast.Constant)]
    return None if found is None else tuple(found)


def _definition(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Definition:
    arguments = node.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    decorators = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
    needed_by_name = sum(default is None for default in arguments.kw_defaults)
    return Definition(
        line=node.lineno,
        decorators=tuple(dotted(item) or ast.unparse(item) for item in decorators),
        required=positional - len(arguments.defaults) + needed_by_name,
        accepted=99 if arguments.vararg else positional,
        awaited=isinstance(node, ast.AsyncFunctionDef),
    )
