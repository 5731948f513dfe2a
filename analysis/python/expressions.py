"""The value of an expression, with the names that are in reach where it stands."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from analysis.python.bindings import Binding, BindingScope, Truth
from analysis.python.expression_scopes import comprehension_scope, home_of, lambda_scope
from analysis.python.folding import call, item, part
from analysis.python.name_values import NameValues
from analysis.python.text_methods import interpolated
from analysis.python.text_values import concat, join, plus, shown
from analysis.python.values import (
    KEYWORDS,
    MOST_PARTS,
    UNKNOWN,
    CallResult,
    Choice,
    CodePath,
    Constant,
    DictValue,
    Member,
    SequenceValue,
    SomeOf,
    Thing,
    Turns,
    Unknown,
    Value,
    choose,
    during,
    each,
    exact,
    listed,
    possible,
    table,
)

_SUPER = Thing("builtins.super")
_GIVES_ITEMS = {"sorted": 0, "min": 0, "max": 0, "groupby": 0, "map": 1, "filter": 1}
"""Functions that call one which they are given for each item of a list, and which argument that list is."""
MOST_STEPS = 200_000
"""How many expressions of one file are followed; what is behind is not known."""


_Evaluate = Callable[["Evaluator", Any, BindingScope], Value]


class Evaluator(NameValues):
    """Evaluates the expressions of one file."""

    def __init__(self, truth: Truth | None = None) -> None:
        super().__init__(truth)
        self._values: dict[int, Value] = {}
        self._steps = 0

    def value(self, node: ast.expr | None, scope: BindingScope) -> Value:
        """Return what `node` is worth in `scope`."""
        evaluate: _Evaluate | None = _KINDS.get(node.__class__)
        if evaluate is None:
            return UNKNOWN
        found = self._values.get(id(node))
        if found is None:
            self._steps += 1
            if self._steps > MOST_STEPS:
                return Unknown("the file has too much to be followed")
            found = evaluate(self, node, scope)
            if found.size >= MOST_PARTS:
                found = Unknown("it has too many parts to be followed")
            self._values[id(node)] = found
        return found

    def _constant(self, node: ast.Constant, scope: BindingScope) -> Value:
        return UNKNOWN if node.value is ... or isinstance(node.value, complex) else Constant(node.value)

    def _name(self, node: ast.Name, scope: BindingScope) -> Value:
        return self.named(node.id, scope, node.lineno)

    def _text(self, node: ast.JoinedStr, scope: BindingScope) -> Value:
        return concat(self.value(part, scope) for part in node.values)

    def _placed(self, node: ast.FormattedValue, scope: BindingScope) -> Value:
        plain = node.format_spec is None and node.conversion in (-1, 115)
        value = self.value(node.value, scope)
        return value if plain or not isinstance(value, Constant | Choice | CodePath) else UNKNOWN

    def _items(self, node: ast.Tuple | ast.List | ast.Set, scope: BindingScope) -> Value:
        return SequenceValue(self._each(node.elts, scope))

    def _each(self, nodes: list[ast.expr], scope: BindingScope) -> tuple[Value, ...]:
        found: list[Value] = []
        for inner in nodes:
            value = self.value(inner.value if isinstance(inner, ast.Starred) else inner, scope)
            if not isinstance(inner, ast.Starred):
                found.append(value)
            else:
                lengths = {-1 if (items := exact(one)) is None else len(items) for one in possible(value)}
                known = len(lengths) == 1 and -1 not in lengths
                places = range(lengths.pop()) if known else ()
                found += [item(value, Constant(place)) for place in places] if known else [each(value)]
        return tuple(found)

    def _table(self, node: ast.Dict, scope: BindingScope) -> Value:
        keys, values = [], []
        for key, value in zip(node.keys, node.values, strict=True):
            inner = self.value(value, scope)
            if key is not None:
                keys.append(self.value(key, scope))
                values.append(inner)
            elif isinstance(inner, DictValue):
                keys += inner.keys
                values += inner.values
            else:
                keys.append(UNKNOWN)
                values.append(UNKNOWN)
        return table(keys, values)

    def _operation(self, node: ast.BinOp, scope: BindingScope) -> Value:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if isinstance(node.op, ast.Add):
            return plus(left, right)
        if isinstance(node.op, ast.Div):
            return join(left, right)
        if isinstance(node.op, ast.Mod) and isinstance(left, Constant) and isinstance(left.value, str):
            return interpolated(left.value, right)
        if isinstance(node.op, ast.BitOr) and isinstance(left, DictValue) and isinstance(right, DictValue):
            return table((*left.keys, *right.keys), (*left.values, *right.values))
        return UNKNOWN

    def _attribute(self, node: ast.Attribute, scope: BindingScope) -> Value:
        if isinstance(node.value, ast.Name):
            home = home_of(scope)
            if home.owner and home.owner[1] == node.value.id:
                return self.own_attribute(home.owner[0], node.attr)
        return self.member(self.value(node.value, scope), node.attr, scope)

    def _subscript(self, node: ast.Subscript, scope: BindingScope) -> Value:
        if isinstance(node.slice, ast.Slice):
            given = (node.slice.lower, node.slice.upper, node.slice.step)
            bounds = tuple(self.value(each, scope) if each else Constant(None) for each in given)
            return part(self.value(node.value, scope), bounds)
        return item(self.value(node.value, scope), self.value(node.slice, scope))

    def _call(self, node: ast.Call, scope: BindingScope) -> Value:
        function = self.value(node.func, scope)
        owner = home_of(scope).owner
        if function == _SUPER and owner is not None:  # stands for an object of a class that this one is derived from
            around = owner[0].parent or owner[0]
            return (
                choose(CallResult(self.value(base, around)) for base in owner[0].bases) if owner[0].bases else UNKNOWN
            )
        return call(function, *self.arguments(node, scope))

    def arguments(self, node: ast.Call, scope: BindingScope) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]:
        """Return positional and named arguments; what is behind a star is not known."""
        given = self._each(node.args, scope)
        for each_node in (*node.args, *(keyword.value for keyword in node.keywords)):
            if isinstance(each_node, ast.Lambda):
                self._give_items(node, each_node, scope)
        named = [(keyword.arg, self.value(keyword.value, scope)) for keyword in node.keywords]
        keywords: list[tuple[str, Value]] = []
        for name, value in named:
            if name is not None:
                keywords.append((name, value))
            elif isinstance(value, DictValue):
                pairs = zip(value.keys, value.values, strict=True)
                keywords += [(shown(key), inner) for key, inner in pairs if isinstance(key, Constant)]
                if not all(isinstance(key, Constant) for key in value.keys):
                    keywords.append((KEYWORDS, UNKNOWN))
            else:
                keywords.append((KEYWORDS, value))
        return given, tuple(keywords)

    def _give_items(self, node: ast.Call, function: ast.Lambda, scope: BindingScope) -> None:
        """Tell a function without a name that it is given the items of a list: by `sorted`, `map`, `.sort` and the like."""
        called = self.value(node.func, scope)
        name = called.name.rpartition(".")[2] if isinstance(called, Thing | Member) else ""
        items = node.func.value if name == "sort" and isinstance(node.func, ast.Attribute) else None
        if name in _GIVES_ITEMS and len(node.args) > _GIVES_ITEMS[name]:
            items = node.args[_GIVES_ITEMS[name]]
        if items is not None and function.args.args:
            inner = lambda_scope(function, scope)
            inner.names[function.args.args[0].arg] = [Binding("each", items, 0)]

    def _signed(self, node: ast.UnaryOp, scope: BindingScope) -> Value:
        value = self.value(node.operand, scope)
        number = value.value if isinstance(value, Constant) and isinstance(value.value, int) else None
        return Constant(-number) if number is not None and isinstance(node.op, ast.USub) else UNKNOWN

    def _either(self, node: ast.IfExp, scope: BindingScope) -> Value:
        return choose((self.value(node.body, scope), self.value(node.orelse, scope)))

    def _any_of(self, node: ast.BoolOp, scope: BindingScope) -> Value:
        return choose(self.value(inner, scope) for inner in node.values)

    def _walrus(self, node: ast.NamedExpr, scope: BindingScope) -> Value:
        return self.value(node.value, scope)

    def _inner(self, node: ast.Await | ast.Starred, scope: BindingScope) -> Value:
        return self.value(node.value, scope)

    def _mapped(self, node: ast.DictComp, scope: BindingScope) -> Value:
        inner = comprehension_scope(node, scope)
        key, value = self.value(node.key, inner), self.value(node.value, inner)
        turns = self._turns(node, scope)
        if turns is None:
            return DictValue((key,), (value,))
        return table((during(key, turn) for turn in turns), (during(value, turn) for turn in turns))

    def _listed(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: BindingScope) -> Value:
        inner = comprehension_scope(node, scope)
        value = self.value(node.elt, inner)
        if isinstance(value, Unknown):
            return UNKNOWN
        turns = self._turns(node, scope)
        if turns is None:
            return SomeOf(tuple(possible(value)))
        return SequenceValue(tuple(during(value, turn) for turn in turns))

    def _turns(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: BindingScope
    ) -> list[Turns] | None:
        """Return the turns that a comprehension takes; None where their number is not known."""
        first, *more = node.generators
        over = self.value(first.iter, scope)
        items = exact(listed(over, over.keys) if isinstance(over, DictValue) else over)
        if more or first.ifs or items is None:
            return None
        loop = f"{first.iter.lineno}:{first.iter.col_offset}"
        return [((loop, turn),) for turn in range(len(items))]


_KINDS: dict[type, _Evaluate] = {
    ast.Constant: Evaluator._constant,
    ast.Name: Evaluator._name,
    ast.JoinedStr: Evaluator._text,
    ast.FormattedValue: Evaluator._placed,
    ast.Tuple: Evaluator._items,
    ast.List: Evaluator._items,
    ast.Set: Evaluator._items,
    ast.Dict: Evaluator._table,
    ast.BinOp: Evaluator._operation,
    ast.Attribute: Evaluator._attribute,
    ast.Subscript: Evaluator._subscript,
    ast.Call: Evaluator._call,
    ast.UnaryOp: Evaluator._signed,
    ast.IfExp: Evaluator._either,
    ast.BoolOp: Evaluator._any_of,
    ast.NamedExpr: Evaluator._walrus,
    ast.Await: Evaluator._inner,
    ast.Starred: Evaluator._inner,
    ast.ListComp: Evaluator._listed,
    ast.SetComp: Evaluator._listed,
    ast.GeneratorExp: Evaluator._listed,
    ast.DictComp: Evaluator._mapped,
}
