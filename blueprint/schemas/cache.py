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
from analysis.python.typed_json import reader_of
from blueprint.findings import Finding
from blueprint.schemas.bigquery import Dataset, Table, View
from blueprint.schemas.sql import ParsedFile

UNREADABLE = (KeyError, TypeError, AttributeError, ValueError)
"""What reading a kept value of another shape raises: it counts as not kept."""
KINDS: dict[str, type] = {"table": Table, "view": View, "dataset": Dataset}


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
    return {"kind": kind, **asdict(parsed)}


def decode(value: Any) -> ParsedFile:
    """The inverse of `encode`; raises what `reader_of` does for a value of another shape."""
    declared = value["declared"]
    return ParsedFile(
        None if declared is None else reader_of(KINDS[value["kind"]])(declared),
        reader_of(tuple[Finding, ...])(value["findings"]),
    )


def decode_table(value: Any) -> Table:
    """A table of a snapshot, which leaves its places out; raises KeyError where it lacks what every snapshot has."""
    if "labels" not in value or not _is_whole(value["columns"]):
        raise KeyError("labels, or the fields of a column")
    table: Table = reader_of(Table)(value)
    return table


def _is_whole(columns: Any) -> bool:
    return all("fields" in each and _is_whole(each["fields"]) for each in columns)
