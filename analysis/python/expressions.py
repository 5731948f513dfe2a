"""The value of an expression, with the names that are in reach where it stands."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

from analysis.python.bindings import Binding, BindingScope
from analysis.python.builtin_calls import interpolated
from analysis.python.folding import call, item, part
from analysis.python.values import (
    KEYWORDS,
    MOST_CHOICES,
    MOST_PARTS,
    OWN_FILE,
    UNKNOWN,
    CallResult,
    Choice,
    CodePath,
    Constant,
    DictValue,
    Member,
    Parameter,
    SequenceValue,
    Thing,
    Unknown,
    Value,
    choose,
    concat,
    each,
    join,
    member,
    possible,
    shown,
    thing,
)

_BUILTINS = frozenset(dir(builtins))
_OWN: dict[str, Value] = {
    "__file__": OWN_FILE,
    "__path__": SequenceValue((CodePath("", "."),)),
    "__name__": Thing(":"),
    "__package__": Thing("."),
    "__spec__": Thing(":__spec__"),
    "__debug__": Constant(True),
    "__builtins__": Thing("builtins"),
}
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SUPER = Thing("builtins.super")
_GIVES_ITEMS = {"sorted": 0, "min": 0, "max": 0, "groupby": 0, "map": 1, "filter": 1}
"""Functions that call one which they are given for each item of a list, and which argument that list is."""
MOST_BINDINGS = 100
"""How many bindings of one name are followed for one value."""
MOST_STEPS = 200_000
"""How many expressions of one file are followed; what is behind is not known."""


_Evaluate = Callable[["Evaluator", Any, BindingScope], Value]


class Evaluator:
    """Evaluates the expressions of one file."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str, int], Value] = {}
        self._values: dict[int, Value] = {}
        self._derived: dict[str, list[BindingScope]] | None = None
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

    def named(self, name: str, scope: BindingScope, line: int) -> Value:
        """Return what a name is worth in a line of `scope`."""
        owner: BindingScope | None = scope
        while owner is not None and (name not in owner.names or (owner.kind == "class" and owner is not scope)):
            owner = owner.parent
        if owner is None:
            own: Value | None = _OWN.get(name)
            if own is not None:
                return own
            return Thing(f"builtins.{name}") if name in _BUILTINS else UNKNOWN
        here = owner is scope or (scope.kind == "expression" and owner is _home(scope))
        key = (id(owner), name, line if here and len(owner.names[name]) > 1 else 0)
        if key not in self._known:
            self._known[key] = Unknown("it depends on itself")
            self._known[key] = self._bound(owner.names[name], owner, name, line if here else None)
        return self._known[key]

    def lasting(self, name: str, scope: BindingScope) -> Value:
        """Return what a name is for whoever reads it later, from elsewhere."""
        return self._bound(scope.names[name], scope, name, None)

    def _bound(self, bindings: list[Binding], owner: BindingScope, name: str, line: int | None) -> Value:
        if len(bindings) > 1 and line is not None and not any(each.loop for each in bindings):
            before = [each for each in bindings if each.end < line]
            certain = [place for place, each in enumerate(before) if not each.conditional and each.how != "augment"]
            bindings = before[certain[-1] if certain else 0 :] or bindings
        if len(bindings) > MOST_BINDINGS:
            return Unknown("it is bound too often to be followed")
        values: list[Value] = []
        for binding in bindings:
            keeps = binding.conditional or line is None
            if binding.how == "augment":
                added = self.value(binding.source, owner)
                grown = [UNKNOWN if binding.loop else plus(value, added) for value in values] or [UNKNOWN]
                values = [*possible(choose([*values, *grown]))] if keeps else grown
            else:
                value = self._of(binding, owner, name)
                values = [*values, value] if keeps else [value]
        found = choose(values) if len(values) > 1 else values[0]
        if name in owner.changed and any(isinstance(value, SequenceValue | DictValue) for value in possible(found)):
            return Choice((*possible(found), Unknown("it is changed after it was made")))
        return found

    def _of(self, binding: Binding, owner: BindingScope, name: str) -> Value:
        if binding.how == "thing":
            return thing(binding.source)
        if binding.how == "open":
            given = {"parameter": name, "keywords": KEYWORDS}.get(binding.source)
            return Parameter(owner.name, given) if given else UNKNOWN
        value = self.value(binding.source, owner)
        value = each(value) if binding.how == "each" else value
        for place in binding.path:
            value = item(value, Constant(place))
        return value

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
                found += value.items if isinstance(value, SequenceValue) else (each(value),)
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
        return DictValue(tuple(keys), tuple(values))

    def _operation(self, node: ast.BinOp, scope: BindingScope) -> Value:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if isinstance(node.op, ast.Add):
            return plus(left, right)
        if isinstance(node.op, ast.Div):
            return join(left, right)
        if isinstance(node.op, ast.Mod) and isinstance(left, Constant) and isinstance(left.value, str):
            return interpolated(left.value, right)
        if isinstance(node.op, ast.BitOr) and isinstance(left, DictValue) and isinstance(right, DictValue):
            return DictValue((*left.keys, *right.keys), (*left.values, *right.values))
        return UNKNOWN

    def _attribute(self, node: ast.Attribute, scope: BindingScope) -> Value:
        if isinstance(node.value, ast.Name):
            home = _home(scope)
            if home.owner and home.owner[1] == node.value.id:
                return self._own_attribute(home.owner[0], node.attr, node)
        return self.member(self.value(node.value, scope), node.attr, scope)

    def member(self, owner: Value, name: str, scope: BindingScope) -> Value:
        """Return an attribute; of a class of this file, what the class says."""
        if isinstance(owner, Thing) and owner.name.startswith(":"):
            inner = find_class(scope.module, owner.name[1:])
            if inner is not None and name in inner.names:
                return self._bound(inner.names[name], inner, name, None)
        return member(owner, name)

    def _own_attribute(self, owner: BindingScope, name: str, node: ast.Attribute) -> Value:
        key = (id(owner), f".{name}", 0)
        if key not in self._known:
            self._known[key] = Unknown("it depends on itself")
            kin = self._with_derived(owner)
            values = [self._of(each, home, name) for home in kin for each in home.names.get(name, ())]
            for binding in owner.attributes.get(name, ()):
                source, scope = binding.source
                values.append(
                    self._of(binding._replace(source=source), scope, name) if binding.how != "augment" else UNKNOWN
                )
            if not values:
                values = [member(Thing(f":{owner.name}"), name)]
            self._known[key] = choose(values)
        return self._known[key]

    def _with_derived(self, owner: BindingScope) -> list[BindingScope]:
        """Return a class and those of the file that are derived from it, which may say another thing of an attribute."""
        if self._derived is None:
            self._derived = {}
            for inner in owner.module.inner.values():
                for base in inner.bases:
                    self._derived.setdefault(getattr(base, "id", ""), []).append(inner)
        found, waiting = [owner], [owner]
        while waiting and len(found) <= MOST_CHOICES:
            new = [each for each in self._derived.get(waiting.pop().name, ()) if each not in found]
            found += new
            waiting += new
        return found

    def _subscript(self, node: ast.Subscript, scope: BindingScope) -> Value:
        if isinstance(node.slice, ast.Slice):
            bounds = [self.value(each, scope) for each in (node.slice.lower, node.slice.upper, node.slice.step)]
            given = (node.slice.lower, node.slice.upper, node.slice.step)
            return part(
                self.value(node.value, scope), [each if at else None for each, at in zip(bounds, given, strict=True)]
            )
        return item(self.value(node.value, scope), self.value(node.slice, scope))

    def _call(self, node: ast.Call, scope: BindingScope) -> Value:
        function = self.value(node.func, scope)
        owner = _home(scope).owner
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
        return DictValue((self.value(node.key, inner),), (self.value(node.value, inner),))

    def _listed(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: BindingScope) -> Value:
        inner = comprehension_scope(node, scope)
        value = self.value(node.elt, inner)
        return SequenceValue(tuple(possible(value))) if not isinstance(value, Unknown) else UNKNOWN


def _home(scope: BindingScope) -> BindingScope:
    while scope.kind == "expression" and scope.parent is not None:
        scope = scope.parent
    return scope


def comprehension_scope(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, scope: BindingScope
) -> BindingScope:
    """Return the scope of a comprehension's own names."""
    found = scope.inner.get(node)
    if found is None:
        found = scope.inner[node] = BindingScope(scope.name, "expression", scope)
        for generator in node.generators:
            _bind_each(generator.target, generator.iter, found, ())
    return found


def _bind_each(target: ast.expr, source: ast.expr, scope: BindingScope, path: tuple[int, ...]) -> None:
    if isinstance(target, ast.Name):
        scope.names[target.id] = [Binding("each", source, 0, path=path)]
    elif isinstance(target, ast.Tuple | ast.List):
        for place, inner in enumerate(target.elts):
            _bind_each(inner, source, scope, (*path, place))


def lambda_scope(node: ast.Lambda, scope: BindingScope) -> BindingScope:
    """Return the scope of a function without a name; nothing is known of what it is given."""
    found = scope.inner.get(node)
    if found is None:
        found = scope.inner[node] = BindingScope(scope.name, "expression", scope)
        for argument in [inner for inner in ast.walk(node.args) if isinstance(inner, ast.arg)]:
            found.names[argument.arg] = [Binding("open", None, 0)]
    return found


def find_class(module: BindingScope, name: str) -> BindingScope | None:
    """Return the scope of a class by its dotted name."""
    stack = [module]
    while stack:
        scope = stack.pop()
        if scope.name == name and scope.kind == "class":
            return scope
        stack += [inner for inner in scope.inner.values() if name.startswith(inner.name) and inner.kind != "expression"]
    return None


def plus(left: Value, right: Value) -> Value:
    """Return `left + right`."""
    if isinstance(left, SequenceValue) or isinstance(right, SequenceValue):
        one = left.items if isinstance(left, SequenceValue) else (each(left),)
        other = right.items if isinstance(right, SequenceValue) else (each(right),)
        return SequenceValue((*one, *other))
    if any(isinstance(side, Constant) and not isinstance(side.value, str) for side in (left, right)):
        return UNKNOWN
    return concat((left, right))


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
