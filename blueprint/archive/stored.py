"""Archives as JSON, for the cache."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from blueprint.archive.model import (
    Archive,
    ArchiveFile,
    CodeQuery,
    CodeTableUse,
    ColumnRead,
    Distribution,
    DocumentQuery,
    QueryCall,
    QueryText,
    Use,
    Uses,
)
from blueprint.findings import Finding, Location

DERIVED = ("packed", "distributions", "requirements")
"""Fields of an archive that its record leaves out: they follow from the lock, which is part of the record's key."""


def to_json(archive: Archive) -> dict[str, Any]:
    """Return an archive as JSON has it, without what follows from the lock."""
    fields = {name: value for name, value in vars(archive).items() if name not in DERIVED}
    return {name: _plain(value) for name, value in fields.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def from_json(raw: dict[str, Any], packed: Path, distributions: tuple[Distribution, ...], requirements: str) -> Archive:
    """Return the archive that `to_json` was given."""
    return Archive(
        function=raw["function"],
        files=tuple(ArchiveFile(**item) for item in raw["files"]),
        sha256=raw["sha256"],
        length=raw["length"],
        packed=packed,
        requirements=requirements,
        modules=tuple(raw["modules"]),
        distributions=distributions,
        imported=tuple(raw["imported"]),
        uses=_uses(raw["uses"]),
        findings=tuple(
            Finding(item["rule"], item["message"], Location(**item["at"]), item["severity"]) for item in raw["findings"]
        ),
    )


def _uses(raw: dict[str, Any]) -> Uses:
    kinds = {
        kind: tuple(Use(item["name"], Location(**item["at"])) for item in found)
        for kind, found in raw.items()
        if kind not in ("queries", "document_queries", "query_calls", "column_reads")
    }
    queries = tuple(
        CodeQuery(
            item["text"],
            Location(**item["at"]),
            tuple(CodeTableUse(table["table"], Location(**table["at"]), table["written"]) for table in item["tables"]),
            item["error"],
        )
        for item in raw["queries"]
    )
    documents = tuple(
        DocumentQuery(
            None if item["conditions"] is None else tuple(map(tuple, item["conditions"])),
            tuple(map(tuple, item["order"])),
            Location(**item["at"]),
        )
        for item in raw["document_queries"]
    )
    calls = tuple(
        QueryCall(
            item["query"] and _query_text(item["query"]),
            None if item["given"] is None else tuple(item["given"]),
            Location(**item["at"]),
        )
        for item in raw["query_calls"]
    )
    reads = tuple(
        ColumnRead(item["column"], tuple(map(_query_text, item["queries"])), item["careful"], Location(**item["at"]))
        for item in raw["column_reads"]
    )
    return Uses(queries=queries, document_queries=documents, query_calls=calls, column_reads=reads, **kinds)


def _query_text(raw: dict[str, Any]) -> QueryText:
    return QueryText(raw["text"], raw["at"] and Location(**raw["at"]))
