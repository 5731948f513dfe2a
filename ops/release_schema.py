"""Record tables, messages and names as released; later plans are compared with them.

Run it when a release is through and commit what it writes. A change that would be refused is recorded only
for a table or message named with --accept: after its migration is done by hand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from blueprint.baseline import lost_evidence, lost_names, snapshots
from blueprint.contracts import contracts
from blueprint.findings import Finding, Refused
from blueprint.loader import read_manifest
from blueprint.manifest import Manifest
from blueprint.names import Names
from blueprint.schemas.loader import load_schemas
from blueprint.schemas.messages import load_messages
from blueprint.schemas.released import FOLDER, check_evolution, write_snapshot
from ops.arguments import add_root_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_root_argument(parser)
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="NAME",
        help="a table (dataset.table), message, name or piece of evidence that was migrated or given up",
    )


def run(args: argparse.Namespace) -> int:
    """Write the snapshots and name what changed in them; raises `Refused` for what cannot be released."""
    manifest, manifest_faults = read_manifest(args.root)
    schemas, faults = load_schemas(args.root, values=None)
    messages, message_faults = load_messages(args.root, manifest.phase_labels() if manifest else {})
    _, refusals = check_evolution(args.root, schemas.tables, messages, manifest.retired if manifest else ())
    lost: list[Finding] = []
    if manifest is not None:
        rules = [each.id for each in contracts()]
        lost = [*lost_names(args.root, manifest, names_for(manifest))[1], *lost_evidence(args.root, rules)[1]]
    open_refusals = [
        each
        for each in (*refusals, *lost)
        if each.severity == "violation"
        and not any(f"`{name}`" in each.message or f"'{name}'" in each.message for name in args.accept)
    ]
    if manifest is None or manifest_faults or faults or message_faults or open_refusals:
        raise Refused([*manifest_faults, *faults, *message_faults, *open_refusals])
    changed = [
        *write_snapshot(args.root, schemas.tables, messages, manifest.retired),
        *_write_baseline(args.root, manifest),
    ]
    for name in changed:
        print(f"{FOLDER}/{name}")
    print(f"{len(schemas.tables)} tables and {len(messages)} messages, {len(changed)} changed.", file=sys.stderr)
    return 0


def names_for(manifest: Manifest) -> Names:
    """Return the names of a pipeline in no stack: what is recorded carries no project, number or region."""
    return Names(manifest.pipeline, "project", "0", "region")


def _write_baseline(root: Path, manifest: Manifest) -> Iterator[str]:
    """Record the names and the evidence of the declaration; yield the files that changed."""
    rules = [each.id for each in contracts()]
    for file, text in snapshots(root, manifest, names_for(manifest), rules).items():
        path = root / file
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        if before != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            yield Path(file).relative_to(FOLDER).as_posix()
