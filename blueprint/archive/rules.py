"""What a closure's broken places mean for one of our archives: a sentence each, with the remedy."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator

from analysis.python.file_tree import EntryKind, Trace
from analysis.python.finder import ENTRY, Located
from analysis.python.graph import Closure, ImportProblem, caught
from analysis.python.listed_names import standard_library
from analysis.python.program import Program
from analysis.python.record import Definition
from analysis.python.syntax import PythonVersion
from blueprint.archive.distributions import FRAMEWORK, LockedDistributions
from blueprint.archive.model import ArchiveSource
from blueprint.archive.sentences import SENTENCES
from blueprint.findings import Finding, Location, shown

_ELSEWHERE = ("listed:", "lost:")
_TESTS = ("tests", "conftest")


def foreign_files(source: ArchiveSource, files: Iterable[str]) -> Iterator[Finding]:
    """Yield a finding for every file that a link out of the project leads to."""
    roots = [root.path / name for root in source.roots for name in root.only or ("",)]
    places = [os.path.realpath(path) for path in (source.project, *roots)]
    for file in files:
        real = os.path.realpath(file)
        if not any(real == place or real.startswith(f"{place}/") for place in places):
            at = Location(shown(source.project, file))
            message = f"'{at.file}' is reached by a link that leads out of the project. Copy the file into the project."
            yield Finding("archive-link", message, at)


def judge(
    source: ArchiveSource, closure: Closure, trace: Trace, locked: LockedDistributions, target: PythonVersion
) -> Iterator[Finding]:
    """Yield everything that is wrong with the closure of one function for the runtime `target`."""
    bench = _Bench(source, closure, trace, locked, target)
    yield from bench.entry()
    for problem in closure.problems:
        yield from bench.problem(problem)
    for located in closure.modules.values():
        yield from bench.module(located)
    yield from bench.links(str(source.folder.absolute()), set())
    yield from bench.declarations()
    yield from bench.eager_packages()


class _Bench:
    def __init__(
        self, source: ArchiveSource, closure: Closure, trace: Trace, locked: LockedDistributions, target: PythonVersion
    ) -> None:
        self._source, self._closure, self._trace, self._locked = source, closure, trace, locked
        self._standard = standard_library(target)
        self._used_reasons: set[str] = set()

    def _at(self, module: str, line: int | None = None) -> Location:
        located = self._closure.modules.get(module)
        return self._place(located.file if located and located.file else str(self._source.folder.absolute()), line)

    def _place(self, file: str, line: int | None = None) -> Location:
        return Location(shown(self._source.project, file), line or None)

    def problem(self, problem: ImportProblem) -> Iterator[Finding]:
        """Yield the finding for one broken place, unless the import is declared optional and guarded."""
        if problem.kind == "computed-resource" and self._source.resources:
            return
        guarded = caught(problem.error, problem.catches)
        reason = next((m for m in self._source.optional_imports if f"{problem.subject}.".startswith(f"{m}.")), None)
        if problem.kind in ("module", "distribution", "name") and reason is not None:
            self._used_reasons.add(reason)
            if guarded:
                return
            message = (
                f"'{reason}' is declared optional, but this import is not guarded. Guard it or drop the declaration."
            )
            yield Finding("archive-optional-import", message, self._at(problem.importer, problem.line))
            return
        if guarded and problem.kind == "relative":
            return  # what leaves the outermost package never works, and the handler takes its place
        if guarded and problem.detail.startswith(_ELSEWHERE) and self._closure.has_alternative(problem):
            return  # one name for each version of what is not ours
        rule, explain = SENTENCES[problem.kind]
        message = self._of_others(problem) or explain(problem, self._source)
        if guarded and problem.kind in ("module", "distribution", "name"):
            message += " The guard around it hides the loss at run time: provide it, or declare it under optional_imports with the reason why the function may run without it."
        elif guarded and problem.kind in ("unbound", "member", "arguments"):
            message += " The handler around it hides this at run time: it takes whatever fails."
        goes_on = guarded and problem.kind == "resource"
        if goes_on:
            message += " The code goes on without it."
        at = self._at(problem.importer, problem.line)
        yield Finding(rule, message, at, "warning" if goes_on else "violation", self._cause(problem, at))

    def _cause(self, problem: ImportProblem, at: Location) -> str:
        """Return what is lost: a module of the library whoever imports it, another one for each folder that does."""
        if problem.kind not in ("module", "distribution", "name"):
            return ""
        libraries = {name for root in self._source.roots for name in root.only or ()}
        ours = problem.subject.partition(".")[0] in libraries
        return f"module {'' if ours else posixpath.dirname(at.file)} {problem.subject}"

    def _of_others(self, problem: ImportProblem) -> str:
        """Return the sentence about a module or name that the standard library or a locked distribution has not."""
        kind, _, provider = problem.detail.partition(":")
        library = f"the standard library of Python {self._standard.target[0]}.{self._standard.target[1]}"
        if kind == "lost":
            return f"'{problem.subject}' is not in {library}, on which '{self._source.name}' runs ({provider} was the last to have it), and no locked distribution provides it. Replace it, or add a distribution that brings it to requirements.in."
        if kind != "listed":
            return ""
        found = self._locked.distributions.get(provider)
        owner = f"'{provider}' {found.version}, which is locked," if found else library
        if problem.kind == "module":
            return f"'{problem.subject}' is imported, but {owner} has no such module. Correct the import."
        module, _, name = problem.subject.rpartition(".")
        return f"'{module}' has no name '{name}' in {owner.removesuffix(',')}. Correct the import."

    def entry(self) -> Iterator[Finding]:
        """Check that `main.py` has the entry point, registered the way the trigger calls it."""
        name, at = self._source.entry_point, self._at(ENTRY)
        facts = self._closure.records.get(ENTRY)
        if facts is None:
            message = f"'{self._source.name}' has no main.py, the file the platform loads. Create it."
            yield Finding("archive-entry-point", message, at)
            return
        definition = self._definition(ENTRY, name)
        if facts.fault or (definition is None and name in (self._names() or {name})):
            return
        if definition is None:
            there = ", ".join(f"'{each}'" for each, _ in facts.functions if not each.startswith("_")) or "none"
            message = (
                f"main.py has no function '{name}', the declared entry point; it has {there}. Rename one of the two."
            )
            yield Finding("archive-entry-point", message, at)
            return
        yield from self._signature(definition, Location(at.file, definition.line))

    def _names(self) -> frozenset[str] | None:
        facts = self._closure.records[ENTRY]
        starred = any(fact.names == ("*",) for fact in facts.imports)
        return None if facts.open_ended or starred else frozenset(facts.names)

    def _definition(self, module: str, name: str) -> Definition | None:
        """Return the definition of a function, followed through re-exports."""
        facts = self._closure.records.get(module)
        if facts is None:
            return None
        found = dict(facts.functions).get(name)
        sources = [
            edge.target for edge in self._closure.edges if edge.importer == module and name in (edge.fact.names or ())
        ]
        return found or next((each for target in sources if (each := self._definition(target, name))), None)

    def _signature(self, definition: Definition, at: Location) -> Iterator[Finding]:
        name, wanted = self._source.entry_point, self._source.signature
        kinds = {item.rpartition(".")[2] for item in definition.decorators} & {"http", "cloud_event", "typed"}
        if (kinds or {"http"}) != {wanted}:
            has = f"registered as {', '.join(sorted(kinds))}" if kinds else "not registered, which means http"
            message = (
                f"'{name}' is {has}, but its trigger delivers {wanted}. Decorate it with functions_framework.{wanted}."
            )
            yield Finding("archive-entry-point", message, at)
        if definition.awaited:
            message = (
                f"'{name}' is a coroutine, which the functions framework calls and never awaits. Write `def {name}`."
            )
            yield Finding("archive-entry-point", message, at)
        if definition.required > 1 or definition.accepted < 1:
            message = f"'{name}' does not take exactly one argument, which is how the platform calls it. Change its signature."
            yield Finding("archive-entry-point", message, at)

    def module(self, located: Located) -> Iterator[Finding]:
        """Check one module of the closure for a second owner, a shadow, test code, and where its link leads."""
        name = located.name
        if located.also:
            others = ", ".join(f"'{self._place(file).file}'" for file in located.also)
            message = f"'{name}' is also {others}: which one is loaded depends on the search path. Keep one."
            yield Finding("archive-two-owners", message, self._at(name))
        if name != ENTRY and "." not in name and located.file:
            shadowed = "the standard library's" if self._standard.has_top(name) else None
            provider = self._locked.provider(name)
            shadowed = (
                f"a module of the distribution '{provider}'"
                if provider
                else "the namespace"
                if provider == ""
                else shadowed
            )
            if shadowed:
                message = f"'{name}' hides {shadowed} '{name}' from everything in the archive. Rename it."
                yield Finding("archive-shadow", message, self._at(name))
        if any(part in _TESTS or part.startswith("test_") for part in name.split(".")):
            message = f"'{name}' is test code; something that is deployed imports it. Move what is needed out of it."
            yield Finding("archive-test-code", message, self._at(name))

    def links(self, folder: str, seen: set[str]) -> Iterator[Finding]:
        """Check the function's folder for links that lead nowhere or in a circle."""
        real = os.path.realpath(folder)
        if real in seen:
            return
        seen.add(real)
        for name, kind in sorted(self._trace.entries(folder).items()):
            path = f"{folder}/{name}"
            if kind in (EntryKind.DANGLING, EntryKind.LOOP):
                leads = (
                    f"leads to '{os.readlink(path)}', which does not exist"
                    if kind is EntryKind.DANGLING
                    else "leads to itself"
                )
                yield Finding("archive-link", f"The link '{name}' {leads}. Repair or delete it.", self._place(path))
            elif kind is EntryKind.FOLDER and not name.startswith("."):
                yield from self.links(path, seen)

    def declarations(self) -> Iterator[Finding]:
        """Check that what is declared about imports is true of the code."""
        at = self._at(ENTRY)
        for module in self._source.optional_imports:
            if module not in self._used_reasons:
                message = f"'{module}' is declared optional, but no import of '{self._source.name}' lacks it. Delete the line."
                yield Finding("archive-optional-import", message, self._source.declared_at.get(module, at), "warning")
        if self._source.dynamic_imports and not self._closure.computed:
            message = f"'{self._source.name}' declares dynamic imports, but imports nothing by a computed name. Delete the line."
            yield Finding("archive-computed-import", message, at, "warning")
        for item in self._closure.third_party:
            each = self._locked.distributions.get(item.distribution)
            if each is not None and not each.direct and each.name != FRAMEWORK:
                message = f"'{item.module}' comes from '{each.name}', which is installed only because another distribution needs it. Name it in requirements.in."
                yield Finding("archive-indirect", message, self._at(item.importer, item.fact.line), "warning")

    def eager_packages(self) -> Iterator[Finding]:
        """Check that no package's `__init__` loads distributions that nobody who imports from it asked for."""
        asked = self._asked_for()
        wanted = {item.distribution for item in self._closure.third_party if item.importer in asked}
        for item in self._closure.third_party:
            if item.distribution and item.distribution not in wanted:
                message = f"'{item.distribution}' is loaded only because the __init__ of a package imports '{item.importer}' for everybody. Import it where it is used, and leave the __init__ empty."
                yield Finding("archive-eager-init", message, self._at(item.importer, item.fact.line))

    def _is_package(self, module: str) -> bool:
        return self._closure.modules[module].form == "package"

    def _asked_for(self) -> set[str]:
        """Return the modules that are reached without what packages import for nobody in particular."""
        requested: dict[str, set[str]] = {}
        outgoing: dict[str, set[str]] = {}
        packages = {name for name, each in self._closure.modules.items() if each.folders}
        program = Program(self._closure.records, packages)
        for edge in self._closure.edges:
            asked = program.absolute(edge.importer, "." * edge.fact.level + (edge.fact.module or ""))
            if edge.importer != edge.target and asked == edge.target:  # what is around it is loaded, and asked nothing
                requested.setdefault(edge.target, set()).update(edge.fact.names or ())
        for module, record in self._closure.records.items():
            for read in record.reads:
                package, _, name = program.absolute(module, read.name).rpartition(".")
                if package != module:
                    requested.setdefault(package, set()).add(name)
                    outgoing.setdefault(module, set()).update({f"{package}.{name}"} & self._closure.modules.keys())
        for edge in self._closure.edges:
            needless = self._is_package(edge.importer) and not edge.fact.lazy
            given = {*(edge.fact.names or ()), edge.target.rpartition(".")[2]}
            if "*" in given:
                given |= self._closure.records[edge.target].names.keys()
            if not needless or given & requested.get(edge.importer, set()):
                outgoing.setdefault(edge.importer, set()).add(edge.target)
        reached, queue = {ENTRY}, [ENTRY]
        while queue:
            new = outgoing.get(queue.pop(), set()) - reached
            reached |= new
            queue += new
        return reached
