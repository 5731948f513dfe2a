"""Nested inputs of a resource with one value lost or changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def edited(
    inputs: Mapping[str, Any], path: Sequence[str | int], another: Callable[[Any], Any] | None
) -> dict[str, Any]:
    """Return a copy of the inputs in which the value at `path` is what `another` makes of it; None loses it."""
    made: dict[str, Any] = copy.deepcopy(dict(inputs))
    *parents, last = path
    where: Any = made
    for step in parents:
        where = where[step]
    if another is None:
        del where[last]
    else:
        where[last] = another(where[last])
    return made
