"""Begin a project, or add a part to one: what is written plans soundly, and what stood there keeps its lines."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from blueprint.loader import read_declaration
from ops import exitcodes
from ops.arguments import add_root_argument, declared
from ops.invocation import about, pasteable
from ops.scaffolding import parts
from ops.scaffolding.boundary import boundary
from ops.scaffolding.change import PartRefused, ProjectChange
from ops.scaffolding.project import new_pipeline

HINTS: Final = {
    "pipeline": "The project, its number, addresses and the channel in Pulumi.dev.yaml are made up; put yours there.",
    "processor": "Each mode of the boundary behind the phase that lists whom it expects, expects it now.",
    "table": "Its columns are a beginning; put yours before the first release, after which they stay.",
    "message": "Name it in a topic of pipeline.yaml, with who publishes there and who takes it; until then the plan warns.",
    "function": "It is called and does nothing yet; its work goes into `_run` of its main.py.",
    "boundary": "The rule, the new phase's processor, its address in `serviceUrls` and the path are a beginning; put yours.",
    "stack": "Addresses and channels are those of the stack it was made from, with this project; check them.",
}
"""What a person is to do with a part after it was written."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare a subcommand for each thing that can be made."""
    below = parser.add_subparsers(metavar="WHAT", required=True)

    def what(name: str, text: str, *words: tuple[str, str], inside: bool = True) -> Any:
        made = below.add_parser(name, help=text, description=text)
        for word, meaning in words:
            made.add_argument(word, help=meaning)
        if inside:
            add_root_argument(made)
        made.set_defaults(what=name)
        return made

    made = what(
        "pipeline", "A project of its own, in a new folder.", ("name", "2 to 12 letters and digits"), inside=False
    )
    made.add_argument("--into", type=Path, metavar="DIR", help="the new folder (default: NAME)")

    made = what("processor", "Somebody whose completion a phase waits for.", ("name", "what messages call it"))
    made.add_argument("--phase", required=True, help="the phase it belongs to").completer = declared("phases")

    what("table", "A table of BigQuery.", ("name", "DATASET.TABLE"))
    what("message", "The schema of a message.", ("name", "its name, such as delivery"))

    made = what("function", "A function that a schedule calls.", ("name", "its name, such as send-digest"))
    made.add_argument("--cron", required=True, help='when, such as "0 7 * * *"')

    made = what(
        "boundary", "A step from a phase to the next.", ("upstream", "a phase"), ("downstream", "the next phase")
    )
    made.add_argument("--service", help="the service that the new phase runs in (default: the phase's name)")
    made.add_argument("--new", action="store_true", help="make the first of the two phases too")
    made.add_argument("--path", default="/start", help="where that service takes triggers (default: /start)")

    made = what("stack", "A stack with values of its own.", ("name", "its name, such as prod"))
    made.add_argument("--project", required=True, metavar="ID", help="the Google Cloud project")
    made.add_argument("--number", required=True, help="the project's number")
    made.add_argument("--region", help="its region (default: as in the stack it is made from)")
    made.add_argument("--like", metavar="STACK", help="the stack it is made from (default: the first)")


def run(args: argparse.Namespace) -> int:
    """Write it, and say what was written and what comes next; 1 with a sentence where it cannot be."""
    try:
        change = asked_for(args)
        lines = change.write()
    except PartRefused as refused:
        print(pasteable(f"✗ {refused}"), file=sys.stderr)
        return exitcodes.REFUSED
    print("\n".join(lines))
    about(change.root)
    print(HINTS[args.what])
    stacks = sorted(path.name.split(".")[1] for path in change.root.glob("Pulumi.*.yaml"))
    stack = args.name if args.what == "stack" else "prod" if "prod" in stacks else next(iter(stacks), "prod")
    print(pasteable(f"Next: `ops plan --stack {stack}` says what would exist."))
    return exitcodes.SOUND


def asked_for(args: argparse.Namespace) -> ProjectChange:
    """Return the change that a command line asks for; raises `PartRefused`."""
    if args.what == "pipeline":
        return new_pipeline(args.name, args.into or Path(args.name))
    change = ProjectChange(args.root)
    declaration = read_declaration(args.root)
    if args.what != "stack" and not declaration.whole:
        first = declaration.findings[0]
        raise PartRefused(f"Nothing was written, since {first.at} is to be corrected first: {first.message}")
    match args.what:
        case "processor":
            parts.processor(change, args.name, args.phase)
        case "table":
            parts.table(change, args.name)
        case "message":
            parts.message(change, args.name)
        case "function":
            parts.function(change, args.name, args.cron)
        case "boundary":
            boundary(change, args.upstream, args.downstream, args.service, args.path, new=args.new)
        case "stack":
            parts.stack(change, args.name, args.project, args.number, args.region, args.like)
    return change
