"""What the statements of one file do: import, call, read an item, say a text; each with what is around it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from analysis.python.bindings import BindingScope, handles_failed_import
from analysis.python.conditions import Conditions
from analysis.python.expression_scopes import COMPREHENSIONS, comprehension_scope, lambda_scope
from analysis.python.expressions import Evaluator
from analysis.python.folding import applied
from analysis.python.imports import Around, ImportFact, caught, swallowed
from analysis.python.member_reads import MemberReads
from analysis.python.nodes import FIELDS
from analysis.python.values import (
    UNKNOWN,
    CallResult,
    Choice,
    CodePath,
    Constant,
    Member,
    Text,
    Thing,
    Value,
    choose,
    member,
    possible,
)


class Call(NamedTuple):
    """A call, or the reading of an item (`x.__getitem__`) or a test for one (`x.__contains__`).

    `inside` says that what it returns is put together with more, so that it is no text or path of its own; `exact`, that
    the function is called with these arguments and no others, and with its own object before them where it is `of_own`.
    """

    function: Value
    arguments: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]
    line: int
    around: Around = Around()
    inside: bool = False
    exact: bool = False
    of_own: bool = False


class AttributeRead(NamedTuple):
    """The reading of an attribute of what is imported, by its full name."""

    name: str
    line: int
    around: Around = Around()


class Said(NamedTuple):
    """A text or a path beside the code, as large as it is put together; docstrings aside."""

    value: Value
    line: int
    around: Around = Around()


@dataclass
class FileEvents:
    """What one file does; `dead` are the statements that can never run on the target."""

    imports: list[ImportFact] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    reads: dict[tuple[str, tuple[str, ...], str], AttributeRead] = field(default_factory=dict)
    returns: dict[str, Value] = field(default_factory=dict)
    defaults: dict[str, Value] = field(default_factory=dict)
    dead: list[ast.AST] = field(default_factory=list)


_INNER = {"body", "orelse", "finalbody", "handlers", "cases", "type_params", "names", "items"}
_TEXTS = (Constant, Text, CodePath)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SAYING = {*_TEXTS, Choice}


def read_events(
    tree: ast.Module, module: BindingScope, expressions: Evaluator, conditions: Conditions, members: MemberReads
) -> FileEvents:
    """Return what `tree` does on the target, and tell `members` what it does with attributes."""
    reader = _Reader(expressions, conditions, members)
    reader.block(tree.body, module, Around())
    return reader.found


class _Reader:
    def __init__(self, expressions: Evaluator, conditions: Conditions, members: MemberReads) -> None:
        self.found = FileEvents()
        self._expressions, self._conditions, self._members = expressions, conditions, members
        self._groups = 0

    def block(self, body: list[ast.stmt], scope: BindingScope, around: Around) -> None:
        for place, node in enumerate(body):
            kind = node.__class__
            visit = _VISITS.get(kind)
            if visit is not None:
                visit(self, node, scope, around)
            if kind in _DEFINITIONS or (kind is ast.Expr and isinstance(node.value, ast.Constant)):  # type: ignore[attr-defined]
                continue
            for name in FIELDS[kind]:
                if name not in _INNER:
                    self._expression(getattr(node, name), scope, around, False)
            if isinstance(node, ast.If) and self._does_without(node, scope):
                around = around._replace(catches=(*around.catches, "ImportError"))
            if kind in _LEAVING:
                self.found.dead += body[place + 1 :]
                break

    def _does_without(self, node: ast.If, scope: BindingScope) -> bool:
        """Return whether a condition leaves what follows where a module is not there."""
        leaves = node.body[-1].__class__ in _GOING_ON and not node.orelse
        return leaves and self._conditions.guards_imports(node.test, scope)

    def plain_import(self, node: ast.Import, scope: BindingScope, around: Around) -> None:
        for alias in node.names:
            self.found.imports.append(around.fact(node.lineno, alias.name))

    def from_import(self, node: ast.ImportFrom, scope: BindingScope, around: Around) -> None:
        names = tuple(alias.name for alias in node.names)
        self.found.imports.append(around.fact(node.lineno, node.module or "", node.level, names))

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: BindingScope, around: Around) -> None:
        for each in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            self._expression(each, scope, around, False)
        inner = scope.inner[node]
        self._decorated(node, inner.name, scope, around)
        arguments = node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults + arguments.kw_defaults
        for argument, default in zip((*positional, *arguments.kwonlyargs), defaults, strict=True):
            if default is not None:
                self.found.defaults[f"{inner.name}.{argument.arg}"] = self._expressions.value(default, scope)
        # A guard around a definition says nothing about the call.
        self.block(node.body, inner, Around(True, node.name, instead_of=around.instead_of, scope=inner.name))

    def class_(self, node: ast.ClassDef, scope: BindingScope, around: Around) -> None:
        for each in (*node.decorator_list, *node.bases, *node.keywords):
            self._expression(each, scope, around, False)
        self._decorated(node, scope.inner[node].name, scope, around)
        self.block(node.body, scope.inner[node], around)

    def _decorated(self, node: _Definition, name: str, scope: BindingScope, around: Around) -> None:
        """Note that decorators which are named are called with what they decorate."""
        for each in node.decorator_list:
            decorator = self._expressions.value(each, scope)
            if isinstance(decorator, Thing):
                self.found.calls.append(Call(decorator, (Thing(f":{name}"),), (), node.lineno, around))

    def returned(self, node: ast.Return, scope: BindingScope, around: Around) -> None:
        if node.value is not None and around.scope:
            value = self._expressions.value(node.value, scope)
            before = self.found.returns.get(around.scope)
            self.found.returns[around.scope] = value if before is None else choose((before, value))

    def condition(self, node: ast.If, scope: BindingScope, around: Around) -> None:
        answer = self._conditions.truth(node.test, scope)
        inner = around._replace(perhaps=True) if answer is None else around
        if answer is None and self._conditions.guards_imports(node.test, scope):
            inner = inner._replace(catches=(*around.catches, "ImportError"))
        for body, runs in ((node.body, answer is not False), (node.orelse, answer is not True)):
            if runs:
                self.block(body, scope, inner)
            else:
                self.found.dead.extend(body)

    def attempt(self, node: ast.Try, scope: BindingScope, around: Around) -> None:
        self._groups += 1
        group = self._groups
        self.block(node.body, scope, around._replace(catches=(*around.catches, *swallowed(node)), group=group))
        for handler in node.handlers:
            if handler.type is not None:
                self._expression(handler.type, scope, around, False)
            failed = handles_failed_import(handler)
            inner = around._replace(perhaps=True)
            self.block(handler.body, scope, inner._replace(instead_of=group) if failed else inner)
        self.block(node.orelse, scope, around)
        self.block(node.finalbody, scope, around)

    def manager(self, node: ast.With | ast.AsyncWith, scope: BindingScope, around: Around) -> None:
        for each in node.items:
            self._expression([each.context_expr, each.optional_vars], scope, around, False)
            call = each.context_expr
            if isinstance(call, ast.Call) and self._expressions.value(call.func, scope) == Thing("contextlib.suppress"):
                names = caught(ast.ExceptHandler(ast.Tuple(call.args), None, []))
                around = around._replace(catches=(*around.catches, *names))
        self.block(node.body, scope, around)

    def repeat(self, node: ast.While, scope: BindingScope, around: Around) -> None:
        if self._conditions.truth(node.test, scope) is False:
            self.found.dead.extend(node.body)
            self.block(node.orelse, scope, around)
        else:
            self.loop(node, scope, around)

    def loop(self, node: Any, scope: BindingScope, around: Around) -> None:
        self.block(node.body, scope, around)
        self.block(node.orelse, scope, around)

    def match(self, node: ast.Match, scope: BindingScope, around: Around) -> None:
        decided = False
        self._members.asks(self._expressions.value(node.subject, scope), around)
        for case in node.cases:
            answer = False if decided else self._conditions.matches(node.subject, case.pattern, scope)
            if answer is False:
                self.found.dead.extend(case.body)
                continue
            if case.guard is not None:
                self._expression(case.guard, scope, around, False)
            self.block(case.body, scope, around if answer else around._replace(perhaps=True))
            decided = answer is True and case.guard is None

    def added(self, node: ast.AugAssign, scope: BindingScope, around: Around) -> None:
        target = self._expressions.value(node.target, scope) if isinstance(node.target, ast.Attribute) else UNKNOWN
        if isinstance(target, Thing):
            value = self._expressions.value(node.value, scope)
            self.found.calls.append(Call(member(target, "extend"), (value,), (), node.lineno, around))

    def assigned(self, node: ast.Assign, scope: BindingScope, around: Around) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript | ast.Attribute):
                whole = target.value if isinstance(target, ast.Subscript) else target
                thing = self._expressions.value(whole, scope)
                if isinstance(thing, Member) and isinstance(thing.owner, CallResult):
                    value = self._expressions.value(node.value, scope)
                    self.found.calls.append(Call(member(thing, SET_FIELD), (value,), (), node.lineno, around))
                elif isinstance(thing, Thing | CallResult):
                    key = target.slice if isinstance(target, ast.Subscript) else None
                    given = (self._expressions.value(node.value, scope), self._expressions.value(key, scope))
                    self.found.calls.append(Call(member(thing, "__set__"), given, (), node.lineno, around))

    def _expression(self, node: Any, scope: BindingScope, around: Around, inside: bool) -> None:
        """Read an expression and what is below it; `inside` a text, whose parts are no texts of their own."""
        kind = node.__class__
        if kind is list:
            for each in node:
                self._expression(each, scope, around, inside)
            return
        if kind in _PLAIN:
            return
        said = kind in _TEXT_KINDS and not inside and self._says(node, scope, around)
        if kind is ast.Constant or kind is ast.Name:
            return
        if said:
            inside = kind is not ast.Call
        if kind is ast.Call:
            function = self._expressions.value(node.func, scope)
            given = applied(function, *self._expressions.arguments(node, scope))
            exact = given[0] is function and _is_exact(node)
            if isinstance(function, Thing):
                self._members.call(function.name, given[1], node, scope, around)
            self.found.calls.append(
                Call(*given, node.lineno, around, inside, exact, self._members.is_of_own(node, scope))
            )
            if isinstance(function, Member) and any(isinstance(each, _TEXTS) for each in possible(function.owner)):
                self._expression(node.func, scope, around, inside or said)
                for argument in (*node.args, *node.keywords):
                    self._expression(argument, scope, around, inside)
                return
            inside = False
        elif kind is ast.Attribute and node.ctx.__class__ is not ast.Load:
            self._members.gives(node.value, node.attr, scope)
        elif kind is ast.Attribute:
            owner = self._expressions.value(node.value, scope)
            self._members.read(node, owner, scope, around)
            if owner.__class__ is Thing and owner.name[0] != ":":
                name = f"{owner.name}.{node.attr}"
                place = (name, around.catches, around.scope)
                self.found.reads.setdefault(place, AttributeRead(name, node.lineno, around))
            elif _is_row(owner):
                self.found.calls.append(
                    Call(member(owner, ATTRIBUTE), (Constant(node.attr),), (), node.lineno, around, True)
                )
        elif kind is ast.Subscript and node.ctx.__class__ is ast.Load:
            owner, key = (self._expressions.value(each, scope) for each in (node.value, node.slice))
            self.found.calls.append(Call(member(owner, "__getitem__"), (key,), (), node.lineno, around))
        elif kind is ast.Compare and isinstance(node.ops[0], ast.In | ast.NotIn):
            left, right = (self._expressions.value(each, scope) for each in (node.left, node.comparators[0]))
            self.found.calls.append(Call(member(right, "__contains__"), (left,), (), node.lineno, around))
        elif kind is ast.Lambda:
            for default in (*node.args.defaults, *node.args.kw_defaults):
                self._expression(default, scope, around, False)
            lazy = around._replace(lazy=True, catches=())
            self._expression(node.body, lambda_scope(node, scope), lazy, False)
            return
        elif kind in COMPREHENSIONS:
            scope = comprehension_scope(node, scope)
        elif kind is ast.IfExp or kind is ast.BoolOp:
            around = around._replace(perhaps=True)
            never = self._never(node, scope)
            self.found.dead += never
            parts = node.values if kind is ast.BoolOp else (node.test, node.body, node.orelse)
            self._expression([each for each in parts if each not in never], scope, around, inside)
            return
        for name in FIELDS[kind]:
            self._expression(getattr(node, name), scope, around, inside)

    def _never(self, node: ast.IfExp | ast.BoolOp, scope: BindingScope) -> list[ast.expr]:
        """Return what of an expression never runs on the target, by what is asked before."""
        if isinstance(node, ast.IfExp):
            answer = self._conditions.truth(node.test, scope)
            return [] if answer is None else [node.orelse if answer else node.body]
        deciding = isinstance(node.op, ast.Or)
        for place, value in enumerate(node.values, 1):
            if self._conditions.truth(value, scope) is deciding:
                return node.values[place:]
        return []

    def _says(self, node: ast.expr, scope: BindingScope, around: Around) -> bool:
        """Note the texts and paths that an expression is; return whether it is any."""
        value = self._expressions.value(node, scope)
        if value.__class__ not in _SAYING:
            return False
        values = [each for each in possible(value) if isinstance(each, _TEXTS)]
        said = [each for each in values if not isinstance(each, Constant) or isinstance(each.value, str | int)]
        if node.__class__ is ast.Name or node.__class__ is ast.Attribute:
            said = [each for each in said if isinstance(each, CodePath)]
        self.found.said += [Said(each, node.lineno, around) for each in said]
        return bool(said)


def _is_exact(node: ast.Call) -> bool:
    """Return whether a call says all that it gives; what `super` stands for is another's to say."""
    spread = any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords)
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return not spread and not (isinstance(owner, ast.Call) and getattr(owner.func, "id", "") == "super")


def _is_row(value: Value) -> bool:
    """Return whether a value is an item of what a query returns, whose attributes are columns."""
    if not isinstance(value, CallResult) or not isinstance(value.function, Thing | Member):
        return False
    name, inner = value.function.name.rpartition(".")[2], value
    while isinstance(inner, CallResult) and name not in _QUERIES:
        function = inner.function
        inner = function.owner if isinstance(function, Member) else inner.arguments[0] if inner.arguments else UNKNOWN  # type: ignore[assignment]
        maker = inner.function if isinstance(inner, CallResult) else None
        name = maker.name.rpartition(".")[2] if isinstance(maker, Thing | Member) else ""
    return isinstance(inner, CallResult) and inner is not value


ATTRIBUTE = "__getattribute__"
"""Calls of this name stand for the reading of an attribute, of rows only."""
SET_FIELD = "(set)"
"""Calls of this name stand for the setting of a field of an object that a call makes."""
_QUERIES = {"query", "query_and_wait"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_LEAVING = {ast.Return, ast.Raise, ast.Continue, ast.Break}
_GOING_ON = {ast.Return, ast.Continue, ast.Break}
_PLAIN = {str, int, type(None), bool}
_TEXT_KINDS = {ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call, ast.Subscript, ast.Attribute, ast.Name, ast.IfExp}
_VISITS: dict[type[ast.stmt], Any] = {
    ast.Import: _Reader.plain_import,
    ast.ImportFrom: _Reader.from_import,
    ast.FunctionDef: _Reader.function,
    ast.AsyncFunctionDef: _Reader.function,
    ast.ClassDef: _Reader.class_,
    ast.Return: _Reader.returned,
    ast.If: _Reader.condition,
    ast.For: _Reader.loop,
    ast.AsyncFor: _Reader.loop,
    ast.While: _Reader.repeat,
    ast.With: _Reader.manager,
    ast.AsyncWith: _Reader.manager,
    ast.Try: _Reader.attempt,
    ast.TryStar: _Reader.attempt,
    ast.Match: _Reader.match,
    ast.AugAssign: _Reader.added,
    ast.Assign: _Reader.assigned,
}
