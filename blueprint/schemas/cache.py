"""A cache of what was read from SQL, by content: a warm plan never imports the parser.

An entry is a small JSON file whose name is the hash of everything the result depends on. It holds a
checksum of its own payload; an entry that is damaged, foreign or unreadable counts as absent and is written
again. Losing the whole folder costs a second, never correctness.
"""

from __future__ import annotations

import contextlib
import functools
import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from analysis.files import write_whole
from blueprint.findings import Finding, Location
from blueprint.schemas.bigquery import (
    NOWHERE,
    Column,
    Dataset,
    Partitioning,
    RangePartitioning,
    Table,
    TableReference,
    View,
)
from blueprint.schemas.sql import ParsedFile

KINDS = {"table": Table, "view": View, "dataset": Dataset}


@functools.cache
def reader_hash() -> str:
    """A hash of the modules that read SQL: a changed reader makes every older entry a miss."""
    own = Path(__file__).parent
    reader = own.parents[1] / "analysis" / "sql"
    digest = sha256()
    for path in (*sorted(own.glob("*.py")), *sorted(reader.glob("*.*"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


class SchemaCache:
    """Entries in `folder`; `version` is part of every key. With `folder` None nothing is kept."""

    def __init__(self, folder: Path | None, version: str = "") -> None:
        self.folder = folder
        self.version = version

    def key(self, *parts: str) -> str:
        """The name of the entry that depends on exactly these texts."""
        return sha256("\0".join((self.version, *parts)).encode("utf-8", "surrogatepass")).hexdigest()

    def get(self, key: str) -> Any | None:
        """The stored value, or None when there is none that can be trusted."""
        if self.folder is None:
            return None
        try:
            entry = json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
            payload = entry["payload"]
            return json.loads(payload) if sha256(payload.encode()).hexdigest() == entry["sha256"] else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def put(self, key: str, value: Any) -> None:
        """Store `value`; a folder that cannot be written costs the cache, nothing else."""
        if self.folder is None:
            return
        payload = json.dumps(value, ensure_ascii=True)
        entry = json.dumps({"sha256": sha256(payload.encode()).hexdigest(), "payload": payload})
        with contextlib.suppress(OSError):
            write_whole(self.folder / f"{key}.json", entry.encode())


def encode(parsed: ParsedFile) -> Any:
    """A `ParsedFile` as plain JSON values."""
    kind = next((name for name, cls in KINDS.items() if isinstance(parsed.declared, cls)), None)
    declared = asdict(parsed.declared) if parsed.declared else None
    return {"kind": kind, "declared": declared, "findings": [asdict(finding) for finding in parsed.findings]}


def decode(value: Any) -> ParsedFile:
    """The inverse of `encode`; raises KeyError or TypeError for a value of another shape."""
    declared = value["declared"]
    result = KINDS[value["kind"]](**_restore(declared)) if declared is not None else None
    return ParsedFile(result, decode_findings(value["findings"]))


def encode_findings(findings: tuple[Finding, ...]) -> Any:
    """Findings as plain JSON values."""
    return [asdict(finding) for finding in findings]


def decode_findings(values: Any) -> tuple[Finding, ...]:
    """The inverse of `encode_findings`."""
    return tuple(Finding(**{**value, "at": Location(**value["at"]), "same": ()}) for value in values)


def decode_columns(values: Any) -> tuple[Column, ...]:
    """Columns from plain JSON values."""
    return tuple(_column(value) for value in values)


def decode_references(values: Any) -> tuple[TableReference, ...]:
    """References from plain JSON values."""
    return tuple(TableReference(**{**value, "at": Location(**value["at"])}) for value in values)


def decode_table(value: Any) -> Table:
    """A table from plain JSON values, its places left out or in."""
    return Table(**_restore(value))


def _restore(fields: dict[str, Any]) -> dict[str, Any]:
    restored = dict(fields)
    restored["at"] = _place(fields)
    if "query_at" in fields:
        restored["query_at"] = Location(**fields["query_at"])
    if "columns" in fields:
        restored["columns"] = decode_columns(fields["columns"])
    if "references" in fields:
        restored["references"] = decode_references(fields["references"])
    if fields.get("partitioning"):
        partitioning = dict(fields["partitioning"])
        bounds = partitioning["range"]
        partitioning["range"] = RangePartitioning(**bounds) if bounds else None
        restored["partitioning"] = Partitioning(**partitioning)
    for name in ("clustering", "primary_key", "unqualified"):
        if name in fields:
            restored[name] = tuple(fields[name])
    restored["labels"] = tuple((key, text) for key, text in fields["labels"])
    return restored


def _column(value: dict[str, Any]) -> Column:
    fields = tuple(_column(child) for child in value["fields"])
    return Column(**{**value, "fields": fields, "at": _place(value)})


def _place(fields: dict[str, Any]) -> Location:
    return Location(**fields["at"]) if "at" in fields else NOWHERE
