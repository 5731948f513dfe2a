"""Packing: the same files give the same bytes on every machine.

Entries are stored, not compressed: compressed bytes differ between zlib builds, uploads of some hundred
kilobytes do not need it, and the object's name would change with the builder's machine. The format is written here
field by field, so that no version of a library decides about a byte of it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from analysis.python.file_tree import digest
from blueprint.archive.model import ArchiveFile

# What both headers of an entry say alike: version needed, flags, method (stored), time, date, CRC-32, two sizes, length
# of the name, and of nothing extra. The date is the earliest there is, 1980-01-01, with no time zone to convert from.
_ENTRY = struct.Struct("<HHHHHLLLHH")
_VERSION, _DATE, _UTF8_NAME = 20, 1 << 5 | 1, 1 << 11
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_MADE_ON_UNIX = struct.pack("<BB", _VERSION, 3)
_REGULAR_0644 = 0o100644 << 16
MOST_FILES, MOST_BYTES = 2**16 - 2, 2**31
"""What a zip without extensions is sure to hold (APPNOTE 4.4.1.4 reserves the highest count; some readers take sizes as
signed)."""


def holds(files: Mapping[str, bytes]) -> bool:
    """Return whether one zip holds these files."""
    return len(files) <= MOST_FILES and sum(map(len, files.values())) <= MOST_BYTES


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of `files` (path inside → content) that it `holds`: sorted, fixed dates and modes, no folder entries."""
    entries: list[bytes] = []
    index: list[bytes] = []
    offset = 0
    for path in sorted(files):
        name, content = path.encode(), files[path]
        flags, size = 0 if path.isascii() else _UTF8_NAME, len(content)
        entry = _ENTRY.pack(_VERSION, flags, 0, 0, _DATE, zlib.crc32(content), size, size, len(name), 0)
        entries += (_LOCAL, entry, name, content)
        # No comment, the first disk, no hint whether it is text, and where the entry begins.
        index += (_CENTRAL, _MADE_ON_UNIX, entry, struct.pack("<HHHLL", 0, 0, 0, _REGULAR_0644, offset), name)
        offset += len(_LOCAL) + len(entry) + len(name) + size
    listed = b"".join(index)
    end = struct.pack("<HHHHLLH", 0, 0, len(files), len(files), len(listed), offset, 0)
    return b"".join((*entries, listed, _END, end))


def listing(files: Mapping[str, bytes]) -> tuple[ArchiveFile, ...]:
    """Return the manifest of `files`, sorted by path."""
    return tuple(ArchiveFile(path, digest(files[path]), len(files[path])) for path in sorted(files))
