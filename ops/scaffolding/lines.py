"""Add to a YAML text by adding lines: whatever stood there, comments and spelling included, stays as it was.

A library that loads and dumps gives back every line, but moves the comments between two sections to where it adds.
"""

from __future__ import annotations

from collections.abc import Sequence

import yaml


def with_key(text: str, path: tuple[str, ...], name: str, value: str) -> str:
    """Return `text` with a name added at the end of the mapping under `path`; missing mappings are added too.

    Args:
        text: YAML whose top is a mapping.
        path: keys from the top.
        name: the new key, as YAML.
        value: its value as YAML: on the key's line, or on further lines, indented by two for each level below the key.
    """
    node = _root(text)
    for depth, key in enumerate(path):
        found = _child(node, key)
        if found is None:
            rest = path[depth:]
            inner = "\n".join(f"{'  ' * (n + 1)}{part}:" for n, part in enumerate([*rest[1:]]))
            body = f"{inner}\n" if inner else ""
            shift = "  " * len(rest)
            lines = f"\n{body}{shift}{name}:{_after(value, shift)}"
            return _in_mapping(text, node, rest[0], lines)
        node = found
    return _in_mapping(text, node, name, _after(value, ""))


def with_item(text: str, path: tuple[str, ...], item: str) -> str:
    """Return `text` with an item added at the end of the list under `path`, where a merge takes it from another, there.

    Raises LookupError where there is none.
    """
    node = _root(text)
    for key in path:
        child = _child(node, key)
        if child is None:
            raise LookupError(".".join(path))
        node = child
    if not isinstance(node, yaml.SequenceNode):
        raise LookupError(".".join(path))
    if node.flow_style:
        return _in_flow(text, node, item)
    at = _line_end(text, _end(text, node))
    return f"{text[:at]}\n{' ' * node.start_mark.column}- {item}{text[at:]}"


def with_comment(text: str, section: str, lines: Sequence[str]) -> str:
    """Return `text` with lines of comment at the end of a section, indented as what stands there; a missing one is named."""
    node = _child(_root(text), section)
    if node is None:
        head = "" if f"\n# {section}:\n" in text else f"\n# {section}:\n"
        told = (line if line.startswith("# ?") else line.removeprefix("# ") for line in lines)
        return f"{text.rstrip()}\n{head}" + "".join(f"#   {line}\n" for line in told)
    block = isinstance(node, yaml.MappingNode) and not node.flow_style and node.value
    indent = " " * (node.start_mark.column if block else 2)
    at = _line_end(text, _end(text, node))
    while text[at + 1 :].startswith(f"{indent}#"):
        at = _line_end(text, at + 1)
    return text[:at] + "".join(f"\n{indent}{line}" for line in lines) + text[at:]


def without_comment(text: str, begins: str) -> str:
    """Return `text` without a comment of `with_comment` that begins so, nor the name of a section that it leaves empty."""
    lines = text.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.lstrip("# ").startswith(begins.lstrip("# ")))
    rest = range(first + 1, len(lines))
    last = next((n for n in rest if not lines[n].lstrip().startswith("#") or "# ? " in lines[n]), len(lines))
    named = lines[first].startswith("#   ") and not lines[first - 1].startswith("#   ")
    if named and not (last < len(lines) and lines[last].startswith("#   ")):
        first -= 1
    return "".join([*lines[:first], *lines[last:]]).rstrip() + "\n"


def _after(value: str, shift: str) -> str:
    first, *more = value.split("\n")
    return "".join([f" {first}" if first else "", *(f"\n{shift}{line}" for line in more)])


def _root(text: str) -> yaml.Node:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise LookupError("the top is no mapping")
    return root


def _child(node: yaml.Node, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    own: yaml.Node | None = next((value for name, value in node.value if name.value == key), None)
    if own is not None:
        return own
    merged = (value for name, value in node.value if name.value == "<<")
    sources = (each for value in merged for each in (value.value if isinstance(value, yaml.SequenceNode) else [value]))
    return next((found for each in sources if (found := _child(each, key)) is not None), None)


def _in_mapping(text: str, node: yaml.Node, name: str, rest: str) -> str:
    if isinstance(node, yaml.ScalarNode):  # `key:` with nothing behind it
        start = text.rfind("\n", 0, node.start_mark.index) + 1
        indent = len(text[start:]) - len(text[start:].lstrip(" ")) + 2
        at = _line_end(text, node.start_mark.index)
        return f"{text[:at]}\n{' ' * indent}{name}:{_indented(rest, indent)}{text[at:]}"
    if isinstance(node, yaml.MappingNode) and node.flow_style:
        return _in_flow(text, node, f"{name}:{rest}")
    indent = node.start_mark.column
    at = _line_end(text, _end(text, node))
    return f"{text[:at]}\n{' ' * indent}{name}:{_indented(rest, indent)}{text[at:]}"


def _in_flow(text: str, node: yaml.Node, item: str) -> str:
    close = node.end_mark.index - 1
    inner = text[node.start_mark.index + 1 : close]
    kept = len(inner.rstrip())
    at = node.start_mark.index + 1 + kept
    comma = ", " if inner.strip() and not inner.rstrip().endswith(",") else " " if inner.strip() else ""
    return f"{text[:at]}{comma}{item}{text[at:]}"


def _indented(text: str, indent: int) -> str:
    return text.replace("\n", f"\n{' ' * indent}")


def _end(text: str, node: yaml.Node) -> int:
    """Return the index behind the last character that belongs to a node; a block's own mark stands behind comments."""
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return len(text[: node.end_mark.index].rstrip())
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        key, value = last if isinstance(last, tuple) else (None, last)
        if key is not None and (value.start_mark.index < key.end_mark.index or _is_empty(value)):
            return int(key.end_mark.index)  # an alias, whose marks are the anchor's, or nothing
        return _end(text, value)
    return int(node.end_mark.index)


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and bool(node.start_mark.index == node.end_mark.index)


def _line_end(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end
