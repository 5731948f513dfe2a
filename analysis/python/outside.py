"""What is not first-party: the standard library of the target, and what is installed beside the function."""

from __future__ import annotations

from typing import Protocol

from analysis.python.finder import Finder
from analysis.python.graph import Closure, ThirdPartyImport
from analysis.python.imports import ImportFact
from analysis.python.listed_names import ListedNames, standard_library
from analysis.python.syntax import PythonVersion


class ThirdParty(Protocol):
    """What is installed beside the function."""

    def provider(self, module: str) -> str | None:
        """Return the distribution that provides a dotted name, "" for a bare namespace, None if nothing does."""

    @property
    def names(self) -> ListedNames:
        """Return what is known of the names in what it provides."""


class Outside:
    """Tells what is not first-party, and checks imports of it.

    Args:
        closure: takes what is imported, and what of it is missing.
        finder: knows what is first-party.
        third_party: what is installed beside.
        target: the runtime's version.
    """

    def __init__(self, closure: Closure, finder: Finder, third_party: ThirdParty, target: PythonVersion) -> None:
        self._closure, self._finder, self._third_party = closure, finder, third_party
        self._standard = standard_library(target)
        self._known: dict[str, bool] = {}

    def owns(self, module: str) -> bool:
        """Return whether the standard library or a distribution, not first-party code, owns the name."""
        found = self._known.get(module)
        if found is None:
            found = self._known[module] = self._owns(module)
        return found

    def names_of(self, module: str) -> ListedNames:
        """Return the list that the names of a module which is not ours are looked up in."""
        return self._standard if self._standard.has_top(module.partition(".")[0]) else self._third_party.names

    def _owns(self, module: str) -> bool:
        top = module.partition(".")[0]
        located = self._finder.locate(top)
        if located.form in ("module", "package"):
            return False
        if self._standard.has_top(top):
            return True
        # Something regular further down the search path beats a folder without `__init__.py`.
        if located.form == "namespace":
            return self._third_party.provider(top) is not None and self._finder.locate(module).form == "absent"
        return not located.broken

    def has(self, module: str) -> bool:
        """Return whether a module that is not ours may be there."""
        known = self.names_of(module)
        provided = known is self._standard or self._third_party.provider(module) is not None
        return provided and not known.lacks_module(module)

    def provider_of(self, module: str) -> str:
        """Return the distribution that a module is of, "" for one of the standard library."""
        return "" if self.names_of(module) is self._standard else self._third_party.provider(module) or ""

    def follow(self, importer: str, module: str, fact: ImportFact) -> bool:
        """Take an import of what is not ours into the closure; return whether all that it names is there."""
        top = module.partition(".")[0]
        if self._standard.has_top(top):
            self._closure.standard.add(top)
            return self._listed(importer, module, fact, self._standard, "")
        wanted = [module]
        if self._third_party.provider(module) == "" and fact.names and "*" not in fact.names:
            wanted = [f"{module}.{name}" for name in fact.names]
        complete = True
        for each in wanted:
            provider = self._third_party.provider(each)
            if provider is None and not (top == "distutils" and self._third_party.provider("setuptools")):
                lost = self._standard.lost(top)
                self._closure.fail(
                    "distribution", each, importer, fact, "ModuleNotFoundError", f"lost:{lost}" if lost else ""
                )
                complete = False
            elif provider is not None:
                self._closure.third_party.append(ThirdPartyImport(each, provider, importer, fact))
                names = fact._replace(names=None) if len(wanted) > 1 or each != module else fact
                complete = self._listed(importer, each, names, self._third_party.names, provider) and complete
        return complete

    def _listed(self, importer: str, module: str, fact: ImportFact, known: ListedNames, provider: str) -> bool:
        """Check a module that is not ours, and what is taken from it, against the list of its names."""
        if known.lacks_module(module):
            self._closure.fail("module", module, importer, fact, "ModuleNotFoundError", f"listed:{provider}")
            return False
        lacking = [name for name in fact.names or () if known.lacks(module, name)]
        for name in lacking:
            self._closure.fail("name", f"{module}.{name}", importer, fact, "ImportError", f"listed:{provider}")
        return not lacking
