"""Break a copy on purpose, as it broke before: what refuses it before a deployment, and what reports it after one.

NAME is the number of a recorded incident, words of a recreated failure, or a day whose faults the running pipeline meets
(see `ops local`). Nothing of the project is changed.
"""

from __future__ import annotations

import argparse
import sys

from ops import exitcodes
from ops.arguments import add_project_arguments
from ops.drills.reports import DrillTable, Reports
from ops.terminal import Style, style_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="an incident's number, words of a failure, or a day")
    parser.add_argument("--all", action="store_true", help="one failure of every recorded incident, as a table")
    add_project_arguments(parser, "to break a copy of")


def run(args: argparse.Namespace) -> int:
    """Do the drills; 1 when something that could be refused is not."""
    from ops.local import boot, days

    style = style_for(sys.stdout)
    reports = Reports.of(args.root)
    if args.name and args.name in days.names(args.root):
        args.replay, args.speed, args.output = args.name, 0.0, None
        return boot(args)
    cases = reports.one_each() if args.all else reports.matching(args.name or "")
    if not cases:
        known = f"{len(reports.cases)} failures are recreated, of {len(reports.incidents)} incidents"
        message = f"No failure is called '{args.name}'" if args.name else "Name an incident, or give --all"
        print(
            f"{message}; {known}, and there are the days {', '.join(days.names(args.root)) or 'none'}.", file=sys.stderr
        )
        return exitcodes.USAGE
    return _table(reports, args, style) if args.all else _each(reports, args, style)


def _each(reports: Reports, args: argparse.Namespace, style: Style) -> int:
    from ops.drills.run import Drills

    escaped = False
    with Drills(args.root, args.stack) as drills:
        for case in reports.matching(args.name):
            found = drills.run(case)
            escaped |= not found
            print(style.heading(f"Incident {case['incident']}", str(case["what"])))
            for finding in found:
                print(f"  {style.tick} refused before deployment: {finding}")
            if not found:
                print(f"  {style.cross} NOT refused by {case['rule']}.")
            for line in reports.after(case["incident"]):
                print(f"  {style.tick} after deployment: {line}")
            print()
    return exitcodes.REFUSED if escaped else exitcodes.SOUND


def _table(reports: Reports, args: argparse.Namespace, style: Style) -> int:
    from ops.drills.run import Drills

    table = DrillTable(reports)
    with Drills(args.root, args.stack) as drills:
        for incident in reports.incidents:
            case = reports.first(incident.number)
            print(table.row(incident, drills.run(case) if case else None), flush=True)
    print()
    print(table.summary(style))
    return exitcodes.REFUSED if table.escaped else exitcodes.SOUND
