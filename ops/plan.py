"""Evaluate the program offline for one stack and show what would exist.

Runs the same program as `pulumi preview`, with every contract, without credentials, network or the Pulumi
command. The plan is sound only when nothing in it would be refused; everything that would be is told at once.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ops.arguments import add_project_arguments
from ops.embedded import slices
from ops.report import explain, text
from ops.report.gather import Plan, gather
from ops.terminal import style_for

CACHE = Path(__file__).resolve().parents[1] / ".cache" / "sdk"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--explain", metavar="NAME", help="show one resource in full, and why it exists")
    parser.add_argument("--no-acceptance", action="store_true", help="do not load each archive in a clean interpreter")


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0 when it is sound, 1 when it is refused, 2 when `--explain` names nothing."""
    slices.install(CACHE)
    plan = gather(args.root, args.stack, acceptance=not (args.no_acceptance or args.explain))
    slices.save(CACHE)
    if args.explain:
        return _explain(plan, args.explain, as_json=args.json)
    if args.json:
        json.dump(plan.as_json(), sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        print("\n".join(text.render(plan, style_for(sys.stdout))))
    return 1 if plan.violations else 0


def _explain(plan: Plan, name: str, *, as_json: bool) -> int:
    found = explain.find(plan, name)
    for finding in plan.violations:
        print(finding, file=sys.stderr)
    if not found and plan.violations:
        return 1
    if not found:
        near = explain.suggestions(plan, name)
        hint = f"Did you mean {' or '.join(near)}?" if near else "`python -m ops plan` lists every resource."
        print(f"No resource is called '{name}'. {hint}", file=sys.stderr)
        return 2
    if as_json:
        json.dump([explain.as_json(plan, each) for each in found], sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        style = style_for(sys.stdout)
        print("\n\n".join("\n".join(explain.render(plan, each, style)) for each in found))
    return 1 if plan.violations else 0
