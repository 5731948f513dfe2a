"""Reads the record of each source text once, in this run and in earlier ones."""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.cache import Cache
from analysis.python.file_tree import digest
from analysis.python.record import FileRecord, dump_record, load_record, record_of
from analysis.python.syntax import MOST_DEPTH, Depth, PythonVersion, parse


class RecordReader:
    """Reads records once per source text, in this run and in earlier ones.

    Args:
        target: the runtime's version.
        cache: where records of earlier runs are.
        depth: how far sources are read.
    """

    def __init__(self, target: PythonVersion, cache: Cache, *, depth: Depth = "code") -> None:
        self._target, self._cache, self._depth = target, cache, depth
        self._known: dict[str, FileRecord] = {}

    def __call__(self, content: bytes, sha256: str) -> FileRecord:
        """Return the record of `content`."""
        record = self._known.get(sha256)
        if record is None:
            record = self._known[sha256] = self._load(content, sha256)
        return record

    def _load(self, content: bytes, sha256: str) -> FileRecord:
        if self._cache.folder is None:
            return self._read(content)
        key = digest(f"{code_fingerprint()} {self._target} {self._depth} {sha256}".encode())
        payload = self._cache.get("records", key)
        if payload is not None:
            return load_record(payload)
        record = self._read(content)
        self._cache.put("records", key, dump_record(record))
        return record

    def _read(self, content: bytes) -> FileRecord:
        return record_of(parse(content, self._target, self._depth), content, self._target)


@functools.cache
def code_fingerprint(*folders: Path) -> str:
    """Return a digest of this package's own sources and those in `folders`: a changed analysis trusts no earlier result."""
    files = [file for folder in (Path(__file__).parent, *folders) for file in sorted(folder.glob("*.py"))]
    return digest(b"\0".join(file.read_bytes() for file in files))


@contextmanager
def roomy() -> Iterator[None]:
    """Make room for trees: no cyclic collection, which triples the time of parsing and finds no cycles, and deep recursion.

    The limit keeps the compiler within the usual stack.
    """
    enabled, limit = gc.isenabled(), sys.getrecursionlimit()
    gc.disable()
    sys.setrecursionlimit(max(limit, MOST_DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if enabled:
            gc.enable()
