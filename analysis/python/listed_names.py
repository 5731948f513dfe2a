"""What modules that are not ours have: the standard library of the target, and locked distributions, from lists of names.

A list has a module a line, then its public names; a `*` says that there may be more. What no list tells is not known,
which is neither there nor absent.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable
from pathlib import Path

from analysis.python.syntax import PythonVersion

_FOLDER = Path(__file__).parent / "standard"
OPEN = "*"


class ListedNames:
    """Answers from one list; `text` is read when first asked."""

    def __init__(self, text: str = "") -> None:
        self._text = text

    @functools.cached_property
    def _lines(self) -> dict[str, str]:
        split = (line.partition(" ") for line in self._text.splitlines())
        return {module: names for module, _, names in split if module != "#"}

    def lacks_module(self, module: str) -> bool:
        """Return whether there is surely no module of that dotted name."""
        if module in self._lines:
            return False
        above, _, last = module.rpartition(".")
        while above and above not in self._lines:
            above, _, last = above.rpartition(".")
        return bool(above) and not last.startswith("_") and not self._may_have(above, last)

    def lacks(self, module: str, name: str) -> bool:
        """Return whether a module surely has no such name, and no submodule of it."""
        known = module in self._lines and not name.startswith("_") and name != OPEN
        return known and not self._may_have(module, name) and self.lacks_module(f"{module}.{name}")

    def _may_have(self, module: str, name: str) -> bool:
        names = self._lines[module].split(" ")
        return names[-1] == OPEN or name in names

    def has_top(self, module: str) -> bool:
        """Return whether a top-level module is listed."""
        return module in self._lines


class StandardLibrary(ListedNames):
    """The standard library of one version; of one without a list only the builder's own modules are known."""

    def __init__(self, target: PythonVersion) -> None:
        file = _FOLDER / f"{target[0]}.{target[1]}.txt"
        self.target, self._listed = target, file.is_file()
        super().__init__(file.read_text(encoding="ascii") if self._listed else "")

    def has_top(self, module: str) -> bool:
        """Return whether the version has a top-level module, or Python itself makes it."""
        return module == "__main__" or super().has_top(module) if self._listed else module in sys.stdlib_module_names

    def lost(self, module: str) -> str:
        """Return the last version that had a top-level module which this one has not, "" if none had."""
        versions = [version for version in LISTED if standard_library(version).has_top(module)]
        return "" if self.has_top(module) or not versions else f"{versions[-1][0]}.{versions[-1][1]}"


LISTED: tuple[PythonVersion, ...] = ((3, 11), (3, 12), (3, 13))


@functools.cache
def standard_library(target: PythonVersion) -> StandardLibrary:
    """Return the standard library of a version."""
    return StandardLibrary(target)


def listing(modules: Iterable[tuple[str, frozenset[str] | None]]) -> str:
    """Return a list of modules and their names, None where they cannot be read."""
    lines = []
    for module, names in modules:
        public = (OPEN,) if names is None else sorted(each for each in names if not each.startswith("_"))
        lines.append(" ".join((module, *public)))
    return "".join(f"{line}\n" for line in sorted(lines))
