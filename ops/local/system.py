"""A whole pipeline on this machine: everything that a plan declares, running, and a clock that can be moved."""

from __future__ import annotations

import contextlib
import io
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from blueprint.archive import Archive
from blueprint.model import Blueprint
from ops.acceptance import interpreter_of
from ops.local import moved, processes
from ops.local.bridge import Bridge
from ops.local.clock import Clock
from ops.local.cloud import Cloud
from ops.local.declared import Declared, Job, PlanReader, ServedFunction, Subscription
from ops.local.deliveries import Door
from ops.local.lines import Lines
from ops.local.processes import FunctionProcess
from ops.local.warehouse import EmulatedWarehouse, warehouse
from ops.progress import stage
from ops.report.gather import Plan

TAP = "local-run--"
"""What the names of a run's own subscriptions begin with; they see each message that is published."""
SETTLE_SECONDS = 60.0


class LocalRunError(Exception):
    """The run cannot begin or go on; the text is a sentence that says why, and what to do."""


@dataclass(frozen=True)
class Published:
    """A message that somebody published: when, by the run's clock."""

    at: datetime
    topic: str
    message_id: str
    data: bytes
    attributes: Mapping[str, str]


@dataclass
class System:
    """The running pipeline; `published` is everything that was, in its order, `lettered` what came into dead letters.

    `calls` are those of jobs, with what was answered.
    """

    plan: Plan
    model: Blueprint
    declared: Declared
    clock: Clock
    cloud: Cloud
    warehouse: EmulatedWarehouse
    bridge: Bridge
    door: Door
    environment: Mapping[str, str]
    functions: Mapping[str, FunctionProcess]
    lines: Lines
    published: list[Published] = field(default_factory=list)
    lettered: list[Published] = field(default_factory=list)
    calls: list[tuple[datetime, str, int]] = field(default_factory=list)
    looking: threading.Lock = field(default_factory=threading.Lock)

    def publish(self, topic: str, *messages: Mapping[str, Any] | bytes) -> None:
        """Publish messages as a service outside would."""
        self.cloud.publish(topic, *messages)

    def call(self, job: Job) -> int:
        """Call a function as its schedule does; return the status, 0 where nobody answers."""
        at, status = self.clock.noted(), self._called(job)
        self.calls.append((at, job.name, status))
        return status

    def _called(self, job: Job) -> int:
        if job.function in self.door.refusing:
            return 403
        function = self.functions[job.function]
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(function.url, data=job.body, headers=headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=job.seconds) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def begin_anew(self) -> None:
        """Forget everything: documents, rows, messages, time; functions that were ended run again."""
        with self.looking:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self.clock.begin_anew()
        self.cloud.delete_subscriptions()
        self.cloud.delete_documents(self.environment["FIRESTORE_EMULATOR_HOST"])
        self.warehouse.clear()
        for function in self.functions.values():
            if function.process is None:
                function.start()
        for each in (self.door, self.bridge, self.lines):
            each.begin_anew()
        for seen in (self.published, self.lettered, self.calls):
            seen.clear()
        _subscribe(self.cloud, self.model, self.declared, self.door)

    def settle(self) -> None:
        """Return once every message is where it can get to until the clock goes on."""
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            waiting = [key for key in self._expected() if not self.door.settled(*key)]
            if not waiting and not self.door.retry() and not self._tapped() and not self.bridge.drain():
                self.lines.read()
                return
            if time.monotonic() > end:
                names = ", ".join(sorted({subscription for subscription, _ in waiting}))
                raise LocalRunError(f"Messages of {names} do not arrive within {SETTLE_SECONDS:.0f} s.")
            if waiting:
                time.sleep(0.01)
                self.door.retry()
                self._tapped()

    def beat(self) -> None:
        """Do what is due now, and take down what happened."""
        self.bridge.drain()
        self.door.retry()
        self._tapped()
        self.lines.read()

    def due(self) -> datetime | None:
        """Return when the first message that was refused gets its next attempt."""
        return min(filter(None, (each.redeliveries.first() for each in (self.door, self.bridge))), default=None)

    def _expected(self) -> Iterator[tuple[str, str]]:
        pushes: dict[str, list[str]] = defaultdict(list)
        for each in self.declared.subscriptions:
            if each.function or each.address:
                pushes[each.topic].append(each.name)
        for message in self.published:
            for subscription in pushes[message.topic]:
                yield subscription, message.message_id

    def _tapped(self) -> int:
        """Take down what was published since the last look."""
        found = self._seen(self.model.manifest.topics)
        self.published += found
        return len(found)

    def comes(self, topic: str) -> bool:
        """Return whether a message came to a topic since the last look, and take it down."""
        found = self._seen([topic])
        self.published += found
        return bool(found)

    def letters(self) -> list[Published]:
        """Return everything that ever came into a dead letter; what lies there now may be less."""
        with self.looking:
            self.lettered += self._seen(self.declared.letters)
            return list(self.lettered)

    def _seen(self, topics: Iterable[str]) -> list[Published]:
        found = [
            Published(self.clock.noted(each.publish_time), topic, each.message_id, each.data, dict(each.attributes))
            for topic in topics
            for each in self.cloud.pulled(f"{TAP}{topic}")
        ]
        return sorted(found, key=lambda each: each.at)


@contextlib.contextmanager
def running(plan: Plan, folder: Path) -> Iterator[System]:
    """Boot everything that a sound plan declares, in `folder`, and end all of it with the block.

    Raises `LocalRunError` where this machine lacks something, or where something does not start.
    """
    model = plan.blueprint
    assert model is not None, "a sound plan has a model"
    project = model.stack.project
    declared = PlanReader(plan).read()
    declared = replace(declared, subscriptions=(*declared.subscriptions, *_own(model)))
    with contextlib.ExitStack() as stack:
        clock = Clock(folder / "clock")
        clouds: list[Cloud] = []

        def forward(source: Subscription, message: Mapping[str, Any], attempts: int) -> None:
            clouds[0].forward(source.name, source.dead_letter, message, attempts)

        door = Door(clock, {each.name: each for each in declared.subscriptions}, forward)
        stack.callback(door.close)
        with stage("Unpacking the functions, with what their locks name", lines=True):
            functions = _prepared(plan, model, declared, clock, folder)
        stack.callback(_kill, functions.values())
        try:
            with stage("Starting the emulators", lines=True):
                bigquery = stack.enter_context(_begun(model, folder, project))
                hosts = stack.enter_context(processes.emulators(folder))
                environment = {**hosts, "BIGQUERY_EMULATOR_HOST": bigquery.address}
            with stage("Starting the functions", lines=True):
                for each in declared.functions:
                    secrets = {name: door.secret(name) for name in each.secrets}
                    functions[each.name].environment |= {**each.environment, **secrets, **environment}
                    functions[each.name].start(wait=False)
                cloud = Cloud(hosts, project, model.manifest.store.database)
                for topic in declared.topics:
                    cloud.create_topic(topic)
                _subscribe(cloud, model, declared, door)
                for function in functions.values():
                    function.ready()
        except RuntimeError as error:
            raise LocalRunError(str(error)) from error
        clouds.append(cloud)
        door.functions.update(functions)
        streams = [each for each in declared.subscriptions if each.table]
        bridge = Bridge(cloud.subscriber, bigquery, clock, streams, forward)
        yield System(
            plan, model, declared, clock, cloud, bigquery, bridge, door, environment, functions, Lines(clock, functions)
        )


def _begun(model: Blueprint, folder: Path, project: str) -> contextlib.AbstractContextManager[EmulatedWarehouse]:
    home = folder / "warehouse"
    home.mkdir()
    return warehouse(model.schemas, home, project)


def _own(model: Blueprint) -> Iterator[Subscription]:
    """Yield the subscriptions that consumers outside make themselves."""
    for topic in model.manifest.topics.values():
        for consumer in topic.consumers:
            if consumer.delivery == "own":
                name = model.names.subscription(consumer.service, topic.name)
                yield Subscription(name, topic.name, 600, (10, 600), address=f"https://{consumer.service}/")


def _prepared(
    plan: Plan, model: Blueprint, declared: Declared, clock: Clock, folder: Path
) -> dict[str, FunctionProcess]:
    archives = {each.sha256: each for each in plan.archives}
    return {
        each.name: _function(each, model, archives[Path(each.archive).stem], clock, folder)
        for each in declared.functions
    }


def _function(
    declared: ServedFunction, model: Blueprint, archive: Archive, clock: Clock, folder: Path
) -> FunctionProcess:
    """Unpack an archive, to be served in an environment that holds exactly what it requires."""
    target = folder / declared.name
    with zipfile.ZipFile(io.BytesIO(archive.content)) as content:
        content.extractall(target)
    python = interpreter_of(model, archive.function)
    server = (str(python), str(Path(moved.__file__).resolve()), str(clock.file), "functions_framework")
    home = {"HOME": str(target)}  # where the server keeps its socket
    return FunctionProcess(target, declared.entry_point, home, folder / f"{declared.name}.log", server)


def _kill(functions: Iterable[FunctionProcess]) -> None:
    for function in functions:
        function.kill()


def _subscribe(cloud: Cloud, model: Blueprint, declared: Declared, door: Door) -> None:
    for topic in (*model.manifest.topics, *declared.letters):
        cloud.subscribe(f"{TAP}{topic}", topic)
    for each in declared.subscriptions:
        request: dict[str, Any] = {}
        if each.dead_letter:
            request["dead_letter_policy"] = {
                "dead_letter_topic": cloud.topic_path(each.dead_letter),
                "max_delivery_attempts": each.attempts,
            }
        if each.function or each.address:
            path = "/" if each.function else urlsplit(each.address).path
            request["push_config"] = {"push_endpoint": door.address(each.name, each.function, path)}
        cloud.subscribe(each.name, each.topic, each.ack_deadline, **request)
