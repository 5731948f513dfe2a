"""Packing: the same files give the same bytes on every machine.

Entries are stored, not compressed: compressed bytes differ between zlib builds, uploads of some hundred
kilobytes do not need it, and the object's name would change with the builder's machine.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from blueprint.archive.model import ArchiveFile
from blueprint.archive.tree import digest

# Zip has no earlier year, and no time zone: a fixed tuple is written as it is.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _REGULAR_0644 = 3, 0o100644 << 16


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of `files` (path inside → content): sorted, fixed dates and modes, no folder entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, _DATE)
            entry.create_system = _UNIX
            entry.external_attr = _REGULAR_0644
            archive.writestr(entry, files[path])
    return buffer.getvalue()


def listing(files: Mapping[str, bytes]) -> tuple[ArchiveFile, ...]:
    """Return the manifest of `files`, sorted by path."""
    return tuple(ArchiveFile(path, digest(files[path]), len(files[path])) for path in sorted(files))
