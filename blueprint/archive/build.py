"""From one declared function to its archive: closure, judgement, requirements, uses, bytes.

Every finding refuses the archive unless it is a warning: nothing that would fail, at start or on the rarest
path, is deployed. Results are cached by everything that was looked at, so an unchanged function costs the
reading of its files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from analysis.cache import Cache
from analysis.python.budget import OverrunError
from analysis.python.closure import Builder
from analysis.python.file_tree import FileTree, Trace, digest, unchanged
from analysis.python.finder import SearchFolder
from analysis.python.graph import Closure
from analysis.python.linking import Links
from analysis.python.reader import RecordReader, code_fingerprint, roomy
from analysis.python.syntax import MOST_DEPTH, PythonVersion
from analysis.python.typed_json import dumps
from blueprint.archive.contents import archive_files, size_findings, sql_files_of
from blueprint.archive.distributions import FRAMEWORK, LockedDistributions
from blueprint.archive.model import Archive, ArchiveSource, Distribution, Use, Uses, zip_name
from blueprint.archive.package import holds, listing, pack
from blueprint.archive.rules import judge
from blueprint.archive.stored import from_json, to_json
from blueprint.archive.uses import read_uses
from blueprint.archive.writes import firestore_writes
from blueprint.findings import Finding, Location, shown

TARGET: PythonVersion = (3, 11)


def analyse_function(
    source: ArchiveSource,
    *,
    target_python: PythonVersion = TARGET,
    locked: LockedDistributions,
    cache: Cache | None = None,
) -> Archive:
    """Return the archive of one function; see `analyse_functions`."""
    return analyse_functions([source], target_python=target_python, locked=locked, cache=cache)[source.name]


def analyse_functions(
    sources: Iterable[ArchiveSource],
    *,
    target_python: PythonVersion = TARGET,
    locked: LockedDistributions,
    cache: Cache | None = None,
) -> dict[str, Archive]:
    """Return function name → archive.

    Args:
        sources: the functions.
        target_python: the runtime's version; sources must compile there.
        locked: what functions may import.
        cache: where results of earlier runs are; None computes everything.

    Nothing is raised for what is wrong in the sources: it is in `Archive.findings`.
    """
    cache = cache or Cache(None)
    with roomy():
        archives = _archives(sources, Workshop(target_python, locked, cache))
    cache.flush()
    return archives


def _archives(sources: Iterable[ArchiveSource], workshop: Workshop) -> dict[str, Archive]:
    """Return the archives; the workshop and its trees are gone before the collector could look through them."""
    return {source.name: workshop.archive(source) for source in sources}


class Workshop:
    """Builds archives that share what was read."""

    def __init__(self, target: PythonVersion, locked: LockedDistributions, cache: Cache) -> None:
        self.cache = cache
        self._target, self._locked = target, locked
        self._tree = FileTree()
        self._read = RecordReader(target, cache)
        self._links = Links()
        self._installations: dict[tuple[str, ...], tuple[tuple[Distribution, ...], str]] = {}

    def archive(self, source: ArchiveSource) -> Archive:
        """Return the archive of `source`, from the cache if nothing that matters has changed."""
        if self.cache.folder is None:
            return self._build(source, self._trace(source))
        key = self._key(source)
        stored = self._stored(source, key)
        if stored is not None:
            return stored
        trace = self._trace(source)
        archive = self._build(source, trace)
        record = {"looks": trace.looks(str(source.project.absolute())), "archive": to_json(archive)}
        self.cache.put("results", key, dumps(record))
        return self._saved(archive, self.cache.folder)

    def _trace(self, source: ArchiveSource) -> Trace:
        folder = str(source.folder.absolute())
        return Trace(self._tree, {f"{folder}/{path}": content for path, content in source.extra_files.items()})

    def _saved(self, archive: Archive, folder: Path) -> Archive:
        """Return the archive with its zip in a file of the cache, or as it is where that cannot be written."""
        try:
            path = archive.saved_in(folder)
        except OSError:
            return archive
        self.cache.used(path.name)
        return replace(archive, packed=path)

    def _key(self, source: ArchiveSource) -> str:
        project = source.project.absolute()
        fields = {
            **{
                name: value for name, value in vars(source).items() if name not in ("extra_files", "project", "queries")
            },
            "folder": shown(project, source.folder),
            "roots": [(shown(project, root.path), root.only) for root in source.roots],
            "extra_files": {path: digest(content) for path, content in source.extra_files.items()},
            "queries": [(text, str(at)) for text, at in source.queries],
            "optional_imports": dict(source.optional_imports),
            "declared_at": {module: str(at) for module, at in source.declared_at.items()},
        }
        environment = [code_fingerprint(Path(__file__).parent), self._target, self._locked.fingerprint]
        return digest(json.dumps([fields, environment], sort_keys=True).encode())

    def _stored(self, source: ArchiveSource, key: str) -> Archive | None:
        payload = self.cache.get("results", key)
        if payload is None:
            return None
        record = json.loads(payload)
        if not unchanged(self._tree, str(source.project.absolute()), record["looks"]):
            return None
        sha256 = record["archive"]["sha256"]
        packed = self.cache.file(zip_name(sha256), sha256)
        if packed is None:
            return None
        return from_json(record["archive"], packed, *self._installed(tuple(record["archive"]["imported"])))

    def _installed(self, imported: tuple[str, ...]) -> tuple[tuple[Distribution, ...], str]:
        """Return what the code that imports these distributions installs, and its `requirements.txt`; once for equals."""
        if imported not in self._installations:
            distributions = self._locked.installed({*imported, FRAMEWORK})
            self._installations[imported] = distributions, self._locked.requirements(distributions)
        return self._installations[imported]

    def _overrun(self, source: ArchiveSource, why: str) -> Archive:
        """Return the archive of a function that cannot be read to its end: refused, and nothing in it."""
        message = f"The code of '{source.name}' cannot be read to its end: {why}. Deploy less, or leave out what is generated."
        at = Location(shown(source.project, source.folder) + "/main.py")
        distributions, requirements = self._installed(())
        return Archive(
            source.name, (), digest(b""), 0, b"", requirements, (), distributions, (), Uses(),
            (Finding("archive-size", message, at),),
        )  # fmt: skip

    def _build(self, source: ArchiveSource, trace: Trace) -> Archive:
        try:
            return self._built(source, trace)
        except OverrunError as error:
            return self._overrun(source, str(error))
        except RecursionError:
            return self._overrun(
                source, f"it is nested more deeply than this reader follows, which is {MOST_DEPTH} calls"
            )
        except MemoryError:
            return self._overrun(source, "there is not enough memory")

    def _built(self, source: ArchiveSource, trace: Trace) -> Archive:
        folder = str(source.folder.absolute())
        roots = [SearchFolder(str(root.path.absolute()), "", root.only) for root in source.roots]
        builder = Builder(
            trace,
            (SearchFolder(folder), *roots),
            self._locked,
            self._read,
            self._target,
            declared=source.dynamic_imports,
            provided=dict(source.extra_files),
            links=self._links,
        )
        closure = builder.build()
        findings = list(judge(source, closure, trace, self._locked, self._target))
        files, resource_findings = archive_files(source, closure, builder, trace)
        findings += resource_findings
        imported = tuple(sorted({item.distribution for item in closure.third_party if item.distribution}))
        distributions, requirements = self._installed(imported)
        files["requirements.txt"] = requirements.encode()
        findings += size_findings(source, files)
        content = pack(files) if holds(files) else b""
        places = {name: shown(source.project, each.file) for name, each in closure.modules.items() if each.file}
        sql_files = dict(sql_files_of(source, closure, trace))
        return Archive(
            function=source.name,
            files=listing(files),
            sha256=digest(content),
            length=len(content),
            packed=content,
            requirements=requirements,
            modules=tuple(sorted(name for name, each in closure.modules.items() if each.file)),
            distributions=distributions,
            imported=imported,
            uses=replace(
                read_uses(closure, builder.program(), places, sql_files, source.queries),
                document_writes=tuple(_document_writes(closure, places, trace)),
            ),
            findings=tuple(
                sorted(set(findings), key=lambda each: (each.at.file, each.at.line or 0, each.rule, each.message))
            ),
        )


def _document_writes(closure: Closure, places: Mapping[str, str], trace: Trace) -> Iterator[Use]:
    """Yield the places of the code inside that may change a document."""
    contents = {name: trace.content(each.file) for name, each in closure.modules.items() if each.file}
    sources = {name: found[0] for name, found in contents.items() if found is not None}
    for module, line in firestore_writes(sources):
        yield Use("firestore", Location(places[module], line))
