"""The scripts inside a YAML file: of Cloud Build, GitHub Actions and others, whatever the keys are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

MOST_NODES = 20_000


class YamlText(NamedTuple):
    """A text that may be a script, the line that it begins at, and the variables that the file gives it."""

    text: str
    line: int
    known: Mapping[str, tuple[str, ...]]


def texts_of(content: str) -> Iterator[YamlText]:
    """Yield each text of a YAML file; a list that is a command, program and arguments apart, is one text."""
    try:
        documents = [each for each in yaml.compose_all(content, Loader=yaml.SafeLoader) if each]
    except (yaml.YAMLError, RecursionError):
        return
    for document in documents:
        known = dict(_substitutions(document))
        yield from _texts(document, known, [MOST_NODES])


def _substitutions(document: yaml.Node) -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, value in _pairs(document):
        if key == "substitutions":
            yield from ((name, (each.value,)) for name, each in _pairs(value) if isinstance(each, yaml.ScalarNode))


def _texts(node: yaml.Node, known: Mapping[str, tuple[str, ...]], left: list[int]) -> Iterator[YamlText]:
    left[0] -= 1
    if left[0] < 0:  # aliases of aliases
        return
    if isinstance(node, yaml.ScalarNode):
        yield YamlText(node.value, node.start_mark.line + (2 if node.style in ("|", ">") else 1), known)
    elif isinstance(node, yaml.SequenceNode):
        if all(isinstance(each, yaml.ScalarNode) and "\n" not in each.value for each in node.value):
            yield YamlText(" ".join(_word(each.value) for each in node.value), node.start_mark.line + 1, known)
        for each in node.value:
            yield from _texts(each, known, left)
    else:
        pairs = dict(_pairs(node))
        program, arguments = pairs.get("entrypoint"), pairs.get("args")
        if isinstance(program, yaml.ScalarNode) and isinstance(arguments, yaml.SequenceNode):
            words = [program.value, *(each.value for each in arguments.value if isinstance(each, yaml.ScalarNode))]
            if not any("\n" in word for word in words):
                yield YamlText(" ".join(map(_word, words)), arguments.start_mark.line + 1, known)
        for each in pairs.values():
            yield from _texts(each, known, left)


def _pairs(node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, value) for key, value in node.value if isinstance(key, yaml.ScalarNode))


def _word(text: str) -> str:
    return f'"{text}"' if " " in text or not text else text
