"""Mistakes in what is derived and declared: each resource, grant, option and input lost or changed, each alert's condition.

No file is edited: the components are held to the model by the inventory, and the model's alerts by the contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from typing import Any

from blueprint.alerts.types import Alert, PromQL
from blueprint.contracts import Contract, Inspection, check_all, contracts
from blueprint.findings import Finding
from blueprint.inventory import inventory
from blueprint.model import Blueprint
from components.base import PACKAGE
from ops.embedded.inventory import PROVIDER, held_to_inventory
from ops.embedded.record import Registration
from tests.edits import edited
from tests.gauntlet.judge import Judge, Outcome, reason_for
from tests.gauntlet.mutation import Mutation, misspelt

BY_THE_SDK = frozenset({"additionalSecretOutputs", "component", "propertyDependencies", "providers", "version"})
Step = str | int


@dataclass(frozen=True)
class Planned:
    """A mistake and the way to judge it."""

    mutation: Mutation
    judged: Callable[[], Outcome]
    slowly: Callable[[], Outcome]
    """The same of the whole program and by all contracts, where `judged` looks at what a mistake can reach."""


def of_plan(judge: Judge) -> Iterator[Planned]:
    """Yield every mistake in what the program declares and in the conditions of alerts."""
    model = judge.before.blueprint
    assert model is not None
    held = Held(model, judge.before.resources)
    for each in judge.before.resources:
        if each.custom:
            yield from _of_resource(held, each)
    asking = asking_for_alerts(model)
    for alert in model.alerts:
        yield from _of_alert(model, asking, alert)


class Held:
    """Holds a program to the inventory in which one resource was lost or changed; all were found as implied before.

    What is found of the others cannot change: each is held to its own inputs and options, and the names are the same.
    """

    def __init__(self, model: Blueprint, resources: Sequence[Registration]) -> None:
        self.model, self.resources = model, resources
        self.implied = inventory(model)
        self._provider = [each for each in resources if each.custom and each.name == PROVIDER]
        self._components = {
            (each.type.removeprefix(f"{PACKAGE}:"), each.name): each for each in resources if not each.custom
        }

    def quickly(self, one: Registration, changed: Registration | None) -> tuple[Finding, ...]:
        """Return what is found of the one, with the provider and the component that each resource has."""
        others = [each for each in self._provider if each is not one]
        expected = {one.name: self.implied[one.name]} if one.name in self.implied else {}
        for each in expected.values():
            others.append(self._components[each.component])
        registered = [*others, *([changed] if changed else [])]
        return held_to_inventory(self.model, registered, expected).findings

    def slowly(self, one: Registration, changed: Registration | None) -> tuple[Finding, ...]:
        """Return what is found of all."""
        stack = [changed if each is one else each for each in self.resources]
        return held_to_inventory(self.model, [each for each in stack if each is not None]).findings


def _of_resource(stack: Held, one: Registration) -> Iterator[Planned]:
    def held(mutation: Mutation, change: Callable[[], Registration | None]) -> Planned:
        return Planned(
            mutation,
            lambda: _outcome(mutation, stack.quickly(one, change()), ""),
            lambda: _outcome(mutation, stack.slowly(one, change()), ""),
        )

    kind = "grant" if "Iam" in one.type or "IAM" in one.type else "resource"
    yield held(_named(f"{kind} lost", one, ""), lambda: None)
    for option in sorted(set(one.options) - BY_THE_SDK):
        yield held(_named("option lost", one, option), partial(_without_option, one, option))
    for path in leaves(one.inputs):
        place = ".".join(map(str, path))
        yield held(_named("input lost", one, place), partial(_with_input, one, path, gone=True))
        if path[-1] != "$ref":
            yield held(_named("input changed", one, place), partial(_with_input, one, path, gone=False))


def _without_option(one: Registration, option: str) -> Registration:
    return replace(one, options={name: value for name, value in one.options.items() if name != option})


def _with_input(one: Registration, path: tuple[Step, ...], *, gone: bool) -> Registration:
    return replace(one, inputs=edited(one.inputs, path, None if gone else _another))


def _named(kind: str, one: Registration, place: str) -> Mutation:
    return Mutation(kind, one.type.rpartition(":")[2], f"{one.name} {place}".rstrip(), None)


def leaves(value: object, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Yield the path of each value that holds no other."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, str(key)))
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from leaves(item, (*path, number))
    else:
        yield path


def _another(value: object) -> object:
    match value:
        case bool():
            return not value
        case int() | float():
            return value * 10 + 1
        case str():
            return misspelt(value)
        case _:
            return "another"


ONE_BY_ONE = "alerts-can-fire"
"""The contract that looks at each alert for itself."""


class Watched(Blueprint):
    """A blueprint that notes whether it is asked for its alerts."""

    asked: bool

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute, and note those that come from the alerts."""
        if name in ("alerts", "_alerts_by_cover"):
            self.__dict__["asked"] = True
        return super().__getattribute__(name)


def asking_for_alerts(model: Blueprint) -> tuple[Contract, ...]:
    """Return the contracts that look at alerts; what the others find, they find whatever an alert's condition is."""
    found = []
    for each in contracts():
        watched = Watched(**{field.name: getattr(model, field.name) for field in fields(model)})
        watched.__dict__["asked"] = False
        each.check(watched, Inspection(each.id))
        if watched.asked:
            found.append(each)
    return tuple(found)


def _of_alert(model: Blueprint, asking: tuple[Contract, ...], alert: Alert) -> Iterator[Planned]:
    condition = alert.condition
    for place, changed in _trees(condition.condition):
        mutation = Mutation("condition changed", type(condition).__name__, f"{alert.name} {place}", None)
        other = replace(alert, condition=replace(condition, condition=changed))
        quickly = partial(_found_quickly, model, asking, alert, other)
        yield Planned(
            mutation,
            partial(_judged_alert, quickly, alert, other, mutation),
            partial(_judged_alert, partial(_found_slowly, model, alert, other), alert, other, mutation),
        )


def _found_quickly(model: Blueprint, asking: tuple[Contract, ...], alert: Alert, other: Alert) -> list[Finding]:
    found = []
    for each in asking:
        alerts = (other,) if each.id == ONE_BY_ONE else _with(model, alert, other)
        report = Inspection(each.id)
        each.check(replace(model, alerts=alerts), report)
        found += report.findings
    return found


def _found_slowly(model: Blueprint, alert: Alert, other: Alert) -> list[Finding]:
    changed = replace(model, alerts=_with(model, alert, other))
    return [each for result in check_all(changed) for each in result.findings]


def _with(model: Blueprint, alert: Alert, other: Alert) -> tuple[Alert, ...]:
    return tuple(other if each is alert else each for each in model.alerts)


def _judged_alert(found: Callable[[], list[Finding]], alert: Alert, other: Alert, mutation: Mutation) -> Outcome:
    texts = [
        each.condition.query if isinstance(each.condition, PromQL) else each.condition.filter for each in (alert, other)
    ]
    return _outcome(mutation, tuple(found()), "" if texts[0] == texts[1] else f"{texts[0]} -> {texts[1]}")


def _trees(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield a condition with one of its names, values, numbers or operators changed, and which."""
    if isinstance(tree, str):
        yield tree[:60], misspelt(tree)
    elif isinstance(tree, bool):
        yield str(tree), not tree
    elif isinstance(tree, int | float):
        yield (f"{tree} ×10", type(tree)(tree * 10)) if tree != 0 else ("0 -> 1", tree + 1)
    elif isinstance(tree, tuple):
        for number, item in enumerate(tree):
            yield f"without {number}", (*tree[:number], *tree[number + 1 :])
            for place, changed in _trees(item):
                yield place, (*tree[:number], changed, *tree[number + 1 :])
    elif is_dataclass(tree) and not isinstance(tree, type):
        for each in fields(tree):
            for place, changed in _trees(getattr(tree, each.name)):
                made = _made(tree, each.name, changed)
                if made is not None:
                    yield f"{type(tree).__name__}.{each.name}: {place}", made


def _made(tree: Any, name: str, value: object) -> Any:
    """Return the tree with another value, or None where its type does not allow it; an operator has no spelling."""
    if name == "operator":
        return None
    try:
        return replace(tree, **{name: value})
    except (ValueError, TypeError):
        return None


def _outcome(mutation: Mutation, found: tuple[Finding, ...], told: str) -> Outcome:
    if found:
        return Outcome(mutation, "refused", found[0].rule, str(found[0]), len(found))
    if told:
        return Outcome(mutation, "told", "alert", told)
    reason = reason_for(mutation)
    return Outcome(mutation, "benign" if reason else "survivor", "reason" if reason else "nothing", reason)
