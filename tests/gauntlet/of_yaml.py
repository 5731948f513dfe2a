"""Mistakes in a YAML file: each leaf, key and item deleted, misspelt, scaled, or swapped with its neighbour.

The text itself is edited, so that comments, anchors and flow style stay what people wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from tests.gauntlet.mutation import Mutation, misspelt, other_case, scaled

Span = tuple[int, int]


def of_yaml(file: str, text: str) -> Iterator[Mutation]:
    """Yield every mistake in one file."""
    root: Any = yaml.compose(text, yaml.SafeLoader)
    yield from _Mistakes(file, text).of(root, "", ())


class _Mistakes:
    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.seen: set[int] = set()

    def made(self, kind: str, place: str, *edits: tuple[Span, str]) -> Mutation:
        text = self.text
        for (start, end), new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return Mutation(kind, self.file, place, text)

    def of(self, node: Any, path: str, siblings: tuple[str, ...]) -> Iterator[Mutation]:
        """Yield the mistakes in a value; what an alias repeats is not made twice."""
        if node.start_mark.index in self.seen:
            return
        self.seen.add(node.start_mark.index)
        if isinstance(node, yaml.ScalarNode):
            yield from self.of_scalar(node, path, siblings)
        elif isinstance(node, yaml.MappingNode):
            yield from self.of_mapping(node, path)
        else:
            yield from self.of_sequence(node, path)

    def of_mapping(self, node: Any, path: str) -> Iterator[Mutation]:
        scalars = tuple(value.value for _, value in node.value if isinstance(value, yaml.ScalarNode))
        for key, value in node.value:
            place = f"{path}.{key.value}".lstrip(".")
            span = (key.start_mark.index, self.end(value, key))
            kind = "leaf deleted" if isinstance(value, yaml.ScalarNode) else "branch deleted"
            if len(node.value) > 1 or node.flow_style:
                yield self.made(kind, place, (self.with_separator(span, flow=node.flow_style), ""))
            if re.fullmatch(r"[\w-]+", key.value):
                yield self.made("key misspelt", place, (self.of_node(key), self.quoted(key, misspelt(key.value))))
            yield from self.of(value, place, scalars)
        for (one, first), (other, second) in zip(node.value, node.value[1:], strict=False):
            if isinstance(first, yaml.ScalarNode) and isinstance(second, yaml.ScalarNode):
                yield from self.swapped(first, second, f"{path}.{one.value}/{other.value}".lstrip("."))

    def of_sequence(self, node: Any, path: str) -> Iterator[Mutation]:
        scalars = tuple(item.value for item in node.value if isinstance(item, yaml.ScalarNode))
        for number, item in enumerate(node.value):
            place = f"{path}[{number}]"
            start = item.start_mark.index
            if not node.flow_style:
                start = self.text.rindex("-", 0, start)
            span = (start, self.end(item, item))
            yield self.made("item deleted", place, (self.with_separator(span, flow=node.flow_style), ""))
            yield from self.of(item, place, scalars)
        for number, (first, second) in enumerate(zip(node.value, node.value[1:], strict=False)):
            yield from self.swapped(first, second, f"{path}[{number}/{number + 1}]")

    def of_scalar(self, node: Any, path: str, siblings: tuple[str, ...]) -> Iterator[Mutation]:
        value, span = node.value, self.of_node(node)
        if node.tag.endswith(":bool"):
            yield self.made("truth turned", path, (span, "false" if value == "true" else "true"))
            return
        for how, text in scaled(value):
            yield self.made(f"number {how}", path, (span, self.quoted(node, text)))
        if re.search("[A-Za-z]{3}", value):
            yield self.made("text misspelt", path, (span, self.quoted(node, misspelt(value))))
            yield self.made("case changed", path, (span, self.quoted(node, other_case(value))))
            neighbour = next((each for each in siblings if each != value), None)
            if neighbour is not None:
                yield self.made("neighbour taken", path, (span, self.quoted(node, neighbour)))

    def swapped(self, first: Any, second: Any, place: str) -> Iterator[Mutation]:
        spans = [(each.start_mark.index, self.end(each, each)) for each in (first, second)]
        texts = [self.text[start:end] for start, end in spans]
        if texts[0] != texts[1] and spans[0][1] <= spans[1][0] and "&" not in "".join(texts):
            yield self.made("siblings swapped", place, (spans[0], texts[1]), (spans[1], texts[0]))

    def of_node(self, node: Any) -> Span:
        return node.start_mark.index, node.end_mark.index

    def quoted(self, node: Any, text: str) -> str:
        style = node.style if node.style in ("'", '"') else ""
        return f"{style}{text}{style}"

    def end(self, node: Any, key: Any) -> int:
        """Return where a value ends; that of a block is the end of the last thing in it, and of an alias its own."""
        if node.start_mark.index < key.start_mark.index:
            alias = re.compile(r"[^\n]*?\*[\w-]+").match(self.text, key.start_mark.index)
            return alias.end() if alias else int(key.end_mark.index)
        if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
            return int(node.end_mark.index)
        written = re.sub(r"(\s*\n *(#[^\n]*)?)+\Z", "", self.text[: node.end_mark.index])
        return len(re.sub(r" +#[^\n]*\Z", "", written))

    def with_separator(self, span: Span, *, flow: bool) -> Span:
        """Return a span with what stands between it and the next, or between it and the former where it is the last."""
        start, end = span
        if not flow:
            start = self.text.rfind("\n", 0, start) + 1 if not self.text[:start].rstrip(" ").endswith("-") else start
            after = self.text.find("\n", end)
            return start, len(self.text) if after < 0 else after + 1
        if behind := re.compile(r"\s*,\s*").match(self.text, end):
            return start, behind.end()
        before = re.search(r"\s*,\s*$", self.text[:start])
        return (before.start() if before else start), end
