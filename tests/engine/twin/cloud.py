"""The twin's cloud: every resource that exists, in one SQLite file, and the faults that a test asked for."""

from __future__ import annotations

import fnmatch
import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

State = dict[str, Any]

_TABLES = """
create table if not exists resource (
    kind text not null, id text not null, inputs text not null, outputs text not null, primary key (kind, id)
);
create table if not exists fault (
    operation text not null, kind text not null, id text not null, after integer not null, action text not null
);
create table if not exists call (number integer primary key, operation text, kind text, id text);
"""


@dataclass(frozen=True)
class Resource:
    """One thing that exists: its settings (`inputs`) and what the cloud gave it (`outputs`), by wire name."""

    kind: str
    id: str
    inputs: State
    outputs: State


class CloudError(Exception):
    """The cloud refuses an operation; the text is what the provider would report."""


class Cloud:
    """All resources in the file at `path`; safe for the threads of one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.executescript(_TABLES)

    def close(self) -> None:
        self._database.close()

    def get(self, kind: str, id_: str) -> Resource | None:
        """Return one resource, or None."""
        with self._lock:
            row = self._database.execute(
                "select inputs, outputs from resource where kind = ? and id = ?", (kind, id_)
            ).fetchone()
        return Resource(kind, id_, json.loads(row[0]), json.loads(row[1])) if row else None

    def put(self, resource: Resource) -> None:
        """Store a resource in place of any of the same kind and id."""
        row = (resource.kind, resource.id, json.dumps(resource.inputs), json.dumps(resource.outputs))
        with self._lock:
            self._database.execute("insert or replace into resource values (?, ?, ?, ?)", row)

    def remove(self, kind: str, id_: str) -> bool:
        """Delete a resource; return whether it was there."""
        with self._lock:
            found = self._database.execute("delete from resource where kind = ? and id = ?", (kind, id_))
            return found.rowcount > 0

    def all(self, kind: str = "*") -> Iterator[Resource]:
        """Yield the resources whose kind matches, ordered by kind and id."""
        with self._lock:
            rows = self._database.execute("select * from resource order by kind, id").fetchall()
        for found, id_, inputs, outputs in rows:
            if fnmatch.fnmatchcase(found, kind):
                yield Resource(found, id_, json.loads(inputs), json.loads(outputs))

    def fail(self, operation: str, kind: str = "*", id_: str = "*", *, after: int = 0, action: str = "error") -> None:
        """Make an operation on what matches fail, once `after` matching ones have succeeded.

        `action` is `error` (the provider reports a failure) or `hang` (it never answers).
        """
        with self._lock:
            self._database.execute("insert into fault values (?, ?, ?, ?, ?)", (operation, kind, id_, after, action))

    def heal(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._database.execute("delete from fault")

    def begin(self, operation: str, kind: str, id_: str) -> str | None:
        """Record a call; return the action of the fault that it meets, if any."""
        with self._lock:
            self._database.execute("insert into call (operation, kind, id) values (?, ?, ?)", (operation, kind, id_))
            faults = self._database.execute("select rowid, * from fault where operation = ?", (operation,)).fetchall()
            for rowid, _, kinds, ids, after, action in faults:
                if fnmatch.fnmatchcase(kind, kinds) and fnmatch.fnmatchcase(id_, ids):
                    if after <= 0:
                        return str(action)
                    self._database.execute("update fault set after = after - 1 where rowid = ?", (rowid,))
        return None

    def calls(self, operation: str) -> list[tuple[str, str]]:
        """Return the kind and id of each call of an operation, in order."""
        with self._lock:
            rows = self._database.execute(
                "select kind, id from call where operation = ? order by number", (operation,)
            ).fetchall()
        return [(kind, id_) for kind, id_ in rows]

    def forget_calls(self) -> None:
        """Begin the record of calls anew."""
        with self._lock:
            self._database.execute("delete from call")

    def copy(self, path: Path) -> Cloud:
        """Return an independent cloud with the same resources in another file, without faults and calls."""
        with self._lock:
            other = Cloud(path)
            self._database.backup(other._database)
        other.heal()
        other.forget_calls()
        return other
