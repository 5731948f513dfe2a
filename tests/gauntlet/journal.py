"""What a run has judged, kept line by line as it goes, so that a run that is stopped goes on where it was.

A line counts for the commit that it was judged at. What was explained at an earlier one can be taken over where the
mutation is the same to the letter, so that only what was left is judged once more after its cure.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.gauntlet.judge import UNEXPLAINED, Outcome
from tests.gauntlet.mutation import Mutation

NOT_COMMITTED = "a tree that is not committed"


def commit_of(root: Path) -> str:
    """Return the commit that a checkout's files outside docs/ are of."""
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return NOT_COMMITTED if changed else _git(root, "rev-parse", "--short=10", "HEAD")


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def identity(mutation: Mutation) -> str:
    """Return what tells a mutation from every other, its text included."""
    parts = (mutation.kind, mutation.file, mutation.place, mutation.text, mutation.beside)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


class Journal:
    """The outcomes of one part, of one commit."""

    def __init__(self, folder: Path, part: str, commit: str, since: Sequence[str] = ()) -> None:
        self.commit = commit
        self.path = folder / f"{part.replace(' ', '-')}.jsonl"
        self.known: dict[str, Mapping[str, Any]] = {}
        lines = [each for each in _lines(self.path) if each["commit"] in {commit, *since}]
        self._met = {each["id"] for each in lines}
        for each in lines:
            if each["commit"] != commit and each["verdict"] not in UNEXPLAINED:
                self.known[each["id"]] = each
        for each in lines:
            if commit != NOT_COMMITTED and each["commit"] == commit:
                self.known[each["id"]] = each
        folder.mkdir(parents=True, exist_ok=True)

    def outcome(self, mutation: Mutation) -> Outcome | None:
        """Return what became of a mutation, where that is known."""
        line = self.known.get(identity(mutation))
        return Outcome(mutation, line["verdict"], line["by"], line["said"], line["findings"]) if line else None

    def met(self, mutation: Mutation) -> bool:
        """Say whether a mutation was judged before, whatever became of it."""
        return identity(mutation) in self._met

    def commits(self, mutations: Iterable[Mutation]) -> list[str]:
        """Return the commits that mutations were judged at, this one first."""
        found = {str(self.known[key]["commit"]) for key in map(identity, mutations) if key in self.known}
        return sorted(found, key=lambda each: (each != self.commit, each))

    def keep(self, outcome: Outcome) -> None:
        """Write an outcome down at once; a line that a kill cut off ends before it."""
        key = identity(outcome.mutation)
        line = {"commit": self.commit, "id": key, **outcome.as_json()}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(("" if _ends(self.path) else "\n") + json.dumps(line, ensure_ascii=False) + "\n")
        self.known[key] = line


class Journals:
    """The journals of all parts."""

    def __init__(self, folder: Path, commit: str, since: Sequence[str]) -> None:
        self.commit = commit
        self._folder, self._since = folder, since
        self._read: dict[str, Journal] = {}

    def of(self, part: str) -> Journal:
        """Return the journal of one part."""
        if part not in self._read:
            self._read[part] = Journal(self._folder, part, self.commit, self._since)
        return self._read[part]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue  # the end of a run that was killed while it wrote


def _ends(path: Path) -> bool:
    """Say whether what a file holds ends with a whole line."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 1))
        return file.read() in (b"", b"\n")
