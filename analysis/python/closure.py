"""Everything one entry module can load: the graph of its imports, and every place where that graph is broken.

Builds on facts per file and on the finder; judges nothing. What a broken place means is decided by `build` (for
our archives: all of it must be repaired) and by `consequence` (for anybody's tree: what would happen).
"""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from analysis.python.call_sites import CodePlace
from analysis.python.data_files import DataFiles, OverrunError
from analysis.python.file_names import paths_in
from analysis.python.file_tree import Trace
from analysis.python.finder import Finder, Located, SearchFolder
from analysis.python.graph import ENTRY, Closure, ImportEdge, ImportProblem, ThirdPartyImport, caught
from analysis.python.imports import ImportFact
from analysis.python.linking import Links
from analysis.python.listed_names import ListedNames, standard_library
from analysis.python.loads import SEARCH_PATH, Load, loads
from analysis.python.program import Program
from analysis.python.record import FileRecord
from analysis.python.syntax import NOT_KNOWN, PythonVersion
from analysis.python.values import (
    UNKNOWN,
    CodePath,
    Constant,
    Member,
    SequenceValue,
    Thing,
    Value,
    parts_of,
    possible,
    shown,
)


class ThirdParty(Protocol):
    """What is installed beside the function."""

    def provider(self, module: str) -> str | None:
        """Return the distribution that provides a dotted name, "" for a bare namespace, None if nothing does."""

    @property
    def names(self) -> ListedNames:
        """Return what is known of the names in what it provides."""


MOST_MODULES, MOST_SECONDS = 10_000, 60.0
"""How many modules one entry may load, and how much processor time its reading may take."""
ReadRecord = Callable[[bytes, str], FileRecord]


class Builder:
    """Follows every import from the entry module until nothing new is found.

    Args:
        trace: the file system.
        folders: the search path, the function's own folder first.
        third_party: what is installed beside.
        read: facts of a source.
        target: the runtime's version.
        declared: modules that computed imports may name.
        provided: files in the archive that are generated, path → content.
        links: what other closures of the tree found out about names.
        framework: whether the functions framework loads the entry module, which makes it a package of its folder.
    """

    def __init__(
        self,
        trace: Trace,
        folders: tuple[SearchFolder, ...],
        third_party: ThirdParty,
        read: ReadRecord,
        target: PythonVersion,
        declared: tuple[str, ...] = (),
        provided: dict[str, bytes] | None = None,
        links: Links | None = None,
        *,
        framework: bool = True,
    ) -> None:
        self.trace = trace
        self._third_party = third_party
        self._read = read
        self._declared = declared
        self.provided = provided or {}
        self._links = links or Links()
        self._target, self._standard = target, standard_library(target)
        self.folders = folders
        self._entry = ENTRY if framework else ""
        self._until = time.process_time() + MOST_SECONDS
        self._start()

    def _start(self) -> None:
        self.closure = Closure()
        self.finder = Finder(self.trace, self.folders, self._entry)
        self.data_files = DataFiles(self)
        self._queue: list[str] = []
        self._late: list[tuple[str, ImportFact]] = []
        self._program: tuple[int, Program] | None = None
        self._activated: set[tuple[str, int]] = set()
        self._exports: dict[str, frozenset[str] | None] = {}
        self._outsiders: dict[str, bool] = {}

    def build(self) -> Closure:
        """Return the closure of `main`."""
        while True:
            self._follow()
            extra = [folder for folder in self._search_path() if folder not in self.folders]
            if not extra:
                break
            self.folders = (*self.folders, *extra)
            self._start()
        for name in list(self.closure.modules):
            self._names(name)
            self._attributes(name)
            self._asks_itself(name)
        return self.closure

    def program(self) -> Program:
        """Return the records of the closure, put together; anew when there are more."""
        modules = self.closure.modules
        if self._program is None or self._program[0] != len(modules):
            self._program = len(modules), self._new_program()
        return self._program[1]

    def _new_program(self) -> Program:
        modules = self.closure.modules
        packages = {name for name, each in modules.items() if each.folders}
        return Program(self.closure.records, packages, self._links)

    def _follow(self) -> None:
        entry = self.finder.locate(ENTRY)
        if entry.file:
            self._load(entry)
        seen: set[tuple[object, ...]] = set()
        count = -1
        while count != len(self.closure.modules):
            self._follow_statements()
            count = len(self.closure.modules)
            self._follow_asked()
            self._follow_calls(seen)

    def _follow_statements(self) -> None:
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

    def _makes_late(self, module: str) -> bool:
        """Return whether a module makes names when it is asked for them, by what no method of that name could be."""
        record = self.closure.records[module]
        makes = any(name == "__getattr__" for name, _ in record.functions)
        return makes and not any(name.endswith(".__getattr__") for name in record.parameters)

    def _follow_asked(self) -> None:
        """Follow what modules load when they are asked for a name, of those that somebody asks."""
        late, self._late = self._late, []
        for module, fact in late:
            if self.program().asked(module):
                self._import(module, fact)
            else:
                self._late.append((module, fact))
        if self._queue:
            self._follow_statements()

    def _follow_calls(self, seen: set[tuple[object, ...]]) -> None:
        """Follow what calls load, and find the data files that are read; each once."""
        program = self.program()
        for module in list(self.closure.modules):
            self.hold_budget()
            for load in map(self._placed, loads(program, module)):
                fact = _fact(load.place, load.module, load.names)
                late = load.place.around.scope == "__getattr__" and self._makes_late(load.place.module)
                if late and not program.asked(load.place.module):
                    continue
                if load.how == "probe" and (load.module is None or not self._is_there(load.module)):
                    continue
                if (load.place.module, fact) not in seen:
                    seen.add((load.place.module, fact))
                    self._import(load.place.module, fact)
            self.data_files.follow(program, module)
            for _, call in program.calls_of(module, _ANCHORED) if self._target < (3, 12) else ():
                fact = _fact(CodePlace(module, call.line, call.around), None, None)
                if not call.arguments and not call.keywords and (module, "anchor", fact) not in seen:
                    seen.add((module, "anchor", fact))
                    self.fail("anchor", "importlib.resources.files", module, fact, "TypeError")

    def _is_there(self, module: str) -> bool:
        return not self.is_outside(module) and self.finder.locate(module).form != "absent"

    def _placed(self, load: Load) -> Load:
        """Return a load with its module and what is taken from it told apart, as far as the module is there."""
        if load.how != "object" or load.module is None:
            return load
        module, names = load.module, load.names
        known = self._standard if self._standard.has_top(module.partition(".")[0]) else self._third_party.names
        while "." in module and not self._is_there(module):
            if self.is_outside(module) and not known.lacks_module(module):
                break
            module, _, last = module.rpartition(".")
            names = (last,)
        return load._replace(module=module, names=names)

    def _load(self, located: Located) -> bool:
        """Take a located module into the closure; return whether it was new."""
        name = located.name
        if name in self.closure.modules:
            return False
        self.closure.modules[name] = located
        self.hold_budget()
        if located.form == "namespace":
            self.closure.records[name] = _NAMESPACE
            return True
        if located.file.endswith(".so"):
            self.closure.records[name] = _BINARY
            return True
        found = self._content(located)
        if found is None:
            self.fail("unreadable", located.inside, name, ImportFact("", 0, None, 0), "OSError")
            self.closure.records[name] = _UNREADABLE
            return True
        facts = self.closure.records[name] = self._read(*found)
        if facts.fault:
            line, message = facts.fault
            kind = "syntax-unknown" if message.startswith(NOT_KNOWN) else "syntax"
            detail = message.removeprefix(NOT_KNOWN)
            self.fail(kind, located.inside, name, ImportFact("", 0, None, line), "SyntaxError", detail)
        self._queue.append(name)
        return True

    def hold_budget(self) -> None:
        """Raise `OverrunError` where a closure is larger, or takes longer, than anything that is deployed."""
        if len(self.closure.modules) > MOST_MODULES:
            raise OverrunError(f"it loads more than {MOST_MODULES} modules")
        if time.process_time() > self._until:
            raise OverrunError(f"reading it takes longer than {MOST_SECONDS:.0f} seconds")

    def _content(self, located: Located) -> tuple[bytes, str] | None:
        return self.trace.content(located.file)

    def fail(self, kind: str, subject: str, importer: str, fact: ImportFact, error: str, detail: str = "") -> None:
        """Note a place where loading or running would fail."""
        self.closure.problems.append(
            ImportProblem(kind, subject, importer, fact.line, fact.lazy, fact.function, fact.catches, error, detail)
        )

    def _imports(self, importer: str, only_group: int | None) -> None:
        """Follow the imports of one module; those in a handler only when the guarded body has failed."""
        for fact in self.closure.records[importer].imports:
            if fact.function == "__getattr__" and self._makes_late(importer):
                self._late.append((importer, fact))
                continue
            if fact.instead_of and (importer, fact.instead_of) not in self._activated:
                continue
            if only_group is not None and fact.instead_of != only_group:
                continue
            if not self._import(importer, fact) and fact.group:
                self._activated.add((importer, fact.group))

    def _import(self, importer: str, fact: ImportFact) -> bool:
        """Follow one import; return whether everything it names is there."""
        if fact.module is None:
            self.closure.computed = True
            if not self._declared:
                self.fail("computed", importer, importer, fact, "ModuleNotFoundError")
            found = [self.follow(importer, name, fact) for name in self._declared]
            return bool(found) and all(found)
        module = self._absolute(importer, fact)
        if module is None:
            named = fact.module or ", ".join(fact.names or ())
            self.fail("relative", "." * fact.level + named, importer, fact, "ImportError")
            return False
        if not self.follow(importer, module, fact):
            return False
        if not fact.names or module not in self.closure.modules:
            return True
        # What a package takes from itself is not there yet: the import binds the submodule.
        if module != importer and self.closure.records[module].names.issuperset(fact.names):
            return True
        found = [self._name(importer, module, name, fact) for name in fact.names]
        return all(found)

    def _absolute(self, importer: str, fact: ImportFact) -> str | None:
        if fact.level == 0:
            return fact.module
        located = self.closure.modules[importer]
        package = importer if located.folders else importer.rpartition(".")[0]
        parts = package.split(".") if package else []
        if len(parts) < fact.level:
            return None
        base = parts[: len(parts) - fact.level + 1]
        return ".".join([*base, fact.module] if fact.module else base)

    def follow(self, importer: str, module: str, fact: ImportFact) -> bool:
        """Follow an absolute module name, its parent packages first."""
        if self.is_outside(module):
            return self._outside(importer, module, fact)
        for located in self.finder.path_to(module):
            if located.form == "absent":
                return self._missing(importer, module, located, fact)
            self.closure.edges.append(ImportEdge(importer, located.name, fact))
            self._load(located)
        return True

    def _missing(self, importer: str, module: str, located: Located, fact: ImportFact) -> bool:
        """Note a module that is not there; return whether it may be elsewhere, and somebody declares that it is."""
        package = self.closure.records.get(located.name.rpartition(".")[0])
        if package is not None and _moves(package):
            return self._elsewhere(importer, module, fact)
        detail = f"link:{located.broken}" if located.broken else f"absent:{located.name}"
        self.fail("module", module, importer, fact, "ModuleNotFoundError", detail)
        return False

    def _elsewhere(self, importer: str, module: str, fact: ImportFact) -> bool:
        """Return whether somebody declares that a module is in a folder which its package looks in beside its own."""
        self.closure.computed = True
        if module not in self._declared:
            self.fail("search-path", module, importer, fact, "ModuleNotFoundError")
        return module in self._declared

    def is_outside(self, module: str) -> bool:
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
        if self._standard.has_top(top):
            return True
        # Something regular further down the search path beats a folder without `__init__.py`.
        if located.form == "namespace":
            return self._third_party.provider(top) is not None and self.finder.locate(module).form == "absent"
        return not located.broken

    def _outside(self, importer: str, module: str, fact: ImportFact) -> bool:
        top = module.partition(".")[0]
        if self._standard.has_top(top):
            self.closure.standard.add(top)
            return self._listed(importer, module, fact, self._standard, "")
        wanted = [module]
        if self._third_party.provider(module) == "" and fact.names and "*" not in fact.names:
            wanted = [f"{module}.{name}" for name in fact.names]
        complete = True
        for each in wanted:
            provider = self._third_party.provider(each)
            if provider is None and not (top == "distutils" and self._third_party.provider("setuptools")):
                lost = self._standard.lost(top)
                self.fail("distribution", each, importer, fact, "ModuleNotFoundError", f"lost:{lost}" if lost else "")
                complete = False
            elif provider is not None:
                self.closure.third_party.append(ThirdPartyImport(each, provider, importer, fact))
                names = fact._replace(names=None) if len(wanted) > 1 or each != module else fact
                complete = self._listed(importer, each, names, self._third_party.names, provider) and complete
        return complete

    def _listed(self, importer: str, module: str, fact: ImportFact, known: ListedNames, provider: str) -> bool:
        """Check a module that is not ours, and what is taken from it, against the list of its names."""
        if known.lacks_module(module):
            self.fail("module", module, importer, fact, "ModuleNotFoundError", f"listed:{provider}")
            return False
        lacking = [name for name in fact.names or () if known.lacks(module, name)]
        for name in lacking:
            self.fail("name", f"{module}.{name}", importer, fact, "ImportError", f"listed:{provider}")
        return not lacking

    def _name(self, importer: str, module: str, name: str, fact: ImportFact) -> bool:
        """Follow one name of `from module import name`; the module is in the closure."""
        located = self.closure.modules[module]
        if name == "*":
            return self._star(importer, module, fact)
        if name in self.closure.records[module].names and module != importer:
            return True
        below = self.finder.locate(f"{module}.{name}") if located.folders else Located("")
        if below.form in ("module", "package", "namespace"):
            self.closure.edges.append(ImportEdge(importer, below.name, fact))
            self._load(below)
            return True
        names = self.names(module)
        bound = names is None or (name in names and (module != importer or self._bound_otherwise(module, name, fact)))
        if bound or self.closure.records[module].makes(name):
            return True
        if _moves(self.closure.records[module]):
            return self._elsewhere(importer, f"{module}.{name}", fact)
        broken = below.broken or (located.broken if located.form == "namespace" else "")
        if broken or located.folders:
            detail = f"link:{broken}" if broken else f"neither:{located.form}"
            self.fail("module", f"{module}.{name}", importer, fact, "ImportError", detail)
        else:
            self.fail("name", f"{module}.{name}", importer, fact, "ImportError")
        return False

    def _bound_otherwise(self, package: str, name: str, fact: ImportFact) -> bool:
        """Return whether a package that takes a name from itself binds it by more than that import, or its handler."""
        itself = (Thing(f".{name}"), Thing(f"{package}.{name}"))
        values = possible(self.closure.records[package].values.get(name, UNKNOWN))
        return not fact.catches and any(each not in itself for each in values)

    def _star(self, importer: str, module: str, fact: ImportFact) -> bool:
        exports = self.closure.records[module].exports or ()
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
        facts = self.closure.records.get(module)
        if facts is None or facts.fault or facts.open_ended:
            return None
        names = set(facts.names)
        for fact in facts.imports:
            inside = self._absolute(module, fact) or ""
            if inside.startswith(f"{module}."):  # loading a part binds it in its package
                names.add(inside.removeprefix(f"{module}.").partition(".")[0])
            if fact.names == ("*",):
                target = self._absolute(module, fact)
                starred = None if target is None or self.is_outside(target) else self._starred(target)
                if starred is None:
                    return None
                names |= starred
        return frozenset(names)

    def _starred(self, target: str) -> frozenset[str] | None:
        if target not in self.closure.records:
            located = self.finder.locate(target)
            if located.form == "absent":
                return None
            self._load(located)
        names, exports = self.names(target), self.closure.records[target].exports
        if exports is not None:
            return frozenset(exports)
        if "__all__" in self.closure.records[target].names:
            return None
        return None if names is None else frozenset(name for name in names if not name.startswith("_"))

    def _names(self, module: str) -> None:
        facts = self.closure.records[module]
        names = self.names(module) if facts.unbound else frozenset()
        for unbound in facts.unbound if names is not None else ():
            if unbound.name not in (names or ()):
                fact = ImportFact(None, 0, None, unbound.line, unbound.lazy, "", unbound.catches)
                self.fail("unbound", unbound.name, module, fact, "NameError")

    def _asks_itself(self, module: str) -> None:
        """Note where a package's `__getattr__` never ends: it takes a part of itself that nothing has loaded before."""
        for name, line in self.closure.records[module].asks_itself:
            part = f"{module}.{name}"
            loaded = any(edge.target == part and edge.fact.function != "__getattr__" for edge in self.closure.edges)
            if not loaded and self.program().asked(module):
                fact = ImportFact("", 0, None, line, True, "__getattr__")
                self.fail("recursion", part, module, fact, "RecursionError")

    def _attributes(self, module: str) -> None:
        """Check the attributes that are read of modules that are not ours, unless the code asks for them or makes them."""
        program, asked = self.program(), None
        for read in self.closure.records[module].reads:
            known = self._standard if self._standard.has_top(read.name.partition(".")[0]) else self._third_party.names
            owner, _, name = read.name.rpartition(".")
            if (
                not known.lacks(owner, name)
                or not self.is_outside(owner)
                or caught("AttributeError", read.around.catches)
            ):
                continue
            asked = asked if asked is not None else _asked_for(program, module)
            if read.name not in asked and not program.calls_of(module, {f"{read.name}.__set__"}):
                around = read.around
                fact = ImportFact(owner, 0, None, read.line, around.lazy, around.function, around.catches)
                provider = "" if known is self._standard else self._third_party.provider(owner) or ""
                self.fail("name", read.name, module, fact, "AttributeError", f"listed:{provider}")

    def _search_path(self) -> list[SearchFolder]:
        """Return folders that the code itself puts on `sys.path`, as far as they are inside the archive."""
        found = []
        program = self.program()
        for module in self.closure.modules:
            for _, call in program.calls_of(module, SEARCH_PATH):
                for value in call.arguments:
                    for given, place in program.reached(value, CodePlace(module, call.line, call.around)):
                        beside = [*paths_in(given), *_in_working_folder(given)]
                        found += [self._search_folder(path, place.module) for path in beside]
        return [folder for folder in found if folder is not None]

    def _search_folder(self, path: CodePath, module: str) -> SearchFolder | None:
        located = self.closure.modules.get(path.base)
        if located is None or path.path is None:
            return None
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(located.inside), path.path))
        source = posixpath.normpath(posixpath.join(posixpath.dirname(located.file), path.path))
        return SearchFolder(source, inside) if inside != "." and not inside.startswith("..") else None


def _moves(record: FileRecord) -> bool:
    """Return whether a package adds folders in which its modules are looked for."""
    own = SequenceValue((CodePath("", "."),))
    changes = ("append", "extend", "insert", "__set__")
    return "__path__" in record.names or any(
        isinstance(call.function, Member) and call.function.owner == own and call.function.name in changes
        for call in record.calls
    )


_ANCHORED = {"importlib.resources.files"}
_NAMESPACE, _BINARY, _UNREADABLE = FileRecord(), FileRecord(open_ended=True), FileRecord(fault=(0, "cannot be read"))


def _in_working_folder(value: Value) -> Iterator[CodePath]:
    for each in parts_of(value):
        if isinstance(each, Constant) and isinstance(each.value, str) and each.value and each.value[0] != "/":
            yield CodePath(ENTRY, each.value)


def _asked_for(program: Program, module: str) -> set[str]:
    """Return the attributes that a module asks for by `hasattr` before it reads them."""
    return {
        f"{program.callee(module, call.arguments[0])}.{shown(call.arguments[1])}"
        for _, call in program.calls_of(module, {"builtins.hasattr"})
        if len(call.arguments) == 2 and isinstance(call.arguments[1], Constant)
    }


def _fact(place: CodePlace, module: str | None, names: tuple[str, ...] | None) -> ImportFact:
    around = place.around
    return ImportFact(module, 0, names, place.line, *around[:5])
