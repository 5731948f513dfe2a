"""Values as the engine passes them to a provider: plain JSON, with marks for secrets, assets and unknowns.

The constants are the engine's wire protocol (`sdk/go/common/resource` of pulumi/pulumi), repeated here since
this package does not import Pulumi. Checks see through secrets and skip what is not known yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"


def plain(value: object) -> object:
    """Return `value` without secret and output wrappers around it; an output without value is `UNKNOWN`."""
    while isinstance(value, Mapping) and value.get(SIGNATURE) in (SECRET, OUTPUT):
        value = value.get("value", UNKNOWN)
    return value


def whole_numbers(value: Any) -> Any:
    """Return a value of the wire, where every number is a float, with whole numbers as integers."""
    if isinstance(value, dict):
        return {name: whole_numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [whole_numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_asset(value: object) -> bool:
    """Tell whether a plain value is an asset or an archive."""
    return isinstance(value, Mapping) and value.get(SIGNATURE) in (ASSET, ARCHIVE)


def is_number(value: object) -> bool:
    """Tell whether a plain value is a JSON number (a Boolean is not)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def properties(inputs: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the properties that are set, plain; a null is the same as absent."""
    for name, value in inputs.items():
        unwrapped = plain(value)
        if unwrapped is not None and not name.startswith("__"):
            yield name, unwrapped


def select(inputs: Mapping[str, object], path: str) -> Iterator[tuple[str, object]]:
    """Yield `(place, value)` for each set value at `path`, such as `conditions[].conditionThreshold.filter`.

    `[]` goes through the elements of a list, `{}` through the values of a map. A place that is unknown, or
    lies below something unknown, is yielded as `UNKNOWN`.
    """
    yield from _select(inputs, path.replace("[]", ".[]").replace("{}", ".{}").split("."), "")


def _select(value: object, steps: Sequence[str], place: str) -> Iterator[tuple[str, object]]:
    value = plain(value)
    if value is None:
        return
    if not steps or value == UNKNOWN:
        yield place, value
    elif steps[0] == "[]" and isinstance(value, list | tuple):
        for index, element in enumerate(value):
            yield from _select(element, steps[1:], f"{place}[{index}]")
    elif steps[0] == "{}" and isinstance(value, Mapping):
        for key, element in value.items():
            yield from _select(element, steps[1:], f"{place}[{key}]")
    elif isinstance(value, Mapping) and steps[0] in value:
        yield from _select(value[steps[0]], steps[1:], f"{place}.{steps[0]}" if place else steps[0])


def value_at(value: object, place: str) -> object:
    """Return the value at a place such as `a.b[0].c`, or None; below something unknown, `UNKNOWN`."""
    for key in place.replace("]", "").replace("[", ".").split("."):
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value == UNKNOWN:
            break
    return value
