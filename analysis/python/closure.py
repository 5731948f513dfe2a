"""Everything one entry module can load: the graph of its imports, and every place where that graph is broken.

Builds on facts per file and on the finder; judges nothing. What a broken place means is decided by `build` (for
our archives: all of it must be repaired) and by `consequence` (for anybody's tree: what would happen).
"""

from __future__ import annotations

from collections.abc import Callable

from analysis.python.budget import ReadingBudget
from analysis.python.call_checks import check_calls
from analysis.python.data_files import DataFiles
from analysis.python.exported_names import OF_EVERY_MODULE, ExportedNames
from analysis.python.file_tree import Trace
from analysis.python.finder import ENTRY, Finder, Located, SearchFolder
from analysis.python.graph import Closure, ImportEdge, caught
from analysis.python.imports import ImportFact
from analysis.python.linking import Links
from analysis.python.load_order import check_load_order
from analysis.python.loads import Load, loads, registered
from analysis.python.member_checks import check_members
from analysis.python.name_checks import check_names
from analysis.python.object_types import ObjectTypes
from analysis.python.outside import Outside, ThirdParty
from analysis.python.program import Program
from analysis.python.record import FileRecord
from analysis.python.search_path import added_folders, moves
from analysis.python.syntax import NOT_KNOWN, PythonVersion
from analysis.python.values import UNKNOWN, Thing, possible

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
        self._trace, self.folders = trace, folders
        self._third_party, self._target = third_party, target
        self._read = read
        self._declared = declared
        self._provided = provided or {}
        self._links = links or Links()
        self._entry = ENTRY if framework else ""
        self._budget = ReadingBudget()
        self._start()

    def _start(self) -> None:
        self.closure = Closure()
        self._finder = Finder(self._trace, self.folders, self._entry)
        self._outside = Outside(self.closure, self._finder, self._third_party, self._target)
        self._exported = ExportedNames(self.closure, self._finder, self._outside, self._load)
        self.data_files = DataFiles(self.closure, self._finder, self._outside, self._provided, self._follow_module)
        self._queue: list[str] = []
        self._late: list[tuple[str, ImportFact]] = []
        self._program: tuple[int, Program] | None = None
        self._activated: set[tuple[str, int]] = set()

    def build(self) -> Closure:
        """Return the closure of `main`."""
        while True:
            self._follow()
            extra = [each for each in added_folders(self.closure, self.program()) if each not in self.folders]
            if not extra:
                break
            self.folders = (*self.folders, *extra)
            self._start()
        check_names(self.closure, self._exported, self._outside, self.program())
        types = ObjectTypes(self.closure, self.program())
        check_calls(self.closure, self.program(), types)
        check_members(self.closure, self.program(), types)
        check_load_order(self.closure, self.program())
        self._forget_registered()
        return self.closure

    def _forget_registered(self) -> None:
        """Take back that modules are missing which the code puts into `sys.modules` before it imports them."""
        program = self.program()
        made = [each for name in self.closure.modules for each in registered(program, name)]
        self.closure.problems = [
            problem
            for problem in self.closure.problems
            if problem.kind not in ("module", "distribution")
            or not any(
                f"{problem.subject}.".startswith(f"{name}.")
                and (module != problem.importer or problem.lazy or line < problem.line)
                for name, line, module in made
            )
        ]

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
        entry = self._finder.locate(ENTRY)
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
            self._budget.hold(self.closure)
            for load in map(self._placed, loads(program, module)):
                fact = load.place.around.fact(load.place.line, load.module, names=load.names)
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
                fact = call.around.fact(call.line)
                if not call.arguments and not call.keywords and (module, "anchor", fact) not in seen:
                    seen.add((module, "anchor", fact))
                    self.closure.fail("anchor", "importlib.resources.files", module, fact, "TypeError")

    def _is_there(self, module: str) -> bool:
        return not self._outside.owns(module) and self._finder.locate(module).form != "absent"

    def _may_load(self, module: str) -> bool:
        return self._outside.has(module) if self._outside.owns(module) else self._is_there(module)

    def _placed(self, load: Load) -> Load:
        """Return a load with its module and what is taken from it told apart, as far as the module is there."""
        if load.module in load.instead and not self._may_load(load.module) and any(map(self._may_load, load.instead)):
            return load._replace(module=None)  # which of them is loaded, only running tells
        if load.how != "object" or load.module is None:
            return load
        module, names = load.module, load.names
        known = self._outside.names_of(module)
        while "." in module and not self._is_there(module):
            if self._outside.owns(module) and not known.lacks_module(module):
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
        self._budget.hold(self.closure)
        if located.form == "namespace":
            self.closure.records[name] = _NAMESPACE
            return True
        if located.file.endswith(".so"):
            self.closure.records[name] = _BINARY
            return True
        found = self._trace.content(located.file)
        if found is None:
            self.closure.fail("unreadable", located.inside, name, ImportFact("", 0, None, 0), "OSError")
            self.closure.records[name] = _UNREADABLE
            return True
        facts = self.closure.records[name] = self._read(*found)
        if facts.fault:
            line, message = facts.fault
            kind = "syntax-unknown" if message.startswith(NOT_KNOWN) else "syntax"
            detail = message.removeprefix(NOT_KNOWN)
            self.closure.fail(kind, located.inside, name, ImportFact("", 0, None, line), "SyntaxError", detail)
        self._queue.append(name)
        return True

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
                self.closure.fail("computed", importer, importer, fact, "ModuleNotFoundError")
            found = [self._follow_module(importer, name, fact) for name in self._declared]
            return bool(found) and all(found)
        module = self.closure.absolute(importer, fact)
        if module is None:
            named = fact.module or ", ".join(fact.names or ())
            self.closure.fail("relative", "." * fact.level + named, importer, fact, "ImportError")
            return False
        if not self._follow_module(importer, module, fact):
            return False
        if not fact.names or module not in self.closure.modules:
            return True
        # What a package takes from itself is not there yet: the import binds the submodule.
        if module != importer and self.closure.records[module].names.keys() >= {*fact.names}:
            return True
        found = [self._name(importer, module, name, fact) for name in fact.names]
        return all(found)

    def _follow_module(self, importer: str, module: str, fact: ImportFact) -> bool:
        """Follow an absolute module name, its parent packages first."""
        if self._outside.owns(module):
            return self._outside.follow(importer, module, fact)
        for located in self._finder.path_to(module):
            if located.form == "absent":
                return self._missing(importer, module, located, fact)
            self.closure.edges.append(ImportEdge(importer, located.name, fact))
            self._load(located)
        return True

    def _missing(self, importer: str, module: str, located: Located, fact: ImportFact) -> bool:
        """Note a module that is not there; return whether it may be elsewhere, and somebody declares that it is."""
        package = self.closure.records.get(located.name.rpartition(".")[0])
        if package is not None and moves(package):
            return self._elsewhere(importer, module, fact)
        detail = f"link:{located.broken}" if located.broken else f"absent:{located.name}"
        self.closure.fail("module", module, importer, fact, "ModuleNotFoundError", detail)
        return False

    def _elsewhere(self, importer: str, module: str, fact: ImportFact) -> bool:
        """Return whether somebody declares that a module is in a folder which its package looks in beside its own."""
        self.closure.computed = True
        if module not in self._declared:
            self.closure.fail("search-path", module, importer, fact, "ModuleNotFoundError")
        return module in self._declared

    def _name(self, importer: str, module: str, name: str, fact: ImportFact) -> bool:
        """Follow one name of `from module import name`; the module is in the closure."""
        located = self.closure.modules[module]
        if name == "*":
            return self._star(importer, module, fact)
        if (name in self.closure.records[module].names and module != importer) or name in OF_EVERY_MODULE:
            return True
        below = self._finder.locate(f"{module}.{name}") if located.folders else Located("")
        if below.form in ("module", "package", "namespace"):
            self.closure.edges.append(ImportEdge(importer, below.name, fact))
            self._load(below)
            return True
        if located.form == "namespace" and self._outside.owns(f"{module}.{name}"):  # another part of it is elsewhere
            return self._outside.follow(importer, f"{module}.{name}", fact._replace(names=None))
        names = self._exported.of(module)
        bound = names is None or (name in names and (module != importer or self._bound_otherwise(module, name, fact)))
        if bound or self.closure.records[module].makes(name):
            return True
        if moves(self.closure.records[module]):
            return self._elsewhere(importer, f"{module}.{name}", fact)
        broken = below.broken or (located.broken if located.form == "namespace" else "")
        if broken or located.folders:
            detail = f"link:{broken}" if broken else f"neither:{located.form}"
            self.closure.fail("module", f"{module}.{name}", importer, fact, "ImportError", detail)
        else:
            self.closure.fail("name", f"{module}.{name}", importer, fact, "ImportError")
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


_ANCHORED = {"importlib.resources.files"}
_NAMESPACE, _BINARY, _UNREADABLE = FileRecord(), FileRecord(open_ended=True), FileRecord(fault=(0, "cannot be read"))
