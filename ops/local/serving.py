"""What `ops local` does with the running system: serve it until somebody ends it, or play a day and judge it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from ops import exitcodes
from ops.local import days
from ops.local.judgement import Came, came, differences
from ops.local.recording import recorded
from ops.local.replay import Played, Player, operated
from ops.local.system import System
from ops.page.run import MAX_TEXT
from ops.terminal import clip, columns, style_for

BEAT = 0.2


def serve(system: System) -> int:
    """Show where everything is, and keep schedules and streams going until Ctrl-C."""
    print("\n".join(_addresses(system)), flush=True)
    try:
        _go_on(system)
    except KeyboardInterrupt:
        print("Ended.", file=sys.stderr)
    return exitcodes.SOUND


def _go_on(system: System) -> None:
    from cronsim import CronSim

    due = {
        job.name: CronSim(job.cron, system.clock.now().astimezone(ZoneInfo(job.time_zone)))
        for job in system.declared.jobs
    }
    coming = {name: next(runs) for name, runs in due.items()}
    while True:
        system.bridge.drain()
        system.door.retry()
        for job in system.declared.jobs:
            if system.clock.now() >= coming[job.name]:
                coming[job.name] = next(due[job.name])
                print(f"{job.name} answers {system.call(job)}", flush=True)
        time.sleep(BEAT)


def _addresses(system: System) -> Iterator[str]:
    yield "Running. These variables point Google's libraries, and `ops status`, at it:"
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
    found = came(system, day)
    print()
    if day.dates:
        asked = day.dates[0] if len(day.dates) == 1 else f"{day.dates[0]}..{day.dates[-1]}"
        print(operated(system, ("status", asked, "--no-deployed"))[1])
    print("\n".join(_figures(played, found)))
    wrong = differences(day, found, zone)
    for sentence in wrong:
        print(f"{style.cross} {sentence}")
    if not wrong:
        print(f"{style.tick} As it must be: {_sums(found)}.")
    if output is not None:
        verdict = " ".join(wrong) or f"As it must be: {_sums(found)}."
        run = recorded(system.model.manifest, day, system.published, found, clip(verdict, MAX_TEXT))
        output.write_text(json.dumps(run.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return exitcodes.REFUSED if wrong else exitcodes.SOUND


def _sums(found: Came) -> str:
    waiting = sum(sum(reasons.values()) for reasons in found.letters.values())
    return f"{len(found.triggers)} triggers, {sum(found.rows.values())} rows, {waiting} dead letters"


def _figures(played: Played, found: Came) -> Iterator[str]:
    rate = played.messages / played.seconds if played.seconds else 0
    yield f"{played.messages} messages and {len(played.calls)} calls in {timedelta(seconds=round(played.seconds))} ({rate:.0f} messages a second)."
    yield from columns([("Rows", "Table"), *((str(count), table) for table, count in found.rows.items())], right=(0,))
