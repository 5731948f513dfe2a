"""YAML with its places: every value knows the file and line it came from, so that every error can name them.

Reads the part of YAML on which all of its readers agree, anchors and `<<` merges included, and refuses the rest with a
sentence: duplicate keys, which loaders silently drop, and plain words that one reader takes for a number or a truth
value and another for text (`yes`, `010`, `1:30`). It builds no objects; `decode` turns the tree into typed values.

The tree is made from the parser's events, with bounds on its depth and on what aliases and merges multiply to, because
composing a hostile file first costs minutes, or the process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from analysis.files import Unreadable, read_input
from blueprint.findings import Finding, Location
from blueprint.yamlwords import in_our_words

Scalar = str | int | float | bool | None

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
RULE = "yaml"
MAX_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_NODES = 200_000
"""Bounds against aliases that expand without end; a declaration of 700 functions stays far below."""
MAX_DIGITS = 18
"""A whole number that every reader of JSON keeps exactly is shorter."""

_NULL = re.compile(r"|~|null|Null|NULL")
_TRUTH = {text: value for value in (True, False) for text in (str(value), str(value).lower(), str(value).upper())}
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_OCTAL = re.compile(r"0o[0-7]+")
_REAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9]+(?:[eE][-+]?[0-9]+)?")
_CONTROL = re.compile("[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


class Unread:
    """Stands for a value that cannot be read; why is a finding already, so nothing more is said of it."""


UNREAD = Unread()


@dataclass(frozen=True)
class YamlNode:
    """One YAML value: a scalar, a tuple of nodes, or a mapping of names to nodes, and where it stands.

    Attributes:
        value: what it is, or `UNREAD`.
        at: where it is written, at its anchor where it is an alias or comes from a merge.
        key_at: where its key is, in a mapping.
        size: how many values it holds, itself included.
    """

    value: Scalar | tuple[YamlNode, ...] | Mapping[str, YamlNode] | Unread
    at: Location
    key_at: Location | None = None
    size: int = field(default=1, compare=False)

    @property
    def place(self) -> Location:
        """Return where a reader looks for it: at its key, or at its anchor where others share it."""
        return self.key_at if self.key_at is not None and not self.at.shared else self.at

    def inherited(self) -> YamlNode:
        """Return the value as one that others share, such as what a merge brings."""
        key_at = None if self.key_at is None else replace(self.key_at, shared=True)
        return replace(self, at=replace(self.at, shared=True), key_at=key_at)

    def plain(self) -> object:
        """Return the value without places, as `yaml.safe_load` would."""
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        if isinstance(self.value, Mapping):
            return {key: item.plain() for key, item in self.value.items()}
        return None if isinstance(self.value, Unread) else self.value


class _Stop(Exception):
    """Reading cannot go on; why is a finding."""


class _Builder:
    """Makes the tree from the events of one file."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.loader: Any = _Loader(text)
        self.findings: list[Finding] = []
        self.anchors: dict[str, YamlNode | None] = {}
        self.work = 0

    def at(self, event: Any) -> Location:
        return Location(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def refuse(self, message: str, at: Location) -> None:
        self.findings.append(Finding(RULE, message, at))

    def stop(self, message: str, at: Location) -> _Stop:
        self.refuse(message, at)
        return _Stop()

    def document(self) -> YamlNode | None:
        """Return the tree of the one document, or None where the file holds nothing."""
        self.loader.get_event()
        if not self.loader.check_event(yaml.DocumentStartEvent):
            return None
        self.loader.get_event()
        root = self.node(0)
        self.loader.get_event()
        if not self.loader.check_event(yaml.StreamEndEvent):
            raise self.stop("The file holds a second document; keep one.", self.at(self.loader.peek_event()))
        return root

    def node(self, depth: int) -> YamlNode:
        event = self.loader.get_event()
        at = self.at(event)
        if isinstance(event, yaml.AliasEvent):
            return self.counted(self.alias(str(event.anchor), at), at)
        if depth > MAX_DEPTH:
            raise self.stop(f"The file nests more than {MAX_DEPTH} levels deep; flatten it.", at)
        if event.anchor is not None:
            if event.anchor in self.anchors:
                self.refuse(f"The anchor '&{event.anchor}' is set before; give each its own name.", at)
            self.anchors[event.anchor] = None
        if not isinstance(event, yaml.ScalarEvent) and event.tag not in (None, "!"):
            self.refuse(f"The tag '{event.tag}' says nothing here; remove it.", at)
        if isinstance(event, yaml.MappingStartEvent):
            items = self.mapping(depth)
            node = YamlNode(items, at, size=1 + sum(item.size for item in items.values()))
        elif isinstance(event, yaml.SequenceStartEvent):
            members = tuple(self.members(depth))
            node = YamlNode(members, at, size=1 + sum(item.size for item in members))
        else:
            node = YamlNode(self.scalar(event, at), at)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return self.counted(node, at)

    def counted(self, node: YamlNode, at: Location) -> YamlNode:
        self.work += 1
        if node.size > MAX_NODES or self.work > MAX_NODES:
            raise self.stop("The file repeats itself without a sensible end; use fewer aliases.", at)
        return node

    def alias(self, anchor: str, at: Location) -> YamlNode:
        if anchor not in self.anchors:
            self.refuse(f"'*{anchor}' repeats an anchor that nothing before it sets; correct the name.", at)
            return YamlNode(UNREAD, at)
        target = self.anchors[anchor]
        if target is None:
            raise self.stop("The file refers to itself without end; remove the alias cycle.", at)
        return target.inherited()

    def members(self, depth: int) -> Iterator[YamlNode]:
        while not self.loader.check_event(yaml.SequenceEndEvent):
            yield self.node(depth + 1)
        self.loader.get_event()

    def scalar(self, event: Any, at: Location) -> Scalar | Unread:
        text: str = event.value
        if event.tag not in (None, "!"):
            self.refuse(f"The tag '{event.tag}' says nothing here; remove it.", at)
            return UNREAD
        if not event.implicit[0]:
            return text
        return self.plain(text, at)

    def plain(self, text: str, at: Location) -> Scalar | Unread:
        """Return what a word without quotes is, where every reader takes it for the same."""
        if _NULL.fullmatch(text):
            return None
        if text in _TRUTH:
            return _TRUTH[text]
        if _WHOLE.fullmatch(text) and len(text) <= MAX_DIGITS:
            return int(text)
        if _REAL.fullmatch(text) and len(text) <= MAX_DIGITS:
            value = float(text)
            if abs(value) != float("inf"):
                return value
        kind = self.loader.resolve(yaml.ScalarNode, text, (True, False)).rpartition(":")[2]
        if kind in _MEANINGS or _WHOLE.fullmatch(text) or _OCTAL.fullmatch(text):
            self.refuse(
                f"'{text[:40]}' is {_MEANINGS.get(kind, 'a number')} to some readers of YAML; {_remedy(kind)}", at
            )
            return UNREAD
        return text

    def mapping(self, depth: int) -> dict[str, YamlNode]:
        own: dict[str, YamlNode] = {}
        merged: dict[str, YamlNode] = {}
        while not self.loader.check_event(yaml.MappingEndEvent):
            event = self.loader.peek_event()
            at = self.at(event)
            if not isinstance(event, yaml.ScalarEvent):
                self.node(depth + 1)
                self.node(depth + 1)
                self.refuse("A key must be plain text.", at)
                continue
            self.loader.get_event()
            if event.anchor is not None:
                self.anchors[event.anchor] = YamlNode(event.value, at)
            value = self.node(depth + 1)
            if event.value == "<<" and event.implicit[0]:
                self.merge(value, merged)
            elif event.value in own:
                first = own[event.value].key_at
                message = (
                    f"'{event.value[:80]}' is given twice (first on line {first.line if first else '?'}); keep one."
                )
                self.refuse(message, at)
            else:
                own[event.value] = replace(value, key_at=at)
        self.loader.get_event()
        return {**{name: item for name, item in merged.items() if name not in own}, **own}

    def merge(self, value: YamlNode, merged: dict[str, YamlNode]) -> None:
        for source in value.value if isinstance(value.value, tuple) else (value,):
            if isinstance(source.value, Unread):
                continue
            if not isinstance(source.value, Mapping):
                self.refuse("'<<' merges a mapping; point it at one.", source.at)
                continue
            self.work += len(source.value)
            for name, item in source.value.items():
                if name not in merged:
                    merged[name] = item.inherited()


_MEANINGS = {"bool": "true or false", "int": "a number", "float": "a number", "timestamp": "a date", "merge": "a merge"}


def _remedy(kind: str) -> str:
    return {
        "bool": "write true or false, or put text in quotes.",
        "int": "write it in plain decimal digits, or put text in quotes.",
        "float": "write it in plain decimal digits, or put text in quotes.",
    }.get(kind, "put it in quotes.")


def load(path: Path, file: str) -> tuple[YamlNode | None, list[Finding]]:
    """Read the YAML file at `path`; `file` is the name that findings carry (relative to the project root).

    Returns the tree, or None where there is none to speak of, and everything that is wrong with the file as YAML.
    """
    if not path.exists() and not path.is_symlink():
        return None, [Finding(RULE, f"The file {file} is missing; the program cannot do without it.", Location(file))]
    try:
        return loads(read_input(path, MAX_BYTES), file)
    except Unreadable as error:
        return None, [Finding(RULE, str(error), Location(file, error.line))]


def loads(text: str, file: str) -> tuple[YamlNode | None, list[Finding]]:
    """Read YAML from `text`; see `load`."""
    strange = _CONTROL.search(text)
    if strange is not None:
        line = text.count("\n", 0, strange.start()) + 1
        message = f"The file holds the character U+{ord(strange[0]):04X}, which no text has; remove it."
        return None, [Finding(RULE, message, Location(file, line))]
    builder = _Builder(file, text)
    try:
        root = builder.document()
    except _Stop:
        return None, builder.findings
    except yaml.MarkedYAMLError as error:
        message, mark = in_our_words(error, text)
        at = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        return None, [*builder.findings, Finding(RULE, message, at)]
    if root is None:
        return None, [*builder.findings, Finding(RULE, "The file is empty.", Location(file))]
    return root, builder.findings
