"""The names in the files of an installed distribution, without importing it, for a list of names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from analysis.python.imports import ImportFact
from analysis.python.listed_names import listing
from analysis.python.reader import roomy
from analysis.python.record import FileRecord, read_record
from analysis.python.syntax import PythonVersion

_LEFT_OUT = ("test", "tests", "testing", "__pycache__")


def names_of(site: Path, provided: Iterable[str], target: PythonVersion) -> str:
    """Return the list of the names in modules that lie in `site`.

    Args:
        site: where distributions are installed.
        provided: the shortest dotted names that they make importable.
        target: the runtime's version.
    """
    with roomy():
        records = dict(_records(site, provided, target))
    return listing((module, _names(records, module, frozenset())) for module in records)


def _records(site: Path, provided: Iterable[str], target: PythonVersion) -> Iterator[tuple[str, FileRecord | None]]:
    """Yield module → its record, None for what is no source: a compiled module, a folder without `__init__.py`."""
    for top in provided:
        base = site / top.replace(".", "/")
        yield from _below(base, top, target) if base.is_dir() else _file(base.parent, base.name, top, target)


def _below(folder: Path, package: str, target: PythonVersion) -> Iterator[tuple[str, FileRecord | None]]:
    if not (folder / "__init__.py").exists():
        yield package, None
    for path in sorted(folder.iterdir()):
        name = path.name.partition(".")[0]
        if path.is_dir() and name.isidentifier() and path.name not in _LEFT_OUT:
            yield from _below(path, f"{package}.{name}", target)
        elif path.suffix in (".py", ".so") and name.isidentifier():
            yield from _file(folder, name, package if name == "__init__" else f"{package}.{name}", target)


def _file(folder: Path, name: str, module: str, target: PythonVersion) -> Iterator[tuple[str, FileRecord | None]]:
    source = folder / f"{name}.py"
    compiled = any(folder.glob(f"{name}.*.so"))
    yield module, read_record(source.read_bytes(), target, "names") if source.is_file() and not compiled else None


def _names(records: dict[str, FileRecord | None], module: str, trail: frozenset[str]) -> frozenset[str] | None:
    """Return the names of a module, star imports included; None where they cannot be read."""
    record = records.get(module)
    if record is None or record.fault or record.open_ended or module in trail:
        return None
    if "__getattr__" in record.names and record.answers is None:
        return None
    names = {*record.names, *(record.answers or ())}
    for fact in record.imports:
        if fact.names == ("*",):
            inner = _starred(records, _absolute(records, module, fact), trail | {module})
            if inner is None:
                return None
            names |= inner
    return frozenset(names)


def _starred(records: dict[str, FileRecord | None], module: str, trail: frozenset[str]) -> frozenset[str] | None:
    record = records.get(module)
    if record is not None and record.exports is not None:
        return frozenset(record.exports)
    names = _names(records, module, trail)
    if names is None or "__all__" in names:
        return None
    return frozenset(name for name in names if not name.startswith("_"))


def _absolute(records: dict[str, FileRecord | None], module: str, fact: ImportFact) -> str:
    if not fact.level:
        return fact.module or ""
    is_package = any(each.startswith(f"{module}.") for each in records)
    parts = module.split(".") if is_package else module.split(".")[:-1]
    return ".".join([*parts[: len(parts) - fact.level + 1], *([fact.module] if fact.module else [])])
