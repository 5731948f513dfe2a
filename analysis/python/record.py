"""What one source file says about imports, names and files; a function of its bytes and the target only.

Record know nothing of other files, so they are cached by content. `closure` puts them together.
"""

from __future__ import annotations

import ast
import json
from typing import NamedTuple

from analysis.python.constants import dotted
from analysis.python.imports import ImportFact, Resource, read_statements
from analysis.python.module_names import Unbound, names_of
from analysis.python.syntax import Depth, PythonVersion, SyntaxFault, fault, parse

VERSION = "1"


class Definition(NamedTuple):
    """A top-level function: line, dotted decorators, how many arguments it needs and how many it takes."""

    line: int
    decorators: tuple[str, ...]
    required: int
    accepted: int


class Record(NamedTuple):
    """Everything that is read from one file.

    Attributes:
        fault: line and message when it does not compile on the target; nothing else is known then.
        imports: imports that can run on the target.
        names: what the module has once loaded, submodules and star imports apart.
        exports: the literal `__all__`, None when absent or computed.
        open_ended: it makes names in a way that cannot be read (`globals()[...] =`, `exec`).
        unbound: names used and bound nowhere in the file; a star import may still bind them.
        functions: top-level functions.
        resources: data files read.
        search_path: folders put on `sys.path`, relative to the file's own.
    """

    fault: tuple[int, str] | None = None
    imports: tuple[ImportFact, ...] = ()
    names: frozenset[str] = frozenset()
    exports: tuple[str, ...] | None = None
    open_ended: bool = False
    unbound: tuple[Unbound, ...] = ()
    functions: tuple[tuple[str, Definition], ...] = ()
    resources: tuple[Resource, ...] = ()
    search_path: tuple[str, ...] = ()


def read_record(content: bytes, target: PythonVersion, depth: Depth = "code") -> Record:
    """Return the facts of one source text for the runtime `target`."""
    return record_of(parse(content, target, depth), content, target)


def record_of(tree: ast.Module | SyntaxFault, content: bytes, target: PythonVersion) -> Record:
    """Return the facts of one source text that is parsed already."""
    if isinstance(tree, SyntaxFault):
        return Record(fault=(tree.line, tree.message))
    try:
        statements = read_statements(tree, content, target)
        names = names_of(tree, content, statements.dead, target)
    except SyntaxError as error:
        found = fault(error, target)
        return Record(fault=(found.line, found.message))
    except RecursionError:
        return Record(fault=(1, "nested too deeply to be read"))
    return Record(
        imports=tuple(statements.imports),
        names=names.bound,
        exports=_exports(tree),
        open_ended=names.open_ended,
        unbound=names.unbound,
        functions=tuple(
            (node.name, _definition(node))
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ),
        resources=tuple(statements.resources),
        search_path=tuple(statements.search_path),
    )


def dump_record(facts: Record) -> bytes:
    """Return `facts` as JSON."""
    return json.dumps([*facts[:2], sorted(facts.names), *facts[3:]], separators=(",", ":")).encode()


def load_record(payload: bytes) -> Record:
    """Return what `dump_record` was given."""
    raw = _tuples(json.loads(payload))
    fault, imports, names, exports, open_ended, unbound, functions, resources, search_path = raw
    return Record(
        fault=fault,
        imports=tuple(ImportFact(*item) for item in imports),
        names=frozenset(names),
        exports=exports,
        open_ended=open_ended,
        unbound=tuple(Unbound(*item) for item in unbound),
        functions=tuple((name, Definition(*item)) for name, item in functions),
        resources=tuple(Resource(*item) for item in resources),
        search_path=search_path,
    )


def _tuples(value: object) -> tuple:  # type: ignore[type-arg]
    """Return JSON lists as tuples, all the way down."""
    return tuple(_tuples(item) if isinstance(item, list) else item for item in value)  # type: ignore[attr-defined]


def _exports(tree: ast.Module) -> tuple[str, ...] | None:
    found: list[str] | None = None
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            continue
        value = getattr(node, "value", None)
        items = value.elts if isinstance(value, ast.List | ast.Tuple) else [None]
        if not all(isinstance(item, ast.Constant) for item in items):
            return None
        found = (found or []) + [str(item.value) for item in items if isinstance(item, ast.Constant)]
    return None if found is None else tuple(found)


def _definition(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Definition:
    arguments = node.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    decorators = [item.func if isinstance(item, ast.Call) else item for item in node.decorator_list]
    needed_by_name = sum(default is None for default in arguments.kw_defaults)
    return Definition(
        line=node.lineno,
        decorators=tuple(dotted(item) or ast.unparse(item) for item in decorators),
        required=positional - len(arguments.defaults) + needed_by_name,
        accepted=99 if arguments.vararg else positional,
    )
