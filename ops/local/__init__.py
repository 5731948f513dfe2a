"""Run the whole pipeline on this machine: everything that the plan declares, on emulators; or play a day on it.

Topics, subscriptions, documents, tables and views are made in the emulators, each function runs from its archive in an
environment of its own, schedules follow a clock that a day moves. Nothing of it reaches the cloud. It ends with Ctrl-C.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from ops import exitcodes
from ops.arguments import add_project_arguments
from ops.progress import stage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--replay", metavar="DAY", help="play a day of the folder days/, and judge what came of it")
    parser.add_argument(
        "--speed", type=float, default=0.0, metavar="N", help="seconds that pass in one (default: as fast as it goes)"
    )
    parser.add_argument(
        "--output", "-o", type=Path, metavar="FILE", help="write what happened, for `ops report --run FILE`"
    )
    parser.add_argument("--days", action="store_true", help="list the days")
    add_project_arguments(parser, "to run")


def run(args: argparse.Namespace) -> int:
    """Boot, play or serve, and end everything; 0 when a day came out as it must."""
    from ops.local import days

    if args.days:
        print("\n".join(days.names(args.root)) or f"There are no days in {days.FOLDER}/.")
        return exitcodes.SOUND
    return boot(args)


def boot(args: argparse.Namespace) -> int:
    """Boot what the plan declares and do what the arguments ask for."""
    from ops.local import processes
    from ops.report.gather import gather

    if args.replay:
        _known(args.root, args.replay)
    if processes.sdk() is None:
        print(f"The local run needs the emulators of the Google Cloud CLI: {processes.HINT}.", file=sys.stderr)
        return exitcodes.REFUSED
    with stage("Planning", lines=True):
        from ops.local.serving import play, serve
        from ops.local.system import LocalRunError, running

        plan = gather(args.root, args.stack)
    if plan.violations:
        for finding in plan.violations:
            print(finding, file=sys.stderr)
        return exitcodes.REFUSED
    before = signal.signal(signal.SIGTERM, _end)
    try:
        with tempfile.TemporaryDirectory(prefix="local-run-") as folder, running(plan, Path(folder)) as system:
            return play(system, args.replay, args.speed, args.output) if args.replay else serve(system, args.speed)
    except LocalRunError as error:
        print(error, file=sys.stderr)
        return exitcodes.REFUSED
    finally:
        signal.signal(signal.SIGTERM, before)


def _known(root: Path, name: str) -> None:
    """Raise `Refused` where a day is not there or says something that is not understood, before anything is started."""
    from zoneinfo import ZoneInfo

    from blueprint.loader import load_manifest
    from ops.local import days

    days.load(root, name, ZoneInfo(load_manifest(root).time_zone))


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)
