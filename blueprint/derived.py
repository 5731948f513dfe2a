"""What a declaration leaves out because another part of it says it already: filled in before anything is decoded.

An entry that says it nevertheless is kept as it is written: one that says the same changes nothing, and one that says
something else is refused by the rule that compares the two (`timers-may-publish`, `events-recorded`, `manifest`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from blueprint.findings import Location
from blueprint.yamlsource import YamlNode

TRIGGERS: Final = "triggers"
COMPLETIONS: Final = "completions"
"""What `publishes` and a stream's `topics` may say instead of a list: each boundary's trigger, each phase's topic."""


def completed(tree: YamlNode) -> YamlNode:
    """Return the declaration with everything that follows from another part of it; places stay theirs.

    A function has what `defaults` say and it does not. The function of a boundary is called by the topic on which the
    phase before completes. The function that a boundary names as its timer publishes the boundaries' triggers.
    """
    tree = _entries(tree, "functions", lambda _, function: _with(_children(tree, "defaults"), function))
    orchestrated = {_text(each, "function"): _text(each, "upstream") for each in _values(tree, "boundaries")}
    timers = {_text(_child(each, "timer"), "function") for each in _values(tree, "boundaries")}
    declared = _children(tree, "topics")
    triggers = [_text(_child(each, "trigger"), "topic") for each in _values(tree, "boundaries")]
    completions = {name: _text(each, "completion_topic") for name, each in _children(tree, "phases").items()}

    def function(name: str, node: YamlNode) -> YamlNode:
        if name in orchestrated:
            topic = completions.get(orchestrated[name] or "")
            called = {"topic": YamlNode(topic, node.place)} if topic else {}
            node = node if _child(node, "trigger") else _set(node, "trigger", YamlNode(called, node.place))
        told = _child(node, "publishes")
        if told is not None and told.value == TRIGGERS:
            return _set(node, "publishes", _list(triggers, declared, told.place))
        listed = told.value if told is not None else ()
        if name in timers and isinstance(listed, tuple) and not any(each.value in triggers for each in listed):
            return _set(node, "publishes", _list(triggers, declared, node.place, listed))
        return node

    def stream(_: str, node: YamlNode) -> YamlNode:
        told = _child(node, "topics")
        if told is None or told.value != COMPLETIONS:
            return node
        return _set(node, "topics", _list([*completions.values()], declared, told.place))

    return _entries(_entries(tree, "functions", function), "streams", stream)


def _list(
    names: list[str | None], declared: Mapping[str, YamlNode], at: Location, before: tuple[YamlNode, ...] = ()
) -> YamlNode:
    """Return a list of the names that are declared, once each; the others are told of where they are written."""
    return YamlNode((*before, *(YamlNode(name, at) for name in dict.fromkeys(names) if name in declared)), at)


def _with(shared: Mapping[str, YamlNode], node: YamlNode) -> YamlNode:
    """Return an entry with the keys that others give and it does not have."""
    if not isinstance(node.value, Mapping):
        return node
    return replace(node, value={**{key: each.inherited() for key, each in shared.items()}, **node.value})


def _set(node: YamlNode, key: str, value: YamlNode) -> YamlNode:
    return replace(node, value={**node.value, key: value}) if isinstance(node.value, Mapping) else node


def _entries(tree: YamlNode, section: str, change: Callable[[str, YamlNode], YamlNode]) -> YamlNode:
    """Return the declaration with each entry of a section changed, where it is one."""
    found = _child(tree, section)
    if found is None or not isinstance(found.value, Mapping):
        return tree
    return _set(tree, section, replace(found, value={name: change(name, each) for name, each in found.value.items()}))


def _children(tree: YamlNode, section: str) -> Mapping[str, YamlNode]:
    found = _child(tree, section)
    return found.value if found is not None and isinstance(found.value, Mapping) else {}


def _values(tree: YamlNode, section: str) -> Iterator[YamlNode]:
    yield from _children(tree, section).values()


def _child(node: YamlNode | None, key: str) -> YamlNode | None:
    return node.value.get(key) if node is not None and isinstance(node.value, Mapping) else None


def _text(node: YamlNode | None, key: str) -> str | None:
    found = _child(node, key)
    return found.value if found is not None and isinstance(found.value, str) else None
