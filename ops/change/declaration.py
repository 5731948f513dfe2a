"""What a change of the declaration means for the people who run the pipeline, one sentence for each value that differs.

Both declarations are read by this version, flattened to `path → value`, and each difference is told by the phrase for
its place. A place that no phrase is written for is told by its path, so that no difference is left out; it ranks with
what starts wrongly, since nobody has said that it does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final

from blueprint.boundaries import Boundary, Mode
from blueprint.findings import Location
from blueprint.manifest import Manifest
from ops.change.model import Meaning, Rank
from ops.change.phrases import PHRASES, ValueChange, shown
from ops.terminal import count

_LEFT_OUT: Final = frozenset({"at", "places", "name"})
"""Fields that say where something stands, or that its key says already."""
_PLACE: Final = "].place"
_RETOLD: Final = re.compile(r"boundaries\.[^.]+\.modes\.[^.]+\.(expected|critical)")
"""Lists that are told as a whole."""


def meanings(before: Manifest, after: Manifest) -> Iterator[Meaning]:
    """Yield every difference of two declarations as a sentence."""
    yield from _whole_things(before, after)
    yield from _expectations(before, after)
    old, new = dict(_leaves(before)), dict(_leaves(after))
    whole = {path for kind in _WHOLE for path, _ in _changed_things(before, after, kind)}
    rules = {path.removesuffix(".place") for path in old.keys() ^ new.keys() if path.endswith(_PLACE)}
    for path in sorted(old.keys() | new.keys()):
        was, now = old.get(path), new.get(path)
        if was == now or _RETOLD.match(path) or _within(path, whole):
            continue
        if path.endswith(_PLACE) or not _within(path, rules):
            yield told(path, was, now)


def _within(path: str, wholes: Set[str]) -> bool:
    """Say whether a value belongs to something that is told as a whole; a rule is, by its place."""
    return any(path.startswith(f"{each}.") for each in wholes)


def told(path: str, was: object, now: object) -> Meaning:
    """Return the sentence for one value that differs; None is a value that is not set."""
    for pattern, rank, phrase in PHRASES:
        if found := _compiled(pattern).fullmatch(path):
            return Meaning(rank, phrase(ValueChange(found.groupdict(), was, now)))
    return Meaning("start", f"'{path}' is {shown(now)} instead of {shown(was)}.")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield `(path, value)` for each value that is set; items of lists are keys, since their order rarely matters."""
    if isinstance(value, Location) or value is None:
        return
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            if each.name not in _LEFT_OUT:
                yield from _leaves(getattr(value, each.name), _joined(path, each.name.rstrip("_")))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, _joined(path, str(name)))
    elif isinstance(value, list | tuple):
        yield from _items(value, path)
    else:
        yield path, value


def _items(items: list[Any] | tuple[Any, ...], path: str) -> Iterator[tuple[str, object]]:
    """Yield the items of a list by their reason, service or own text; a list of constants is one value."""
    if path.endswith(".value"):
        yield path, list(items)
        return
    for number, item in enumerate(items):
        label = getattr(item, "reason", None) or getattr(item, "service", None)
        if isinstance(item, str):
            yield f"{path}[{item}]", True
        elif label:
            yield from _leaves(item, f"{path}[{label}]")
            if hasattr(item, "reason"):
                yield f"{path}[{label}].place", number + 1
        else:
            yield from _leaves(item, f"{path}[{number}]")


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


_WHOLE: Final[Mapping[str, tuple[Rank, str, str]]] = {
    "phases": ("start", "phase", "and no completion of it counts"),
    "boundaries": ("start", "boundary", "and nothing starts the step after it"),
    "functions": ("start", "function", "with its subscription, identity and alerts"),
    "topics": ("start", "topic", "and what is published to it is refused"),
    "streams": ("data", "stream", "and its rows are no longer written"),
    "services": ("start", "service", "and nothing is pushed to it"),
}
"""Sections of the declaration whose entries are told as a whole where they come or go."""


def _changed_things(before: Manifest, after: Manifest, section: str) -> Iterator[tuple[str, bool]]:
    old, new = getattr(before, section), getattr(after, section)
    for name in sorted(old.keys() ^ new.keys()):
        yield f"{section}.{name}", name in new


def _whole_things(before: Manifest, after: Manifest) -> Iterator[Meaning]:
    for section, (rank, noun, consequence) in _WHOLE.items():
        for path, is_new in _changed_things(before, after, section):
            name = path.partition(".")[2]
            if is_new:
                yield Meaning(rank, f"The {noun} '{name}' is new.")
            else:
                yield Meaning(rank, f"The {noun} '{name}' is removed, {consequence}.")


def _expectations(before: Manifest, after: Manifest) -> Iterator[Meaning]:
    """Yield what changes in how much must be complete before a phase starts."""
    for name, boundary in after.boundaries.items():
        former = before.boundaries.get(name)
        for mode in boundary.modes.values() if former else ():
            was = former.modes.get(mode.name) if former else None
            if was is not None:
                for attribute in ("expected", "critical"):
                    yield from _listed(boundary, mode, attribute, getattr(was, attribute), getattr(mode, attribute))


def _listed(
    boundary: Boundary, mode: Mode, attribute: str, was: tuple[str, ...], now: tuple[str, ...]
) -> Iterator[Meaning]:
    starts = boundary.downstream or boundary.trigger.topic
    where = f"'{starts}' ({mode.when.replace('_', ' ')})"
    lost, gained = [each for each in was if each not in now], [each for each in now if each not in was]
    what = "processor" if attribute == "expected" else "critical processor"
    if lost:
        yield Meaning("start", f"{where} starts with {count(len(lost), what)} fewer: {', '.join(lost)}.")
    if gained:
        yield Meaning("start", f"{where} waits for {count(len(gained), what)} more: {', '.join(gained)}.")
    if not lost and not gained and was != now:
        yield Meaning("rest", f"The {attribute} processors of {where} stand in another order.")
