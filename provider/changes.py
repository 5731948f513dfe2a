"""What a change of inputs means to the provider: what differs, what it does, and what it ignores.

One answer for everybody: the difference of two plans, release notes, contracts and the provider's twin. Left out is
not removed: a property that the provider computes keeps its value. Types and top-level computed properties come from
the SDK, nested ones, defaults and what replaces from the provider itself (`plugin.json`), spellings from `facts/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

from provider import shapes
from provider.rules import defaults_of, facts_of, immutable
from provider.spellings import same
from provider.tables import column_changes, columns, partitioning_refusal
from provider.values import SIGNATURE, UNKNOWN, is_asset, plain, select

InputOperation = Literal["add", "delete", "update"]
Effect = Literal["in place", "replaces", "kept", "refused"]
TABLE = "gcp:bigquery/table:Table"


@dataclass(frozen=True)
class InputChange:
    """One property that differs, and what that does.

    `kept`: it is left out, and the provider goes on with the value that the cloud has. `refused`: it is planned as a
    change in place, and the service refuses it.
    """

    place: str
    kind: InputOperation
    effect: Effect = "in place"


def changes(token: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[InputChange]:
    """Return what a change from one set of inputs (by wire name) to another means for a kind, property by property.

    `old` may be a state: what is no input is not looked at. What is not known yet in `new` differs from anything.
    """
    kind = shapes.table()["kinds"].get(token)
    if kind is None:
        return [InputChange(place, change) for place, change in differences(old, new)]
    walk = _Walk(token, old, new)
    return list(walk.members(kind["properties"], frozenset(kind["computed"]), old, new, ""))


class _Walk:
    def __init__(self, token: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._immutable = immutable(token)
        self._defaults = defaults_of(token)
        facts = facts_of(token)
        self._spellings: Mapping[str, str] = facts.get("spellings", {})
        self._sets = frozenset(facts.get("sets", ()))
        self._refused = partitioning_refusal(old, new) if token == TABLE else None
        self._is_table = token == TABLE

    def members(
        self,
        types: Mapping[str, str],
        computed: frozenset[str],
        old: Mapping[str, Any],
        new: Mapping[str, Any],
        at: str,
    ) -> Iterator[InputChange]:
        """Yield the changes below one object."""
        for name in sorted(types):
            place = f"{at}.{name}" if at else name
            yield from self._value(types[name], name in computed, old.get(name), new.get(name), place)

    def _value(self, encoded: str, computed: bool, old: object, new: object, place: str) -> Iterator[InputChange]:
        path = re.sub(r"\[\d+\]", "[]", place)
        old, new = plain(old), plain(new)
        default = None if computed else self._defaults.get(path)
        old, new = (default if each is None else each for each in (old, new))
        if is_asset(old) and is_asset(new):
            if _hash(old) != _hash(new):
                yield self._change("update", place, path, old, new)
        elif new is None or old is None or UNKNOWN in (old, new):
            yield from self._one_sided(computed, old, new, place, path)
        elif encoded.startswith("[") and isinstance(old, list) and isinstance(new, list):
            yield from self._items(encoded[1:], old, new, place, path)
        elif encoded.startswith("{") and isinstance(old, Mapping) and isinstance(new, Mapping):
            for key in sorted({*old, *new}):
                yield from self._value(encoded[1:], False, old.get(key), new.get(key), f"{place}.{key}")
        elif encoded.startswith("#") and is_object(old) and is_object(new):
            shape = shapes.table()["objects"][encoded[1:]]
            yield from self.members(shape["properties"], shapes.computed(encoded[1:]), old, new, place)
        elif not same(self._spellings.get(path), old, new):
            yield self._change("update", place, path, old, new)

    def _one_sided(self, computed: bool, old: object, new: object, place: str, path: str) -> Iterator[InputChange]:
        if UNKNOWN in (old, new):
            if old != new:
                yield self._change("update" if old is not None else "add", place, path, old, new)
        elif new is None and not (old is None or _says_nothing(old)):
            if computed:
                yield InputChange(place, "delete", "kept")
            else:
                yield self._change("delete", place, path, old, new)
        elif new is not None and not _says_nothing(new):
            yield self._change("add", place, path, old, new)

    def _items(self, encoded: str, old: list[Any], new: list[Any], place: str, path: str) -> Iterator[InputChange]:
        if path in self._sets:
            old, new = ([each for each in side if each not in other] for side, other in ((old, new), (new, old)))
        for index in range(max(len(old), len(new))):
            before, after = (side[index] if index < len(side) else None for side in (old, new))
            yield from self._value(encoded, False, before, after, f"{place}[{index}]")

    def _change(self, kind: InputOperation, place: str, path: str, old: object, new: object) -> InputChange:
        if self._is_table and path == "schema":
            return InputChange(place, kind, _schema_effect(old, new))
        if any(_covers(fixed, path, value) for fixed in self._immutable for value in (old, new)):
            return InputChange(place, kind, "replaces")
        if self._refused is not None and path.startswith(self._refused):
            return InputChange(place, kind, "refused")
        return InputChange(place, kind)


def _schema_effect(old: object, new: object) -> Effect:
    before, after = ([] if side is None else columns(side) for side in (old, new))
    if before is None or after is None:
        return "in place"
    effects = {each.effect for each in column_changes(before, after)}
    return "replaces" if "replaces" in effects else "refused" if "refused" in effects else "in place"


def _covers(fixed: str, path: str, value: object) -> bool:
    """Tell whether a change at `path` touches what cannot change: it lies below `fixed`, or `value` sets `fixed`."""
    if path == fixed or path.startswith((f"{fixed}.", f"{fixed}[")):
        return True
    if not fixed.startswith((f"{path}.", f"{path}[")):
        return False
    below = fixed[len(path) :].lstrip(".")
    return any(True for _ in select({"": value}, below if below.startswith("[") else f".{below}"))


def _says_nothing(value: object) -> bool:
    """Tell whether a value is the same to the provider as none: an empty block is not, it is there."""
    return value is False or value in ("", 0, [])


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether a value is an object of properties, and not a plan's mark for a reference, file or unknown."""
    return isinstance(value, Mapping) and not any(str(key).startswith("$") for key in value)


def replaces(token: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether a change replaces the resource."""
    return any(each.effect == "replaces" for each in changes(token, old, new))


def differences(old: object, new: object, place: str = "") -> Iterator[tuple[str, InputOperation]]:
    """Yield `(place, kind)` for each leaf that differs, whatever the provider makes of it."""
    old, new = plain(old), plain(new)
    if is_asset(old) and is_asset(new):
        if _hash(old) != _hash(new):
            yield place, "update"
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key), new.get(key), f"{place}.{key}" if place else key)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from differences(_at(old, index), _at(new, index), f"{place}[{index}]")
    elif old != new:
        yield place, "add" if old is None else "delete" if new is None else "update"


def _at(items: Sequence[object], index: int) -> object:
    return items[index] if index < len(items) else None


def _hash(asset: object) -> object:
    return asset.get("hash") if isinstance(asset, Mapping) else None


def planned(token: str, inputs: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the outputs that the provider plans: the inputs, and what it fills in as unknown.

    With the `state` of what is there already, a computed property that is left out keeps its value.
    """
    kind = shapes.table()["kinds"].get(token)
    given = {name: value for name, value in inputs.items() if not name.startswith("__")}
    if kind is None:
        return given
    return _filled(kind["properties"], frozenset(kind["computed"]), given, state, defaults_of(token), "")


def _filled(
    types: Mapping[str, str],
    computed: frozenset[str],
    given: Mapping[str, Any],
    state: Mapping[str, Any] | None,
    defaults: Mapping[str, Any],
    at: str,
) -> dict[str, Any]:
    filled = dict(given)
    for name, encoded in types.items():
        kept = None if state is None else state.get(name)
        place = f"{at}.{name}" if at else name
        if plain(given.get(name)) is not None:
            filled[name] = _filled_value(encoded, given[name], kept, defaults, place)
        elif name in computed:
            if kept is not None or state is None:
                filled[name] = UNKNOWN if kept is None else kept
        elif place in defaults:
            filled[name] = defaults[place]
    return filled


def _filled_value(encoded: str, value: Any, kept: Any, defaults: Mapping[str, Any], place: str) -> Any:
    if encoded.startswith("[") and isinstance(value, list):
        before = kept if isinstance(kept, list) and len(kept) == len(value) else [None] * len(value)
        return [_filled_value(encoded[1:], *pair, defaults, f"{place}[]") for pair in zip(value, before, strict=True)]
    if encoded.startswith("#") and is_object(value) and SIGNATURE not in value:
        below = shapes.table()["objects"][encoded[1:]]["properties"]
        inner = kept if isinstance(kept, Mapping) else None
        return _filled(below, shapes.computed(encoded[1:]), value, inner, defaults, place)
    return value
