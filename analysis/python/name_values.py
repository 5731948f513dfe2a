"""What a name, or an attribute of a class of the file, is worth where it is read: by all its bindings that count there."""

from __future__ import annotations

import ast
import builtins

from analysis.python.bindings import Binding, BindingScope, Truth
from analysis.python.expression_scopes import find_class, home_of
from analysis.python.folding import item
from analysis.python.text_values import plus
from analysis.python.values import (
    KEYWORDS,
    MOST_CHOICES,
    OWN_FILE,
    REST,
    UNKNOWN,
    Choice,
    CodePath,
    Constant,
    DictValue,
    Parameter,
    SequenceValue,
    SomeOf,
    Thing,
    Unknown,
    Value,
    choose,
    each,
    member,
    over,
    possible,
    thing,
    untimed,
)


class NameValues:
    """Looks up what names of one file are worth.

    Args:
        truth: tells which branches run; without it all may.
    """

    def __init__(self, truth: Truth | None = None) -> None:
        self._truth = truth
        self._known: dict[tuple[int, str, int], Value] = {}
        self._derived: dict[str, list[BindingScope]] | None = None

    def value(self, node: ast.expr | None, scope: BindingScope) -> Value:
        """Return what an expression is worth in `scope`."""
        raise NotImplementedError

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
        here = owner is scope or (scope.kind == "expression" and owner is home_of(scope))
        key = (id(owner), name, line if here and len(owner.names[name]) > 1 else 0)
        if key not in self._known:
            self._known[key] = Unknown("it depends on itself")
            self._known[key] = self._bound(owner.names[name], owner, name, line if here else None)
        return self._known[key]

    def lasting(self, name: str, scope: BindingScope) -> Value:
        """Return what a name is for whoever reads it later, from elsewhere."""
        return self._bound(scope.names[name], scope, name, None)

    def _bound(self, bindings: list[Binding], owner: BindingScope, name: str, line: int | None) -> Value:
        bindings = self._running(bindings)
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
        found = choose(map(untimed, values)) if len(values) != 1 else values[0]
        if name in owner.reordered:
            found = over(found, lambda value: SomeOf(value.items) if isinstance(value, SequenceValue) else value)
        return _changed(found) if name in owner.changed else found

    def _running(self, bindings: list[Binding]) -> list[Binding]:
        """Return the bindings whose branches run on the target."""
        truth = self._truth
        if truth is None or not any(each.tests for each in bindings):
            return bindings
        return [each for each in bindings if all(truth(test, home) in (runs, None) for test, runs, home in each.tests)]

    def _of(self, binding: Binding, owner: BindingScope, name: str) -> Value:
        if binding.how == "thing":
            return thing(binding.source)
        if binding.how == "open":
            given = {"parameter": name, "rest": REST, "keywords": KEYWORDS}.get(binding.source)
            return Parameter(owner.name, given) if given else UNKNOWN
        value = self.value(binding.source, owner)
        if binding.how == "each":
            value = each(value, f"{binding.source.lineno}:{binding.source.col_offset}")
        for place in binding.path:
            value = item(value, Constant(place))
        return value

    def member(self, owner: Value, name: str, scope: BindingScope) -> Value:
        """Return an attribute; of a class of this file, what the class says."""
        if isinstance(owner, Thing) and owner.name.startswith(":"):
            inner = find_class(scope.module, owner.name[1:])
            if inner is not None and name in inner.names:
                found = self._bound(inner.names[name], inner, name, None)
                return _changed(found) if name in scope.module.changed_fields else found
        return member(owner, name)

    def own_attribute(self, owner: BindingScope, name: str) -> Value:
        """Return what an attribute of an object of a class is, by the class, its methods and those derived from it."""
        key = (id(owner), f".{name}", 0)
        if key not in self._known:
            self._known[key] = Unknown("it depends on itself")
            kin = self._with_derived(owner)
            values = [self._of(each, home, name) for home in kin for each in home.names.get(name, ())]
            for binding in self._running(owner.attributes.get(name, [])):
                source, scope = binding.source
                values.append(
                    self._of(binding._replace(source=source), scope, name) if binding.how != "augment" else UNKNOWN
                )
            if not values:
                values = [member(Thing(f":{owner.name}"), name)]
            found = choose(values)
            self._known[key] = _changed(found) if name in owner.module.changed_fields else found
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


def _changed(found: Value) -> Value:
    """Return what a list or table may be that is changed after it was made."""
    if not any(isinstance(value, SequenceValue | DictValue) for value in possible(found)):
        return found
    return Choice((*possible(found), Unknown("it is changed after it was made")))


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


MOST_BINDINGS = 100
"""How many bindings of one name are followed for one value."""
