"""The composite indexes that the code's Firestore queries need, derived from the code itself.

The emulator answers every query without an index and production refuses it, so a missing index is found
here or by users. Read are two forms, from the syntax tree, never by running code:

    store.find(collection, ((field, "==", value), ...), order=(field, "DESCENDING"))
    collection.where(filter=FieldFilter(field, "==", value)).order_by(field, direction="DESCENDING")

Field names may be literals or module constants. A query whose fields cannot be told is a finding: write
them so that they can be.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from analysis.files import Unreadable, read_bytes
from blueprint.findings import Finding, Location, shown
from blueprint.schemas.cache import SchemaCache, decode_findings, encode_findings
from blueprint.schemas.firestore import Index, IndexField, Order, with_name

RULE = "queries-indexed"
EQUAL = frozenset({"==", "in"})
ARRAY = frozenset({"array_contains", "array-contains", "array_contains_any", "array-contains-any"})


@dataclass(frozen=True)
class FirestoreQuery:
    """One query: its conditions as (field, operator), its order as (field, direction), and where it
    stands.
    """

    conditions: tuple[tuple[str, str], ...]
    order: tuple[tuple[str, Order], ...]
    at: Location

    @property
    def index(self) -> tuple[IndexField, ...] | None:
        """The index it needs, `__name__` included, or None where single-field indexes do.

        Equalities first, then the field of the range and of the order, which must be the same; each in the
        direction of the query. A query that only compares for equality is answered by merging single-field
        indexes.
        """
        equal = sorted({field for field, operator in self.conditions if operator in EQUAL})
        arrays = sorted({field for field, operator in self.conditions if operator in ARRAY})
        ranged = [field for field, operator in self.conditions if operator not in EQUAL | ARRAY]
        ordered = dict(self.order) or dict.fromkeys(ranged, _ASCENDING)
        if not ordered or not (equal or arrays or len(ordered) > 1):
            return None
        fields = [IndexField(field, "ASCENDING") for field in equal]
        fields += [IndexField(field, array_config="CONTAINS") for field in arrays]
        fields += [IndexField(field, direction) for field, direction in ordered.items()]
        return with_name(tuple(fields))


_ASCENDING: Order = "ASCENDING"


def covers(index: Index, needed: tuple[IndexField, ...]) -> bool:
    """True when the declared index answers a query that needs these fields: equalities may come in any
    order.
    """
    return _normal(index.fields) == _normal(needed)


def _normal(fields: tuple[IndexField, ...]) -> tuple[frozenset[str], tuple[IndexField, ...]]:
    """Split off the ordered tail (the last field before `__name__`, and `__name__`); the head is a set of
    names.
    """
    return frozenset(each.field_path for each in fields[:-2]), fields[-2:]


def read_queries(
    root: Path, files: Iterable[Path], cache: SchemaCache | None = None
) -> tuple[tuple[FirestoreQuery, ...], tuple[Finding, ...]]:
    """Every query in `files` and what cannot be read of them; a file that does not parse is skipped."""
    texts = {path: _bytes(path) for path in files}
    cache = cache or SchemaCache(None)
    names = (os.fsencode(shown(root, path)) for path in texts)
    content = b"\0".join(part for pair in zip(names, texts.values(), strict=True) for part in pair)
    key = cache.key("firestore", sha256(content).hexdigest())
    stored = cache.get(key)
    if stored is not None:
        try:
            return tuple(_decode(value) for value in stored["queries"]), decode_findings(stored["findings"])
        except (KeyError, TypeError, AttributeError, ValueError):
            pass
    queries, findings = _read(root, texts)
    cache.put(key, {"queries": [asdict(query) for query in queries], "findings": encode_findings(findings)})
    return queries, findings


def _bytes(path: Path) -> bytes:
    try:
        return read_bytes(path)
    except Unreadable:
        return b""


def _decode(value: Any) -> FirestoreQuery:
    conditions = tuple((str(field), str(operator)) for field, operator in value["conditions"])
    order = tuple((field, direction) for field, direction in value["order"])
    return FirestoreQuery(conditions, order, Location(**value["at"]))


def _read(root: Path, texts: Mapping[Path, bytes]) -> tuple[tuple[FirestoreQuery, ...], tuple[Finding, ...]]:
    trees: dict[Path, ast.Module] = {}
    for path, text in texts.items():
        try:
            trees[path] = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue  # the archive's analysis reports it
    constants = {path.stem: _constants(tree) for path, tree in trees.items()}
    queries: list[FirestoreQuery] = []
    findings: list[Finding] = []
    for path, tree in trees.items():
        file = shown(root, path)
        names = _Names(constants[path.stem], _aliases(tree), constants)
        for call in _outermost(tree):
            at = Location(file, call.lineno, call.col_offset + 1)
            read = _find(call, names) if _method(call) == "find" else _chain(call, names)
            if read is None:
                message = "The fields of this query cannot be told; write them as literals or module constants."
                findings.append(Finding(RULE, message, at))
            else:
                queries.append(FirestoreQuery(*read, at))
    return tuple(queries), tuple(findings)


def _constants(tree: ast.Module) -> dict[str, str]:
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found[target.id] = node.value.value
    return found


def _aliases(tree: ast.Module) -> dict[str, tuple[str, str | None]]:
    """Imported name → (module's last part, name in it or None for the module)."""
    found: dict[str, tuple[str, str | None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = (node.module or "").split(".")[-1]
            for each in node.names:
                found[each.asname or each.name] = (module, each.name)
        elif isinstance(node, ast.Import):
            for each in node.names:
                found[each.asname or each.name] = (each.name.split(".")[-1], None)
    return found


class _Names:
    """Resolves an expression to the string it stands for."""

    def __init__(
        self,
        own: Mapping[str, str],
        aliases: Mapping[str, tuple[str, str | None]],
        constants: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.own = own
        self.aliases = aliases
        self.constants = constants

    def text(self, node: ast.expr | None) -> str | None:
        """The string behind a literal, a constant or `module.CONSTANT`; None where it cannot be told."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            if node.id in self.own:
                return self.own[node.id]
            module, name = self.aliases.get(node.id, ("", None))
            return self.constants.get(module, {}).get(name or "")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module, name = self.aliases.get(node.value.id, (node.value.id, None))
            direction = {"ASCENDING": "ASCENDING", "DESCENDING": "DESCENDING"}.get(node.attr)
            return self.constants.get(name or module, {}).get(node.attr) or direction
        return None


Parts = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, Order], ...]]


def _outermost(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls that are queries: `x.find(collection, conditions, ...)`, and the last call of a `where` chain."""
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node not in inner:
            method = _method(node)
            if method == "find" and len(node.args) >= 2 and isinstance(node.args[1], ast.Tuple | ast.List):
                yield node
            elif method in {"where", "order_by", "limit", "stream", "get", "count"} and _links(
                node, "where", "order_by"
            ):
                inner.update(each for each in ast.walk(node.func) if isinstance(each, ast.Call))
                yield node


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _links(call: ast.Call, *names: str) -> list[ast.Call]:
    """The calls of a chain that go by one of `names`, first one first."""
    found: list[ast.Call] = []
    node: ast.expr = call
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in names:
            found.append(node)
        node = node.func.value
    return found[::-1]


def _find(call: ast.Call, names: _Names) -> Parts | None:
    listed = call.args[1]
    assert isinstance(listed, ast.Tuple | ast.List)
    conditions = []
    for item in listed.elts:
        if not isinstance(item, ast.Tuple) or len(item.elts) != 3:
            return None
        field, operator = names.text(item.elts[0]), names.text(item.elts[1])
        if field is None or operator is None:
            return None
        conditions.append((field, operator))
    given = call.args[2] if len(call.args) > 2 else _keyword(call, "order")
    if given is None or (isinstance(given, ast.Constant) and given.value is None):
        return tuple(conditions), ()
    if not isinstance(given, ast.Tuple) or len(given.elts) != 2:
        return None
    order = _order(names.text(given.elts[0]), names.text(given.elts[1]))
    return (tuple(conditions), (order,)) if order else None


def _chain(call: ast.Call, names: _Names) -> Parts | None:
    conditions = []
    for link in _links(call, "where"):
        given = _keyword(link, "filter")
        arguments = given.args if isinstance(given, ast.Call) else link.args
        pair = [names.text(each) for each in arguments[:2]]
        if len(pair) != 2 or pair[0] is None or pair[1] is None:
            return None
        conditions.append((pair[0], pair[1]))
    orders = []
    for link in _links(call, "order_by"):
        direction = _keyword(link, "direction")
        order = _order(
            names.text(link.args[0]) if link.args else None,
            "ASCENDING" if direction is None else names.text(direction),
        )
        if order is None:
            return None
        orders.append(order)
    return tuple(conditions), tuple(orders)


def _order(field: str | None, direction: str | None) -> tuple[str, Order] | None:
    if field is None:
        return None
    if direction == "ASCENDING":
        return field, "ASCENDING"
    return (field, "DESCENDING") if direction == "DESCENDING" else None


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)
