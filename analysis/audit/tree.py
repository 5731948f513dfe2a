"""The analysis of archives on anybody's tree of function folders: nothing declared, nothing changed, nothing run.

Each folder with a `main.py` is judged as the platform would load it: its own files, links followed, before the
source roots. Everything found is ordered by what it would do in production.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from analysis.audit.deployment import Deploy, DeployedFunction, DeployedTree, DeployedView
from analysis.audit.model import Audit, AuditedFunction, AuditFinding, Site, function_from_json
from analysis.audit.references import references
from analysis.audit.requirements import Requirements, is_known, usual_distribution
from analysis.audit.requirements_file import Requirement, RequirementsReader
from analysis.cache import Cache
from analysis.python.closure import Builder
from analysis.python.data_files import OverrunError
from analysis.python.file_tree import EntryKind, FileTree, Trace, digest, relative, unchanged
from analysis.python.finder import SearchFolder
from analysis.python.graph import ENTRY, ImportProblem
from analysis.python.impact import Impact, ImpactJudge
from analysis.python.linking import Links
from analysis.python.listed_names import standard_library
from analysis.python.reader import RecordReader, code_fingerprint, roomy
from analysis.python.syntax import PythonVersion

_SKIPPED = {"node_modules", "site-packages"}
_ENVIRONMENT = "pyvenv.cfg"
_STARTS = ("Dockerfile", "Procfile")
MOST_DEPTH, MOST_FUNCTIONS = 40, 5_000
"""How deep folders are looked into, and how many functions are audited; what is beyond is named as left out."""


def audit_tree(
    tree: Path,
    *,
    roots: Iterable[Path] = (),
    target_python: PythonVersion,
    cache: Cache | None = None,
    way: Deploy | None = None,
) -> Audit:
    """Audit every function folder in `tree`.

    Args:
        tree: a folder of function folders, or one function folder.
        roots: folders that the deployment copies beside every function, in order. Without any, what scripts in the
            tree copy from its top.
        target_python: the runtime's version.
        cache: where results of earlier runs are.
        way: how the folders are deployed.
    """
    with roomy():
        absolute = [root.absolute() for root in roots]
        auditor = _Auditor(tree.absolute(), absolute, target_python, cache or Cache(None), way)
        functions = tuple(auditor.function(folder) for folder in auditor.folders[:MOST_FUNCTIONS])
        named = tuple(references(auditor.files, str(tree.absolute())))
    auditor.cache.flush()
    told = auditor.deployments
    return Audit(functions, auditor.roots, told.copied, tuple(auditor.left_out), told.unread, told.lost, named)


class _Auditor:
    def __init__(self, tree: Path, roots: list[Path], target: PythonVersion, cache: Cache, way: Deploy | None) -> None:
        self.cache = cache
        self._base = str(tree)
        self.target, self.standard = target, standard_library(target)
        self.files = self._files = FileTree()
        self._read, self._links = RecordReader(target, cache, depth="names"), Links()
        self.left_out: list[str] = []
        self.folders = list(self._find(self._base, 0))
        carried = {name for folder in self.folders for name in _modules(self._files, folder)}
        self.deployments = DeployedTree(self._files, self._base, self.folders, way, map(str, roots))
        self.roots = tuple(dict.fromkeys(root for folder in self.folders for root in self.deployments.of(folder).roots))
        carries = any("requirements.txt" in self._files.entries(folder) for folder in self.folders)
        shared = [name for name in ("requirements.txt", "requirements.lock") if name in self._files.entries(self._base)]
        self.common_requirements = f"{self._base}/{shared[0]}" if shared and not carries else ""
        self._around = [self._base, *_checkout(self._files, self._base)]
        around = {name for folder in self._around for name in _modules(self._files, folder)}
        self._own_names = carried | around | {name for root in roots for name in _modules(self._files, str(root))}
        self._elsewhere = [*(str(root) for root in roots), *self._around, *self.folders]

    def _find(self, folder: str, depth: int) -> Iterator[str]:
        """Yield function folders: those with a `main.py`, except packages inside packages; what is left out is named."""
        entries = self._files.entries(folder)
        if f"{ENTRY}.py" in entries and (not depth or _is_function(self._files, folder, self._base)):
            yield folder
            return
        for name, kind in sorted(entries.items()):
            path = f"{folder}/{name}"
            if kind is EntryKind.FOLDER and name != ".git":
                why = self._why_left_out(path, name, depth)
                if why:
                    self.left_out.append(f"{self.place(path)}: {why}")
                else:
                    yield from self._find(path, depth + 1)

    def _why_left_out(self, path: str, name: str, depth: int) -> str:
        if _ENVIRONMENT in self._files.entries(path):
            return "an environment of Python"
        if name in _SKIPPED:
            return "installed packages"
        if name.startswith("."):
            return "hidden"
        if self._files.is_link(path):
            return "a link"
        return "too deep" if depth >= MOST_DEPTH else ""

    def function(self, folder: str) -> AuditedFunction:
        """Return what is known of one folder, from the cache if nothing that was looked at has changed."""
        deployment = self.deployments.of(folder)
        files = DeployedView(self._files, deployment.hidden) if deployment.hidden else self._files
        roots = [(os.path.relpath(root.path, self._base), root.only) for root in deployment.roots]
        parts = [
            code_fingerprint(Path(__file__).parent),
            self.target,
            os.path.relpath(folder, self._base),
            roots,
            sorted(self._own_names),
            self.deployments.way,
            deployment.unread,
        ]
        parts.append(os.path.basename(self.common_requirements))
        key = digest(json.dumps(parts).encode())
        payload = self.cache.get("audits", key)
        if payload is not None:
            record = json.loads(payload)
            if unchanged(files, self._base, record["looks"]):
                return function_from_json(record["function"])
        trace = Trace(files)
        try:
            function = _Function(self, trace, folder, deployment).result()
        except (OverrunError, RecursionError, MemoryError) as error:
            return self._overrun(folder, str(error) or "it is nested too deeply or too large to be read")
        if self.cache.folder is None:
            return function
        record = {"looks": trace.looks(self._base), "function": asdict(function)}
        self.cache.put("audits", key, json.dumps(record, separators=(",", ":")).encode())
        return function

    def _overrun(self, folder: str, why: str) -> AuditedFunction:
        """Return the verdict about a folder that cannot be read to its end."""
        site = Site(self.place(f"{folder}/{ENTRY}.py"), 0)
        finding = AuditFinding(Impact.NOT_KNOWN, "overrun", site.file, f"{why}; what is behind is not known.", (site,))
        return AuditedFunction(self.place(folder), 0, (), 0, 0, (), 0, (finding,))

    def builder(
        self, trace: Trace, folder: str, requirements: Requirements, roots: tuple[SearchFolder, ...]
    ) -> Builder:
        local = dict.fromkeys(each.folder for each in requirements.requirements if each.folder)
        found = [path for each in local for path in (each, f"{each}/src") if self._files.entries(path)]
        projects = [SearchFolder(path, installed=True) for path in found]
        return Builder(
            trace,
            (SearchFolder(folder), *roots, *projects),
            requirements,
            self._read,
            self.target,
            links=self._links,
            framework=_by_framework(trace, folder),
        )

    def is_own(self, module: str) -> bool:
        """Return whether the tree has first-party code of that top-level name somewhere."""
        return module.partition(".")[0] in self._own_names

    def elsewhere(self, trace: Trace, module: str, folder: str) -> str:
        """Return a source of `module` somewhere else in the tree, "" if there is none."""
        path = module.replace(".", "/")
        for base in self._elsewhere:
            above = posixpath.dirname(f"{base}/{path}")
            name = posixpath.basename(path)
            entries = trace.entries(above) if base != folder else {}
            if entries.get(f"{name}.py") is EntryKind.FILE:
                return self.place(f"{above}/{name}.py")
            if entries.get(name) is EntryKind.FOLDER:
                return self.place(f"{above}/{name}")
        return ""

    def place(self, path: str) -> str:
        return relative(path, self._base)


class _Function:
    """The audit of one function folder."""

    def __init__(self, auditor: _Auditor, trace: Trace, folder: str, deployment: DeployedFunction) -> None:
        self._auditor, self._trace, self._folder = auditor, trace, folder
        self._deployment = deployment
        self._requirements = tuple(self._read_requirements())
        self._installed = Requirements(self._requirements)
        self._closure = auditor.builder(trace, folder, self._installed, deployment.roots).build()
        self._judge = ImpactJudge(self._closure)

    def result(self) -> AuditedFunction:
        findings = [*self._entry(), *self._problems(), *self._links(), *self._shadows(), *self._pins()]
        findings.sort(key=lambda each: (each.consequence, each.kind, each.subject))
        missing = [each.subject for each in findings if each.kind == "module"]
        return AuditedFunction(
            name=self._auditor.place(self._folder),
            modules=sum(bool(each.file) for each in self._closure.modules.values()),
            missing=tuple(sorted(missing)),
            dangling=len(self._broken),
            silent=sum(each.consequence is Impact.DEGRADES_SILENTLY for each in findings),
            unpinned=tuple(sorted(each.name or each.text for each in self._requirements if not each.exact)),
            size=sum(len(self._source(name)) for name in self._closure.modules),
            findings=tuple(findings),
        )

    def _source(self, module: str) -> bytes:
        located = self._closure.modules[module]
        found = self._trace.content(located.file) if located.file else None
        return found[0] if found else b""

    def _site(self, module: str, line: int = 0) -> Site:
        located = self._closure.modules.get(module)
        return Site(self._auditor.place(located.file if located and located.file else f"{self._folder}/main.py"), line)

    def _read_requirements(self) -> Iterator[Requirement]:
        def content(file: str) -> bytes | None:
            found = self._trace.content(file)
            return found[0] if found else None

        own = "requirements.txt" in self._trace.entries(self._folder)
        file = f"{self._folder}/requirements.txt" if own else self._auditor.common_requirements
        for each in RequirementsReader(content, self._auditor.target).read(file) if file else ():
            there = each.folder and self._trace.entries(each.folder)
            yield each._replace(unread="") if there else each

    def _entry(self) -> Iterator[AuditFinding]:
        located, facts = self._closure.modules.get(ENTRY), self._closure.records.get(ENTRY)
        if located is None or facts is None or not located.file:
            kind = self._trace.entries(self._folder).get(f"{ENTRY}.py")
            message = (
                "main.py is a link that leads nowhere"
                if kind in (EntryKind.DANGLING, EntryKind.LOOP)
                else "there is no main.py"
            )
            yield AuditFinding(Impact.CANNOT_START, "entry", "main.py", f"{message}.", (self._site(ENTRY),))
        elif not facts.fault and not facts.names and not facts.open_ended:
            message = "main.py defines nothing that could be called."
            yield AuditFinding(Impact.CANNOT_START, "entry", "main.py", message, (self._site(ENTRY),))

    def _problems(self) -> Iterator[AuditFinding]:
        """Yield one finding per kind and subject, with the worst consequence of all its places."""
        groups: dict[tuple[str, str], list[ImportProblem]] = {}
        for problem in self._closure.problems:
            if problem.kind != "computed-resource":
                groups.setdefault(self._identity(problem), []).append(problem)
        for (kind, subject), problems in groups.items():
            judged = [(self._judge.consequence(problem), problem) for problem in problems]
            consequence = min(judged, key=lambda pair: pair[0])[0]
            if consequence < Impact.NOT_KNOWN and self._perhaps(problems[0]):
                consequence = Impact.NOT_KNOWN
            sites = {self._site(problem.importer, problem.line) for problem in problems}
            message = self._message(kind, subject, problems[0])
            yield AuditFinding(consequence, kind, subject, message, tuple(sorted(sites)))

    def _perhaps(self, problem: ImportProblem) -> str:
        """Return why what is missing may be there all the same."""
        if problem.kind in ("module", "distribution", "resource") and not self._certain(problem):
            for step in self._deployment.unread:
                return (
                    f"'{step.text}' ({step.file}:{step.line}) may copy it; what it copies is not to be told from there"
                )
        if problem.kind != "distribution":
            return ""
        own = self._auditor.is_own(problem.subject)
        return self._installed.named_like(problem.subject) if own else self._installed.perhaps(problem.subject)

    def _certain(self, problem: ImportProblem) -> bool:
        """Return whether no copy step can bring what is missing."""
        return problem.detail.startswith("link:") or (
            problem.kind == "distribution" and is_known(problem.subject) and not self._auditor.is_own(problem.subject)
        )

    def _identity(self, problem: ImportProblem) -> tuple[str, str]:
        """Return kind and subject; what is certainly third-party counts once for the whole package."""
        if problem.kind != "distribution":
            return problem.kind, problem.subject
        parts = problem.subject.split(".")
        if self._auditor.is_own(problem.subject) or not is_known(problem.subject):
            return "module", problem.subject
        return "module", ".".join(parts[:3] if parts[0] == "google" else parts[:1])

    def _message(self, kind: str, subject: str, problem: ImportProblem) -> str:
        if kind != "module":
            return _WORDS[kind].format(subject=subject, detail=problem.detail)
        if problem.detail.startswith("link:"):
            return f"'{self._auditor.place(problem.detail.removeprefix('link:'))}' is a link that leads nowhere."
        there = self._auditor.elsewhere(self._trace, subject, self._folder)
        if problem.kind == "distribution" and not there and not self._auditor.is_own(subject):
            if lost := problem.detail.removeprefix("lost:"):
                return f"the standard library has it up to Python {lost} only, and nothing else brings it."
            if perhaps := self._perhaps(problem):
                return f"nothing is known to bring it, but {perhaps}."
            if usual := usual_distribution(subject):
                return f"requirements.txt does not ask for '{usual}'."
            return "not in reach, and nothing that requirements.txt asks for is known to bring it."
        if problem.detail.startswith("listed:"):
            return "the standard library of the runtime has no such module."
        what = "not in the function's folder or roots"
        if problem.detail.startswith("neither:"):
            package, _, name = subject.rpartition(".")
            what = f"'{name}' is neither a submodule of '{package}' nor a name in it"
        perhaps = self._perhaps(problem)
        return f"{what}{f'; it is at {there}' if there else ''}{f'; {perhaps}' if perhaps else ''}."

    @property
    def _broken(self) -> list[str]:
        return list(_broken_links(self._trace, self._folder, set()))

    def _links(self) -> Iterator[AuditFinding]:
        used = {problem.detail for problem in self._closure.problems} | {f"link:{self._folder}/{ENTRY}.py"}
        for path in self._broken:
            if f"link:{path}" not in used:
                stops = _STOPS.get(self._auditor.deployments.way or Deploy.FOLDER)
                message = (
                    stops or "a link that leads nowhere; nothing reached imports it, but copying the folder may fail."
                )
                site = Site(self._auditor.place(path), 0)
                yield AuditFinding(Impact.CANNOT_START if stops else Impact.LATENT, "link", site.file, message, (site,))

    def _shadows(self) -> Iterator[AuditFinding]:
        for name, located in self._closure.modules.items():
            if located.also and not all(os.path.samefile(located.file, other) for other in located.also):
                others = ", ".join(map(self._auditor.place, located.also))
                message = f"also at {others}: which one is loaded depends on the search path."
                yield AuditFinding(Impact.LATENT, "two-owners", name, message, (self._site(name),))
            if located.file and self._auditor.standard.has_top(name) and name != ENTRY:
                message = "has the name of a standard library module: which one is loaded depends on the search path."
                yield AuditFinding(Impact.LATENT, "shadow", name, message, (self._site(name),))

    def _pins(self) -> Iterator[AuditFinding]:
        loose = [each for each in self._requirements if not each.exact]
        if loose:
            sites = tuple(Site(self._auditor.place(each.file), each.line) for each in loose)
            names = ", ".join(each.name or each.text for each in loose)
            message = "without an exact version: the next build may install something else."
            yield AuditFinding(Impact.LATENT, "unpinned", names, message, sites)


_STOPS = {
    Deploy.RSYNC: "a link that leads nowhere: rsync -L cannot copy it and ends with code 23, so the deployment stops.",
    Deploy.GCLOUD: "a link that leads nowhere: gcloud cannot read it, so the upload stops.",
}
_WORDS = {
    "name": "imported, but its module has no such name.",
    "syntax": "does not compile on the runtime: {detail}.",
    "syntax-unknown": "not known whether it compiles on the runtime: {detail}.",
    "anchor": "called without a package, which Python before 3.12 does not take.",
    "unreadable": "cannot be read.",
    "relative": "a relative import that leaves its top-level package.",
    "unbound": "defined nowhere: NameError.",
    "recursion": "imported from its own package inside `__getattr__`, which asks itself again and never ends.",
    "search-path": "looked for in folders that its package adds to `__path__`; whether it is there is not known.",
    "computed": "a module is imported by a computed name; what it can be is not in the source.",
    "resource": "read beside the code, but not there.",
}


def _modules(tree: FileTree, folder: str) -> set[str]:
    """Return names that could be imported from `folder`; broken links count, they were meant to."""
    names = set()
    for name, kind in tree.entries(folder).items():
        if name.endswith(".py"):
            names.add(name.removesuffix(".py"))
        elif kind is not EntryKind.FILE and name.isidentifier() and name not in _SKIPPED:
            names.add(name)
    return names - {ENTRY, "setup", "conftest"}


def _checkout(files: FileTree, base: str) -> Iterator[str]:
    """Yield the folders around a tree, up to the top of the checkout that it is in; none where it is in none."""
    folders = []
    while ".git" not in files.entries(base):
        base = posixpath.dirname(base)
        folders.append(base)
        if base in ("/", "") or len(folders) > MOST_DEPTH:
            return
    yield from folders


def _is_function(tree: FileTree, folder: str, base: str) -> bool:
    entries = tree.entries(folder)
    return posixpath.dirname(folder) == base or "__init__.py" not in entries or "requirements.txt" in entries


def _by_framework(trace: Trace, folder: str) -> bool:
    """Return whether the functions framework loads a folder: it does unless the folder says how it is started otherwise."""
    said = [trace.content(f"{folder}/{name}") for name in _STARTS if name in trace.entries(folder)]
    return not said or any(re.search(rb"functions[-_]framework", found[0]) for found in said if found)


def _broken_links(trace: Trace, folder: str, seen: set[str]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    for name, kind in sorted(trace.entries(folder).items()):
        if kind in (EntryKind.DANGLING, EntryKind.LOOP):
            yield f"{folder}/{name}"
        elif kind is EntryKind.FOLDER and not name.startswith(".") and name not in _SKIPPED:
            yield from _broken_links(trace, f"{folder}/{name}", seen)
