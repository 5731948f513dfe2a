"""Everything one entry module can load: the graph of its imports, and every place where that graph is broken.

Builds on facts per file and on the finder; judges nothing. What a broken place means is decided by `build` (for
our archives: all of it must be repaired) and by `consequence` (for anybody's tree: what would happen).
"""

from __future__ import annotations

import fnmatch
import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from analysis.python.events import Call
from analysis.python.file_tree import EntryKind, Trace
from analysis.python.finder import Finder, Located, SearchFolder
from analysis.python.imports import ImportFact
from analysis.python.loads import SEARCH_PATH, argument, loads, opened
from analysis.python.program import CodePlace, Program
from analysis.python.record import FileRecord
from analysis.python.values import FILE, STEM, CallResult, CodePath, Constant, Text, Value, parts_of, possible, shown

ENTRY = "main"


class ThirdParty(Protocol):
    """What is installed beside the function."""

    def provider(self, module: str) -> str | None:
        """Return the distribution that provides a dotted name, "" for a bare namespace, None if nothing does."""


ReadRecord = Callable[[bytes, str], FileRecord]


class ImportEdge(NamedTuple):
    """`importer` loads `target` by the import `fact`."""

    importer: str
    target: str
    fact: ImportFact


class ImportProblem(NamedTuple):
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
    """The finished graph: modules in order of discovery, edges, imports, problems, and data files by their path inside.

    `computed` says whether any import is by a name that only running the code tells.
    """

    modules: dict[str, Located] = field(default_factory=dict)
    records: dict[str, FileRecord] = field(default_factory=dict)
    edges: list[ImportEdge] = field(default_factory=list)
    third_party: list[ThirdPartyImport] = field(default_factory=list)
    standard: set[str] = field(default_factory=set)
    problems: list[ImportProblem] = field(default_factory=list)
    resources: dict[str, str] = field(default_factory=dict)
    computed: bool = False

    def failing(self) -> dict[str, set[str]]:
        """Return the modules whose loading fails, by themselves or by what they load, with the exceptions raised."""
        failing: dict[str, set[str]] = {}
        importers: dict[str, list[ImportEdge]] = {}
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
        return self.closure

    def program(self) -> Program:
        """Return the records of the closure, put together; anew when there are more."""
        modules = self.closure.modules
        if self._program is None or self._program[0] != len(modules):
            self._program = len(modules), self._new_program()
        return self._program[1]

    def _new_program(self) -> Program:
        modules = self.closure.modules
        return Program(self.closure.records, {name for name, each in modules.items() if each.form == "package"})

    def _follow(self) -> None:
        entry = self.finder.locate(ENTRY)
        if entry.file:
            self._load(entry)
        seen: set[tuple[object, ...]] = set()
        count = -1
        while count != len(self.closure.modules):
            count = len(self.closure.modules)
            self._follow_statements()
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

    def _follow_calls(self, seen: set[tuple[object, ...]]) -> None:
        """Follow what calls load, and find the data files that are read; each once."""
        program = self.program()
        for module in list(self.closure.modules):
            for load in loads(program, module):
                fact = _fact(load.place, load.module, load.names)
                if (load.place.module, fact) not in seen:
                    seen.add((load.place.module, fact))
                    self._import(load.place.module, fact)
            for path, place in self._paths(program, module):
                fact = _fact(place, None, None)
                if (path, place.module, fact.line) not in seen:
                    seen.add((path, place.module, fact.line))
                    self._read_file(path, place.module, fact)

    def _paths(self, program: Program, module: str) -> Iterator[tuple[Value, CodePlace]]:
        """Yield the paths of data files that one module names, beside the code or from the working folder."""
        searched = self._searched(program, module)
        for said in self.closure.records[module].said:
            if said.value in searched:
                continue
            first = said.value.parts[0] if isinstance(said.value, Text) else said.value
            if not isinstance(first, Constant) and program.may_be("path", _is_path, first, module):
                yield from program.reached(said.value, CodePlace(module, said.line, said.around))
        for callee, call in program.calls(module):
            place = CodePlace(module, call.line, call.around)
            if callee in _TEMPLATES:
                yield from self._templates(callee, call, place)
            elif not call.inside and ":" in callee and program.may_return_path(callee, call):
                yield from program.reached(CallResult(call.function, call.arguments, call.keywords), place)
            for value in (*call.arguments, *(each for _, each in call.keywords)):
                yield from ((each, place) for each in possible(value) if self._is_file_of_folder(each))
        for each in opened(program, module):
            path = each.path
            yield (CodePath(ENTRY, path.value) if isinstance(path, Constant) else path), each.place  # type: ignore[arg-type]

    def _searched(self, program: Program, module: str) -> set[Value]:
        """Return the paths that a module puts on the search path, which are no data files."""
        return {
            path
            for callee, call in program.calls(module)
            if callee in SEARCH_PATH
            for value in call.arguments
            for path in _paths_in(value)
        }

    def _templates(self, callee: str, call: Call, place: CodePlace) -> Iterator[tuple[Value, CodePlace]]:
        """Yield what Flask looks for beside the module that makes the application."""
        if callee == "flask.render_template":
            for value in possible(call.arguments[0]) if call.arguments else ():
                known = isinstance(value, Constant) and isinstance(value.value, str)
                yield CodePath(ENTRY, f"templates/{shown(value)}" if known else None), place
            return
        for name in ("templates", "static"):
            given = argument(call, 99, f"{name.removesuffix('s')}_folder")
            folder = given.value if isinstance(given, Constant) else name
            base = self.closure.modules[place.module]
            if base.file and str(folder) in self._trace.entries(posixpath.dirname(base.file)):
                yield CodePath(place.module, str(folder)), place

    def _is_file_of_folder(self, value: Value) -> bool:
        """Return whether a text that is given to a call is the path of a data file in the function's folder."""
        text = value.value if isinstance(value, Constant) else None
        if not isinstance(text, str) or not ("." in text or "/" in text) or len(text) > 200 or not text.isprintable():
            return False
        path = posixpath.normpath(text)
        if path.startswith((".", "/")) or path.endswith(".py"):
            return False
        folder = f"{self.folders[0].path}/{posixpath.dirname(path)}".rstrip("/")
        return self._trace.entries(folder).get(posixpath.basename(path)) is EntryKind.FILE

    def _load(self, located: Located) -> bool:
        """Take a located module into the closure; return whether it was new."""
        name = located.name
        if name in self.closure.modules:
            return False
        self.closure.modules[name] = located
        if located.form == "namespace":
            self.closure.records[name] = FileRecord()
            return True
        if located.file.endswith(".so"):
            self.closure.records[name] = FileRecord(open_ended=True)
            return True
        found = self._content(located)
        if found is None:
            self._fail("unreadable", located.inside, name, ImportFact("", 0, None, 0), "OSError")
            self.closure.records[name] = FileRecord(fault=(0, "cannot be read"))
            return True
        facts = self.closure.records[name] = self._read(*found)
        if facts.fault:
            line, message = facts.fault
            self._fail("syntax", located.inside, name, ImportFact("", 0, None, line), "SyntaxError", message)
        self._queue.append(name)
        return True

    def _content(self, located: Located) -> tuple[bytes, str] | None:
        return self._trace.content(located.file)

    def _fail(self, kind: str, subject: str, importer: str, fact: ImportFact, error: str, detail: str = "") -> None:
        self.closure.problems.append(
            ImportProblem(kind, subject, importer, fact.line, fact.lazy, fact.function, fact.catches, error, detail)
        )

    def _imports(self, importer: str, only_group: int | None) -> None:
        """Follow the imports of one module; those in a handler only when the guarded body has failed."""
        for fact in self.closure.records[importer].imports:
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
        if self.closure.records[module].names.issuperset(fact.names):
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
            self.closure.edges.append(ImportEdge(importer, located.name, fact))
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
        if name in self.closure.records[module].names:
            return True
        below = self.finder.locate(f"{module}.{name}") if located.folders else Located("")
        if below.form in ("module", "package", "namespace"):
            self.closure.edges.append(ImportEdge(importer, below.name, fact))
            self._load(below)
            return True
        names = self.names(module)
        if names is None or name in names or "__getattr__" in self.closure.records[module].names:
            return True
        broken = below.broken or (located.broken if located.form == "namespace" else "")
        if broken or located.form != "module":
            detail = f"link:{broken}" if broken else f"neither:{located.form}"
            self._fail("module", f"{module}.{name}", importer, fact, "ImportError", detail)
        else:
            self._fail("name", f"{module}.{name}", importer, fact, "ImportError")
        return False

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
            if fact.names == ("*",):
                target = self._absolute(module, fact)
                starred = None if target is None or self._is_outside(target) else self._starred(target)
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
                self._fail("unbound", unbound.name, module, fact, "NameError")

    def _read_file(self, value: Value, importer: str, fact: ImportFact) -> None:
        """Take a data file into the closure, or say why that cannot be done."""
        first = value.parts[0] if isinstance(value, Text) and value.parts else value
        for path in possible(value):
            if isinstance(path, CodePath) and path.path is not None:
                self._data_file(path, importer, fact)
            elif isinstance(first, CodePath) or (
                isinstance(path, Text) and isinstance(first, Constant) and self._names_folder(str(first.value))
            ):
                self._fail("computed-resource", importer, importer, fact, "FileNotFoundError")

    def _names_folder(self, text: str) -> bool:
        """Return whether a text begins with a folder of the function."""
        folder = text.partition("/")[0]
        return "/" in text and self._trace.entries(self.folders[0].path).get(folder) is EntryKind.FOLDER

    def _data_file(self, path: CodePath, importer: str, fact: ImportFact) -> None:
        owner = self.closure.modules.get(path.base) or self.finder.locate(path.base)
        if path.base not in self.closure.modules and not self._is_outside(path.base):
            self._module(importer, path.base, fact)
        origin = owner.inside if owner.file else f"{owner.folders[0].inside}/" if owner.folders else None
        if origin is None:
            return  # a distribution's own file
        name = posixpath.basename(owner.file)
        told = (path.path or "").replace(STEM, posixpath.splitext(name)[0]).replace(FILE, name)
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(origin), told))
        if inside in self._provided or inside in (".", "..", origin) or told in (".", "./") or inside.endswith("/.."):
            return
        if path.pattern:
            self._matching(inside, importer, fact)
            return
        source = next(self._sources(inside), None)
        if inside.startswith("../") or source is None:
            self._fail("resource", inside, importer, fact, "FileNotFoundError")
        elif source.endswith(".py"):
            self._code_file(source, inside, importer, fact)
        elif not self._is_search_folder(inside):
            self.closure.resources.update(self.files_at(source, inside))

    def _is_search_folder(self, inside: str) -> bool:
        return any(folder.inside == inside for folder in self.folders)

    def _matching(self, pattern: str, importer: str, fact: ImportFact) -> None:
        """Take every file that a pattern matches; a pattern that matches none is a file that is not there."""
        folder = pattern
        while any(sign in folder for sign in "*?["):
            folder = posixpath.dirname(folder)
        sources = [f"{each.path}/{_below(folder, each)}".rstrip("/") for each in self.folders if _reaches(folder, each)]
        rule = re.compile(_translated(pattern))
        found = [
            (inside, source)
            for place in sources
            for inside, source in self.files_at(place, folder)
            if rule.fullmatch(inside) and not inside.endswith(".py")
        ]
        self.closure.resources.update(found)
        if not found:
            self._fail("resource", pattern, importer, fact, "FileNotFoundError")

    def _sources(self, inside: str) -> Iterator[str]:
        """Yield the files or folders that may lie at a place of the archive, the first one first."""
        for folder in self.folders:
            if _reaches(inside, folder):
                source = f"{folder.path}/{_below(inside, folder)}"
                if self._trace.entries(posixpath.dirname(source)).get(posixpath.basename(source)) in (
                    EntryKind.FILE,
                    EntryKind.FOLDER,
                ):
                    yield source

    def _code_file(self, source: str, inside: str, importer: str, fact: ImportFact) -> None:
        """Follow a source file that is named by its path as the module that it is."""
        module = inside.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        if self.finder.locate(module).file == source:
            self._module(importer, module, fact)
        else:
            self.closure.resources[inside] = source

    def files_at(self, source: str, inside: str) -> Iterator[tuple[str, str]]:
        """Yield path in the archive and source of a data file, or of everything in a folder."""
        entries = self._trace.entries(posixpath.dirname(source))
        if entries.get(posixpath.basename(source)) is EntryKind.FILE:
            yield inside, source
            return
        for name, kind in sorted(self._trace.entries(source).items()):
            if kind is EntryKind.FILE:
                yield posixpath.join(inside, name), f"{source}/{name}"
            elif kind is EntryKind.FOLDER:
                yield from self.files_at(f"{source}/{name}", posixpath.join(inside, name))

    def _search_path(self) -> list[SearchFolder]:
        """Return folders that the code itself puts on `sys.path`, as far as they are inside the archive."""
        found = []
        program = self.program()
        for module in self.closure.modules:
            for callee, call in program.calls(module):
                for value in call.arguments if callee in SEARCH_PATH else ():
                    for given, place in program.reached(value, CodePlace(module, call.line, call.around)):
                        found += [self._search_folder(path, place.module) for path in _paths_in(given)]
        return [folder for folder in found if folder is not None]

    def _search_folder(self, path: CodePath, module: str) -> SearchFolder | None:
        located = self.closure.modules.get(path.base)
        if located is None or path.path is None:
            return None
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(located.inside), path.path))
        source = posixpath.normpath(posixpath.join(posixpath.dirname(located.file), path.path))
        return SearchFolder(source, inside) if inside != "." and not inside.startswith("..") else None


_TEMPLATES = {"flask.Flask", "flask.Blueprint", "flask.render_template"}


def _is_path(value: Value) -> bool:
    return isinstance(value, CodePath)


def _fact(place: CodePlace, module: str | None, names: tuple[str, ...] | None) -> ImportFact:
    around = place.around
    return ImportFact(module, 0, names, place.line, *around[:5], dynamic=True)


def _paths_in(value: Value) -> Iterator[CodePath]:
    for each in parts_of(value):
        if isinstance(each, CodePath):
            yield each


def _reaches(inside: str, folder: SearchFolder) -> bool:
    """Return whether a place of the archive may come from a folder of the search path."""
    if folder.inside and inside != folder.inside and not inside.startswith(f"{folder.inside}/"):
        return False
    return folder.only is None or _below(inside, folder).partition("/")[0] in folder.only


def _below(inside: str, folder: SearchFolder) -> str:
    return posixpath.relpath(inside or ".", folder.inside or ".") if inside != folder.inside else ""


def _translated(pattern: str) -> str:
    """Return a pattern of paths as a regular expression; `**/` is any folder, a `*` no slash."""
    parts = []
    for part in pattern.split("/"):
        parts.append("(?:.*/)?" if part == "**" else fnmatch.translate(part)[4:-3].replace(".*", "[^/]*") + "/")
    return "".join(parts).removesuffix("/")
