"""Everything one entry module can load: the graph of its imports, and every place where that graph is broken.

Builds on facts per file and on the finder; judges nothing. What a broken place means is decided by `build` (for
our archives: all of it must be repaired) and by `consequence` (for anybody's tree: what would happen).
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from analysis.python.file_tree import Kind, Trace
from analysis.python.finder import Finder, Located, SearchFolder
from analysis.python.imports import ImportFact
from analysis.python.record import Record

ENTRY = "main"


class ThirdParty(Protocol):
    """What is installed beside the function."""

    def provider(self, module: str) -> str | None:
        """Return the distribution that provides a dotted name, "" for a bare namespace, None if nothing does."""


ReadRecord = Callable[[bytes, str], Record]


class Edge(NamedTuple):
    """`importer` loads `target` by the import `fact`."""

    importer: str
    target: str
    fact: ImportFact


class Problem(NamedTuple):
    """A place where loading or running would fail.

    Attributes:
        kind: `module`, `distribution`, `name`, `syntax`, `unreadable`, `relative`, `unbound`, `computed`,
            `resource`, `entry`.
        subject: the missing module, distribution's module, name or file.
        importer: dotted name of the module that has the place.
        line: 1-based line in that module, 0 for the file as a whole.
        lazy, function, catches: what is around the place; see `ImportFact`.
        error: the exception class that Python would raise.
        detail: a sentence with what is known beyond that.
    """

    kind: str
    subject: str
    importer: str
    line: int
    lazy: bool
    function: str
    catches: tuple[str, ...]
    error: str
    detail: str = ""


class ThirdPartyImport(NamedTuple):
    """A third-party module that `importer` loads, and the distribution that provides it."""

    module: str
    distribution: str
    importer: str
    fact: ImportFact


@dataclass
class Closure:
    """The finished graph: modules in order of discovery, edges, third-party imports, problems, data files."""

    modules: dict[str, Located] = field(default_factory=dict)
    facts: dict[str, Record] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    third_party: list[ThirdPartyImport] = field(default_factory=list)
    standard: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    resources: dict[str, str] = field(default_factory=dict)

    def failing(self) -> dict[str, set[str]]:
        """Return the modules whose loading fails, by themselves or by what they load, with the exceptions raised."""
        failing: dict[str, set[str]] = {}
        importers: dict[str, list[Edge]] = {}
        for edge in self.edges:
            if not edge.fact.lazy:
                importers.setdefault(edge.target, []).append(edge)
        queue = [(p.importer, p.error) for p in self.problems if not p.lazy and not caught(p.error, p.catches)]
        while queue:
            module, error = queue.pop()
            if error not in failing.setdefault(module, set()):
                failing[module].add(error)
                queue += [(e.importer, error) for e in importers.get(module, ()) if not caught(error, e.fact.catches)]
        return failing


_PARENTS = {"ModuleNotFoundError": ("ImportError",), "FileNotFoundError": ("OSError",), "NameError": ()}


def caught(error: str, catches: Iterable[str]) -> bool:
    """Return whether a handler for one of `catches` takes an exception of class `error`."""
    return bool({error, *_PARENTS.get(error, ()), "Exception", "BaseException", "*"} & set(catches))


class Builder:
    """Follows every import from the entry module until nothing new is found.

    Args:
        trace: the file system.
        folders: the search path, the function's own folder first.
        third_party: what is installed beside.
        read: facts of a source.
        declared: modules that computed imports may name.
        provided: files in the archive that are generated, path → content.
    """

    def __init__(
        self,
        trace: Trace,
        folders: tuple[SearchFolder, ...],
        third_party: ThirdParty,
        read: ReadRecord,
        declared: tuple[str, ...] = (),
        provided: dict[str, bytes] | None = None,
    ) -> None:
        self._trace = trace
        self._third_party = third_party
        self._read = read
        self._declared = declared
        self._provided = provided or {}
        self.folders = folders
        self._start()

    def _start(self) -> None:
        self.closure = Closure()
        self.finder = Finder(self._trace, self.folders)
        self._queue: list[str] = []
        self._activated: set[tuple[str, int]] = set()
        self._exports: dict[str, frozenset[str] | None] = {}
        self._outsiders: dict[str, bool] = {}

    def build(self) -> Closure:
        """Return the closure of `main`."""
        while True:
            self._follow()
            extra = [folder for folder in self._search_path() if folder not in self.folders]
            if not extra:
                return self.closure
            self.folders = (*self.folders, *extra)
            self._start()

    def _follow(self) -> None:
        entry = self.finder.locate(ENTRY)
        if entry.file:
            self._load(entry)
        while True:
            while self._queue:
                self._imports(self._queue.pop(0), None)
            failing = self.closure.failing()
            late = {
                (edge.importer, edge.fact.group)
                for edge in self.closure.edges
                if edge.fact.group and any(caught(error, edge.fact.catches) for error in failing.get(edge.target, ()))
            } - self._activated
            if not late:
                break
            for importer, group in sorted(late):
                self._activated.add((importer, group))
                self._imports(importer, group)
        for name in list(self.closure.modules):
            self._names_and_files(name)

    def _load(self, located: Located) -> bool:
        """Take a located module into the closure; return whether it was new."""
        name = located.name
        if name in self.closure.modules:
            return False
        self.closure.modules[name] = located
        if located.form == "namespace":
            self.closure.facts[name] = Record()
            return True
        found = self._content(located)
        if found is None:
            self._fail("unreadable", located.inside, name, ImportFact("", 0, None, 0), "OSError")
            self.closure.facts[name] = Record(fault=(0, "cannot be read"))
            return True
        facts = self.closure.facts[name] = self._read(*found)
        if facts.fault:
            line, message = facts.fault
            self._fail("syntax", located.inside, name, ImportFact("", 0, None, line), "SyntaxError", message)
        self._queue.append(name)
        return True

    def _content(self, located: Located) -> tuple[bytes, str] | None:
        return self._trace.content(located.file)

    def _fail(self, kind: str, subject: str, importer: str, fact: ImportFact, error: str, detail: str = "") -> None:
        self.closure.problems.append(
            Problem(kind, subject, importer, fact.line, fact.lazy, fact.function, fact.catches, error, detail)
        )

    def _imports(self, importer: str, only_group: int | None) -> None:
        """Follow the imports of one module; those in a handler only when the guarded body has failed."""
        for fact in self.closure.facts[importer].imports:
            if fact.instead_of and (importer, fact.instead_of) not in self._activated:
                continue
            if only_group is not None and fact.instead_of != only_group:
                continue
            if not self._import(importer, fact) and fact.group:
                self._activated.add((importer, fact.group))

    def _import(self, importer: str, fact: ImportFact) -> bool:
        """Follow one import; return whether everything it names is there."""
        if fact.module is None:
            if not self._declared:
                self._fail("computed", importer, importer, fact, "ModuleNotFoundError")
            found = [self._module(importer, name, fact) for name in self._declared]
            return bool(found) and all(found)
        module = self._absolute(importer, fact)
        if module is None:
            self._fail("relative", "." * fact.level + fact.module, importer, fact, "ImportError")
            return False
        if not self._module(importer, module, fact):
            return False
        if not fact.names or module not in self.closure.modules:
            return True
        if self.closure.facts[module].names.issuperset(fact.names):
            return True
        found = [self._name(importer, module, name, fact) for name in fact.names]
        return all(found)

    def _absolute(self, importer: str, fact: ImportFact) -> str | None:
        if fact.level == 0:
            return fact.module
        located = self.closure.modules[importer]
        package = importer if located.form == "package" else importer.rpartition(".")[0]
        parts = package.split(".") if package else []
        if len(parts) < fact.level:
            return None
        base = parts[: len(parts) - fact.level + 1]
        return ".".join([*base, fact.module] if fact.module else base)

    def _module(self, importer: str, module: str, fact: ImportFact) -> bool:
        """Follow an absolute module name, its parent packages first."""
        if self._is_outside(module):
            return self._outside(importer, module, fact)
        for located in self.finder.path_to(module):
            if located.form == "absent":
                self._missing(importer, module, located, fact)
                return False
            self.closure.edges.append(Edge(importer, located.name, fact))
            self._load(located)
        return True

    def _missing(self, importer: str, module: str, located: Located, fact: ImportFact) -> None:
        detail = f"link:{located.broken}" if located.broken else f"absent:{located.name}"
        self._fail("module", module, importer, fact, "ModuleNotFoundError", detail)

    def _is_outside(self, module: str) -> bool:
        """Return whether the standard library or a distribution, not first-party code, owns the name."""
        found = self._outsiders.get(module)
        if found is None:
            found = self._outsiders[module] = self._belongs_outside(module)
        return found

    def _belongs_outside(self, module: str) -> bool:
        top = module.partition(".")[0]
        located = self.finder.locate(top)
        if located.form in ("module", "package"):
            return False
        if top in sys.stdlib_module_names:
            return True
        # Something regular further down the search path beats a folder without `__init__.py`.
        if located.form == "namespace":
            return self._third_party.provider(top) is not None and self.finder.locate(module).form == "absent"
        return not located.broken

    def _outside(self, importer: str, module: str, fact: ImportFact) -> bool:
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names:
            self.closure.standard.add(top)
            return True
        wanted = [module]
        if self._third_party.provider(module) == "" and fact.names and "*" not in fact.names:
            wanted = [f"{module}.{name}" for name in fact.names]
        complete = True
        for each in wanted:
            provider = self._third_party.provider(each)
            if provider is None:
                self._fail("distribution", each, importer, fact, "ModuleNotFoundError")
                complete = False
            else:
                self.closure.third_party.append(ThirdPartyImport(each, provider, importer, fact))
        return complete

    def _name(self, importer: str, module: str, name: str, fact: ImportFact) -> bool:
        """Follow one name of `from module import name`; the module is in the closure."""
        located = self.closure.modules[module]
        if name == "*":
            return self._star(importer, module, fact)
        if name in self.closure.facts[module].names:
            return True
        below = self.finder.locate(f"{module}.{name}") if located.folders else Located("")
        if below.form in ("module", "package", "namespace"):
            self.closure.edges.append(Edge(importer, below.name, fact))
            self._load(below)
            return True
        names = self.names(module)
        if names is None or name in names or "__getattr__" in self.closure.facts[module].names:
            return True
        broken = below.broken or (located.broken if located.form == "namespace" else "")
        if broken or located.form != "module":
            detail = f"link:{broken}" if broken else f"neither:{located.form}"
            self._fail("module", f"{module}.{name}", importer, fact, "ImportError", detail)
        else:
            self._fail("name", f"{module}.{name}", importer, fact, "ImportError")
        return False

    def _star(self, importer: str, module: str, fact: ImportFact) -> bool:
        exports = self.closure.facts[module].exports or ()
        complete = True
        for name in exports:
            complete = self._name(importer, module, name, fact) and complete
        return complete

    def names(self, module: str) -> frozenset[str] | None:
        """Return the names of a loaded module, star imports included; None when they cannot be read."""
        if module not in self._exports:
            self._exports[module] = frozenset()  # a cycle of star imports adds nothing
            self._exports[module] = self._all_names(module)
        return self._exports[module]

    def _all_names(self, module: str) -> frozenset[str] | None:
        facts = self.closure.facts.get(module)
        if facts is None or facts.fault or facts.open_ended:
            return None
        names = set(facts.names)
        for fact in facts.imports:
            if fact.names == ("*",):
                target = self._absolute(module, fact)
                starred = None if target is None or self._is_outside(target) else self._starred(target)
                if starred is None:
                    return None
                names |= starred
        return frozenset(names)

    def _starred(self, target: str) -> frozenset[str] | None:
        if target not in self.closure.facts:
            located = self.finder.locate(target)
            if located.form == "absent":
                return None
            self._load(located)
        names, exports = self.names(target), self.closure.facts[target].exports
        if exports is not None:
            return frozenset(exports)
        if "__all__" in self.closure.facts[target].names:
            return None
        return None if names is None else frozenset(name for name in names if not name.startswith("_"))

    def _names_and_files(self, module: str) -> None:
        facts = self.closure.facts[module]
        names = self.names(module) if facts.unbound else frozenset()
        for unbound in facts.unbound if names is not None else ():
            if unbound.name not in (names or ()):
                fact = ImportFact(None, 0, None, unbound.line, unbound.lazy, "", unbound.catches)
                self._fail("unbound", unbound.name, module, fact, "NameError")
        for base, path, line in facts.resources:
            fact = ImportFact(None, 0, None, line, lazy=True)
            owner = self.finder.locate(base) if base else self.closure.modules[module]
            if base and not self._is_outside(base):
                self._module(module, base, fact)
            if path is None:
                self._fail("computed-resource", module, module, fact, "FileNotFoundError")
            else:
                self._resource(module, owner, path, fact)

    def _resource(self, module: str, owner: Located, path: str, fact: ImportFact) -> None:
        folder = posixpath.dirname(owner.inside) if owner.file else owner.folders[0].inside if owner.folders else None
        if folder is None or posixpath.basename(path) == "__file__":
            return
        inside = posixpath.normpath(posixpath.join(folder, path))
        source = posixpath.normpath(posixpath.join(posixpath.dirname(owner.file) or owner.folders[0].path, path))
        if inside in self._provided or path in (".", "..") or path.endswith("/..") or source.endswith(".py"):
            return
        kind = self._trace.entries(posixpath.dirname(source)).get(posixpath.basename(source))
        if inside.startswith("../") or kind not in (Kind.FILE, Kind.FOLDER):
            self._fail("resource", inside, module, fact, "FileNotFoundError")
        else:
            self.closure.resources.update(self.files_at(source, inside))

    def files_at(self, source: str, inside: str) -> Iterator[tuple[str, str]]:
        """Yield path in the archive and source of a data file, or of all data files in a folder."""
        entries = self._trace.entries(posixpath.dirname(source))
        if entries.get(posixpath.basename(source)) is Kind.FILE:
            yield inside, source
            return
        for name, kind in sorted(self._trace.entries(source).items()):
            if kind is Kind.FILE and not name.endswith(".py"):
                yield f"{inside}/{name}", f"{source}/{name}"
            elif kind is Kind.FOLDER and not name.startswith("."):
                yield from self.files_at(f"{source}/{name}", f"{inside}/{name}")

    def _search_path(self) -> list[SearchFolder]:
        """Return folders that the code itself puts on `sys.path`, as far as they are inside the archive."""
        found = []
        for module, facts in self.closure.facts.items():
            located = self.closure.modules[module]
            for path in facts.search_path:
                inside = posixpath.normpath(posixpath.join(posixpath.dirname(located.inside), path))
                source = posixpath.normpath(posixpath.join(posixpath.dirname(located.file), path))
                if inside != "." and not inside.startswith(".."):
                    found.append(SearchFolder(source, inside))
        return found
