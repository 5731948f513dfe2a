"""What `ops local` does with the running system: serve it until somebody ends it, or play a day and judge it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from blueprint.findings import Refused
from blueprint.manifest import Manifest
from ops import exitcodes
from ops.local import days
from ops.local.days import Day
from ops.local.live import Live
from ops.local.recording import recorded
from ops.local.replay import Player, operated
from ops.local.system import LocalRunError, System
from ops.local.telling import ToldDay
from ops.terminal import clip, columns, style_for
from ops.untrusted import MAX_TEXT

BEAT = 0.2


def serve(system: System, speed: float) -> int:
    """Show where everything is, and keep schedules and streams going until Ctrl-C."""
    live = Live(system)
    try:
        with live.server:
            print("\n".join(_addresses(system, live.server.address)), flush=True)
            keep_going(system, live, speed)
    except KeyboardInterrupt:
        print("Ended.", file=sys.stderr)
    return exitcodes.SOUND


def keep_going(system: System, live: Live, speed: float = 0.0) -> None:
    """Keep the system going, and do what its page asks for, until that is over."""
    while not live.over.is_set():
        _go_on(system, live)
        if not live.wanted.empty():
            _do_asked(system, live, speed)


def _go_on(system: System, live: Live) -> None:
    """Keep the system going until the page asks for something."""
    system.clock.stands = False
    from cronsim import CronSim

    due = {
        job.name: CronSim(job.cron, system.clock.now().astimezone(ZoneInfo(job.time_zone)))
        for job in system.declared.jobs
    }
    coming = {name: next(runs) for name, runs in due.items()}
    while live.wanted.empty() and not live.over.is_set():
        system.beat()
        for job in system.declared.jobs:
            if system.clock.now() >= coming[job.name]:
                coming[job.name] = next(due[job.name])
                told = f"{job.name} answers {system.call(job)}"
                live.say(told)
                print(told, flush=True)
        time.sleep(BEAT)


def _do_asked(system: System, live: Live, speed: float) -> None:
    """Do what the page asked for, and tell it there, line by line."""
    what, name = live.wanted.get()
    try:
        if what == "play":
            day = days.load(system.plan.root, name, ZoneInfo(system.model.manifest.time_zone))
            system.begin_anew()
            live.say(f"{day.title}.")
            played = Player(system, live.say, speed).play(day)
            for line in ToldDay(system, day, played).lines():
                live.say(line)
        else:
            _, said = operated(system, ("drill", name))
            for line in said.splitlines():
                live.say(line)
    except (LocalRunError, Refused) as error:
        live.say(str(error))
    finally:
        live.busy = ""


def _addresses(system: System, page: str) -> Iterator[str]:
    yield f"Running. Its page: {page}"
    yield ""
    yield "These variables point Google's libraries, and `ops status`, at it:"
    yield ""
    yield from (f"  export {name}={address}" for name, address in sorted(system.environment.items()))
    yield ""
    yield from columns([(name, function.url) for name, function in sorted(system.functions.items())])
    yield ""
    yield "Ctrl-C ends it."


def play(system: System, name: str, speed: float, output: Path | None = None) -> int:
    """Play a day with its progress, then show `ops status`, the rows, and whether it came out as it must.

    What happened is written to `output`, where that is given, as `ops report --run` reads it.
    """
    zone = ZoneInfo(system.model.manifest.time_zone)
    day = days.load(system.plan.root, name, zone)
    style = style_for(sys.stdout)
    print(style.heading(day.title, day.name))
    print(f"{day.story.strip()}\n")
    played = Player(system, lambda line: print(line, flush=True), speed).play(day)
    told = ToldDay(system, day, played, style)
    print()
    for asked in _named(day, system.model.manifest):
        print(operated(system, ("status", asked, "--no-deployed"))[1])
    print("\n".join(told.lines()))
    if output is not None:
        run = recorded(system.model.manifest, day, system.published, told.found, clip(told.verdict, MAX_TEXT))
        output.write_text(json.dumps(run.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return exitcodes.REFUSED if told.wrong else exitcodes.SOUND


def _named(day: Day, manifest: Manifest) -> list[str]:
    """Return what a day is about, as commands of on-call are asked for it."""
    if manifest.key == "batch":
        return [f"batch:{each}" for each in day.dates]
    return [day.dates[0] if len(day.dates) == 1 else f"{day.dates[0]}..{day.dates[-1]}"] if day.dates else []
