"""Edits that change nothing that runs: layout, comments, order of keys, quotes, other names, a module split in two.

Each must pass. Those of declaration, stack and schemas must leave the plan as it is, since nothing in it comes from layout.
"""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Iterator
from typing import Any, TypeVar

import yaml
from sqlglot.dialects.bigquery import BigQuery
from sqlglot.tokenizer_core import TokenType
from sqlglot.tokens import Tokenizer

from tests.gauntlet.mutation import Mutation
from tests.gauntlet.of_python import Lines

Site = TypeVar("Site")
EDITS_OF_A_FILE = 4
"""Edits of one sort in one file; which ones is drawn by its name."""


def of_layout(file: str, text: str) -> Iterator[Mutation]:
    """Yield harmless edits of a YAML file."""
    content = yaml.safe_load(text)
    yield Mutation("written anew", file, "in blocks", yaml.safe_dump(content, sort_keys=False, width=10_000))
    yield Mutation("written anew", file, "in flow", yaml.safe_dump(content, sort_keys=False, default_flow_style=True))
    yield Mutation("keys in another order", file, "sorted", yaml.safe_dump(content, width=10_000))
    yield Mutation("keys in another order", file, "backwards", yaml.safe_dump(_backwards(content), sort_keys=False))
    yield from _commented(file, text, "#")
    yield Mutation("quotes", file, "double", re.sub(r": ([a-z][a-z_]+)$", r': "\1"', text, flags=re.MULTILINE))
    yield Mutation("ends of lines", file, "no last one", text.rstrip("\n"))


def _backwards(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _backwards(value[key]) for key in reversed(value)}
    return [_backwards(item) for item in value] if isinstance(value, list) else value


def of_statement(file: str, text: str) -> Iterator[Mutation]:
    """Yield harmless edits of a file of SQL."""
    yield from _commented(file, text, "--")
    keywords = set(BigQuery.Tokenizer.KEYWORDS) | set(Tokenizer.KEYWORDS)
    lowered = text
    for token in reversed(BigQuery().tokenize(text)):
        if token.text.isupper() and token.text in keywords and token.token_type is not TokenType.STRING:
            lowered = lowered[: token.start] + token.text.lower() + lowered[token.end + 1 :]
    yield Mutation("keywords in small letters", file, "", lowered)
    yield Mutation("spaces", file, "doubled", re.sub(r"(?m)^( +)", r"\1\1", text))
    yield Mutation("ends of lines", file, "semicolon", f"{text.rstrip().rstrip(';')};\n")


def of_message(file: str, text: str) -> Iterator[Mutation]:
    """Yield harmless edits of a message's schema."""
    content = json.loads(text)
    yield Mutation("written anew", file, "in one line", json.dumps(content))
    yield Mutation("written anew", file, "with ASCII alone", json.dumps(content, indent=4, ensure_ascii=True))
    yield Mutation("keys in another order", file, "sorted", json.dumps(content, indent=2, sort_keys=True))
    yield Mutation("keys in another order", file, "backwards", json.dumps(_backwards(content), indent=2))


def of_code(file: str, text: str) -> Iterator[Mutation]:
    """Yield harmless edits of a module."""
    yield from _commented(file, text, "#")
    yield Mutation("written anew", file, "unparsed", ast.unparse(ast.parse(text)) + "\n")
    tree = ast.parse(text)
    for node, alias in few(file, [*_imported(tree)]):
        yield Mutation("import under another name", file, alias.name, _aliased(text, node, alias))
    for function, name in few(file, [*_locals(tree)]):
        renamed = _Renamed(name, f"{name}_here").visit(function_of(text, function.lineno))
        written = Lines(text).with_(function, _indented(renamed, function))
        yield Mutation("local under another name", file, f"{function.lineno} {name}", written)


def _imported(tree: ast.Module) -> Iterator[tuple[ast.ImportFrom, ast.alias]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield from ((node, alias) for alias in node.names)


def _aliased(text: str, node: ast.ImportFrom, alias: ast.alias) -> str:
    """Return the text with one imported name under another one."""
    new = f"the_{alias.asname or alias.name}"
    changed = _Renamed(alias.asname or alias.name, new).visit(ast.parse(text))
    for each in ast.walk(changed):
        if isinstance(each, ast.ImportFrom) and each.lineno == node.lineno:
            each.names = [ast.alias(one.name, new) if one.name == alias.name else one for one in each.names]
    return ast.unparse(changed) + "\n"


def _locals(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Yield each name that a function without inner scopes binds."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            inner = [each for each in ast.walk(function) if each is not function]
            if not any(isinstance(each, ast.FunctionDef | ast.Lambda | ast.ClassDef) for each in inner):
                bound = {each.id for each in inner if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
                yield from ((function, name) for name in sorted(bound))


def function_of(text: str, line: int) -> ast.FunctionDef:
    """Return a fresh tree of the function that begins at a line."""
    found = next(
        each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef) and each.lineno == line
    )
    found.decorator_list = []
    return found


def _indented(changed: ast.AST, function: ast.FunctionDef) -> str:
    return ast.unparse(changed).replace("\n", "\n" + " " * function.col_offset)


class _Renamed(ast.NodeTransformer):
    def __init__(self, name: str, new: str) -> None:
        self.name, self.new = name, new

    def visit_Name(self, node: ast.Name) -> ast.Name:  # the protocol's name
        return ast.Name(self.new, node.ctx) if node.id == self.name else node


def _commented(file: str, text: str, mark: str) -> Iterator[Mutation]:
    """Yield comments that look like what readers look for, before lines that begin a statement, and blank lines."""
    for word in ("import nowhere", "SELECT nothing FROM nowhere.at_all", "topic: nba-nowhere"):
        yield Mutation("comment", file, word, f"{mark} {word}\n{text}")
        yield Mutation("comment", file, f"{word} last", f"{text.rstrip()}\n{mark} {word}\n")


def few(file: str, found: list[Site]) -> list[Site]:
    """Return some places of a file, always the same ones."""
    return random.Random(file).sample(found, min(EDITS_OF_A_FILE, len(found)))
