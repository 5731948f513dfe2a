"""What holds for each function, one cell for each guarantee: read from what would be deployed, not from what is meant.

A cell has one of four answers: it holds, it does not, it is not known, or the function does not need it. What the plan does not
show is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from blueprint.functions import Function
from ops.embedded.record import Registration
from ops.page.parts import ALERT
from ops.report.gather import Plan
from ops.terminal import count

Answer = Literal["holds", "does not hold", "not known", "not needed"]


@dataclass(frozen=True)
class Cell:
    """The answer for one function, and what it rests on."""

    answer: Answer
    detail: str


@dataclass(frozen=True)
class PlannedFunction:
    """A function as it is declared, and the resources that its component would make."""

    plan: Plan
    declared: Function
    resources: Sequence[Registration]

    def of(self, type_: str) -> list[Registration]:
        """Return its resources of a type, by the end of its token."""
        return [each for each in self.resources if each.type.endswith(f":{type_}")]

    @cached_property
    def service(self) -> Mapping[str, Any]:
        """Return the configuration of the service that runs it; empty where the plan shows no function."""
        found: Any = next((each.inputs.get("serviceConfig") for each in self.of("Function")), None)
        return found if isinstance(found, Mapping) else {}

    @cached_property
    def pushed(self) -> list[Registration]:
        """Return the subscriptions that push to it."""
        return [each for each in self.of("Subscription") if each.inputs.get("pushConfig")]

    @cached_property
    def own(self) -> set[str]:
        """Return the URNs of its resources."""
        return {each.urn for each in self.resources}


def _identity(seen: PlannedFunction) -> Cell:
    account = seen.service.get("serviceAccountEmail")
    if not isinstance(account, Mapping):
        return Cell("not known", "the plan shows no identity")
    own = account.get("$ref") in seen.own
    return Cell("holds" if own else "does not hold", "runs as an account that nothing else has" if own else "shared")


def _callers(seen: PlannedFunction) -> Cell:
    members: list[Any] = [each.inputs.get("member") for each in seen.of("ServiceIamMember")]
    if not members:
        return Cell("not known", "the plan shows no invoker")
    own = all(isinstance(each, Mapping) and each.get("$ref") in seen.own for each in members)
    ingress = str(seen.service.get("ingressSettings", "")).removeprefix("ALLOW_").replace("_", " ").lower()
    return Cell(
        "holds" if own else "does not hold", f"{count(len(members), 'caller')}, ingress {ingress or 'not known'}"
    )


def _rights(seen: PlannedFunction) -> Cell:
    model = seen.plan.blueprint
    if model is None:
        return Cell("not known", "no archive was read")
    grants = [each for each in model.grants if each.function == seen.declared.name]
    if without := [each for each in grants if not each.because]:
        return Cell("does not hold", f"nothing needs {', '.join(each.role for each in without)}")
    return Cell("holds", f"{count(len(grants), 'right')}, each with a line that needs it")


def _redelivered(seen: PlannedFunction) -> Cell:
    if not seen.declared.trigger.topic:
        return _each(seen.of("Job"), "retryConfig", "its schedules are tried again")
    return _each(seen.pushed, "retryPolicy", "delivered again, slower and slower")


def _kept(seen: PlannedFunction) -> Cell:
    if not seen.declared.trigger.topic:
        return _NO_MESSAGES
    held = {_reference(each.inputs.get("topic")) for each in seen.of("Subscription")}
    letters: list[Any] = [each.inputs.get("deadLetterPolicy") for each in seen.pushed]
    if not letters:
        return _UNSEEN
    whole = all(
        isinstance(each, Mapping) and _reference(each.get("deadLetterTopic")) in held - {""} for each in letters
    )
    attempts = ", ".join(str(each["maxDeliveryAttempts"]) for each in letters if isinstance(each, Mapping))
    return Cell("holds" if whole else "does not hold", f"kept in a dead letter after {attempts or 'no'} attempts")


def _waits(seen: PlannedFunction) -> Cell:
    timeout = seen.service.get("timeoutSeconds")
    if not isinstance(timeout, int):
        return _UNSEEN
    limits: list[Any] = [each.inputs.get("ackDeadlineSeconds") for each in seen.pushed]
    limits += [_seconds(each.inputs.get("attemptDeadline")) for each in seen.of("Job")]
    if not limits or not all(isinstance(each, int) for each in limits):
        return Cell("not known", "the plan shows no limit of the caller")
    return Cell(
        "holds" if min(limits) >= timeout else "does not hold", f"waits {min(limits)} s, it runs {timeout} s at most"
    )


def _archive(seen: PlannedFunction) -> Cell:
    found = next((each for each in seen.plan.archives if each.function == seen.declared.name), None)
    if found is None:
        return Cell("not known", "no archive was made")
    pinned = count(len(found.distributions), "package")
    broken = [each for each in found.findings if each.severity == "violation"]
    detail = f"{count(len(found.files), 'file')}, {pinned} pinned by hash"
    return Cell("does not hold" if broken else "holds", broken[0].message if broken else detail)


def _watched(seen: PlannedFunction) -> Cell:
    alerts = [each for each in seen.resources if each.type == ALERT]
    return Cell("holds" if alerts else "does not hold", count(len(alerts), "alert"))


def _clock(seen: PlannedFunction) -> Cell:
    model = seen.plan.blueprint
    boundary = model.manifest.boundary_of(seen.declared.name) if model else None
    if boundary is None:
        return Cell("not needed", "it counts no completions")
    minutes = boundary.deadline // 60
    return Cell("holds", f"after {minutes} min, by {boundary.timer.function}/{boundary.timer.schedule}")


_UNSEEN: Final = Cell("not known", "the plan does not show it")
_NO_MESSAGES: Final = Cell("not needed", "it is called by the clock")
GUARANTEES: Final[Mapping[str, Callable[[PlannedFunction], Cell]]] = {
    "Identity of its own": _identity,
    "Called only by ours": _callers,
    "No right without need": _rights,
    "Tried again": _redelivered,
    "Nothing is lost": _kept,
    "Caller waits long enough": _waits,
    "Archive is whole": _archive,
    "Judged without messages": _clock,
    "Watched": _watched,
}


def matrix(plan: Plan, resources: Callable[[str], Sequence[Registration]]) -> dict[str, tuple[Cell, ...]]:
    """Return the cells of each function, in the order of `GUARANTEES`; `resources` gives what a function consists of."""
    declared = plan.blueprint.manifest.functions if plan.blueprint else {}
    seen = {name: PlannedFunction(plan, function, resources(name)) for name, function in declared.items()}
    return {name: tuple(judge(each) for judge in GUARANTEES.values()) for name, each in seen.items()}


def _each(resources: Sequence[Registration], key: str, detail: str) -> Cell:
    if not resources:
        return _UNSEEN
    without = [each.name for each in resources if not each.inputs.get(key)]
    return Cell("does not hold", f"not {', '.join(without)}") if without else Cell("holds", detail)


def _reference(value: object) -> str:
    return str(value.get("$ref", "")) if isinstance(value, Mapping) else ""


def _seconds(value: object) -> int | None:
    text = str(value).removesuffix("s")
    return int(text) if text.isdecimal() else None
