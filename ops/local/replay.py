"""Plays a day on a running pipeline: moves the clock from step to step and from schedule to schedule, and looks.

The clock stands at a step's time until everything that the step led to has arrived; then it goes to the next. Where
messages wait for another attempt it goes there first, at most every ten seconds.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ops.invocation import CODE
from ops.local import moved
from ops.local.boundaries import State, states
from ops.local.days import Day, Rows, Step, moments
from ops.local.declared import Job
from ops.local.filling import filled
from ops.local.system import LocalRunError, System

KILL_SECONDS, KILL_AFTER = 30.0, 0.03
"""How long to wait for a function's first message, and how long it may then work."""
KILLED = "Container terminated on signal 9."
"""What the platform writes then."""
LEAST_STEP = timedelta(seconds=10)
DONE = frozenset({"success", "partial"})
"""Statuses after which there is data."""
Tell = Callable[[str], None]


@dataclass
class Played:
    """What was seen while a day was played: what jobs answered, what operators' commands said and left in dead letters."""

    calls: list[tuple[datetime, Job, int]] = field(default_factory=list)
    commands: list[tuple[int, str]] = field(default_factory=list)
    held: list[tuple[datetime, dict[str, int]]] = field(default_factory=list)
    messages: int = 0
    seconds: float = 0.0


class Player:
    """Plays days on one system; `speed` is how many seconds pass in a real one, 0 for as fast as it goes."""

    def __init__(self, system: System, tell: Tell, speed: float = 0.0) -> None:
        self.system = system
        self.zone = ZoneInfo(system.model.manifest.time_zone)
        self._tell = tell
        self._speed = speed
        self._left: set[tuple[str, str]] = set()
        self._shown: dict[tuple[str, str], State] = {}

    def play(self, day: Day) -> Played:
        """Play a day from its start to its end."""
        began, played = time.monotonic(), Played()
        self.system.clock.stands = not self._speed
        self._show(day.start)
        for at, what in moments(day, self._runs(day)):
            self._go_to(at)
            if isinstance(what, Step):
                played.messages += self._do(what, day, played)
                self.system.settle()
            else:
                status = self.system.call(what)
                played.calls.append((at, what, status))
                self.system.settle()
                if status != 200:
                    self.say(f"{what.name} answers {status or 'nothing'}")
            self._look(day)
        self._go_to(day.end)
        self._look(day)
        played.seconds = time.monotonic() - began
        return played

    def say(self, text: str) -> None:
        """Tell something with the time of the run's clock."""
        self._tell(f"{self.system.clock.noted().astimezone(self.zone):%m-%d %H:%M}  {text}")

    def _runs(self, day: Day) -> Iterator[tuple[datetime, Job]]:
        """Yield when each job is due while the day is told."""
        from cronsim import CronSim

        for job in day.jobs(self.system.declared.jobs):
            for at in CronSim(job.cron, day.start.astimezone(ZoneInfo(job.time_zone))):
                if at > day.end:
                    break
                yield at, job

    def _go_to(self, at: datetime) -> None:
        """Let time pass until `at`; messages that wait for another attempt get theirs on the way."""
        clock = self.system.clock
        while (due := self.system.due()) is not None and due < at:
            self._pass_until(max(due, clock.noted() + LEAST_STEP))
            self.system.settle()
        self._pass_until(at)
        self.system.settle()

    def _pass_until(self, at: datetime) -> None:
        clock = self.system.clock
        if self._speed:
            while (left := (at - clock.now()).total_seconds()) > 0:
                time.sleep(min(left / self._speed, 0.2))
                clock.move_to(min(at, clock.now() + timedelta(seconds=0.2 * self._speed)))
        self._show(at)

    def _show(self, at: datetime) -> None:
        self.system.clock.move_to(at)
        self.system.warehouse.tell(at)

    def _do(self, step: Step, day: Day, played: Played) -> int:
        """Do what a step says; return how many messages it published."""
        system = self.system
        self._break(step)
        for rows in step.rows:
            system.warehouse.insert(rows.table, list(filled(system.model.schemas, rows)))
        if step.operate:
            played.commands.append(operated(system, step.operate))
            self.say(f"ops {' '.join(step.operate)}: {played.commands[-1][1].strip().splitlines()[:1]}")
            holds = system.declared.holds.items()
            left = {topic: len(system.cloud.seen(name)) for topic, name in holds}
            played.held.append((system.clock.noted(), left))
        if step.topic:
            system.publish(step.topic, *[step.raw.encode()] * step.copies)
        published = self._completions(step, day) if step.phase else step.copies if step.topic else 0
        if step.kill:
            self._end_meanwhile(step.kill, step.once)
        return published

    def _break(self, step: Step) -> None:
        """Take away what a step takes away, and give back what it gives back."""
        system = self.system
        for name in filter(None, (step.stop, step.start, step.kill, step.refuse, step.admit)):
            if name not in system.functions:
                raise LocalRunError(f"There is no function '{name}'; there are {', '.join(system.functions)}.")
        for table in filter(None, (step.drop, step.restore)):
            if table not in system.warehouse.declared:
                raise LocalRunError(
                    f"There is no table '{table}'; schemas/ has {', '.join(system.warehouse.declared)}."
                )
        if step.stop:
            system.functions[step.stop].kill()
            self.say(f"{step.stop} is down")
        if step.start:
            system.functions[step.start].start()
            self.say(f"{step.start} runs again")
        if step.refuse:
            system.door.refusing.add(step.refuse)
            self.say(f"{step.refuse} may be called by nobody")
        if step.admit:
            system.door.refusing.discard(step.admit)
            self.say(f"{step.admit} may be called again")
        if step.drop:
            system.warehouse.drop(step.drop)
            self.say(f"{step.drop} is gone")
        if step.restore:
            system.warehouse.restore(step.restore)
            self.say(f"{step.restore} is there again")

    def _end_meanwhile(self, name: str, once: str) -> None:
        """End a function while it handles its first message, or once a message is in a topic, and start it again."""
        function, door = self.system.functions[name], self.system.door
        end = time.monotonic() + KILL_SECONDS
        while not (self.system.comes(once) if once else door.handling(name)) and time.monotonic() < end:
            time.sleep(0.001)
        time.sleep(0 if once else KILL_AFTER)
        function.kill()
        self.system.lines.told_by_platform(name, KILLED, "WARNING")
        self.say(f"{name} is killed in the middle of its work")
        function.start()

    def _completions(self, step: Step, day: Day) -> int:
        """Publish the completions of a step, once what their processors did is stored."""
        manifest = self.system.model.manifest
        phase = manifest.phases[step.phase]
        topic = phase.completion_topic
        known = self.system.model.messages[manifest.topics[topic].message].schema["properties"]
        messages, runs = [], []
        for execution in range(step.executions):
            for name in step.processors or self._expected(step.phase):
                identity = f"{step.date}-{name}-{step.at:%d%H%M}-{execution}"
                message = {
                    "processor_name": name,
                    "phase": phase.label,
                    manifest.date_field: step.date,
                    "execution_id": identity,
                    "correlation_id": hashlib.sha256(step.date.encode()).hexdigest()[:8],
                    "status": step.status,
                    "timestamp": (step.at + timedelta(milliseconds=execution)).isoformat(),
                }
                messages.append({key: value for key, value in message.items() if key in known} | dict(step.fields))
                runs.append((name, message))
        self._leave(step, day, runs)
        count = f", {step.copies} copies each" if step.copies > 1 else ""
        self.say(f"{phase.name} {step.date}: {len(messages)} × {step.status}{count}")
        batch = messages * step.copies
        for start in range(0, len(batch), 500):
            self.system.publish(topic, *batch[start : start + 500])
        return len(batch)

    def _leave(self, step: Step, day: Day, messages: Sequence[tuple[str, Mapping[str, str]]]) -> None:
        """Store what the runs of processors leave: rows in their outputs, once a date, and what is kept of each run."""
        schemas, warehouse = self.system.model.schemas, self.system.warehouse
        for rows in day.outside:
            kept: list[dict[str, Any]] = []
            for processor, message in messages:
                named = {"processor": processor, "date": step.date, "at": message["timestamp"], **message}
                kept += filled(schemas, rows, **named)
            warehouse.insert(rows.table, kept)
        declared = self.system.model.manifest.phases[step.phase].processors.values()
        senders = {processor for processor, _ in messages}
        for known in declared:
            output = known.output
            if output is None or step.status not in DONE or not senders & {known.name, *known.aliases}:
                continue
            if step.leaves and (output.table, step.date) not in self._left:
                rows = Rows(output.table, {output.date_column: step.date}, step.leaves)
                warehouse.insert(rows.table, list(filled(schemas, rows)))
            self._left.add((output.table, step.date))

    def _expected(self, phase: str) -> list[str]:
        """Return every processor of a phase that a mode of its boundary expects; where none says so, its first sender."""
        manifest = self.system.model.manifest
        modes = [
            mode for each in manifest.boundaries.values() if each.upstream == phase for mode in each.modes.values()
        ]
        expected = dict.fromkeys(name for mode in modes for name in mode.expected)
        return list(expected) or list(manifest.phases[phase].processors)[:1]

    def _look(self, day: Day) -> None:
        """Tell of each boundary what changed since the last look."""
        for state in states(self.system, day.dates):
            if self._shown.get((state.boundary, state.date)) != state:
                self._shown[state.boundary, state.date] = state
                self.say(str(state))


def operated(system: System, arguments: tuple[str, ...]) -> tuple[int, str]:
    """Run a command of on-call at the time of the run's clock; return its exit code and what it printed."""
    system.warehouse.tell(system.clock.now())
    command = [sys.executable, "-W", "ignore", str(Path(moved.__file__).resolve()), str(system.clock.file), "ops"]
    command += [*arguments, "--root", str(system.plan.root), "--stack", system.plan.stack]
    done = subprocess.run(
        command, cwd=CODE, env={**os.environ, **system.environment}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + (done.stderr if done.returncode not in (0, 3) else "")
