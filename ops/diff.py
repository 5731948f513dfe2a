"""Compare the plans of two commits, without any cloud: resources, properties, archives, and contracts newly broken.

Each commit is evaluated by its own code. HEAD may be WORKTREE: the files as they are now. With --from, a difference
that `--format json` wrote is read and shown; nothing is evaluated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from blueprint.findings import Finding, Location
from ops import exitcodes
from ops.arguments import add_format_argument, add_project_arguments
from ops.change import render
from ops.change.model import Meaning, PlanDifference, from_json
from ops.change.trees import WORKTREE, commit_of, folder_of, plans
from ops.findings import FindingsReport, write
from ops.terminal import style_for
from ops.untrusted import read_file

MAX_INPUT = 4_000_000
"""Largest file that --from reads, in bytes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("base", nargs="?", metavar="BASE", help="a commit, branch or tag")
    parser.add_argument("head", nargs="?", default=WORKTREE, metavar="HEAD", help="another, or WORKTREE (default)")
    add_project_arguments(parser, needed=False)
    add_format_argument(parser, "markdown")
    parser.add_argument("--notes", action="store_true", help="print release notes: the Markdown under its own title")
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="show the difference in a JSON file")


def run(args: argparse.Namespace) -> int:
    """Print the difference; 0 when there is none, 3 when there is, 1 when a contract is newly broken."""
    if (args.base is None) == (args.source is None):
        print("Give two commits to compare, or --from FILE.", file=sys.stderr)
        return exitcodes.USAGE
    found = read(args.source) if args.source else difference(args.root, args.base, args.head, args.stack)
    if args.notes:
        sys.stdout.write(render.markdown(found, "Release notes"))
    elif args.format == "markdown":
        sys.stdout.write(render.markdown(found))
    else:
        broken = [Finding(each.rule, each.message, _location(each.at)) for each in found.broken]
        lines = "\n".join(render.text(found, style_for(sys.stdout))).strip("\n").splitlines()
        write(args.format, FindingsReport("diff", args.root, broken), found.as_json(), lines)
    return exitcodes.REFUSED if found.broken else exitcodes.SOUND if found.empty else exitcodes.DIFFERENCE


def _location(text: str) -> Location:
    """Return the place that `file:line:column` says."""
    file, *numbers = text.split(":")
    line, column = ([int(each) for each in numbers if each.isdecimal()] + [None, None])[:2]
    return Location(file, line, column)


def difference(root: Path, base: str, head: str, stack: str) -> PlanDifference:
    """Return in what revision `head` differs from `base`; raises `Refused` where one cannot be planned."""
    from ops.change.compare import compare

    names = tuple(each if each == WORKTREE else commit_of(root, each)[:12] for each in (base, head))
    before, after = plans(root, (base, head), stack)
    meanings = told([folder_of(root, each) for each in (base, head)], names)
    return compare(before, after, names=(names[0], names[1]), meanings=meanings)


def told(folders: Sequence[Path], names: Sequence[str]) -> list[Meaning]:
    """Return what the change of the declaration means; one that this version cannot read whole is said to be that."""
    from blueprint.loader import read_declaration
    from blueprint.schemas.firestore import load_firestore
    from blueprint.schemas.messages import load_messages
    from ops.change.declaration import meanings
    from ops.change.documents import contents, expiries
    from ops.change.operators import of_operators, of_questions, operators_engine, questions

    declarations = [read_declaration(folder) for folder in folders]
    for declaration, name in zip(declarations, names, strict=True):
        if declaration.manifest is None or not declaration.whole:
            return [
                Meaning(
                    "start",
                    f"The declaration of {name} is not what this version reads, so nobody knows what its change means.",
                )
            ]
    before, after = (declaration.manifest for declaration in declarations)
    if before is None or after is None:
        return []
    engines = [operators_engine(folder, each) for folder, each in zip(folders, (before, after), strict=True)]
    documents = (load_firestore(folder, each)[0] for folder, each in zip(folders, (before, after), strict=True))
    messages = (
        load_messages(folder, each.phase_labels())[0] for folder, each in zip(folders, (before, after), strict=True)
    )
    return [
        *meanings(before, after),
        *expiries(*documents),
        *contents(*messages),
        *of_operators(*engines),
        *of_questions(*map(questions, folders)),
    ]


def read(path: Path) -> PlanDifference:
    """Return the difference in a file that nobody vouches for; raises `Refused` where it holds none."""
    return read_file(path, "diff", "plan difference", from_json, MAX_INPUT)
