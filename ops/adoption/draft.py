"""A first declaration from what exists: what listings tell whole is written, what they do not tell is asked where it belongs.

Tables and datasets are written, since a listing holds all of them and they hold data; so is every entry of which all is known:
a service that a topic pushes to, with its address for the stack, a function whose source is under `functions/`, with its
schedules, variables and secrets, and a stream whose messages are its rows. Each other is written as a comment into its section
of the declaration, with what is known, and `"?"` where somebody has to answer. Nothing is guessed; the next draft goes on from
what was answered.
"""

from __future__ import annotations

import re

from analysis.sql.ddl import read_ddl
from ops.adoption.ddl import dataset_ddl, table_ddl, unwritten
from ops.adoption.entries import DraftedEntry, entries
from ops.adoption.listing import Listing
from ops.scaffolding.change import ProjectChange
from ops.scaffolding.lines import with_key


def draft(change: ProjectChange, listing: Listing) -> tuple[list[str], list[DraftedEntry]]:
    """Add files, entries and questions to `change`; return what was declared, and what is left to a person."""
    left: list[DraftedEntry] = []
    for each in listing.there:
        kind = each.type.rpartition(":")[2]
        if kind == "Dataset":
            place = f"schemas/bigquery/{each.settings['datasetId']}/dataset.sql"
            left += _write(change, f"dataset {each.label}", place, dataset_ddl(each.settings))
        elif kind == "Table":
            place = f"schemas/bigquery/{each.settings['datasetId']}/{each.settings['tableId']}.sql"
            unknown = unwritten(each.settings)
            if unknown:
                left.append(DraftedEntry(f"table {each.label}", unknown))
            else:
                left += _write(change, f"table {each.label}", place, table_ddl(each.settings))
    declared: list[str] = []
    while known := next((each for each in entries(listing.of(change.value())) if each.known), None):
        _declare(change, known, listing.stack.file)
        declared.append(known.what)
    asked = list(entries(listing.of(change.value())))
    for entry in asked:
        if entry.section is not None:
            change.ask(entry.section, entry.what, entry.as_comment())
    return declared, [*left, *asked]


def _declare(change: ProjectChange, entry: DraftedEntry, stack: str) -> None:
    """Write an entry of which all is known, and a service's address into the stack."""
    assert entry.section is not None
    name, _, first = entry.entry[0].partition(":")
    change.answered(entry.what)
    change.add((entry.section,), name, "\n".join([first.strip(), *entry.entry[1:]]))
    text = change.text(stack)
    project = re.search(r"^\s*([\w-]+):projectId:", text, re.MULTILINE)
    if entry.address and project and f"{name}:" not in text:
        change.changed[stack] = with_key(text, ("config", f"{project[1]}:serviceUrls"), name, entry.address)


def _write(change: ProjectChange, what: str, place: str, text: str) -> list[DraftedEntry]:
    """Add a file, unless it is there already; return why, where our own reader does not take what it says."""
    if (change.root / place).exists():
        return []
    ddl, problems = read_ddl(text, "dataset" if place.endswith("/dataset.sql") else "table")
    if ddl is None or problems:
        return [DraftedEntry(what, f"It cannot be declared as it is: {problems[0].message}")]
    change.files[place] = text
    return []
