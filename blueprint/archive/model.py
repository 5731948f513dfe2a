"""What goes into an archive and what comes out: plain frozen values, no logic beyond their own shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from analysis.files import write_whole
from blueprint.findings import Finding, Location

Signature = Literal["http", "cloud_event"]


@dataclass(frozen=True)
class SourceRoot:
    """A folder that first-party modules are imported from, after the function's own folder.

    `only` names the top-level packages this root owns; without it every module in the folder is importable.
    The project's library is `SourceRoot(root / "functions", only=("shared",))`: the sibling function folders
    stay out of reach.
    """

    path: Path
    only: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ArchiveSource:
    """One function as declared: where its code is and what cannot be read from the code.

    Attributes:
        name: the function's name, used in messages and for the archive.
        folder: the folder that holds `main.py`.
        entry_point: the callable in `main.py` that the platform calls.
        signature: `http` or `cloud_event`, the functions-framework registration the trigger needs.
        project: the project root; places in findings are relative to it.
        roots: where first-party packages outside the folder are imported from.
        extra_files: generated files, path in the archive → bytes (the pipeline view, a generated `main.py`).
        optional_imports: module → reason why the function may run without it; only for guarded imports.
        dynamic_imports: modules that the code imports by a computed name.
        resources: data files or folders, paths in the archive, that the code opens by a computed name.
        declared_at: module → where it is declared optional; `main.py` where left out.
        queries: SQL that generated files carry, with the place that declares it.
        size_budget: upper limit of the uncompressed archive in bytes.
    """

    name: str
    folder: Path
    entry_point: str
    signature: Signature
    project: Path
    roots: tuple[SourceRoot, ...] = ()
    extra_files: Mapping[str, bytes] = field(default_factory=dict)
    optional_imports: Mapping[str, str] = field(default_factory=dict)
    dynamic_imports: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    declared_at: Mapping[str, Location] = field(default_factory=dict)
    queries: tuple[tuple[str, Location], ...] = ()
    size_budget: int = 1_000_000


@dataclass(frozen=True)
class ArchiveFile:
    """One regular file of an archive: POSIX path inside it, sha256 of the content (hex), size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Distribution:
    """One locked third-party distribution.

    Attributes:
        name: normalised project name.
        version: the exact version in the lock.
        modules: dotted import names it provides (`google.cloud.firestore`), for the mapping from imports.
        requires: normalised names of the locked distributions it needs on the target platform.
        installed_bytes: size on disk once installed.
        import_modules: how many modules importing it loads in a clean interpreter; None if unmeasured.
        direct: whether the requirements name it (and not only another distribution does).
        extras: those that the requirements or other distributions ask for.
    """

    name: str
    version: str
    modules: tuple[str, ...]
    requires: tuple[str, ...] = ()
    installed_bytes: int = 0
    import_modules: int | None = None
    direct: bool = False
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Use:
    """One thing the code uses, by name, and the line that does it."""

    name: str
    at: Location


@dataclass(frozen=True, order=True)
class CodeTableUse:
    """A table in a query: `dataset.table` as spelled (project dropped), and whether it is changed."""

    table: str
    at: Location
    written: bool = False


@dataclass(frozen=True, order=True)
class CodeQuery:
    """One SQL text found in the code; `text` holds `{name}` where a part is known only at run time."""

    text: str
    at: Location
    tables: tuple[CodeTableUse, ...] = ()
    error: str | None = None


@dataclass(frozen=True, order=True)
class DocumentQuery:
    """A query on documents: fields with operators and fields with directions; no conditions where they cannot be told."""

    conditions: tuple[tuple[str, str], ...] | None
    order: tuple[tuple[str, str], ...]
    at: Location


@dataclass(frozen=True, order=True)
class QueryText:
    """A SQL text that code asks, and where it stands where that is not in the code that asks it."""

    text: str
    at: Location | None = None


@dataclass(frozen=True)
class QueryCall:
    """A query where it is asked: its text, and the names of the parameters that it is given; None where not known."""

    query: QueryText | None
    given: tuple[str, ...] | None
    at: Location


@dataclass(frozen=True)
class ColumnRead:
    """A column that code reads of a row, None where its name is not known, and the queries that the row may come of.

    `careful` says that the code, or what else returns such rows, does without it.
    """

    column: str | None
    queries: tuple[QueryText, ...]
    careful: bool
    at: Location


@dataclass(frozen=True)
class Uses:
    """Everything the closure of one function touches outside itself; grants and env are derived from this.

    Attributes:
        env: environment variables read.
        secrets: Secret Manager secret ids named in the code.
        apis: client libraries reached (`firestore`, `pubsub`, `bigquery`, ...), by the import that does it.
        queries: SQL, with the tables and columns each touches.
        topics: Pub/Sub topics named literally.
        collections: Firestore collections named literally.
        urls: literal http(s) URLs.
        regions: literal cloud regions.
        project_numbers: literal project numbers.
        commands: programs started as subprocesses.
        settings: keys read from what holds the function's declared settings.
        durations: those of them that are read as a time.
        counts: those of them that are read as a whole number.
        misread_settings: texts that are given to a method that settings do not have.
        collection_roles: what the declaration is asked for among `store.collections`.
        schedules: what it is asked for among the function's own schedules.
        row_writes: calls that write rows one at a time.
        document_queries: queries on documents of Firestore.
        document_writes: places that may change a document of Firestore.
        query_calls: queries where they are asked.
        column_reads: columns that are read of the rows of queries.
    """

    env: tuple[Use, ...] = ()
    secrets: tuple[Use, ...] = ()
    apis: tuple[Use, ...] = ()
    queries: tuple[CodeQuery, ...] = ()
    topics: tuple[Use, ...] = ()
    collections: tuple[Use, ...] = ()
    urls: tuple[Use, ...] = ()
    regions: tuple[Use, ...] = ()
    project_numbers: tuple[Use, ...] = ()
    commands: tuple[Use, ...] = ()
    settings: tuple[Use, ...] = ()
    durations: tuple[Use, ...] = ()
    counts: tuple[Use, ...] = ()
    misread_settings: tuple[Use, ...] = ()
    collection_roles: tuple[Use, ...] = ()
    schedules: tuple[Use, ...] = ()
    row_writes: tuple[Use, ...] = ()
    document_queries: tuple[DocumentQuery, ...] = ()
    document_writes: tuple[Use, ...] = ()
    query_calls: tuple[QueryCall, ...] = ()
    column_reads: tuple[ColumnRead, ...] = ()

    @property
    def tables(self) -> tuple[CodeTableUse, ...]:
        """Return every table use of every query, in order."""
        return tuple(table for query in self.queries for table in query.tables)


def zip_name(sha256: str) -> str:
    """Return the name of the file that keeps a zip of this content."""
    return f"{sha256}.zip"


@dataclass(frozen=True)
class Archive:
    """The closed, reproducible archive of one function.

    Attributes:
        function: name of the function.
        files: what is inside, sorted by path; only regular files.
        sha256: hex digest of `content`; belongs in the object's name.
        length: how many bytes `content` has.
        packed: the zip, or the file that holds it: hundreds of archives need not be in memory at once.
        requirements: text of the `requirements.txt` inside: exact, hashed, minimal, complete.
        modules: dotted names of the first-party modules inside, sorted.
        distributions: what `requirements` installs, sorted by name.
        imported: names of the distributions that the code inside imports itself.
        uses: what the code inside touches.
        findings: violations and warnings; an archive with a violation must not be deployed.
    """

    function: str
    files: tuple[ArchiveFile, ...]
    sha256: str
    length: int
    packed: bytes | Path = field(repr=False, compare=False)
    requirements: str = field(repr=False)
    modules: tuple[str, ...]
    distributions: tuple[Distribution, ...]
    imported: tuple[str, ...]
    uses: Uses
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Return whether nothing is wrong with it: only then is what it does not use surely not used."""
        return all(finding.severity != "violation" for finding in self.findings)

    @property
    def content(self) -> bytes:
        """Return the zip, byte-identical on every machine."""
        return self.packed if isinstance(self.packed, bytes) else self.packed.read_bytes()

    def saved_in(self, folder: Path) -> Path:
        """Return the file in `folder` that holds the zip, named by its content; write it where it is not there.

        Raises `OSError` where the folder cannot be written.
        """
        path = folder / zip_name(self.sha256)
        if self.packed != path and not (path.exists() and path.read_bytes() == self.content):
            write_whole(path, self.content)
        return path

    @property
    def size(self) -> int:
        """Return the sum of the sizes of the files inside, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def object_name(self) -> str:
        """Return the name of the storage object: it changes exactly when the bytes do."""
        return f"{self.function}-{self.sha256[:16]}.zip"
