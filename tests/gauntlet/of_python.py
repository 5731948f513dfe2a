"""Mistakes in the functions' code: imports, attributes, arguments and names that are called misspelt, definitions lost.

Only what a reader of the code can be asked to see: what the code computes is for the tests of the functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.gauntlet.mutation import Mutation, misspelt


def of_python(file: str, text: str) -> Iterator[Mutation]:
    """Yield every mistake in one file."""
    lines = Lines(text)
    tree = ast.parse(text)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    done = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    done |= {id(node) for each in texts for node in ast.walk(each)}  # Python 3.11 tells no places inside a text
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="__future__"):
                continue
            case ast.Import() | ast.ImportFrom():
                for kind, place, new in _of_import(node, used):
                    yield Mutation(kind, file, f"{node.lineno} {place}", lines.with_(node, new))
            case ast.Call(func=ast.Name(id=name) as function):
                yield Mutation(
                    "called name misspelt", file, f"{node.lineno} {name}", lines.with_(function, misspelt(name))
                )
            case ast.Call(func=ast.Attribute(attr=name) as function):
                new = f"{ast.unparse(function.value)}.{misspelt(name)}"
                yield Mutation(
                    "called attribute misspelt",
                    file,
                    f"{node.lineno} {ast.unparse(function)[:40]}",
                    lines.with_(function, new),
                )
            case ast.Attribute(attr=name, ctx=ast.Load()) if id(node) not in done:
                new = f"{ast.unparse(node.value)}.{misspelt(name)}"
                yield Mutation(
                    "attribute misspelt", file, f"{node.lineno} {ast.unparse(node)[:40]}", lines.with_(node, new)
                )
            case ast.keyword(arg=str(name)) if id(node) not in done:
                new = f"{misspelt(name)}={ast.unparse(node.value)}"
                yield Mutation("argument misspelt", file, f"{node.lineno} {name}", lines.with_(node, new))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield Mutation("definition lost", file, f"{node.lineno} {node.name}", lines.without(node))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            yield Mutation(
                "definition lost", file, f"{node.lineno} {ast.unparse(node)[:30]}", lines.with_(node, "pass")
            )


def _of_import(node: ast.Import | ast.ImportFrom, used: set[str]) -> Iterator[tuple[str, str, str]]:
    for alias in node.names:
        others = [each for each in node.names if each is not alias]
        bound = (alias.asname or alias.name).partition(".")[0]
        if bound in used:
            yield "import lost", alias.name, _written(node, others) if others else "pass"
        yield (
            "import misspelt",
            alias.name,
            _written(node, [*others, ast.alias(misspelt(alias.name), alias.asname or bound)]),
        )
    if isinstance(node, ast.ImportFrom) and node.module:
        yield "module misspelt", node.module, ast.unparse(ast.ImportFrom(misspelt(node.module), node.names, node.level))


def _written(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> str:
    return ast.unparse(
        ast.Import(names) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, names, node.level)
    )


class Lines:
    """A text whose parts are known by line and column in bytes, as `ast` counts them."""

    def __init__(self, text: str) -> None:
        self.lines = [line.encode() for line in text.splitlines(keepends=True)]

    def with_(self, node: ast.expr | ast.stmt | ast.keyword, new: str) -> str:
        """Return the text with another text in the place of a node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        before = [*self.lines[: node.lineno - 1], self.lines[node.lineno - 1][: node.col_offset]]
        after = [self.lines[node.end_lineno - 1][node.end_col_offset :], *self.lines[node.end_lineno :]]
        return b"".join([*before, new.encode(), *after]).decode()

    def without(self, node: ast.FunctionDef | ast.ClassDef) -> str:
        """Return the text without a definition and what decorates it."""
        assert node.end_lineno is not None
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        return b"".join([*self.lines[: first - 1], *self.lines[node.end_lineno :]]).decode()
