"""A mutant: one edit of one module, known by its place and by the line before and after."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """What `generate.py` tells of it; `function` is the outermost one that holds it, as a survey names it."""

    module: str
    operator: str
    line: int
    definition: str
    in_function: bool
    start: int
    end: int
    text: str

    @property
    def function(self) -> str:
        """Its function, as a survey names it."""
        return f"{self.module}:{self.definition}"

    def source(self, root: Path) -> str:
        """Return the whole module as the mutant has it."""
        source = (root / self.module).read_text(encoding="utf-8")
        return source[: self.start] + self.text + source[self.end :]

    def name(self, root: Path) -> str:
        """Return where it is and what it changes, in words that do not move when lines do."""
        source = (root / self.module).read_text(encoding="utf-8")
        begin = source.rfind("\n", 0, self.start) + 1
        end = source.find("\n", self.end)
        made = source[begin : self.start] + self.text + source[self.end : end]
        before, after = (" ".join(each.split()) for each in (source[begin:end], made))
        return f"{self.function} | {before} → {after}"

    def order(self, root: Path) -> bytes:
        """Return what a sample is drawn by: nothing else moves it."""
        return hashlib.sha256(self.name(root).encode()).digest()
