"""Take over what already exists: write the import file and say what an update would then do.

    ops adopt --inventory assets.json --inventory indexes.json -o import.json
    pulumi import --file import.json --protect=false --generate-code=false
    pulumi up

Inventories are the platform's own listings:

    gcloud asset list --project P --content-type resource --format json > assets.json
    gcloud asset list --project P --content-type iam-policy --format json > policies.json
    gcloud firestore indexes composite list --database '(default)' --format json > indexes.json
    gcloud firestore indexes fields list --database '(default)' --format json > fields.json

It refuses when an import would replace something that holds data, or drop a column of it. Whatever exists without
being declared is listed: first what disturbs the pipeline (a second subscription on a topic), then the rest.

For a project that has no declaration yet, `ops new pipeline NAME` makes one and --draft fills it. Written is what listings tell
whole: tables and datasets, services with their addresses, functions whose source stands under functions/ (with schedules,
variables and secrets), streams whose messages are their rows. For the rest (what a topic's messages are, when a phase is
complete, an alert) the declaration gets a comment that asks, with the entry as far as it is known; answer, and draft again.
Then everything is read and compared as above, so what is left is named.

With --resume it leaves out what the stack's state records already: after an update that was killed, what the cloud
did create without the state knowing is imported, and the next update goes on from there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from blueprint.findings import Finding, Location, Refused
from ops import exitcodes
from ops.adoption.compare import Adopted, Adoption, Leftover, compare
from ops.adoption.draft import draft
from ops.adoption.entries import DraftedEntry
from ops.adoption.importfile import import_file
from ops.adoption.inventory import read
from ops.adoption.listing import FunctionSources, Listing
from ops.arguments import add_format_argument, add_project_arguments
from ops.embedded.engine import Evaluation, evaluate
from ops.embedded.project import load, stack_settings
from ops.engine_cli import call
from ops.findings import FindingsReport, write
from ops.scaffolding.change import DECLARATION, ProjectChange

_PROVIDER = "pulumi:providers:gcp"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_project_arguments(parser, "to adopt into")
    parser.add_argument("--inventory", type=Path, action="append", default=[], metavar="FILE", help="a listing")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write the import file")
    add_format_argument(parser)
    parser.add_argument("--draft", action="store_true", help="write what can be declared from the listings, first")
    parser.add_argument("--resume", action="store_true", help="import only what the state does not record")


def run(args: argparse.Namespace) -> int:
    """Report, and write the import file; return 0, 1 when refused, or 3 when leftovers were found."""
    if not args.inventory:
        raise Refused([Finding("inventory", "Give at least one --inventory; `adopt --help` says how.", Location("."))])
    drafted = _drafted(args) if args.draft else Draft()
    evaluation = evaluate(args.root, args.stack)
    if any(finding.severity == "violation" for finding in evaluation.findings):
        for line in drafted_lines(drafted):
            print(line, file=sys.stdout if args.format == "text" else sys.stderr)
        raise Refused(evaluation.findings)
    defaults = provider_defaults(evaluation)
    declared = [each for each in evaluation.registrations if each.custom and each.type != _PROVIDER]
    adoption = compare(declared, read(args.inventory, defaults["project"]), defaults)
    recorded = recorded_urns(args.root, args.stack) if args.resume else frozenset[str]()
    adoption = replace(adoption, adopted=tuple(e for e in adoption.adopted if e.declared.urn not in recorded))
    write(
        args.format,
        FindingsReport("adopt", args.root, adoption.findings),
        as_json(adoption, drafted),
        lines(adoption, drafted),
    )
    for finding in adoption.findings:
        print(finding, file=sys.stderr)
    if adoption.findings:
        return exitcodes.REFUSED
    if args.output:
        document = import_file(evaluation.registrations, adoption.adopted, recorded)
        args.output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return exitcodes.DIFFERENCE if adoption.leftovers else exitcodes.SOUND


class Draft(NamedTuple):
    """What was written of what exists: files and entries of the declaration; and what is left to a person."""

    files: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    by_hand: tuple[DraftedEntry, ...] = ()


def _drafted(args: argparse.Namespace) -> Draft:
    """Write what listings tell whole; a declaration that is not sound yet, with an entry just answered, is no hindrance."""
    change, stack = ProjectChange(args.root), stack_settings(load(args.root, args.stack))
    there = read(args.inventory, stack.project)
    sources = FunctionSources(args.root, str(change.value().get("runtime")))
    listing = Listing(tuple(there), change.value(), stack, sources)
    declared, left = draft(change, listing)
    files = tuple(sorted(change.files))
    if change.files or change.changed:
        change.write()
    return Draft(files, tuple(declared), tuple(left))


def provider_defaults(evaluation: Evaluation) -> dict[str, str]:
    """Return the project and region that the program's provider sets."""
    inputs = next(each.inputs for each in evaluation.registrations if each.type == _PROVIDER)
    region = str(inputs["region"])
    return {"project": str(inputs["project"]), "region": region, "location": region}


def recorded_urns(root: Path, stack: str) -> frozenset[str]:
    """Return the URNs of everything in the stack's state."""
    export = call(root, "stack", "export", "--stack", stack).document
    return frozenset(each["urn"] for each in export.get("deployment", {}).get("resources") or ())


def as_json(adoption: Adoption, drafted: Draft) -> dict[str, Any]:
    """Return the report as data."""
    return {
        "written": list(drafted.files),
        "declared": list(drafted.declared),
        "by_hand": [
            {"what": each.what, "why": each.why, "entry": list(each.entry), "section": each.section}
            for each in drafted.by_hand
        ],
        "imported": [
            {"type": each.existing.type, "id": each.existing.id, "urn": each.declared.urn}
            | {"changed": list(each.changed), "replaced": list(each.replaced), "cannot_change": list(each.refused)}
            for each in adoption.adopted
        ],
        "created": [{"type": each.type, "urn": each.urn} for each in adoption.created],
        "leftovers": [
            {"type": each.existing.type, "id": each.existing.id, "touches": each.touches} for each in adoption.leftovers
        ],
        "refused": [str(finding) for finding in adoption.findings],
    }


def lines(adoption: Adoption, drafted: Draft) -> Iterator[str]:
    """Yield the report for people."""
    yield from drafted_lines(drafted)
    replaced = [each for each in adoption.adopted if each.replaced]
    refused = [each for each in adoption.adopted if each.refused and not each.replaced]
    others = [each for each in adoption.adopted if not each.replaced and not each.refused]
    kept = [each for each in others if not each.changed]
    changed = [each for each in others if each.changed]
    yield from _adopted_lines("Imported as they are", kept)
    yield from _adopted_lines("Imported and changed in place by the next update", changed)
    yield from _adopted_lines("Replaced by the next update", replaced)
    yield from _adopted_lines("Declared as the service would refuse to change them", refused)
    yield f"Created: {len(adoption.created)}"
    kinds = Counter(_kind(each.type) for each in adoption.created)
    yield from (f"  {count:>4} {kind}" for kind, count in sorted(kinds.items()))
    disturbing = [each for each in adoption.leftovers if each.touches]
    idle = [each for each in adoption.leftovers if not each.touches]
    yield from _leftover_lines("Undeclared and disturbing, remove them", disturbing)
    yield from _leftover_lines("Undeclared and without effect on this pipeline; remove those that were its own", idle)


def drafted_lines(drafted: Draft) -> Iterator[str]:
    """Yield what a draft wrote and asks, for people; nothing where there is none."""
    if drafted == Draft():
        return
    yield f"Written: {len(drafted.files)}"
    yield from (f"  {name}" for name in drafted.files)
    yield f"Declared: {len(drafted.declared)}"
    yield from (f"  {what}" for what in drafted.declared)
    asked = sum(1 for each in drafted.by_hand if each.section is not None)
    yield f'Only you can say: {len(drafted.by_hand)}, of which {asked} stand as comments in {DECLARATION}; answer each "?" there, and take the `# ` away'
    for hand in drafted.by_hand:
        yield f"  {hand.what}: {hand.why}"
        yield from (f"      {line}" for line in hand.entry)


def _adopted_lines(title: str, adopted: Sequence[Adopted]) -> Iterator[str]:
    yield f"{title}: {len(adopted)}"
    for each in adopted:
        places = ", ".join((*each.replaced, *each.refused, *each.changed))
        yield f"  {_kind(each.existing.type)} {each.existing.label}" + (f": {places}" if places else "")


def _leftover_lines(title: str, leftovers: Sequence[Leftover]) -> Iterator[str]:
    yield f"{title}: {len(leftovers)}"
    for each in leftovers:
        yield f"  {_kind(each.existing.type)} {each.existing.label}" + (f" {each.touches}" if each.touches else "")


def _kind(type_: str) -> str:
    return type_.rpartition(":")[2]
