"""What is in an archive, and what of it cannot be shipped."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.python.closure import Builder
from analysis.python.file_tree import Trace
from analysis.python.graph import Closure
from blueprint.archive.model import ArchiveSource, QueryText
from blueprint.archive.package import MOST_BYTES, MOST_FILES, holds
from blueprint.archive.rules import foreign_files
from blueprint.findings import Finding, Location, shown


def sql_files_of(source: ArchiveSource, closure: Closure, trace: Trace) -> Iterator[tuple[str, QueryText]]:
    """Yield path in the archive, text and place of every `.sql` file that the code reads."""
    for inside, file in closure.resources.items():
        found = trace.content(file) if file.endswith(".sql") else None
        if found is not None:
            place = Location(shown(source.project, file), 1)
            yield inside, QueryText(found[0].decode("utf-8", "replace"), place)


def archive_files(
    source: ArchiveSource, closure: Closure, builder: Builder, trace: Trace
) -> tuple[dict[str, bytes], list[Finding]]:
    """Return path in the archive → content of everything but the requirements."""
    origins = {each.inside: each.file for each in closure.modules.values() if each.file}
    origins.update(closure.resources)
    findings = []
    for resource in source.resources:
        found = {
            inside: file
            for folder in builder.folders
            for inside, file in builder.data_files.files_at(f"{folder.path}/{resource}", resource)
        }
        origins.update(found)
        if not found and resource not in source.extra_files:
            message = f"'{source.name}' declares the resource '{resource}', which does not exist. Create it or delete the line."
            findings.append(Finding("archive-resource", message, Location(shown(source.project, source.folder))))
    findings += foreign_files(source, origins.values())
    contents = {inside: trace.content(file) for inside, file in origins.items()}
    files = {inside: read[0] for inside, read in contents.items() if read is not None}
    for inside in contents.keys() - files.keys() - {each.inside for each in closure.modules.values()}:
        at = Location(shown(source.project, origins[inside]))
        findings.append(
            Finding("archive-resource", f"'{inside}' is shipped, but cannot be read. Make it a readable file.", at)
        )
    for inside in [each for each in files if not _is_utf8(each)]:
        del files[inside]
        at = Location(shown(source.project, origins[inside]))
        message = f"'{inside}' is shipped, but its name is no UTF-8, which a zip cannot hold. Rename it."
        findings.append(Finding("archive-resource", message, at))
    return {**files, **source.extra_files}, findings


def _is_utf8(name: str) -> bool:
    return name.encode("utf-8", "replace").decode("utf-8") == name


def size_findings(source: ArchiveSource, files: dict[str, bytes]) -> Iterator[Finding]:
    """Yield what is wrong with the size of an archive of these files."""
    size = sum(map(len, files.values()))
    at = Location(shown(source.project, source.folder) + "/main.py")
    if not holds(files):
        message = f"The archive of '{source.name}' has {len(files)} files of {size} bytes, more than a plain zip holds ({MOST_FILES} files, {MOST_BYTES} bytes), so none is made. Ship less."
        yield Finding("archive-size", message, at)
    if size > source.size_budget:
        largest = max(files, key=lambda path: len(files[path]))
        yield Finding(
            "archive-size",
            f"The archive of '{source.name}' has {size} bytes, more than its budget of {source.size_budget}; the largest file is '{largest}' with {len(files[largest])}. Ship less or raise the budget.",
            at,
        )
