"""What the code of one file does with attributes: which it reads of objects whose class may be known, and which it gives them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from analysis.python.bindings import BindingScope
from analysis.python.expression_scopes import home_of
from analysis.python.imports import Around
from analysis.python.values import CallResult, Choice, Constant, Member, Parameter, Thing, Value, choose, text_of


class MemberRead(NamedTuple):
    """The reading of an attribute of an object whose class may be known; see `receiver`."""

    owner: Value
    name: str
    line: int
    around: Around = Around()


class MemberReads:
    """Told of each attribute and call of a file in turn; what code asks an object for, it may go on to read.

    Args:
        types: what `read_types` tells of the file.

    Attributes:
        given: by the dotted name of a class, or "", which attributes objects may have by what code does to them; `*` for
            such that only running it tells.
    """

    def __init__(self, types: Mapping[str, Value]) -> None:
        self.given: dict[str, set[str]] = {}
        self._types = types
        self._reads: dict[tuple[Value, str, tuple[str, ...], str], MemberRead] = {}
        self._asked: set[tuple[str, Value]] = set()

    def found(self) -> Iterator[MemberRead]:
        """Yield what is read of objects that are not asked in the same function what they are."""
        for read in self._reads.values():
            scopes = [scope for scope, owner in self._asked if owner == read.owner]
            if not any(f"{read.around.scope}.".startswith(f"{scope}.") for scope in scopes):
                yield read

    def read(self, node: ast.Attribute, owner: Value, scope: BindingScope, around: Around) -> None:
        """Note that an attribute is read of a value."""
        found = receiver(owner, self._types)
        if found is not None:
            place = (found, node.attr, around.catches, around.scope)
            self._reads.setdefault(place, MemberRead(found, node.attr, node.lineno, around))
        if node.attr == "__dict__":
            self.gives(node.value, "*", scope)
        elif node.attr == "__class__":
            self.asks(owner, around)

    def asks(self, value: Value, around: Around) -> None:
        """Note that code looks what a value is before it goes on."""
        owner = receiver(value, self._types)
        if owner is not None:
            self._asked.add((around.scope, owner))

    def call(self, name: str, given: tuple[Value, ...], node: ast.Call, scope: BindingScope, around: Around) -> None:
        """Note what the call of a function tells of the object that it is given first, or of the class it stands in."""
        if name not in _ASKS:
            return
        if not node.args:
            if scope.kind == "class":
                self.given.setdefault(scope.name, set()).add("*")
            return
        self.asks(given[-1] if name == _CAST else given[0], around)
        known = text_of(given[1]) if name in _BY_NAME and len(given) > 1 else None
        if known is not None or name in (*_SETS, "builtins.vars"):
            self.gives(node.args[0], known or "*", scope)

    def gives(self, node: ast.expr, name: str, scope: BindingScope) -> None:
        """Note that an object may have an attribute: one of the class whose method it is, or any."""
        home = scope.holder(node.id) if isinstance(node, ast.Name) else None
        owner = home.owner if home is not None else None
        own = owner is not None and owner[1] == getattr(node, "id", "")
        self.given.setdefault(owner[0].name if own and owner is not None else "", set()).add(name)

    def is_of_own(self, node: ast.Call, scope: BindingScope) -> bool:
        """Return whether a call calls a method of the object whose method it stands in."""
        home = home_of(scope)
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if home.owner is None or not isinstance(owner, ast.Name) or owner.id != home.owner[1]:
            return False
        return isinstance(self._types.get(f"{home.name}.{owner.id}"), Thing)


def receiver(value: Value, typed: Collection[str]) -> Value | None:
    """Return what of a value tells of which class an object is; None where nothing does.

    Args:
        value: of an expression.
        typed: the dotted names of what `read_types` tells something of.
    """
    if isinstance(value, Parameter):
        return value if f"{value.function}.{value.name}" in typed else None
    if isinstance(value, Thing):
        return value if value.name.startswith((":", ".")) or value.name.partition(".")[0] not in _OTHERS else None
    if isinstance(value, Choice):
        found = [receiver(each, typed) for each in value.values if each != Constant(None)]
        return choose(each for each in found if each is not None) if found and None not in found else None
    if isinstance(value, Member):
        owner = receiver(value.owner, typed)
        return None if owner is None else Member(owner, value.name)
    if not isinstance(value, CallResult):
        return None
    name = value.function.name if isinstance(value.function, Thing) else ""
    first = receiver(value.arguments[0], typed) if value.arguments and name in (*_ITEMS_OF, *_SAME) else None
    if name in _SAME or first is None:
        function = None if name in _SAME else receiver(value.function, typed)
        return first if function is None else CallResult(function)
    return CallResult(value.function, (first,))


_SETS = ("builtins.setattr", "builtins.object.__setattr__")
_BY_NAME = (*_SETS, "builtins.hasattr", "builtins.getattr", "builtins.delattr")
_CAST = "typing.cast"
_ASKS = {
    *(*_BY_NAME, _CAST),
    *(f"builtins.{each}" for each in ("isinstance", "issubclass", "type", "callable", "vars", "locals")),
}
"""Functions that tell what an object is or has, or change it."""
NEXT = "builtins.next"
_ITEMS_OF = (
    NEXT,
    *(f"builtins.{each}" for each in ("sorted", "list", "tuple", "set", "frozenset", "reversed", "iter")),
)
_SAME = ("dataclasses.replace", "copy.copy", "copy.deepcopy", "copy.replace")
_OTHERS = {*sys.stdlib_module_names, "builtins"}
