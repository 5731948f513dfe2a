"""YAML with its places: every value knows the file and line it came from, so that every error can name them.

Reads what PyYAML's safe grammar reads (anchors and `<<` merges included) and refuses duplicate keys, which YAML
loaders silently drop. It builds no objects; `decode` turns the tree into typed values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from blueprint.findings import Finding, Location

Scalar = str | int | float | bool | None

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_NODES = 200_000
"""Bounds against aliases that expand without end; a declaration of 700 functions stays far below."""


@dataclass(frozen=True)
class Node:
    """One YAML value: a scalar, a tuple of nodes, or a mapping of names to nodes, and where it stands."""

    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    at: Location
    key_at: Location | None = None

    def plain(self) -> object:
        """Return the value without places, as `yaml.safe_load` would."""
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        if isinstance(self.value, Mapping):
            return {key: item.plain() for key, item in self.value.items()}
        return self.value


class _Builder:
    def __init__(self, file: str, loader: yaml.SafeLoader) -> None:
        self.file = file
        self.loader = loader
        self.findings: list[Finding] = []
        self.nodes = 0

    def at(self, node: yaml.Node) -> Location:
        return Location(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def refuse(self, message: str, node: yaml.Node) -> None:
        self.findings.append(Finding("yaml", message, self.at(node)))

    def build(self, node: yaml.Node, depth: int = 0, key: yaml.Node | None = None) -> Node:
        self.nodes += 1
        at, key_at = self.at(node), self.at(key) if key is not None else None
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            if self.nodes <= MAX_NODES + 1 or depth == MAX_DEPTH + 1:
                self.refuse("The file nests or repeats itself without a sensible end; remove the alias cycle.", node)
            return Node(None, at, key_at)
        if isinstance(node, yaml.MappingNode):
            return Node(self.mapping(node, depth), at, key_at)
        if isinstance(node, yaml.SequenceNode):
            return Node(tuple(self.build(item, depth + 1) for item in node.value), at, key_at)
        return Node(self.scalar(node), at, key_at)

    def scalar(self, node: yaml.Node) -> Scalar:
        try:
            value = self.loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self.refuse(f"'{node.value}' cannot be read as a plain value; write text in quotes.", node)
            return None
        if isinstance(value, str | int | float | bool) or value is None:
            return value
        return str(node.value)

    def mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        own: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                merged |= self.merge(value, depth)
            elif not isinstance(key, yaml.ScalarNode):
                self.refuse("A key must be plain text.", key)
            elif key.value in own:
                first = own[key.value].key_at
                self.refuse(
                    f"'{key.value}' is given twice (first on line {first.line if first else '?'}); keep one.",
                    key,
                )
            else:
                own[key.value] = self.build(value, depth + 1, key)
        return {**{name: item for name, item in merged.items() if name not in own}, **own}

    def merge(self, value: yaml.Node, depth: int) -> dict[str, Node]:
        sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
        result: dict[str, Node] = {}
        for source in sources:
            if not isinstance(source, yaml.MappingNode) or depth > MAX_DEPTH:
                self.refuse("'<<' merges a mapping; point it at one.", source)
                continue
            for name, item in self.mapping(source, depth + 1).items():
                result.setdefault(name, item)
        return result


def load(path: Path, file: str) -> tuple[Node | None, list[Finding]]:
    """Read the YAML file at `path`; `file` is the name that findings carry (relative to the project root).

    Returns the tree, or None where there is none to speak of, and everything that is wrong with the file as YAML.
    """
    here = Location(file)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None, [Finding("yaml", f"The file {file} is missing; the program cannot do without it.", here)]
    except OSError as error:
        return None, [Finding("yaml", f"The file cannot be read: {error.strerror}.", here)]
    if len(data) > MAX_BYTES:
        return None, [Finding("yaml", f"The file is larger than {MAX_BYTES:,} bytes; that is no declaration.", here)]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return None, [Finding("yaml", "The file is not UTF-8; save it as UTF-8.", Location(file, line))]
    return loads(text, file)


def loads(text: str, file: str) -> tuple[Node | None, list[Finding]]:
    """Read YAML from `text`; see `load`."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        return None, [Finding("yaml", f"This is not YAML: {error.problem or error.context}.", at)]
    except (yaml.YAMLError, RecursionError) as error:
        return None, [Finding("yaml", f"This is not YAML: {str(error).splitlines()[0]}.", Location(file))]
    if root is None:
        return None, [Finding("yaml", "The file is empty.", Location(file))]
    builder = _Builder(file, loader)
    try:
        return builder.build(root), builder.findings
    except RecursionError:
        return None, [Finding("yaml", "The file refers to itself without end; remove the alias cycle.", Location(file))]
