"""What a plan declares, in the terms of a local run: read from its resources, so that it is described nowhere again."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprint.grammar import parse_duration
from ops.embedded.record import Registration
from ops.report.gather import Plan


@dataclass(frozen=True)
class ServedFunction:
    """A function: what the platform would build and start."""

    name: str
    entry_point: str
    archive: str
    environment: Mapping[str, str]
    secrets: tuple[str, ...]


@dataclass(frozen=True)
class Subscription:
    """A subscription; `function` or `address` say where it pushes to, `table` where it writes; neither: it is pulled."""

    name: str
    topic: str
    ack_deadline: int
    back_off: tuple[int, int] = (0, 0)
    dead_letter: str = ""
    attempts: int = 0
    function: str = ""
    address: str = ""
    table: str = ""
    code: str = ""
    code_function: str = ""


@dataclass(frozen=True)
class Job:
    """A schedule: when it calls which function with what."""

    name: str
    cron: str
    time_zone: str
    function: str
    body: bytes
    seconds: int


@dataclass(frozen=True)
class Declared:
    """Everything of a plan that a local run starts or makes."""

    topics: tuple[str, ...]
    subscriptions: tuple[Subscription, ...]
    functions: tuple[ServedFunction, ...]
    jobs: tuple[Job, ...]

    @property
    def letters(self) -> tuple[str, ...]:
        """Return the topics of dead letters."""
        return tuple(sorted({each.dead_letter for each in self.subscriptions if each.dead_letter}))

    @property
    def holds(self) -> dict[str, str]:
        """Return the subscription that keeps what comes into each dead letter, by its topic."""
        pulled = [each for each in self.subscriptions if not (each.function or each.address or each.table)]
        return {each.topic: each.name for each in pulled if each.topic in self.letters}


class PlanReader:
    """Reads the resources of one plan; what they refer to is looked up among them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def read(self) -> Declared:
        """Return what they declare."""
        return Declared(
            tuple(str(each.inputs["name"]) for each in self._of("pubsub/topic:Topic")),
            tuple(self._subscription(each.inputs) for each in self._of("pubsub/subscription:Subscription")),
            tuple(self._function(each.inputs) for each in self._of("cloudfunctionsv2/function:Function")),
            tuple(self._job(each.inputs) for each in self._of("cloudscheduler/job:Job")),
        )

    def _of(self, kind: str) -> Iterator[Registration]:
        return (each for each in self._plan.resources if each.type == f"gcp:{kind}")

    def _name(self, value: Any) -> str:
        """Return the name of the resource that a value refers to."""
        return str(self._plan.by_urn[value["$ref"]].inputs["name"]) if isinstance(value, Mapping) else str(value)

    def _subscription(self, inputs: Mapping[str, Any]) -> Subscription:
        letters, retry = inputs.get("deadLetterPolicy", {}), inputs.get("retryPolicy", {})
        function, address = self._endpoint(inputs.get("pushConfig", {}).get("pushEndpoint", ""))
        transform: Mapping[str, str] = next((each["javascriptUdf"] for each in inputs.get("messageTransforms", ())), {})
        return Subscription(
            name=inputs["name"],
            topic=self._name(inputs["topic"]),
            ack_deadline=inputs["ackDeadlineSeconds"],
            back_off=(_seconds(retry.get("minimumBackoff")), _seconds(retry.get("maximumBackoff"))),
            dead_letter=self._name(letters["deadLetterTopic"]) if letters else "",
            attempts=letters.get("maxDeliveryAttempts", 0),
            function=function,
            address=address,
            table=str(inputs.get("bigqueryConfig", {}).get("table", "")).partition(".")[2],
            code=transform.get("code", ""),
            code_function=transform.get("functionName", ""),
        )

    def _endpoint(self, value: Any) -> tuple[str, str]:
        """Return the function that an address is of, or the address of a service outside."""
        match value:
            case {"$ref": _}:
                return self._name(value), ""
            case {"$concat": Sequence() as parts}:
                return self._name(parts[0]), ""
            case _:
                return "", str(value)

    def _function(self, inputs: Mapping[str, Any]) -> ServedFunction:
        build, service = inputs["buildConfig"], inputs["serviceConfig"]
        return ServedFunction(
            name=inputs["name"],
            entry_point=build["entryPoint"],
            archive=build["source"]["storageSource"]["object"],
            environment=service.get("environmentVariables", {}),
            secrets=tuple(each["key"] for each in service.get("secretEnvironmentVariables", ())),
        )

    def _job(self, inputs: Mapping[str, Any]) -> Job:
        target = inputs["httpTarget"]
        return Job(
            name=inputs["name"],
            cron=inputs["schedule"],
            time_zone=inputs["timeZone"],
            function=self._endpoint(target["uri"])[0],
            body=base64.b64decode(target.get("body", "")),
            seconds=_seconds(inputs.get("attemptDeadline", "180s")),
        )


def _seconds(text: str | None) -> int:
    return (parse_duration(text) or 0) if text else 0
