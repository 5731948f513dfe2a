"""Edits across modules that change nothing that runs: one split in two, two merged, a function moved or renamed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from tests.gauntlet.harmless import few
from tests.gauntlet.mutation import Mutation
from tests.gauntlet.of_python import Lines

FOLDER = "functions/"


def of_modules(texts: Mapping[str, str]) -> Iterator[Mutation]:
    """Yield harmless edits of a tree of modules, path from the project's root → text."""
    for file, text in texts.items():
        tree = ast.parse(text)
        functions = [each for each in tree.body if isinstance(each, ast.FunctionDef) and not each.decorator_list]
        at_import = {name for each in tree.body if not isinstance(each, ast.FunctionDef) for name in _names(each)}
        for each in few(file, [one for one in functions if one.name not in at_import]):
            rest = Lines(text).without(each)
            yield Mutation(
                "function moved to the end", file, each.name, f"{rest.rstrip()}\n\n\n{_source(text, each)}\n"
            )
        for each in few(file, [one for one in functions if one.name.startswith("_")]):
            renamed = re.sub(rf"(?<![\w.\"']){each.name}\b", f"{each.name}_here", text)
            yield Mutation("private function renamed", file, each.name, renamed)
        if file.startswith(f"{FOLDER}shared/") and not file.endswith("__init__.py"):
            yield from _split(file, text, tree, functions)
            yield from _merged(file, texts)


def _split(file: str, text: str, tree: ast.Module, functions: list[ast.FunctionDef]) -> Iterator[Mutation]:
    """Yield the module with a function in a module of its own, which takes nothing else from the first."""
    imports = [each for each in tree.body if isinstance(each, ast.Import | ast.ImportFrom)]
    own = {name for each in tree.body if each not in imports for name in _bound(each)}
    new = f"{file.removesuffix('.py')}_apart.py"
    for each in few(file, [one for one in functions if not (_names(one) - {one.name}) & own]):
        apart = "\n".join([*map(ast.unparse, imports), "", "", _source(text, each), ""])
        taken = f"from {_module(new)} import {each.name}"
        last = max(imports, key=lambda one: one.lineno, default=None)
        if last is None:
            continue
        kept = Lines(text).without(each).splitlines()
        kept.insert(last.end_lineno or last.lineno, taken)
        yield Mutation("module split in two", file, each.name, "\n".join(kept) + "\n", ((new, apart),))


def _merged(file: str, texts: Mapping[str, str]) -> Iterator[Mutation]:
    """Yield the one module that imports this one, by its names, with this one's text in the place of the import."""
    module = _module(file)
    package, _, name = module.rpartition(".")
    asks = re.compile(rf"{re.escape(module)}\b|from {re.escape(package)} import .*\b{name}\b")
    users = [other for other, text in texts.items() if other != file and asks.search(text)]
    if len(users) != 1:
        return
    text, merged = texts[users[0]], ast.parse(texts[file])
    tree = ast.parse(text)
    found = [each for each in tree.body if isinstance(each, ast.ImportFrom) and each.module == module]
    inner = {name for each in merged.body for name in _bound(each)}
    outer = {name for each in tree.body if each not in found for name in _bound(each)}
    alike = {name for each in merged.body if isinstance(each, ast.Import | ast.ImportFrom) for name in _bound(each)}
    if len(found) != 1 or any(each.asname for each in found[0].names) or (inner & outer) - alike:
        return
    kept = [each for each in merged.body if not (isinstance(each, ast.ImportFrom) and each.module == "__future__")]
    body = "\n".join(map(ast.unparse, kept))
    yield Mutation("modules merged", users[0], name, Lines(text).with_(found[0], body), ((file, None),))


def _module(file: str) -> str:
    return file.removeprefix(FOLDER).removesuffix(".py").replace("/", ".")


def _source(text: str, node: ast.FunctionDef) -> str:
    return ast.get_source_segment(text, node) or ""


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _bound(node: ast.stmt) -> set[str]:
    """Return the names that a statement of a module binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import() | ast.ImportFrom():
            return {(each.asname or each.name).partition(".")[0] for each in node.names}
        case _:
            return {
                each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            }
