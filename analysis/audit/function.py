"""The audit of one function folder: what is missing there, and what that would do in production."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from analysis.audit.checkout import SKIPPED, Checkout
from analysis.audit.deployment import Deploy, DeployedFunction
from analysis.audit.model import AuditedFunction, AuditFinding, Site
from analysis.audit.requirements import Requirements, is_known, usual_distribution
from analysis.audit.requirements_file import Requirement, RequirementsReader
from analysis.python.closure import Builder
from analysis.python.file_tree import EntryKind, Trace
from analysis.python.finder import ENTRY, SearchFolder
from analysis.python.graph import ImportProblem, caught
from analysis.python.impact import Impact, ImpactJudge
from analysis.python.imports import ImportFact


def audit_function(checkout: Checkout, trace: Trace, folder: str, deployment: DeployedFunction) -> AuditedFunction:
    """Return what is known of one function folder; everything that is looked at goes through `trace`."""
    return _Function(checkout, trace, folder, deployment).result()


class _Function:
    """The audit of one function folder."""

    def __init__(self, checkout: Checkout, trace: Trace, folder: str, deployment: DeployedFunction) -> None:
        self._checkout, self._trace, self._folder = checkout, trace, folder
        self._deployment = deployment
        self._requirements = tuple(self._read_requirements())
        self._installed = Requirements(self._requirements)
        self._framework = _by_framework(trace, folder)
        self._closure = self._builder().build()
        self._judge = ImpactJudge(self._closure)

    def _builder(self) -> Builder:
        checkout = self._checkout
        local = dict.fromkeys(each.folder for each in self._requirements if each.folder)
        found = [path for each in local for path in (each, f"{each}/src") if checkout.files.entries(path)]
        projects = [SearchFolder(path, installed=True) for path in found]
        return Builder(
            self._trace,
            (SearchFolder(self._folder), *self._deployment.roots, *projects),
            self._installed,
            checkout.read,
            checkout.target,
            links=checkout.links,
            framework=self._framework is not False,
        )

    def result(self) -> AuditedFunction:
        findings = [*self._entry(), *self._start(), *self._problems(), *self._links(), *self._shadows(), *self._pins()]
        findings.sort(key=lambda each: (each.consequence, each.kind, each.subject))
        missing = [each.subject for each in findings if each.kind == "module"]
        return AuditedFunction(
            name=self._checkout.place(self._folder),
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
        return Site(self._checkout.place(located.file if located and located.file else f"{self._folder}/main.py"), line)

    def _read_requirements(self) -> Iterator[Requirement]:
        def content(file: str) -> bytes | None:
            found = self._trace.content(file)
            return found[0] if found else None

        own = "requirements.txt" in self._trace.entries(self._folder)
        file = f"{self._folder}/requirements.txt" if own else self._checkout.common_requirements
        for each in RequirementsReader(content, self._checkout.target).read(file) if file else ():
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

    def _start(self) -> Iterator[AuditFinding]:
        """Yield that it is not known whether `main.py` is loaded as a package, where it takes itself for one."""
        record = self._closure.records.get(ENTRY)
        facts = record.imports if record else ()
        relative = [fact for fact in facts if fact.level and not caught("ImportError", fact.catches)]
        if relative and self._framework is None and not self._says_framework(facts):
            message = (
                "relative imports of main.py work where the functions framework loads it; nothing here says what does."
            )
            sites = tuple(self._site(ENTRY, fact.line) for fact in relative)
            yield AuditFinding(Impact.NOT_KNOWN, "start", "main.py", message, sites)

    def _says_framework(self, imports: Iterable[ImportFact]) -> bool:
        """Return whether code, requirements or the deployment name the functions framework, or what runs it."""
        return (
            any((fact.module or "").partition(".")[0] == "functions_framework" for fact in imports)
            or any(each.name == "functions-framework" for each in self._requirements)
            or self._checkout.deployments.by_framework(self._folder)
        )

    def _problems(self) -> Iterator[AuditFinding]:
        """Yield one finding per kind and subject, with the worst consequence of all its places."""
        groups: dict[tuple[str, str], list[ImportProblem]] = {}
        for problem in self._closure.problems:
            generated = problem.kind == "resource" and problem.subject in self._checkout.generated
            if problem.kind != "computed-resource" and not generated:
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
        if problem.kind == "resource" and self._checkout.deployments.way is None:
            return "a build may make it"
        if problem.kind != "distribution":
            return ""
        own = self._checkout.is_own(problem.subject)
        return self._installed.named_like(problem.subject) if own else self._installed.perhaps(problem.subject)

    def _certain(self, problem: ImportProblem) -> bool:
        """Return whether no copy step can bring what is missing."""
        return problem.detail.startswith("link:") or (
            problem.kind == "distribution" and is_known(problem.subject) and not self._checkout.is_own(problem.subject)
        )

    def _identity(self, problem: ImportProblem) -> tuple[str, str]:
        """Return kind and subject; what is certainly third-party counts once for the whole package."""
        if problem.kind != "distribution":
            return problem.kind, problem.subject
        parts = problem.subject.split(".")
        if self._checkout.is_own(problem.subject) or not is_known(problem.subject):
            return "module", problem.subject
        return "module", ".".join(parts[:3] if parts[0] == "google" else parts[:1])

    def _message(self, kind: str, subject: str, problem: ImportProblem) -> str:
        if kind != "module":
            perhaps = self._perhaps(problem)
            return _WORDS[kind].format(detail=problem.detail, perhaps=f"; {perhaps}" if perhaps else "")
        if problem.detail.startswith("link:"):
            return f"'{self._checkout.place(problem.detail.removeprefix('link:'))}' is a link that leads nowhere."
        there = self._checkout.elsewhere(self._trace, subject, self._folder)
        if problem.kind == "distribution" and not there and not self._checkout.is_own(subject):
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
                stops = _STOPS.get(self._checkout.deployments.way or Deploy.FOLDER)
                message = (
                    stops or "a link that leads nowhere; nothing reached imports it, but copying the folder may fail."
                )
                site = Site(self._checkout.place(path), 0)
                yield AuditFinding(Impact.CANNOT_START if stops else Impact.LATENT, "link", site.file, message, (site,))

    def _shadows(self) -> Iterator[AuditFinding]:
        for name, located in self._closure.modules.items():
            if located.also and not all(os.path.samefile(located.file, other) for other in located.also):
                others = ", ".join(map(self._checkout.place, located.also))
                message = f"also at {others}: which one is loaded depends on the search path."
                yield AuditFinding(Impact.LATENT, "two-owners", name, message, (self._site(name),))
            if located.file and self._checkout.standard.has_top(name) and name != ENTRY:
                message = "has the name of a standard library module: which one is loaded depends on the search path."
                yield AuditFinding(Impact.LATENT, "shadow", name, message, (self._site(name),))

    def _pins(self) -> Iterator[AuditFinding]:
        loose = [each for each in self._requirements if not each.exact]
        if loose:
            sites = tuple(Site(self._checkout.place(each.file), each.line) for each in loose)
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
    "deleted": "deleted before it is read, by `del` or at its handler's end: NameError.",
    "hint": "named in an annotation, bound nowhere, and evaluated by {detail}: NameError.",
    "arguments": "called with arguments that it does not take ({detail}): TypeError.",
    "member": "read of an object that does not have it: AttributeError.",
    "order": "asked for while its module is being loaded: {detail}.",
    "recursion": "imported from its own package inside `__getattr__`, which asks itself again and never ends.",
    "search-path": "looked for in folders that its package adds to `__path__`; whether it is there is not known.",
    "computed": "a module is imported by a computed name; what it can be is not in the source.",
    "resource": "read beside the code, but not there{perhaps}.",
}


def _broken_links(trace: Trace, folder: str, seen: set[str]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    for name, kind in sorted(trace.entries(folder).items()):
        if kind in (EntryKind.DANGLING, EntryKind.LOOP):
            yield f"{folder}/{name}"
        elif kind is EntryKind.FOLDER and not name.startswith(".") and name not in SKIPPED:
            yield from _broken_links(trace, f"{folder}/{name}", seen)


_STARTS = ("Dockerfile", "Procfile")
_FRAMEWORK = re.compile(rb"functions[-_]framework")


def _by_framework(trace: Trace, folder: str) -> bool | None:
    """Return whether a folder says that the functions framework loads it, or another server does; None where it says nothing."""
    said = [trace.content(f"{folder}/{name}") for name in _STARTS if name in trace.entries(folder)]
    return any(_FRAMEWORK.search(found[0]) for found in said if found) if said else None
