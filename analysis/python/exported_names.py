"""Which names the modules of one closure have, star imports included."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from analysis.python.finder import Finder, Located
from analysis.python.graph import Closure
from analysis.python.outside import Outside

OF_EVERY_MODULE = frozenset(
    {
        *dir(ModuleType),
        *vars(ModuleType("")),
        "__builtins__",
        "__cached__",
        "__file__",
        "__path__",
        "__warningregistry__",
    }
)
"""What every module has, or every package, that Python loads."""


class ExportedNames:
    """Looks up the names of loaded modules.

    Args:
        closure: what is loaded.
        finder: finds what a star import takes names from.
        outside: tells what is not ours.
        load: takes a located module into the closure.
    """

    def __init__(self, closure: Closure, finder: Finder, outside: Outside, load: Callable[[Located], object]) -> None:
        self._closure, self._finder, self._outside, self._load = closure, finder, outside, load
        self._known: dict[str, frozenset[str] | None] = {}

    def of(self, module: str) -> frozenset[str] | None:
        """Return the names of a loaded module, star imports included; None when they cannot be read."""
        if module not in self._known:
            self._known[module] = frozenset()  # a cycle of star imports adds nothing
            self._known[module] = self._all_names(module)
        return self._known[module]

    def _all_names(self, module: str) -> frozenset[str] | None:
        facts = self._closure.records.get(module)
        if facts is None or facts.fault or facts.open_ended:
            return None
        names = set(facts.names)
        for fact in facts.imports:
            inside = self._closure.absolute(module, fact) or ""
            if inside.startswith(f"{module}."):  # loading a part binds it in its package
                names.add(inside.removeprefix(f"{module}.").partition(".")[0])
            if fact.names == ("*",):
                target = self._closure.absolute(module, fact)
                starred = None if target is None or self._outside.owns(target) else self._starred(target)
                if starred is None:
                    return None
                names |= starred
        return frozenset(names)

    def _starred(self, target: str) -> frozenset[str] | None:
        if target not in self._closure.records:
            located = self._finder.locate(target)
            if located.form == "absent":
                return None
            self._load(located)
        names, exports = self.of(target), self._closure.records[target].exports
        if exports is not None:
            return frozenset(exports)
        if "__all__" in self._closure.records[target].names:
            return None
        return None if names is None else frozenset(name for name in names if not name.startswith("_"))
