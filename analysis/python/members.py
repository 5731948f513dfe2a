"""What the objects of one file's classes have, and of which class its parameters, fields and results are, by its text alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from analysis.python.bindings import BindingScope
from analysis.python.expressions import Evaluator
from analysis.python.signatures import decorator_name
from analysis.python.values import (
    UNKNOWN,
    CallResult,
    Constant,
    Parameter,
    Thing,
    Value,
    choose,
    parts_of,
)

OF = Thing("typing.[]")
"""A "call" of it stands for a type with others in brackets: what it is first, then each of them."""
RESULT = "return"
"""Names what a function returns among its parameters, none of which can be called so."""

_MADE_AS_IT_IS = {
    *("dataclasses.dataclass", "enum.unique", "functools.total_ordering"),
    *("typing.final", "typing.runtime_checkable"),
}
"""Decorators whose result is the class itself, with nothing but special methods more."""
_METHODS = {"builtins.property", "functools.cached_property", "abc.abstractmethod", "typing.override", "typing.final"}
_FUNCTIONS = {"functools.cache", "functools.lru_cache", "builtins.staticmethod", "builtins.classmethod"}
_OF_CLASSES = ("__new__", "__init_subclass__", "__class_getitem__")
_FIELDS = ("builtins.property", "functools.cached_property")
_ANSWERS = {"__getattr__", "__getattribute__"}
_INSIDE = ("typing.Annotated", "typing.Final", "typing.ClassVar", "dataclasses.InitVar")
_NOT_TOLD = ("builtins.", "typing.")


class ClassMembers(NamedTuple):
    """What objects of a class have.

    Attributes:
        names: what its body binds or announces, and what its methods set.
        bases: what it is derived from.
        closed: whether nothing else can give its objects more than its text says.
    """

    names: tuple[str, ...]
    bases: tuple[Value, ...] = ()
    closed: bool = True


def read_members(scope: BindingScope, expressions: Evaluator) -> Iterator[tuple[str, ClassMembers]]:
    """Yield the dotted name and the members of each class whose name is bound once."""
    for node, inner in [*scope.inner.items()]:
        if isinstance(node, ast.ClassDef) and len(scope.names.get(node.name, ())) == 1:
            decorators = (decorator_name(expressions.value(each, scope)) for each in node.decorator_list)
            closed = (
                not node.keywords
                and not _ANSWERS & {*inner.names}
                and all(map(_MADE_AS_IT_IS.__contains__, decorators))
            )
            names = tuple(dict.fromkeys([*inner.names, *inner.attributes, *_announced(node.body)]))
            yield inner.name, ClassMembers(names, tuple(expressions.value(each, scope) for each in node.bases), closed)
        if inner.kind != "expression":
            yield from read_members(inner, expressions)


def _announced(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that a class's body annotates, wherever it does so."""
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for field in ("body", "orelse", "finalbody", "handlers"):
                yield from _announced(getattr(node, field, []))


def read_types(scope: BindingScope, expressions: Evaluator) -> Iterator[tuple[str, Value]]:
    """Yield what annotations, and the assignments of methods, say of parameters, results and fields, by dotted names.

    `f.x` is a parameter or field, `f.return` what a function returns. Annotations that name nothing of ours are left out.
    """
    for node, inner in [*scope.inner.items()]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _of_function(node, inner, scope, expressions)
        elif isinstance(node, ast.ClassDef):
            yield from _of_class(node, inner, expressions)
        if inner.kind != "expression":
            yield from read_types(inner, expressions)


def _of_function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, inner: BindingScope, scope: BindingScope, expressions: Evaluator
) -> Iterator[tuple[str, Value]]:
    decorators = [decorator_name(expressions.value(each, scope)) for each in node.decorator_list]
    arguments = node.args
    field = any(each in _FIELDS for each in decorators)
    if len(scope.names.get(node.name, ())) != 1 and not field:
        return  # what one definition says need not hold for the others
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if each.annotation is not None:
            yield from _told(f"{inner.name}.{each.arg}", each.annotation, scope, expressions)
    known = all(each in _METHODS or each in _FUNCTIONS for each in decorators)
    if inner.owner is not None and known:
        own: Value = Thing(f":{inner.owner[0].name}")
        of_class = "builtins.classmethod" in decorators or node.name in _OF_CLASSES
        yield f"{inner.name}.{inner.owner[1]}", _class_of(own) if of_class else own
    if node.returns is not None and known and isinstance(node, ast.FunctionDef):
        yield from _told(inner.name if field else f"{inner.name}.{RESULT}", node.returns, scope, expressions)


def _of_class(node: ast.ClassDef, inner: BindingScope, expressions: Evaluator) -> Iterator[tuple[str, Value]]:
    announced = set()
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            announced.add(each.target.id)
            yield from _told(f"{inner.name}.{each.target.id}", each.annotation, inner, expressions)
    for name in [each for each in inner.attributes if each not in announced and each not in inner.names]:
        value = expressions.own_attribute(inner, name)
        if isinstance(value, Parameter | CallResult):
            yield f"{inner.name}.{name}", CallResult(VALUE, (value,))


def _told(name: str, annotation: ast.expr, scope: BindingScope, expressions: Evaluator) -> Iterator[tuple[str, Value]]:
    value = _type(annotation, scope, expressions)
    if any(isinstance(each, Thing) and not each.name.startswith(_NOT_TOLD) for each in parts_of(value)):
        yield name, value


def _type(node: ast.expr, scope: BindingScope, expressions: Evaluator) -> Value:
    """Return what an annotation says: a class, one of several, or a type `OF` others."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return _type(ast.parse(node.value.strip(), mode="eval").body, scope, Evaluator())
        except (SyntaxError, ValueError):
            return UNKNOWN
    if isinstance(node, ast.Constant):
        return Constant(None) if node.value is None else UNKNOWN
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return choose((_type(node.left, scope, expressions), _type(node.right, scope, expressions)))
    if isinstance(node, ast.Subscript):
        base = expressions.value(node.value, scope)
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        inner = [_type(each, scope, expressions) for each in parts]
        if base in _EITHER:
            return choose((*inner, *(() if base == _EITHER[0] else (Constant(None),))))
        if isinstance(base, Thing) and base.name in _INSIDE:
            return inner[0]
        return CallResult(OF, (base, *inner)) if isinstance(base, Thing) else UNKNOWN
    value = expressions.value(node, scope)
    return value if isinstance(value, Thing) else UNKNOWN


def _class_of(thing: Value) -> Value:
    return CallResult(OF, (Thing("builtins.type"), thing))


_EITHER = (Thing("typing.Union"), Thing("typing.Optional"))
VALUE = Thing("typing.[value]")
"""A "call" of it stands for the class of a value, where no annotation tells it."""
