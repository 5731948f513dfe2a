"""What the functions and classes of one file take, as far as its source alone tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from inspect import Parameter
from typing import Literal, NamedTuple

from analysis.python.bindings import BindingScope
from analysis.python.expressions import Evaluator
from analysis.python.values import CallResult, Constant, Thing, Value

Receives = Literal["nothing", "its class", "its object"]
Making = Literal["by __init__", "by fields", "otherwise"]


class Taken(NamedTuple):
    """One parameter: its name, its `inspect.Parameter.kind` as a number, and whether a call may leave it out."""

    name: str
    kind: int
    optional: bool


class Signature(NamedTuple):
    """What a function takes, and what Python itself gives it first where it is called as a method."""

    receives: Receives
    parameters: tuple[Taken, ...]


class ClassSignature(NamedTuple):
    """How an object of a class is made.

    Attributes:
        making: by an `__init__`, of the class or of what it is derived from; by the fields of a dataclass or named tuple;
            or otherwise, which is not followed.
        bases: what it is derived from.
        fields: what it takes by its own fields.
        hides: names that it, or a method for its object, binds to anything but one plain function.
    """

    making: Making
    bases: tuple[Value, ...] = ()
    fields: tuple[Taken, ...] = ()
    hides: tuple[str, ...] = ()


_PLAIN = {
    *("functools.cache", "functools.lru_cache", "contextlib.contextmanager", "contextlib.asynccontextmanager"),
    *("abc.abstractmethod", "typing.final", "typing.override"),
}
"""Decorators whose result takes what the function takes."""
_RECEIVES: dict[str, Receives] = {"builtins.staticmethod": "nothing", "builtins.classmethod": "its class"}
_NO_FIELDS = ("ClassVar", "KW_ONLY")
_DATACLASS, _FIELD, _TUPLE = "dataclasses.dataclass", Thing("dataclasses.field"), Thing("typing.NamedTuple")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def read_signatures(scope: BindingScope, expressions: Evaluator) -> Iterator[tuple[str, Signature | ClassSignature]]:
    """Yield the dotted name and the signature of each function and class whose name is bound once, and to nothing else."""
    for node, inner in scope.inner.items():
        if not isinstance(node, _DEFINITIONS) or len(scope.names.get(node.name, ())) != 1:
            continue
        if isinstance(node, ast.ClassDef):
            yield inner.name, _class(node, inner, scope, expressions)
        elif (receives := _receives(node, scope, expressions)) is not None:
            yield inner.name, Signature(receives, tuple(_parameters(node.args)))
        yield from read_signatures(inner, expressions)


def _receives(
    node: ast.FunctionDef | ast.AsyncFunctionDef, scope: BindingScope, expressions: Evaluator
) -> Receives | None:
    """Return what a function is given first; None where a decorator may make something else of it."""
    found: Receives = "its object" if scope.kind == "class" else "nothing"
    for decorator in node.decorator_list:
        name = decorator_name(expressions.value(decorator, scope))
        if name not in _PLAIN and name not in _RECEIVES:
            return None
        found = _RECEIVES.get(name, found)
    return found


def decorator_name(decorator: Value) -> str:
    """Return the full name of a decorator, or of the function that makes it."""
    made = decorator.function if isinstance(decorator, CallResult) else decorator
    return made.name if isinstance(made, Thing) else ""


def _parameters(arguments: ast.arguments) -> Iterator[Taken]:
    either = [*arguments.posonlyargs, *arguments.args]
    needed = len(either) - len(arguments.defaults)
    for place, each in enumerate(either):
        placed = place < len(arguments.posonlyargs)
        kind = Parameter.POSITIONAL_ONLY if placed else Parameter.POSITIONAL_OR_KEYWORD
        yield Taken(each.arg, int(kind), place >= needed)
    if arguments.vararg:
        yield Taken(arguments.vararg.arg, int(Parameter.VAR_POSITIONAL), True)
    for each, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield Taken(each.arg, int(Parameter.KEYWORD_ONLY), default is not None)
    if arguments.kwarg:
        yield Taken(arguments.kwarg.arg, int(Parameter.VAR_KEYWORD), True)


def _class(node: ast.ClassDef, inner: BindingScope, scope: BindingScope, expressions: Evaluator) -> ClassSignature:
    bases = tuple(expressions.value(base, scope) for base in node.bases)
    plain = {name.rpartition(".")[2] for name, _ in read_signatures(inner, expressions)}
    hides = tuple({*inner.attributes} | {*inner.names} - plain)
    if node.keywords or "__new__" in inner.names:
        return ClassSignature("otherwise")
    if _TUPLE in bases:
        return ClassSignature("by fields", (), tuple(_fields(node, inner, expressions, named=False)), hides)
    decorators = [expressions.value(each, scope) for each in node.decorator_list]
    if not decorators:
        return ClassSignature("by __init__", bases, (), hides)
    options = dict(decorators[0].keywords) if isinstance(decorators[0], CallResult) else {}
    branches = any(isinstance(each, ast.If | ast.Try | ast.For | ast.With) for each in node.body)
    own = {"init", "__init__"} & {*options, *inner.names}
    if [*map(decorator_name, decorators)] != [_DATACLASS] or own or branches:
        return ClassSignature("otherwise")
    named = options.get("kw_only", Constant(False)) != Constant(False)
    return ClassSignature("by fields", bases, tuple(_fields(node, inner, expressions, named=named)), hides)


def _fields(of: ast.ClassDef, scope: BindingScope, expressions: Evaluator, *, named: bool) -> Iterator[Taken]:
    """Yield what an object of a class is made of: its annotated names, where `named` by name only."""
    for node in of.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        annotation = ast.unparse(node.annotation)
        named = named or "KW_ONLY" in annotation
        value = expressions.value(node.value, scope) if node.value is not None else None
        by_field = isinstance(value, CallResult) and value.function == _FIELD
        options = dict(value.keywords) if by_field and isinstance(value, CallResult) else {}
        if any(each in annotation for each in _NO_FIELDS) or options.get("init") == Constant(False):
            continue
        optional = bool({"default", "default_factory"} & {*options}) if by_field else value is not None
        alone = options.get("kw_only", Constant(named)) != Constant(False)
        kind = Parameter.KEYWORD_ONLY if alone else Parameter.POSITIONAL_OR_KEYWORD
        yield Taken(node.target.id, int(kind), optional)
