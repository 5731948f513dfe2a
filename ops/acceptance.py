"""Acceptance of every archive of a plan: which samples each function gets, and with which environment."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from platform import machine
from typing import Any

from analysis.cache import Cache
from analysis.files import Unreadable, read_input
from analysis.python.syntax import PythonVersion
from blueprint.archive.acceptance import (
    NOWHERE,
    Acceptance,
    ArchiveTrial,
    Sample,
    accept,
    environment,
    find_python,
    remembered,
)
from blueprint.archive.distributions import LOCK, read_lock, requirements_text
from blueprint.archive.model import Archive
from blueprint.boundaries import Phase
from blueprint.deployment import EMULATOR_VARIABLES, deployment
from blueprint.findings import Finding, Location
from blueprint.functions import Function
from blueprint.keys import EXAMPLES
from blueprint.model import Blueprint
from blueprint.sources import FOLDER, lock_folder
from ops.progress import stage

FIXTURES = Path("schemas/messages/fixtures")
PUBSUB = "PUBSUB_EMULATOR_HOST"
KEPT = Path(".cache/acceptance")
_UNITS = {"Mi": 1 << 20, "Gi": 1 << 30}


def accept_all(plan: Blueprint) -> dict[str, Acceptance]:
    """Return function → what came of starting its archive; unchanged archives cost nothing.

    Where an emulator stands for every client that a function has (their variables are set), its samples must be
    answered 200. Otherwise a dependency is unreachable, and the function must say so without missing any code.
    """
    target = python_at_hand(plan.manifest.python)
    cache = Cache(plan.root / KEPT)

    if PUBSUB in os.environ:
        _create_topics(plan, os.environ[PUBSUB])
    candidates = {name: candidate(plan, name) for name in sorted(plan.archives)}
    known = {name: remembered(each, target_python=target, cache=cache) for name, each in candidates.items()}
    results = {name: acceptance for name, acceptance in known.items() if acceptance is not None}
    new = {name: each for name, each in candidates.items() if name not in results}
    if new:
        results |= _tried(new, target, plan.root / KEPT / "environments", cache)
        cache.flush()
    return results


def python_at_hand(target: PythonVersion) -> PythonVersion:
    """Return the version that archives are started with: the runtime's where this machine has it, else our own."""
    return target if find_python(target) else sys.version_info[:2]


def another_python(plan: Blueprint) -> Iterator[Finding]:
    """Say that the archives were started with another Python than the one they are deployed on."""
    wanted, used = plan.manifest.python, python_at_hand(plan.manifest.python)
    if wanted != used:
        message = f"The functions run on Python {wanted[0]}.{wanted[1]}, which this machine lacks; their archives were started with Python {used[0]}.{used[1]}. Install {wanted[0]}.{wanted[1]} to start them as the platform does."
        yield Finding("acceptance-other-python", message, Location("pipeline.yaml"), "warning")


def _tried(
    candidates: Mapping[str, ArchiveTrial], target: PythonVersion, folder: Path, cache: Cache
) -> dict[str, Acceptance]:
    """Start the archives side by side; the first of each set of requirements alone, since it makes their environment."""
    from concurrent.futures import ThreadPoolExecutor

    working: dict[str, None] = {}
    results: dict[str, Acceptance] = {}

    def one(name: str) -> Acceptance:
        working[name] = None
        results[name] = accept(candidates[name], target_python=target, folder=folder, cache=cache)
        del working[name]
        return results[name]

    def progress() -> str:
        return f"{len(results)} of {len(candidates)} done; now {', '.join(list(working)) or 'none'}"

    first = {each.archive.requirements: name for name, each in candidates.items()}
    with stage("Starting archives", progress), ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for name in first.values():
            one(name)
        list(pool.map(one, [name for name in candidates if name not in results]))
    return results


def candidate(plan: Blueprint, name: str) -> ArchiveTrial:
    """Return the archive of `name` with the environment it is deployed with and its samples."""
    function = plan.manifest.functions[name]
    deployed = deployment(plan, name)
    emulators = {variable: os.environ.get(variable, NOWHERE) for variable in sorted(EMULATOR_VARIABLES)}
    needed = {f"{use.name.upper()}_EMULATOR_HOST" for use in plan.archives[name].uses.apis}
    reachable = all(emulators.get(variable, NOWHERE) != NOWHERE for variable in needed)
    secrets = dict.fromkeys(deployed.secrets, "https://example.invalid/")
    return ArchiveTrial(
        archive=plan.archives[name],
        entry_point=function.entry_point,
        signature="http",
        environment={**deployed.environment, **secrets, **emulators},
        samples=tuple(samples(plan, function, (200,) if reachable else ())),
        place=Location(f"{FOLDER}/{function.folder}/main.py"),
        memory=int(function.memory[:-2]) * _UNITS[function.memory[-2:]],
        requirements=None if _like_the_runtime(plan.manifest.python) else any_platform(plan, plan.archives[name]),
    )


def interpreter_of(plan: Blueprint, name: str) -> Path:
    """Return the interpreter of an environment that holds exactly what the archive of `name` requires.

    Raises `subprocess.CalledProcessError` where that does not install.
    """
    target = python_at_hand(plan.manifest.python)
    wanted = candidate(plan, name).requirements or plan.archives[name].requirements
    return environment(find_python(target) or sys.executable, wanted, plan.root / KEPT / "environments")


def _like_the_runtime(target: PythonVersion) -> bool:
    return (sys.platform, machine().lower(), python_at_hand(target)) == ("linux", "x86_64", target)


def any_platform(plan: Blueprint, archive: Archive) -> str:
    """Return the archive's requirements with the hashes of every platform's files, for a laptop of another kind."""
    pins = read_lock((lock_folder(plan.root) / LOCK).read_text(encoding="utf-8"))
    return requirements_text((each, pins[each.name].hashes) for each in archive.distributions)


def samples(plan: Blueprint, function: Function, statuses: tuple[int, ...]) -> Iterator[Sample]:
    """Yield the health route, one good message as a push, and one call per schedule."""
    yield Sample("health", "GET", "/health", statuses=(200, 503))
    headers = {"Content-Type": "application/json"}
    if function.trigger.topic is not None:
        message = _good_message(plan, function, function.trigger.topic)
        if message is not None:
            yield Sample("a good message", body=push(message), headers=headers, statuses=statuses)
    for schedule in list(function.trigger.schedules)[:1]:
        body = json.dumps({"schedule": schedule})
        yield Sample(f"the schedule {schedule}", body=body, headers=headers, statuses=statuses)


def _good_message(plan: Blueprint, function: Function, topic: str) -> bytes | None:
    """Return a fixture of the topic's message, or one made by its schema, as the phase before the boundary would send it."""
    name = plan.manifest.topics[topic].message
    folder = plan.root / FIXTURES / name
    fixture = next(
        (path for path in (folder / "good-full.json", *sorted(folder.glob("good-*.json"))) if path.exists()), None
    )
    boundary = plan.manifest.boundary_of(function.name)
    phase = plan.manifest.phases[boundary.upstream] if boundary else None
    if fixture is None:
        message = _made(plan, name, phase)
        return None if message is None else json.dumps(message).encode()
    try:
        message = json.loads(read_input(fixture))["data"]
    except (Unreadable, ValueError, KeyError, TypeError, RecursionError):  # told where fixtures are judged
        return None
    if phase is not None and "phase" in message:
        message["phase"] = phase.label
    return json.dumps(message).encode()


def _made(plan: Blueprint, name: str, phase: Phase | None) -> dict[str, Any] | None:
    """Return a message with what its schema requires, for a key and from a phase; None where that cannot be guessed."""
    schema = plan.messages.get(name)
    if schema is None:
        return None
    known = {plan.manifest.date_field: EXAMPLES[plan.manifest.key]}
    if phase is not None:
        known |= {"phase": phase.label, "processor_name": next(iter(phase.processors), "")}
    required = {field: schema.schema["properties"][field] for field in schema.schema.get("required", ())}
    message = {field: known.get(field) or _example(described) for field, described in required.items()}
    return None if schema.validate(message) else message


def _example(described: Mapping[str, Any]) -> Any:
    """Return a value that a schema takes, as far as its type, its list and its format say."""
    if "const" in described or "enum" in described:
        return described.get("const", next(iter(described.get("enum", ())), None))
    types = described.get("type", "null")
    kind = types if isinstance(types, str) else next(each for each in types if each != "null")
    texts = {"date": "2026-01-29", "date-time": "2026-01-29T12:00:00Z"}
    values = {"string": texts.get(described.get("format", ""), "sample"), "boolean": True, "array": [], "object": {}}
    return values.get(kind, described.get("minimum", 0))


def _create_topics(plan: Blueprint, host: str) -> None:
    """Create every topic of the plan on the Pub/Sub emulator; one that is there already is left alone."""
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    subscribed = [each for each in plan.manifest.functions.values() if each.trigger.topic is not None]
    letters = {plan.names.dead_letter_topic(plan.names.subscription(f.name, str(f.trigger.topic))) for f in subscribed}
    for topic in sorted({*plan.manifest.topics, *letters}):
        url = f"http://{host}/v1/projects/{plan.stack.project}/topics/{topic}"
        request = Request(url, data=b"{}", headers={"Content-Type": "application/json"}, method="PUT")
        try:
            urlopen(request, timeout=10).close()
        except HTTPError as error:
            if error.code != 409:
                raise


def push(data: bytes) -> str:
    """Return the body of a Pub/Sub push delivery of `data`."""
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": "1",
        "publishTime": "2026-01-01T00:00:00Z",
        "attributes": {},
    }
    return json.dumps({"message": message, "subscription": "projects/sample/subscriptions/sample"})
