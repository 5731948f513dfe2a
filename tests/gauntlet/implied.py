"""What a program declares of a model that changed, without running the program, where the inventory alone says it.

A plan is refused unless the program declares what the inventory implies (`declared-as-implied`). Where two inventories
differ only in inputs that hold no reference and no secret, the plan differs in these inputs and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from blueprint.inventory.resource import Expected
from blueprint.stack import hidden
from ops.embedded.record import Registration

Inventory = Mapping[str, Expected]


def registrations(
    resources: Sequence[Registration], before: Inventory, after: Inventory
) -> tuple[Registration, ...] | None:
    """Return what the program declares of `after`, from what it declared of `before`; None where only it can say."""
    if before.keys() != after.keys():
        return None
    changed = {name: after[name] for name, each in before.items() if each != after[name]}
    made = []
    for each in resources:
        one = _changed(each, before[each.name], changed[each.name]) if each.custom and each.name in changed else each
        if one is None:
            return None
        made.append(one)
    return tuple(made)


def _changed(one: Registration, before: Expected, after: Expected) -> Registration | None:
    if replace(before, inputs={}) != replace(after, inputs={}):
        return None
    names = [
        name for name in before.inputs.keys() | after.inputs.keys() if before.inputs.get(name) != after.inputs.get(name)
    ]
    if not all(_plain(side.inputs.get(name)) for name in names for side in (before, after)):
        return None
    inputs = {name: value for name, value in one.inputs.items() if name not in names}
    return replace(one, inputs={**inputs, **{name: after.inputs[name] for name in names if name in after.inputs}})


def _plain(value: object) -> bool:
    match value:
        case str():
            return not hidden(value)
        case int() | float() | None:
            return True
        case Mapping():
            return all(map(_plain, value.values()))
        case list() | tuple():
            return all(map(_plain, value))
        case _:
            return False
