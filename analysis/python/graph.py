"""The graph of what one entry module loads, with every place where it is broken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from analysis.python.finder import Located
from analysis.python.imports import ImportFact
from analysis.python.record import FileRecord


class ImportEdge(NamedTuple):
    """`importer` loads `target` by the import `fact`."""

    importer: str
    target: str
    fact: ImportFact


class ImportProblem(NamedTuple):
    """A place where loading or running would fail.

    Attributes:
        kind: `module`, `distribution`, `name`, `syntax`, `syntax-unknown`, `unreadable`, `relative`, `unbound`, `deleted`,
            `arguments`, `member`, `computed`, `resource`, `order`, `hint`, `entry`.
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

    def fail(self, kind: str, subject: str, importer: str, fact: ImportFact, error: str, detail: str = "") -> None:
        """Note a place where loading or running would fail."""
        self.problems.append(
            ImportProblem(kind, subject, importer, fact.line, fact.lazy, fact.function, fact.catches, error, detail)
        )

    def absolute(self, importer: str, fact: ImportFact) -> str | None:
        """Return the full name of the module that an import names; None where it leaves the outermost package."""
        if fact.level == 0:
            return fact.module
        package = importer if self.modules[importer].folders else importer.rpartition(".")[0]
        parts = package.split(".") if package else []
        if len(parts) < fact.level:
            return None
        base = parts[: len(parts) - fact.level + 1]
        return ".".join([*base, fact.module] if fact.module else base)

    def settled(self, module: str) -> FileRecord | None:
        """Return the record of a module of ours that binds no name in a way that is not followed."""
        record = self.records.get(module)
        if record is None or record.open_ended or any(each.names == ("*",) for each in record.imports):
            return None
        return record

    def has_alternative(self, problem: ImportProblem) -> bool:
        """Return whether the handler around a failed import takes another module, which is there."""
        facts = self.records[problem.importer].imports
        groups = {fact.group for fact in facts if fact.line == problem.line and fact.group}
        others = [fact.line for fact in facts if fact.instead_of in groups]
        broken = {each.line for each in self.problems if each.importer == problem.importer}
        return bool(others) and not broken & set(others)

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


_PARENTS = {
    "ModuleNotFoundError": ("ImportError",),
    "FileNotFoundError": ("OSError",),
    "UnboundLocalError": ("NameError",),
}


def caught(error: str, catches: Iterable[str]) -> bool:
    """Return whether a handler for one of `catches` takes an exception of class `error`."""
    return bool({error, *_PARENTS.get(error, ()), "Exception", "BaseException", "*"} & set(catches))


def expected(error: str, catches: Iterable[str]) -> bool:
    """Return whether a handler names the class of an exception: one for whatever may fail hides a mistake, and expects none."""
    return bool({error, *_PARENTS.get(error, ())} & set(catches))
