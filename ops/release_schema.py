"""Record the tables and messages of schemas/ as released; later plans are compared with them.

Run it when a release is through and commit what it writes. A change that would be refused is recorded only
for a table or message named with --accept: after its migration is done by hand.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from blueprint.findings import Refused
from blueprint.schemas.loader import load_schemas
from blueprint.schemas.messages import load_messages
from blueprint.schemas.released import FOLDER, check_evolution, write_snapshot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--root", type=Path, default=Path(), metavar="DIR", help=("the project's folder (default: this)")
    )
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="NAME",
        help="a table (dataset.table) or message that was migrated",
    )


def run(args: argparse.Namespace) -> int:
    """Write the snapshot and name what changed in it; raises `Refused` for what cannot be released."""
    schemas, faults = load_schemas(args.root, values=None)
    messages, message_faults = load_messages(args.root)
    _, refusals = check_evolution(args.root, schemas.tables, messages)
    open_refusals = [
        each
        for each in refusals
        if not any(f"`{name}`" in each.message or f"'{name}'" in each.message for name in args.accept)
    ]
    if findings := [*faults, *message_faults, *open_refusals]:
        raise Refused(findings)
    changed = write_snapshot(args.root, schemas.tables, messages)
    for name in changed:
        print(f"{FOLDER}/{name}")
    print(f"{len(schemas.tables)} tables and {len(messages)} messages, {len(changed)} changed.", file=sys.stderr)
    return 0
