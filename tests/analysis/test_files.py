"""A file is whole or as it was, whatever happens while it is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analysis.files import Unreadable, read_input, write_whole


def test_it_makes_the_folder_and_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_whole(path, b"first")
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_content_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, b"first")

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_whole(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_not_utf_8_is_refused_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes("\ufeffone\r\ntwo é\n".encode())
    assert read_input(path) == "one\r\ntwo é\n"
    path.write_bytes(b"one\ntwo\nthr\xe9e\n")
    with pytest.raises(Unreadable, match="not UTF-8; save it") as refused:
        read_input(path)
    assert refused.value.line == 3


def test_a_merge_that_is_not_resolved_is_refused_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for text, line in (("a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> main\n", 2), ("a\r\nb\r\n>>>>>>> main\r\n", 3)):
        path.write_bytes(text.encode())
        with pytest.raises(Unreadable, match="a merge left both sides here; keep one") as refused:
            read_input(path)
        assert refused.value.line == line
    for text in ("a <<<<<<< b\n", "Title\n=======\n", "<<<<<<<<\n", " >>>>>>> quoted\n"):
        path.write_text(text)
        assert read_input(path) == text
