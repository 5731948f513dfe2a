"""What the target runtime makes of a condition: whether a branch of an `if` can ever run there."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from typing import Any

from analysis.python.bindings import BindingScope
from analysis.python.expression_scopes import COMPREHENSIONS, comprehension_scope, lambda_scope
from analysis.python.expressions import Evaluator
from analysis.python.folding import link
from analysis.python.syntax import PythonVersion
from analysis.python.values import CallResult, Constant, Member, Thing, Value, exact, parts_of

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_PLATFORM = {"sys.platform": "linux", "os.name": "posix", "sys.implementation.name": "cpython", ":": "<module>"}
_CALLED = {"platform.system": "Linux", "platform.python_implementation": "CPython"}
_TYPING = {"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"}
_UNKNOWN = object()


class Conditions:
    """Tells whether conditions hold in a function on Linux and Python `target`, or None if only running it tells.

    Decided here: type checking blocks never run, a function's module is never `__main__`, and version and platform
    tests have the target's answer. The patch level of the target is not known.
    """

    def __init__(self, expressions: Evaluator, target: PythonVersion) -> None:
        self._expressions, self._target = expressions, target

    def truth(self, test: ast.expr, scope: BindingScope) -> bool | None:
        """Return whether `test` holds."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.truth(test.operand, scope)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            deciding = isinstance(test.op, ast.Or)
            values = [self.truth(value, scope) for value in test.values]
            if deciding in values:
                return deciding
            return None if None in values else not deciding
        if isinstance(test, ast.Compare):
            sides = [test.left, *test.comparators]
            answers = [self._compare(*each, scope) for each in zip(sides, test.ops, sides[1:], strict=False)]
            return False if False in answers else None if None in answers else True
        if isinstance(test, ast.Name):
            home, source = self._assigned(test, scope)
            if source is not None:
                return self.truth(source, home)
        return self._plain_truth(test, scope)

    def matches(self, subject: ast.expr, pattern: ast.pattern, scope: BindingScope) -> bool | None:
        """Return whether a case of a `match` statement is the one for its subject."""
        if isinstance(pattern, ast.MatchOr):
            answers = {self.matches(subject, each, scope) for each in pattern.patterns}
            return True if True in answers else None if None in answers else False
        if isinstance(pattern, ast.MatchAs):
            return True if pattern.pattern is None else self.matches(subject, pattern.pattern, scope)
        one, other = (
            self._value(self._expressions.value(each, scope))
            for each in (subject, pattern.value if isinstance(pattern, ast.MatchValue) else None)
        )
        return None if one is _UNKNOWN or other is _UNKNOWN else one == other

    def _plain_truth(self, test: ast.expr, scope: BindingScope) -> bool | None:
        value = self._expressions.value(test, scope)
        if isinstance(value, Thing) and value.name in _TYPING:
            return False
        if isinstance(value, CallResult) and isinstance(value.function, Member | Thing):
            return self._prefix(test, scope)
        found = self._value(value)
        return None if found is _UNKNOWN else bool(found)

    def _assigned(self, test: ast.Name, scope: BindingScope) -> tuple[BindingScope, ast.expr | None]:
        """Return the comparison that a name is bound to, once and for all."""
        owner: BindingScope | None = scope
        while owner is not None and test.id not in owner.names:
            owner = owner.parent
        bindings = owner.names[test.id] if owner is not None else []
        if owner is None or len(bindings) != 1 or bindings[0].how != "value" or bindings[0].path:
            return scope, None
        source = bindings[0].source
        return owner, source if isinstance(source, ast.Compare | ast.BoolOp | ast.UnaryOp) else None

    def _compare(self, first: ast.expr, asks: ast.cmpop, second: ast.expr, scope: BindingScope) -> bool | None:
        one, other = (self._expressions.value(each, scope) for each in (first, second))
        compare = _COMPARE[asks.__class__]
        if one == Thing("sys.hexversion") and isinstance(other, Constant) and isinstance(other.value, int):
            lowest = (self._target[0] << 24) + (self._target[1] << 16)
            answers = {bool(compare(each, other.value)) for each in (lowest, lowest + 0xFFFF)}
            return answers.pop() if len(answers) == 1 else None
        if (version := self._version(first, one)) is not None:
            return self._compare_version(version, compare, self._value(other))
        if (version := self._version(second, other)) is not None:
            return self._compare_version(version, lambda target, given: compare(given, target), self._value(one))
        left, right = self._value(one), self._value(other)
        if left is _UNKNOWN or right is _UNKNOWN:
            return None
        try:
            return bool(compare(left, right))
        except TypeError:
            return None

    def _version(self, node: ast.expr, value: Value) -> tuple[int, ...] | None:
        """Return the target's version where an expression is the whole of it or a slice from its start."""
        if value == Thing("sys.version_info"):
            return (*self._target, -1)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice) and node.slice.lower is None:
            upper = node.slice.upper.value if isinstance(node.slice.upper, ast.Constant) else None
            named = ast.unparse(node.value).endswith("version_info")
            if named and isinstance(upper, int) and upper > 0:
                return self._target[:upper] if upper <= 2 else (*self._target, -1)
        return None

    def _compare_version(
        self, version: tuple[int, ...], compare: Callable[[Any, Any], bool], other: object
    ) -> bool | None:
        if not isinstance(other, tuple) or not all(isinstance(part, int) for part in other):
            return None
        exact = version[-1] != -1
        if exact:
            return bool(compare(version, other))
        low, high = (*version[:-1], 0, "final", 0), (*version[:-1], 999, "final", 0)
        answers = {bool(compare(each, other)) for each in (low, high)}
        return answers.pop() if len(answers) == 1 else None

    def _prefix(self, test: ast.expr, scope: BindingScope) -> bool | None:
        if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "startswith":
            value = self._value(self._expressions.value(test.func.value, scope))
            prefix = self._value(self._expressions.value(test.args[0], scope)) if len(test.args) == 1 else _UNKNOWN
            if isinstance(value, str) and isinstance(prefix, str | tuple):
                return value.startswith(prefix)
        return None

    def _value(self, value: Value) -> object:
        """Return the plain value that something has on the target."""
        if isinstance(value, CallResult) and value.function == Thing("builtins.slice"):
            value = link(value, _on_target)
        value = _on_target(value) or value
        if isinstance(value, Constant):
            return value.value
        if (listed := exact(value)) is not None:
            items = [self._value(each) for each in listed]
            return _UNKNOWN if _UNKNOWN in items else tuple(items)
        if isinstance(value, Thing):
            part = value.name.removeprefix("sys.version_info.")
            return self._target[("major", "minor").index(part)] if part in ("major", "minor") else _UNKNOWN
        if isinstance(value, CallResult) and value.function == Thing("sys.version_info.__getitem__"):
            index = value.arguments[0].value if isinstance(value.arguments[0], Constant) else None
            return self._target[index] if index in (0, 1) and isinstance(index, int) else _UNKNOWN
        return _UNKNOWN

    def guards_imports(self, test: ast.expr, scope: BindingScope) -> bool:
        """Return whether a condition asks if a module is there: by `find_spec`, or by what a failed import left behind."""
        waiting, seen = [(test, scope, 0)], set[tuple[int, str]]()
        for asked, home, depth in waiting:
            for node, inner in _with_scopes(asked, home):
                if isinstance(node, ast.Call | ast.Name) and self._probes(node, inner):
                    return True
                owner = inner.holder(node.id) if isinstance(node, ast.Name) else None
                if not isinstance(node, ast.Name) or owner is None or (id(owner), node.id) in seen:
                    continue
                seen.add((id(owner), node.id))
                bindings = owner.names[node.id]
                if any(each.on_failed_import for each in bindings):
                    return True
                sources = [each.source for each in bindings if each.how == "value" and isinstance(each.source, _ASKING)]
                waiting += [(source, owner, depth + 1) for source in sources if depth < MOST_FLAGS]
        return False

    def _probes(self, node: ast.expr, scope: BindingScope) -> bool:
        parts = parts_of(self._expressions.value(node, scope))
        return any(isinstance(each, CallResult) and each.function in _PROBES for each in parts)


def _on_target(value: Value) -> Value | None:
    """Return what a name of the platform, or a call that asks for one, is on the target."""
    asked = value.function if isinstance(value, CallResult) else value
    known = _CALLED if asked is not value else _PLATFORM
    found = known.get(asked.name) if isinstance(asked, Thing) else None
    return None if found is None else Constant(found)


def _with_scopes(node: ast.AST, scope: BindingScope) -> Iterator[tuple[ast.AST, BindingScope]]:
    """Yield a node and everything below, each with the names that are in reach there."""
    yield node, scope
    if isinstance(node, COMPREHENSIONS):
        scope = comprehension_scope(node, scope)
    elif isinstance(node, ast.Lambda):
        scope = lambda_scope(node, scope)
    for inner in ast.iter_child_nodes(node):
        yield from _with_scopes(inner, scope)


MOST_FLAGS = 3
"""Through how many names a flag is followed."""
_ASKING = (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Call)
_PROBES = {Thing("importlib.util.find_spec"), Thing("pkgutil.find_loader"), Thing("importlib.find_loader")}
