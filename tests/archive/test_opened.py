"""Which file a call reads, by its first argument whatever stands behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.running import violations

BESIDE = {"there.txt": "x", "texts/one.txt": "x"}
MODULES = "codecs, io, linecache, pathlib, shutil, sqlite3, subprocess, tarfile, tokenize, zipfile"
MAIN = f"import {MODULES}\ndef read(path):\n    return path.read_text()\n"


@pytest.mark.parametrize("name", ["there.txt", "absent.txt"])
@pytest.mark.parametrize(
    "call",
    [
        "open({}, 'r')",
        "io.open({}, mode='r')",
        "codecs.open({}, 'r', 'utf-8')",
        "tokenize.open({})",
        "zipfile.ZipFile({}, 'r')",
        "tarfile.open({}, 'r:gz')",
        "sqlite3.connect({}, 5)",
        "linecache.getline({}, 3)",
        "shutil.copy({}, '/tmp/x')",
        "pathlib.Path({}).read_text('utf-8')",
        "read(pathlib.Path({}))",
        "subprocess.run('cat x && python3 ' + {}, shell=True)",
    ],
)
def test_a_file_beside_the_code_is_found_however_it_is_read(call: str, name: str, tmp_path: Path) -> None:
    found = violations(tmp_path, MAIN + call.format(repr(name)), BESIDE)
    assert [each for each in found if each == "archive-resource"] == ["archive-resource"] * (name == "absent.txt")
