"""Packing: the same files give the same bytes on every machine.

Entries are stored, not compressed: compressed bytes differ between zlib builds, uploads of some hundred
kilobytes do not need it, and the object's name would change with the builder's machine.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from analysis.python.file_tree import digest
from blueprint.archive.model import ArchiveFile

_UNIX, _REGULAR_0644 = 3, 0o100644 << 16
MOST_FILES, MOST_BYTES = 2**16 - 2, 2**31
"""What a zip without extensions is sure to hold (APPNOTE 4.4.1.4 reserves the highest count; some readers take sizes as
signed)."""


def holds(files: Mapping[str, bytes]) -> bool:
    """Return whether one zip holds these files."""
    return len(files) <= MOST_FILES and sum(map(len, files.values())) <= MOST_BYTES


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of `files` (path inside → content) that it `holds`: sorted, fixed dates and modes, no folder entries."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", allowZip64=False) as packed:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path)  # of 1980-01-01, the earliest date there is, without a time zone
            entry.create_system, entry.external_attr = _UNIX, _REGULAR_0644
            packed.writestr(entry, files[path])
    return written.getvalue()


def listing(files: Mapping[str, bytes]) -> tuple[ArchiveFile, ...]:
    """Return the manifest of `files`, sorted by path."""
    return tuple(ArchiveFile(path, digest(files[path]), len(files[path])) for path in sorted(files))
