"""`PYTHON tests/mutants/generate.py MODULE...`: every mutant of the modules, as lines of JSON. Runs where cosmic-ray is.

cosmic-ray's own operators, one replacement for each operator instead of eleven, and three of ours for what it has not:
a statement left out, `in` turned, and a value returned as None. Nothing is changed on disk: a mutant is one edit of the text.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import parso.python.tree
import parso.tree
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

BINARY = {
    "Add": "Sub", "Sub": "Add", "Mul": "Div", "Div": "Mul", "Mod": "Mul", "FloorDiv": "Mul", "Pow": "Mul",
    "BitOr": "BitAnd", "BitAnd": "BitOr", "BitXor": "BitOr", "LShift": "RShift", "RShift": "LShift",
}  # fmt: skip
COMPARISON = {
    "Eq": "NotEq",
    "NotEq": "Eq",
    "Lt": "LtE",
    "LtE": "Lt",
    "Gt": "GtE",
    "GtE": "Gt",
    "Is": "IsNot",
    "IsNot": "Is",
}
OTHERS = (
    "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd", "AddNot", "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak",
    "ExceptionReplacer", "NumberReplacer", "RemoveDecorator", "ZeroIterationForLoop",
)  # fmt: skip
Position = tuple[tuple[int, int], tuple[int, int]]


class LeaveOut(Operator):  # type: ignore[misc]
    """Leave out a statement that only has an effect: a call, a `yield`, a `raise`, a `del`, an addition in place."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Yield the place of an effect on a line of its own."""
        if node.type == "simple_stmt":
            (first, *_) = node.children
            called = first.type in ("atom_expr", "power", "yield_expr", "raise_stmt", "del_stmt")
            added = first.type == "expr_stmt" and first.children[1].type == "augassign"
            if called or added:
                yield first.start_pos, first.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Put `pass` there."""
        node.children[0] = parso.python.tree.Name(
            "pass", node.children[0].start_pos, prefix=node.children[0].get_first_leaf().prefix
        )
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Have none: they are cosmic-ray's tests of itself."""
        return ()


class TurnIn(LeaveOut):
    """Turn `in` into `not in`, and back."""

    TURNED: ClassVar = {"in": " not in", "not in": " in"}

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Yield each membership test."""
        if node.type == "comparison":
            for operator in node.children[1::2]:
                if operator.get_code().strip() in self.TURNED:
                    yield operator.start_pos, operator.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Replace the operator."""
        places = [n for n, each in enumerate(node.children) if n % 2 and each.get_code().strip() in self.TURNED]
        place = places[index]
        node.children[place] = parso.parse(self.TURNED[node.children[place].get_code().strip()])
        return node


class ReturnNone(LeaveOut):
    """Return None instead of a value."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Yield each `return` of something."""
        if node.type == "return_stmt" and len(node.children) > 1 and node.children[1].get_code().strip() != "None":
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Replace the value."""
        node.children[1] = parso.parse(" None")
        return node


def operators() -> Iterator[tuple[str, Any]]:
    """Yield each operator with its name."""
    ours = OperatorProvider()
    names = [f"ReplaceBinaryOperator_{one}_{other}" for one, other in BINARY.items()]
    names += [f"ReplaceComparisonOperator_{one}_{other}" for one, other in COMPARISON.items()]
    for name in (*names, *OTHERS):
        yield name, ours[name]()
    for each in (LeaveOut, TurnIn, ReturnNone):
        yield each.__name__, each()


def idle(tree: ast.Module) -> set[int]:
    """Return the lines that hold writers of code and not the code: what only a type checker reads, `frozen` and `slots`."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        for each in getattr(node, "decorator_list", ()):
            if ast.unparse(each).startswith("dataclass"):
                lines.update(range(each.lineno, (each.end_lineno or each.lineno) + 1))
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def unread(tree: ast.Module) -> list[Position]:
    """Return the places of annotations, which nothing evaluates."""
    found = []
    for node in ast.walk(tree):
        for each in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(each, ast.expr):
                found.append(((each.lineno, each.col_offset), (each.end_lineno or 0, each.end_col_offset or 0)))
    return found


def definitions(tree: ast.Module) -> dict[int, tuple[str, bool]]:
    """Return line → qualified name of the innermost function or class, and whether it is in the body of a function."""
    names: dict[int, tuple[str, bool]] = {}

    def look(node: ast.AST, name: str) -> None:
        for child in ast.iter_child_nodes(node):
            inner = name
            if isinstance(child, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                inner = f"{name}.{child.name}".strip(".")
                first = min([child.lineno, *(each.lineno for each in child.decorator_list)])
                lines = range(first, (child.end_lineno or first) + 1)
                names.update({line: (inner, not isinstance(child, ast.ClassDef)) for line in lines})
            look(child, inner)

    look(tree, "")
    return names


def mutants(path: str) -> Iterator[dict[str, Any]]:
    """Yield the mutants of a module: where, and the text before and after."""
    source = Path(path).read_text(encoding="utf-8")
    tree = ast.parse(source)
    names, skipped, typed = definitions(tree), idle(tree), unread(tree)
    parsed = get_ast(source)
    for name, operator in operators():
        places = [place for node in ast_nodes(parsed) for place in operator.mutation_positions(node)]
        for occurrence, (start, end) in enumerate(places):
            if start[0] in skipped or any(low <= start and end <= high for low, high in typed):
                continue
            try:
                made = mutate_code(source, operator, occurrence)
            except AttributeError:  # cosmic-ray replaces no dotted name of an exception
                continue
            if made is None or made == source or not sound(source, made):
                continue
            first, last, text = splice(source, made)
            definition, inside = names.get(start[0], ("", False))
            yield {
                "module": path, "operator": name, "line": start[0], "definition": definition, "in_function": inside,
                "start": first, "end": last, "text": text,
            }  # fmt: skip


def sound(source: str, made: str) -> bool:
    """Say whether an edit is a program whose functions are called as before: `*` is no product everywhere."""
    try:
        return _signatures(source) == _signatures(made)
    except SyntaxError:
        return False


def _signatures(source: str) -> list[int]:
    return [len(node.posonlyargs) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.arguments)]


def splice(source: str, made: str) -> tuple[int, int, str]:
    """Return the one edit that makes one text of the other: from, to, and what stands there instead."""
    most = min(len(source), len(made))
    first = next((n for n in range(most) if source[n] != made[n]), most)
    last = next((n for n in range(most - first) if source[-1 - n] != made[-1 - n]), most - first)
    return first, len(source) - last, made[first : len(made) - last]


if __name__ == "__main__":
    for each in sys.argv[1:]:
        for mutant in mutants(each):
            print(json.dumps(mutant))
