"""`PYTHON tests/mutants/generate.py MODULE...`: every mutant of the modules, as lines of JSON. Runs where cosmic-ray is.

cosmic-ray's own operators, one replacement for each operator instead of eleven, and three of ours for what it has not:
a statement left out, `in` turned, and a value returned as None. Nothing is changed on disk: a mutant is one edit of the text.
"""

from __future__ import annotations

import ast
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import parso.python.tree
import parso.tree
from cosmic_ray.ast import get_ast
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
                names.update(
                    {line: (inner, line >= child.lineno and not isinstance(child, ast.ClassDef)) for line in lines}
                )
            look(child, inner)

    look(tree, "")
    return names


def mutants(path: str) -> Iterator[dict[str, Any]]:
    """Yield the mutants of a module: where, and the text before and after. It is parsed once, and each edit is taken back."""
    source = Path(path).read_text(encoding="utf-8")
    tree = ast.parse(source)
    names, skipped, typed = definitions(tree), idle(tree), unread(tree)
    parts = [*statements(source, tree)]
    nodes = [(begin, node) for begin, node in places(get_ast(source)) if not separates(node)]
    for name, operator in operators():
        for begin, node in nodes:
            for index, (start, end) in enumerate([*operator.mutation_positions(node)]):
                if start[0] in skipped or any(low <= start and end <= high for low, high in typed):
                    continue
                before = node.get_code()
                after = edited(operator, node, index)
                if after is None or after == before:
                    continue
                first, last = next(each for each in parts if each[0] <= begin and begin + len(before) <= each[1])
                part = source[first:last]
                made = source[first:begin] + after + source[begin + len(before) : last]
                if not sound(made):
                    continue
                start_of, end_of, text = splice(part, made)
                definition, inside = names.get(start[0], ("", False))
                yield {
                    "module": path, "operator": name, "line": start[0], "definition": definition, "in_function": inside,
                    "start": first + start_of, "end": first + end_of, "text": text,
                }  # fmt: skip


def statements(source: str, tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Yield from where to where each statement of a module goes, with what stands before it; then the whole module."""
    ends = [0, *itertools.accumulate(map(len, source.splitlines(keepends=True)))]
    begin = 0
    for each in tree.body:
        yield begin, ends[each.end_lineno or 0]
        begin = ends[each.end_lineno or 0]
    yield 0, len(source)


def places(parsed: Any) -> Iterator[tuple[int, Any]]:
    """Yield each node with the place where its text begins, those around it first."""
    begin, starts = 0, {}
    leaf = parsed.get_first_leaf()
    while leaf is not None:
        starts[id(leaf)] = begin
        begin += len(leaf.prefix) + len(leaf.value)
        leaf = leaf.get_next_leaf()
    yield from ((starts[id(each.get_first_leaf())], each) for each in _below(parsed))


def _below(node: Any) -> Iterator[Any]:
    waiting = [node]
    while waiting:
        yield (each := waiting.pop())
        waiting += reversed(getattr(each, "children", ()))


def separates(node: Any) -> bool:
    """Say whether a node is the `*` or `/` between parameters, which is no product."""
    return node.type == "operator" and node.parent.type in ("parameters", "lambdef") and node.value in "*/"


def edited(operator: Any, node: Any, index: int) -> str | None:
    """Return the text of a node as an operator makes it, and take back what it did to the node."""
    below = [*_below(node)]
    former = [(each, each.children[:]) if hasattr(each, "children") else (each, each.value) for each in below]
    try:
        made = operator.mutate(node, index)
        return made.get_code() if made is not None else ""
    except AttributeError:  # cosmic-ray replaces no dotted name of an exception
        return None
    finally:
        for each, was in former:
            setattr(each, "children" if hasattr(each, "children") else "value", was)


def sound(text: str) -> bool:
    """Say whether a text can be read as statements."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


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
