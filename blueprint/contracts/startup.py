"""Contracts on what functions do at start and per message: nothing heavy for nothing, no quota used up row by row."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from analysis.files import Unreadable, read_bytes
from analysis.python.record import read_record
from analysis.python.syntax import PythonVersion
from blueprint.contracts import Inspection, contract
from blueprint.findings import Location, shown
from blueprint.model import Blueprint
from blueprint.sources import library_folder

CHANGES = re.compile(r"\s*(?:--[^\n]*\n\s*)*(INSERT|UPDATE|DELETE|MERGE|TRUNCATE)\b", re.IGNORECASE)
STANDARD = {"__future__"}


@contract("inits-empty", "Package inits of the library import nothing", incidents=(9,))
def inits_empty(plan: Blueprint, report: Inspection) -> None:
    """An import in a package's init is paid by every function that uses anything of the package."""
    for path in sorted(library_folder(plan.root, plan.manifest).rglob("__init__.py")):
        report.check()
        at = shown(plan.root, path)
        for line, name in _imports(path, plan.manifest.python):
            report.violation(
                f"The package's init imports '{name}', which every function that uses the package would load; import it in the module that needs it.",
                Location(at, line),
            )


def _imports(path: Path, target: PythonVersion) -> Iterator[tuple[int, str]]:
    """Yield what loading a file imports; one that cannot be read is reported where the archive is built."""
    with contextlib.suppress(Unreadable):
        for fact in read_record(read_bytes(path), target, "names").imports:
            if not fact.lazy and fact.module not in STANDARD:
                yield fact.line, fact.module or "." * fact.level


@contract("rows-streamed", "Rows reach streamed tables through their stream only", incidents=(61, 62))
def rows_streamed(plan: Blueprint, report: Inspection) -> None:
    """A load job per record exhausted the table's daily quota (BigQuery: 1,500 a day), row updates the DML queue."""
    streamed = {stream.table: stream.topics[0] for stream in plan.manifest.streams.values()}
    for query in sorted({query for archive in plan.archives.values() for query in archive.uses.queries}):
        report.check()
        change = CHANGES.match(query.text)
        for use in query.tables if change else ():
            if use.table in streamed and change:
                report.violation(
                    f"{change[1].upper()} into '{use.table}', which a stream fills; publish to '{streamed[use.table]}'.",
                    query.at,
                )
    for write in sorted({use for archive in plan.archives.values() for use in archive.uses.row_writes}):
        report.check()
        report.violation(
            f"'{write.name}' writes rows one call at a time and uses up the table's quota; publish them to a topic with a stream.",
            write.at,
        )
