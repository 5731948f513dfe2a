"""The value of an expression where it can be read without running it: strings, tuples, paths beside the code.

One evaluator serves dynamic imports, data files, search paths and uses, so a constant means the same to each.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Unknown:
    """A value that only running the code tells."""


class CodePath(NamedTuple):
    """A path relative to a module's folder: `base` names a package, "" the module itself.

    `path` begins with `__file__` where the source starts from its own file; a part that is unknown is `None`.
    """

    base: str
    path: str | None


Value = str | int | float | bool | None | bytes | tuple["Value", ...] | CodePath | Unknown
Lookup = Callable[[str], Value]

UNKNOWN = Unknown()
_FILE = "__file__"
_SAME = {"Path", "PurePath", "PosixPath", "str", "abspath", "realpath", "normpath", "fspath", "resolve", "absolute"}
_SAME |= {"expanduser", "as_posix"}
RESOURCE_READS = {"read_text", "read_binary", "open_text", "open_binary", "path", "get_data"}


def nothing(name: str) -> Value:
    """Look a dotted name up where no name is known."""
    return UNKNOWN


def evaluate(node: ast.expr | None, lookup: Lookup = nothing) -> Value:
    """Return the value of `node`; `lookup` answers for dotted names."""
    if isinstance(node, ast.Constant):
        return UNKNOWN if node.value is ... or isinstance(node.value, complex) else node.value
    if isinstance(node, ast.Name):
        return CodePath("", _FILE) if node.id == _FILE else lookup(node.id)
    if isinstance(node, ast.JoinedStr):
        return _joined([evaluate(part, lookup) for part in node.values])
    if isinstance(node, ast.FormattedValue):
        return evaluate(node.value, lookup) if node.format_spec is None and node.conversion in (-1, 115) else UNKNOWN
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return tuple(evaluate(item, lookup) for item in node.elts)
    if isinstance(node, ast.BinOp):
        return _operation(node, lookup)
    if isinstance(node, ast.Attribute):
        return _attribute(node, lookup)
    if isinstance(node, ast.Subscript):
        return _parents(node, lookup)
    if isinstance(node, ast.Call):
        return _call(node, lookup)
    return UNKNOWN


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, "" for any other."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def module_constants(tree: ast.Module) -> dict[str, Value]:
    """Return the names a module assigns exactly once, at top level, a value that can be read."""
    values: dict[str, Value] = {}
    repeated: set[str] = set()
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                if target.id in values:
                    repeated.add(target.id)
                plain = isinstance(node, ast.Assign | ast.AnnAssign)
                value = evaluate(node.value, scope(values)) if plain and node.value else UNKNOWN  # type: ignore[attr-defined]
                values[target.id] = value
    return {name: value for name, value in values.items() if name not in repeated and value is not UNKNOWN}


def scope(values: Mapping[str, Value]) -> Lookup:
    """Return a lookup in `values`."""
    return lambda name: values.get(name, UNKNOWN)


def _joined(parts: list[Value]) -> Value:
    return "".join(str(part) for part in parts) if all(isinstance(part, str | int) for part in parts) else UNKNOWN


def _operation(node: ast.BinOp, lookup: Lookup) -> Value:
    left, right = evaluate(node.left, lookup), evaluate(node.right, lookup)
    if isinstance(node.op, ast.Add):
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        if isinstance(left, tuple) and not isinstance(left, CodePath) and isinstance(right, tuple):
            return (*left, *right)
    if isinstance(node.op, ast.Div) and isinstance(left, CodePath):
        return _join(left, [right])
    if isinstance(node.op, ast.Mod) and isinstance(left, str):
        arguments = right if isinstance(right, tuple) else (right,)
        if all(isinstance(item, str | int) for item in arguments):
            try:
                return left % arguments
            except (TypeError, ValueError):
                return UNKNOWN
    return UNKNOWN


def _join(path: CodePath, parts: list[Value]) -> CodePath:
    for part in parts:
        if not isinstance(part, str) or path.path is None:
            return CodePath(path.base, None)
        path = CodePath(path.base, posixpath.normpath(posixpath.join(path.path, part)))
    return path


def _up(path: CodePath) -> CodePath:
    return path if path.path is None else CodePath(path.base, _parent(path.path))


def _parent(path: str) -> str:
    if path in (".", "") or path.endswith(".."):
        return posixpath.normpath(path + "/..")
    return posixpath.dirname(path) or "."


def _attribute(node: ast.Attribute, lookup: Lookup) -> Value:
    whole = evaluate(node.value, lookup)
    if isinstance(whole, CodePath):
        return _up(whole) if node.attr == "parent" else UNKNOWN
    name = dotted(node)
    return lookup(name) if name else UNKNOWN


def _parents(node: ast.Subscript, lookup: Lookup) -> Value:
    if not isinstance(node.value, ast.Attribute) or node.value.attr != "parents":
        return UNKNOWN
    path, index = evaluate(node.value.value, lookup), evaluate(node.slice, lookup)
    if not isinstance(path, CodePath) or not isinstance(index, int) or not 0 <= index < 20:
        return UNKNOWN
    for _ in range(index + 1):
        path = _up(path)
    return path


def _call(node: ast.Call, lookup: Lookup) -> Value:
    function = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
    arguments = [evaluate(item, lookup) for item in node.args]
    owner = evaluate(node.func.value, lookup) if isinstance(node.func, ast.Attribute) else UNKNOWN
    if isinstance(owner, CodePath):
        return _path_method(owner, function, arguments)
    if isinstance(owner, str):
        return _string_method(owner, function, arguments)
    first = arguments[0] if arguments else UNKNOWN
    if isinstance(first, CodePath):
        if function == "dirname":
            return _up(first)
        if function in (*_SAME, "join"):
            return _join(first, arguments[1:])
        return UNKNOWN
    if function == "files" and (not arguments or isinstance(first, str) or _own_package(node)):
        return CodePath(first if isinstance(first, str) else "", ".")
    if function in RESOURCE_READS and len(arguments) >= 2 and (isinstance(first, str) or _own_package(node)):
        return _join(CodePath(first if isinstance(first, str) else "", "."), [arguments[1]])
    return UNKNOWN


def _own_package(node: ast.Call) -> bool:
    return bool(node.args) and dotted(node.args[0]) in ("__package__", "__name__")


def _path_method(owner: CodePath, method: str, arguments: list[Value]) -> Value:
    if method in _SAME and not arguments:
        return owner
    if method == "joinpath":
        return _join(owner, arguments)
    if method == "with_name":
        return _join(_up(owner), arguments)
    return UNKNOWN


def _string_method(owner: str, method: str, arguments: list[Value]) -> Value:
    if method in ("strip", "lower", "upper") and not arguments:
        return str(getattr(owner, method)())
    if method == "format" and all(isinstance(item, str | int) for item in arguments):
        try:
            return owner.format(*arguments)
        except (IndexError, KeyError, ValueError):
            return UNKNOWN
    if method == "join" and arguments and isinstance(arguments[0], tuple):
        items = arguments[0]
        return owner.join(map(str, items)) if all(isinstance(item, str) for item in items) else UNKNOWN
    return UNKNOWN
