"""Contracts on what functions do at start and per message: nothing heavy for nothing, no quota used up row by row."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from analysis.files import Unreadable, read_bytes
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
        for line, name in _imports(path):
            report.violation(
                f"The package's init imports '{name}', which every function that uses the package would load; import it in the module that needs it.",
                Location(at, line),
            )


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    try:
        tree = ast.parse(read_bytes(path))
    except (Unreadable, SyntaxError, ValueError):  # reported where the archive is built
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module not in STANDARD:
            yield node.lineno, node.module or "." * node.level
        elif isinstance(node, ast.Import):
            yield node.lineno, node.names[0].name


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
