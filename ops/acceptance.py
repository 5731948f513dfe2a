"""Acceptance of every archive of a plan: which samples each function gets, and with which environment."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from blueprint.archive.acceptance import NOWHERE, Acceptance, Candidate, Sample, accept
from blueprint.archive.cache import Cache
from blueprint.deployment import EMULATOR_VARIABLES, deployment
from blueprint.findings import Location
from blueprint.manifest import Function
from blueprint.model import Blueprint
from blueprint.sources import FOLDER

FIXTURES = Path("schemas/messages/fixtures")
KEPT = Path(".cache/acceptance")
_UNITS = {"Mi": 1 << 20, "Gi": 1 << 30}


def accept_all(plan: Blueprint) -> dict[str, Acceptance]:
    """Return function → what came of starting its archive; unchanged archives cost nothing.

    Beside emulators (their variables are set) a sample must be answered 200. Without, every dependency is
    unreachable and the function must say so without missing any code.
    """
    version = plan.manifest.runtime.removeprefix("python")
    target = (int(version[0]), int(version[1:]))
    cache = Cache(plan.root / KEPT)

    def one(name: str) -> Acceptance:
        return accept(
            candidate(plan, name), target_python=target, folder=plan.root / KEPT / "environments", cache=cache
        )

    names = sorted(plan.archives)
    first = {name: one(name) for name in names[:1]}  # alone, so that environments are not made twice
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        results = {**first, **dict(zip(names[1:], pool.map(one, names[1:]), strict=True))}
    cache.flush()
    return results


def candidate(plan: Blueprint, name: str) -> Candidate:
    """Return the archive of `name` with the environment it is deployed with and its samples."""
    function = plan.manifest.functions[name]
    deployed = deployment(plan, name)
    emulators = {variable: os.environ[variable] for variable in EMULATOR_VARIABLES if variable in os.environ}
    unreachable = dict.fromkeys(sorted(EMULATOR_VARIABLES), NOWHERE)
    secrets = dict.fromkeys(deployed.secrets, "https://example.invalid/")
    return Candidate(
        archive=plan.archives[name],
        entry_point=function.entry_point,
        signature="http",
        environment={**deployed.environment, **secrets, **(emulators or unreachable)},
        samples=tuple(samples(plan, function, (200,) if emulators else ())),
        place=Location(f"{FOLDER}/{function.folder}/main.py"),
        memory=int(function.memory[:-2]) * _UNITS[function.memory[-2:]],
    )


def samples(plan: Blueprint, function: Function, statuses: tuple[int, ...]) -> Iterator[Sample]:
    """Yield the health route, one good message as a push, and one call per schedule."""
    yield Sample("health", "GET", "/health", statuses=(200, 503))
    headers = {"Content-Type": "application/json"}
    if function.trigger.topic is not None:
        folder = plan.root / FIXTURES / plan.manifest.topics[function.trigger.topic].message
        for fixture in sorted(folder.glob("good-*.json"))[:1]:
            yield Sample(fixture.stem, body=push(fixture.read_bytes()), headers=headers, statuses=statuses)
    for schedule in function.trigger.schedules:
        body = json.dumps({"schedule": schedule})
        yield Sample(f"schedule {schedule}", body=body, headers=headers, statuses=statuses)


def push(data: bytes) -> str:
    """Return the body of a Pub/Sub push delivery of `data`."""
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": "1",
        "publishTime": "2026-01-01T00:00:00Z",
        "attributes": {},
    }
    return json.dumps({"message": message, "subscription": "projects/sample/subscriptions/sample"})
