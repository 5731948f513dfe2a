"""Walking syntax trees: less general than `ast.walk`, and three times as fast, because most of what that visits says nothing."""

from __future__ import annotations

import ast
from typing import Any

# Operators, contexts, and what is text or numbers rather than a node.
_PLAIN = {"ctx", "op", "ops", "id", "attr", "arg", "kind", "type_comment", "conversion", "level", "module", "asname"}
_PLAIN |= {"name", "simple", "is_async", "rest", "kwd_attrs", "type_ignores"}
_LEAVES = (ast.Name, ast.Constant, ast.MatchSingleton, ast.Global, ast.Nonlocal, ast.alias)


class _Fields(dict[type, tuple[str, ...]]):
    """Class of a node → its fields that hold nodes."""

    def __missing__(self, kind: type) -> tuple[str, ...]:
        fields = getattr(kind, "_fields", ()) if not issubclass(kind, _LEAVES) else ()
        self[kind] = tuple(field for field in fields if field not in _PLAIN)
        return self[kind]


FIELDS = _Fields()


def walk(*nodes: ast.AST) -> list[Any]:
    """Return `nodes` and everything below, nearest first.

    Left out are operators and contexts. What is no node (a name, None for a place left empty) may be among
    what is returned; ask for the class.
    """
    found: list[Any] = [*nodes]
    for node in found:
        for field in FIELDS[node.__class__]:
            value = getattr(node, field)
            if value.__class__ is list:
                found += value
            elif value is not None:
                found.append(value)
    return found
