"""Walks `schemas/bigquery` and `schemas/external` into `Schemas`: every file found becomes a value, none is
listed.

    schemas/bigquery/<dataset>/dataset.sql          the dataset itself
    schemas/bigquery/<dataset>/<table>.sql          a table
    schemas/bigquery/<dataset>/views/<view>.sql     a view
    schemas/external/<dataset>/<table>.sql          a table or view owned elsewhere: the columns this
    pipeline relies on

A view's text may hold placeholders such as `${expected_processors}`; they are filled from the declaration,
so that a view repeats nothing that `pipeline.yaml` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from analysis.files import Unreadable, read_input
from blueprint.findings import Finding, Location
from blueprint.schemas.bigquery import Dataset, Schemas, Table, View
from blueprint.schemas.cache import UNREADABLE, SchemaCache, decode, encode, reader_hash
from blueprint.schemas.released import refused_columns
from blueprint.schemas.sql import FileContext, ObjectKind, ParsedFile, parse
from blueprint.schemas.views import resolve_views

OWN = "schemas/bigquery"
EXTERNAL = "schemas/external"
CACHE = ".cache/schemas"

EXTERNAL_DATASET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|region-[a-z0-9-]+")
EXTERNAL_TABLE = re.compile(r"(INFORMATION_SCHEMA\.)?[A-Za-z_][A-Za-z0-9_]*")
"""Beside tables, what BigQuery itself offers: `<dataset or region>/INFORMATION_SCHEMA.<view>.sql`."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
PLACEHOLDER = re.compile(r"\$\{([^{}\n]*)\}")
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class _File:
    path: Path
    context: FileContext


def load_schemas(
    root: Path, *, project: str | None = None, values: Mapping[str, str] | None = _NONE, use_cache: bool = True
) -> tuple[Schemas, tuple[Finding, ...]]:
    """Read every schema file under `root`.

    `project` is the one project that a qualified name may give; `values` fills the placeholders of views.
    Returns what could be read and everything that is wrong; views come in an order in which each follows
    what it reads.
    """
    findings: list[Finding] = []
    cache = SchemaCache(root / CACHE if use_cache else None, reader_hash() if use_cache else "")
    datasets: dict[str, Dataset] = {}
    tables: dict[str, Table] = {}
    views: dict[str, View] = {}
    external: dict[str, Table] = {}
    for file in (*_files(root, OWN, project, findings), *_files(root, EXTERNAL, project, findings)):
        if values is None and file.context.kind == "view":
            continue
        parsed = _read(root, file, values or _NONE, cache)
        findings.extend(parsed.findings)
        match parsed.declared:
            case Dataset() as dataset:
                datasets[dataset.name] = dataset
            case View() as view:
                views[view.id] = view
            case Table() as table:
                (external if file.context.file.startswith(EXTERNAL) else tables)[table.id] = table
            case None:
                pass
    unread = frozenset(_present(root)) - {*datasets, *tables, *views, *external}
    findings.extend(_conflicts(datasets, tables, views, external, unread))
    refused = refused_columns(root, tables)
    read = Schemas(datasets=datasets, tables=tables, views=views, external=external, unread=unread, refused=refused)
    ordered, faults = resolve_views(read, cache, project)
    return replace(read, views=ordered, unread=unread | views.keys() - ordered.keys()), (*findings, *faults)


def _present(root: Path) -> Iterator[str]:
    """Yield the name of everything that has a file, whether or not the file can be read."""
    for base in (OWN, EXTERNAL):
        for path in (root / base).glob("*/**/*"):
            dataset = path.relative_to(root / base).parts[0]
            yield dataset if path.name == "dataset.sql" else f"{dataset}.{path.stem}"


def _files(root: Path, base: str, project: str | None, findings: list[Finding]) -> Iterator[_File]:
    """Every SQL file under `base` with what its place says it is; misplaced files are findings."""
    for path in sorted((root / base).rglob("*")):
        relative = path.relative_to(root).as_posix()
        if (path.is_dir() and path.suffix != ".sql") or path.name.startswith("."):
            continue
        parts = path.relative_to(root / base).parts
        kind = _kind(parts, base)
        name, bad = path.stem, [part for part in (*parts[:-1], path.stem) if not NAME.match(part)]
        if base == EXTERNAL and kind and EXTERNAL_DATASET.fullmatch(parts[0]) and EXTERNAL_TABLE.fullmatch(name):
            bad = []
        if kind is None or path.suffix != ".sql":
            message = f"The file is in no place that says what it is; tables are {base}/<dataset>/<table>.sql, views of ours {OWN}/<dataset>/views/<view>.sql."
            findings.append(Finding("schema-file", message, Location(relative)))
        elif bad:
            message = f"`{bad[0]}` cannot name a dataset or table; use letters, digits and `_`."
            findings.append(Finding("schema-file", message, Location(relative)))
        else:
            yield _File(path, FileContext(file=relative, kind=kind, dataset=parts[0], name=name, project=project))


def _kind(parts: tuple[str, ...], base: str) -> ObjectKind | None:
    if len(parts) == 2:
        return "dataset" if base == OWN and parts[1] == "dataset.sql" else "table"
    return "view" if base == OWN and len(parts) == 3 and parts[1] == "views" else None


def _read(root: Path, file: _File, values: Mapping[str, str], cache: SchemaCache) -> ParsedFile:
    try:
        text = read_input(file.path, within=root)
    except Unreadable as error:
        return ParsedFile(None, (Finding("schema-file", str(error), Location(file.context.file, error.line)),))
    text = text.replace("\r\n", "\n")
    if file.context.kind == "view":
        text, faults = _fill(text, file.context.file, values)
        if faults:
            return ParsedFile(None, faults)
    context = file.context
    key = cache.key("file", text, context.file, context.kind, context.project or "")
    stored = cache.get(key)
    if stored is not None:
        try:
            return decode(stored)
        except UNREADABLE:
            pass
    parsed = parse(text, context)
    cache.put(key, encode(parsed))
    return parsed


def _fill(text: str, file: str, values: Mapping[str, str]) -> tuple[str, tuple[Finding, ...]]:
    """Put the values in place of `${name}`; values hold no line break, so that lines keep their numbers."""
    findings: list[Finding] = []
    for match in PLACEHOLDER.finditer(text):
        if match[1] not in values:
            line = text.count("\n", 0, match.start()) + 1
            column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
            known = ", ".join(f"`${{{name}}}`" for name in sorted(values)) or "none"
            message = f"Placeholder `{match[0]}` is not known; the declaration offers {known}."
            findings.append(Finding("schema-placeholder", message, Location(file, line, column)))
    filled = PLACEHOLDER.sub(lambda match: " ".join(values.get(match[1], match[0]).split("\n")), text)
    return filled, tuple(findings)


def _conflicts(
    datasets: Mapping[str, Dataset],
    tables: Mapping[str, Table],
    views: Mapping[str, View],
    external: Mapping[str, Table],
    unread: frozenset[str],
) -> Iterator[Finding]:
    """One name must mean one thing, and a table's dataset must be declared with it."""
    seen: dict[str, str] = {}
    items: tuple[Table | View, ...] = (*tables.values(), *views.values(), *external.values())
    for item in items:
        first = seen.setdefault(item.id.casefold(), item.at.file)
        if first != item.at.file:
            message = f"`{item.id}` is declared by {first} too; a name stands for one table or view, so remove one."
            yield Finding("schema-file", message, item.at)
    owned_items: tuple[Table | View, ...] = (*tables.values(), *views.values())
    for owned in owned_items:
        if owned.dataset not in {*datasets, *unread}:
            message = f"Dataset `{owned.dataset}` has no dataset.sql; add {OWN}/{owned.dataset}/dataset.sql with CREATE SCHEMA and a description."
            yield Finding("schema-file", message, owned.at, cause=f"dataset {owned.dataset}")
