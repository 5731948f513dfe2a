"""A property as its leaves, and two texts reduced to where they differ: what a reviewer reads of a change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import takewhile

from ops.report.text import plain
from ops.terminal import clip
from ops.untrusted import MAX_TEXT

_KEYS = ("name", "columnName", "fieldPath", "role", "key")
_LONG, _CONTEXT, _BREAK = 100, 24, " ⏎ "


def leaves(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield `(path, text)` for each leaf; items of lists go by their name, texts of JSON by their content."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = None
        if isinstance(parsed, dict | list) and parsed:
            value = parsed
    if isinstance(value, Mapping) and value and not any(str(key).startswith("$") for key in value):
        for key in value:
            yield from leaves(value[key], f"{place}.{key}")
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for key, item in zip(_labels(value), value, strict=True):
            yield from leaves(item, f"{place}[{key}]")
    else:
        yield place, _shown(value)


def _labels(items: Sequence[object]) -> list[str]:
    """Return what tells the items of a list apart: a name that each has, or else the position."""
    for key in _KEYS:
        labels = [item.get(key) for item in items if isinstance(item, Mapping)]
        if len(labels) == len(items) == len(set(map(str, labels))) and all(isinstance(each, str) for each in labels):
            return [str(each) for each in labels]
    return [str(index) for index in range(len(items))]


def _shown(value: object) -> str:
    return "" if value is None else plain(value)


def focused(before: str, after: str) -> tuple[str, str]:
    """Return both texts reduced to where they differ: only the lines that do, and of long ones only the part."""
    old, new = before.splitlines() or [""], after.splitlines() or [""]
    if before and after and (len(old) > 1 or len(new) > 1):
        blocks = [
            block for block in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if block[0] != "equal"
        ]
        old = [line for _, start, end, _, _ in blocks for line in old[start:end]]
        new = [line for _, _, _, start, end in blocks for line in new[start:end]]
    texts = [_BREAK.join(line.strip() for line in lines) for lines in (old, new)]
    if all(texts) and max(map(len, texts)) > _LONG:
        first = _same(texts[0], texts[1])
        last = _same(*(text[first:][::-1] for text in texts))
        texts = [_around(text, first - _CONTEXT, len(text) - last + _CONTEXT) for text in texts]
    return clip(texts[0], MAX_TEXT), clip(texts[1], MAX_TEXT)


def _same(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _around(text: str, start: int, end: int) -> str:
    start, end = max(start, 0), min(end, len(text))
    return f"{'…' * (start > 0)}{text[start:end]}{'…' * (end < len(text))}"
