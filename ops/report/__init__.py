"""Write one HTML page of a plan: the pipeline's picture, its parts and guarantees, what changed, and a day that was played.

The file holds everything that it shows and loads nothing, so it can be attached to a pull request, mailed or kept. The same
plan gives the same bytes. The package holds what `ops plan` says, too: gathered once (`gather`), shown as text or JSON.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

DEFAULT: Final = Path("build/report.html")
MAX_INPUT: Final = 20_000_000
"""Largest file that --run reads, in bytes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    from ops.arguments import add_project_arguments

    add_project_arguments(parser)
    parser.add_argument("--diff", type=Path, metavar="FILE", help="show what `ops diff --format json` wrote")
    parser.add_argument("--run", dest="played", type=Path, metavar="FILE", help="show a day that `ops local` played")
    parser.add_argument("--output", "-o", type=Path, metavar="FILE", help=f"where to write it (default: {DEFAULT})")
    parser.add_argument("--no-acceptance", action="store_true", help="do not load each archive in a clean interpreter")


def run(args: argparse.Namespace) -> int:
    """Write the page and say where; 0 when the plan is sound, 1 when it is refused."""
    from blueprint.loader import read_manifest
    from ops import diff, exitcodes
    from ops.page import document
    from ops.page.run import from_json
    from ops.report.gather import gather
    from ops.untrusted import read_file

    difference = diff.read(args.diff) if args.diff else None
    played = read_file(args.played, "report", "run", from_json, MAX_INPUT) if args.played else None
    plan = gather(args.root, args.stack, acceptance=not args.no_acceptance)
    manifest = plan.blueprint.manifest if plan.blueprint else read_manifest(args.root)[0]
    text = document.html(document.Page(plan, manifest, difference, played))
    output = args.output or args.root / DEFAULT
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8", newline="\n")
    found = f", {len(plan.violations)} violations in it" if plan.violations else ""
    sys.stdout.write(f"wrote {output} ({len(text.encode()) / 1000:,.0f} KB{found}).\n")
    return exitcodes.REFUSED if plan.violations else exitcodes.SOUND
