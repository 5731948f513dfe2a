"""Values as the engine shows them before an update: read around what is not known yet.

The policy SDK raises as soon as code touches a value that is not known (`in`, `get` and `[]` alike), drops the rest of that
policy and downgrades the result to advice. Everything that reads such values reads through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final


class NotKnown:
    """The one value that stands for "not known before the update"."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __str__(self) -> str:
        return "not known before the update"


UNKNOWN: Final = NotKnown()
CONFIGURATION: Final = "configuration"
"""Stands among references for a secret of the stack's configuration that nobody here has the key for."""


def known(props: object, path: str) -> Iterator[tuple[str, Any]]:
    """Yield `(path, value)` for every value at `path` below `props`; `UNKNOWN` for one that has no value
    yet.

    Args:
        props: the inputs, as plain data or wrapped in the SDK's unknown-checking proxies.
        path: names separated by dots; `*` stands for every item of a list or every key of an object, a number for
            one item. A single object where a list is expected, or the reverse, simply has nothing at that path.

    Nothing is yielded for what is absent, and a value below an unknown is reported once, at the unknown
    itself.
    """
    yield from _descend(props, tuple(path.split(".")), ())


def plain(value: object) -> Any:
    """Return a value without the SDK's proxies, which raise where something is not known: that is `UNKNOWN` here."""
    if isinstance(value, Mapping):
        return {name: plain(_read(value, name)) for name in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(_read(value, index)) for index in range(len(value))]
    return value


def stated(value: object) -> Any:
    """Return plain inputs without the defaults that the provider's check marks as added, as it does in nested objects.

    On the outside the engine hides the mark; there `Subject.adds` tells what is a default from what is stated.
    """
    if isinstance(value, Mapping):
        added = {*(value.get("__defaults") or ()), "__defaults"}
        return {name: stated(each) for name, each in value.items() if name not in added}
    return [stated(each) for each in value] if isinstance(value, list) else value


def _descend(value: object, rest: tuple[str, ...], done: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if value is UNKNOWN or not rest:
        if value is not None:
            yield ".".join(done), value
        return
    for step in _steps(value, rest[0]):
        yield from _descend(_read(value, step), rest[1:], (*done, str(step)))


def _steps(value: object, step: str) -> Iterable[str | int]:
    """Return the keys or indices of `value` that one path step stands for."""
    if isinstance(value, Mapping):
        return list(value) if step == "*" else [step]
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        if step == "*":
            return range(len(value))
        return [int(step)] if step.isdigit() else []
    return []


def _read(container: Any, step: str | int) -> Any:
    # The SDK's exception is recognised by its name so that rules can run where the SDK is not installed.
    try:
        found = container[step]
    except (KeyError, IndexError):
        return None
    except Exception as error:
        if type(error).__name__ == "UnknownValueError":
            return UNKNOWN
        raise
    return UNKNOWN if isinstance(found, NotKnown) else found
