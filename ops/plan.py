"""Evaluate the program offline for one stack and show what would exist.

Runs the same program as `pulumi preview`, with every contract, without credentials, network or the Pulumi
command. The plan is sound only when nothing in it would be refused; everything that would be is told at once.
"""

from __future__ import annotations

import argparse
import json
import sys

from ops import exitcodes
from ops.arguments import add_format_argument, add_project_arguments
from ops.findings import FindingsReport, write
from ops.report import explain, summary, text
from ops.report.gather import Plan, gather
from ops.terminal import style_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project_arguments(parser)
    add_format_argument(parser)
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--all", action="store_true", help="show every resource, archive and contract")
    part.add_argument("--only", metavar="NAME|KIND", help="show one component, or all of a kind: Topic, pubsub.Topic")
    part.add_argument("--explain", metavar="NAME", help="show one resource in full, and why it exists")
    parser.add_argument("--no-acceptance", action="store_true", help="do not load each archive in a clean interpreter")


def run(args: argparse.Namespace) -> int:
    """Print the plan; 0 when it is sound, 1 when it is refused, 2 when a name names nothing."""
    partial = args.explain or args.only
    plan = gather(args.root, args.stack, acceptance=not (args.no_acceptance or partial))
    if partial and not (explain.find(plan, partial) if args.explain else text.selected(plan, partial)):
        return _nothing(plan, partial, [] if args.explain else text.parts(plan))
    if args.explain:
        return _explain(plan, args.explain, as_json=args.format == "json")
    content = plan.as_json()
    if args.only:
        chosen = {each.urn for each in text.selected(plan, args.only)}
        content["resources"] = [each.as_json() for each in plan.resources if {each.urn, each.parent} & chosen]
    style = style_for(sys.stdout)
    lines = (
        text.render(plan, style)
        if args.all
        else text.part(plan, args.only, style)
        if args.only
        else summary.render(plan, style)
    )
    rules = {each.contract.id: each.contract.title for each in plan.results}
    write(args.format, FindingsReport("plan", plan.root, plan.findings, rules), content, lines)
    return exitcodes.REFUSED if plan.violations else exitcodes.SOUND


def _nothing(plan: Plan, name: str, parts: list[str]) -> int:
    for finding in plan.violations:
        print(finding, file=sys.stderr)
    if plan.violations:
        return exitcodes.REFUSED
    near = explain.near(name, parts) if parts else explain.suggestions(plan, name)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`ops plan --all` lists everything."
    print(f"No {'part' if parts else 'resource'} is called '{name}'. {hint}", file=sys.stderr)
    return exitcodes.USAGE


def _explain(plan: Plan, name: str, *, as_json: bool) -> int:
    found = explain.find(plan, name)
    for finding in plan.violations:
        print(finding, file=sys.stderr)
    if as_json:
        json.dump([explain.as_json(plan, each) for each in found], sys.stdout, indent=2, ensure_ascii=False)
        print()
    else:
        style = style_for(sys.stdout)
        print("\n\n".join("\n".join(explain.render(plan, each, style)) for each in found))
    return exitcodes.REFUSED if plan.violations else exitcodes.SOUND
