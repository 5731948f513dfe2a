"""A cache that may be lost or damaged at any time without changing a result.

One pack per name under the folder, each record carrying a checksum of its payload; whatever does not fit its
checksum is not there. Writing replaces the whole pack at once, so two processes can share a folder: the later
one wins and the earlier one's records are computed again. Archives lie beside the packs, named by their content.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from pathlib import Path

from analysis.files import write_whole
from analysis.python.file_tree import digest

# Newest records kept in a pack, and newest archives kept beside those of this run, in bytes.
_KEEP = 48_000_000


class Cache:
    """String keys to bytes, in packs: `records` (one per source text), `results` (one per function).

    `folder` is created on the first write; None keeps everything in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._packs: dict[str, dict[str, bytes]] = {}
        self._changed: set[str] = set()
        self._used: set[str] = set()

    def get(self, pack: str, key: str) -> bytes | None:
        """Return the payload stored for `key`, or None."""
        return self._load(pack).get(key)

    def put(self, pack: str, key: str, payload: bytes) -> None:
        """Store `payload`; it reaches the disk with the next `flush`."""
        records = self._load(pack)
        records.pop(key, None)
        records[key] = payload
        self._changed.add(pack)

    def file(self, name: str, sha256: str) -> Path | None:
        """Return the file of this name in the folder where its content has this digest."""
        if self.folder is None:
            return None
        path = self.folder / name
        with contextlib.suppress(OSError):
            if digest(path.read_bytes()) == sha256:
                self._used.add(name)
                return path
        return None

    def used(self, name: str) -> None:
        """Note that the file of this name is needed."""
        self._used.add(name)

    def flush(self) -> None:
        """Write changed packs and drop old files; a folder that cannot be written costs speed next time, nothing else."""
        if self.folder is None or not self._changed:
            return
        for pack in sorted(self._changed):
            with contextlib.suppress(OSError):
                _write(self.folder / f"{pack}.pack", self._packs[pack])
        self._changed.clear()
        with contextlib.suppress(OSError):
            _drop(path for path in self.folder.glob("*.zip") if path.name not in self._used)

    def _load(self, pack: str) -> dict[str, bytes]:
        if pack not in self._packs:
            self._packs[pack] = {} if self.folder is None else _read(self.folder / f"{pack}.pack")
        return self._packs[pack]


def _checksum(key: str, payload: bytes) -> str:
    return hashlib.blake2b(payload, key=key.encode()[:64], digest_size=12).hexdigest()


def _read(path: Path) -> dict[str, bytes]:
    try:
        data = path.read_bytes()
    except OSError:
        return {}
    records: dict[str, bytes] = {}
    position = 0
    while 0 <= (end := data.find(b"\n", position)) < len(data):
        head = data[position:end].decode("ascii", "replace").split(" ")
        if len(head) != 3 or not head[1].isdecimal():
            break
        key, length, checksum = head[0], int(head[1]), head[2]
        payload = data[end + 1 : end + 1 + length]
        position = end + 2 + length
        if len(payload) == length and _checksum(key, payload) == checksum:
            records[key] = payload
    return dict(reversed(records.items()))


def _write(path: Path, records: dict[str, bytes]) -> None:
    parts: list[bytes] = []
    size = 0
    for key, payload in reversed(records.items()):
        size += len(payload)
        if size > _KEEP:
            break
        parts += [f"{key} {len(payload)} {_checksum(key, payload)}\n".encode(), payload, b"\n"]
    write_whole(path, b"".join(parts))


def _drop(files: Iterable[Path]) -> None:
    """Delete the oldest files, as many as are over what is kept."""
    size = 0
    for path in sorted(files, key=lambda each: each.stat().st_mtime_ns, reverse=True):
        size += path.stat().st_size
        if size > _KEEP:
            path.unlink(missing_ok=True)
