"""The locked third-party distributions: which one provides an import, what it needs, what it costs.

Three files beside the functions, all written by `make lock`: `requirements.lock` (exact versions, the hashes of every
platform's files), `names.txt` (what the modules of the distributions have) and `distributions.json`: which of the files
the functions' platform can install, and what only an installation tells (provided modules, size, import cost).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from analysis.files import Unreadable, read_input
from analysis.python.file_tree import digest
from analysis.python.listed_names import ListedNames
from analysis.python.syntax import PythonVersion
from blueprint.archive.model import Distribution
from blueprint.findings import Finding, Location, shown

LOCK, METADATA, DIRECT = "requirements.lock", "distributions.json", "requirements.in"
NAMES = "names.txt"
FRAMEWORK = "functions-framework"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
# The C library of the runtimes' image, by the first Python that has it: Ubuntu 18.04, 22.04, 24.04
# (cloud.google.com/run/docs/runtimes/python).
_GLIBC = {(3, 7): "2_27", (3, 10): "2_35", (3, 14): "2_39"}


def platform_of(python: PythonVersion) -> str:
    """Return the platform that the runtime of a Python version is, as `uv --python-platform` calls it."""
    return f"x86_64-manylinux_{_GLIBC[max(first for first in _GLIBC if first <= max(python, min(_GLIBC)))]}"


def target_of(python: PythonVersion) -> dict[str, str]:
    """Return what a lock is made for, in the words of `distributions.json`."""
    return {"python": f"{python[0]}.{python[1]}", "platform": platform_of(python)}


def normalise(name: str) -> str:
    """Return a distribution's name the way indexes compare it: lower case, runs of `-_.` as one dash."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Pin:
    """One entry of a lock: exact version, extras, sha256 hashes of its files, who needs it, and its line."""

    version: str
    hashes: tuple[str, ...]
    needed_by: tuple[str, ...]
    line: int
    extras: tuple[str, ...] = ()


def read_lock(text: str) -> dict[str, Pin]:
    """Return normalised name → pin of a lock as `uv pip compile --generate-hashes` writes it."""
    entries: list[tuple[re.Match[str], int, list[str], list[str]]] = []
    for number, row in enumerate(text.splitlines(), start=1):
        if match := _PIN.match(row):
            entries.append((match, number, [], []))
        if not entries:
            continue
        _, _, hashes, needed_by = entries[-1]
        hashes += _HASH.findall(row)
        comment = row.strip().removeprefix("#").strip().removeprefix("via").strip()
        if row.startswith(" ") and row.strip().startswith("#") and comment:
            needed_by.append(comment if comment.startswith("-r") else normalise(comment))
    return {
        normalise(match[1]): Pin(match[3], tuple(hashes), tuple(needed_by), line, _extras(match[2]))
        for match, line, hashes, needed_by in entries
    }


def _extras(text: str | None) -> tuple[str, ...]:
    return tuple(sorted(normalise(each.strip()) for each in (text or "").split(",") if each.strip()))


@dataclass(frozen=True)
class LockedDistributions:
    """What functions may import.

    Attributes:
        distributions: by normalised name.
        files: per distribution, the hash of each file that the functions' platform can install, by file name.
        names: what the modules of the distributions have.
        fingerprint: changes with anything here.
        known: whether the lock could be read; what functions may import is else not known, which is not nothing.
    """

    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: ListedNames = field(default_factory=ListedNames, compare=False)
    fingerprint: str = ""
    known: bool = True

    def __post_init__(self) -> None:
        providers = {module: each.name for each in self.distributions.values() for module in each.modules}
        namespaces = {
            ".".join(parts[:count])
            for parts in (name.split(".") for name in providers)
            for count in range(1, len(parts))
        }
        object.__setattr__(self, "_providers", providers)
        object.__setattr__(self, "_namespaces", namespaces)

    _providers: dict[str, str] = field(init=False, repr=False, compare=False)
    _namespaces: set[str] = field(init=False, repr=False, compare=False)

    def provider(self, module: str) -> str | None:
        """Return the distribution that provides a dotted name, "" for a bare namespace, None if nothing does."""
        parts = module.split(".")
        for count in range(len(parts), 0, -1):
            found = self._providers.get(".".join(parts[:count]))
            if found is not None:
                return found
        return "" if module in self._namespaces else None

    def installed(self, names: Iterable[str]) -> tuple[Distribution, ...]:
        """Return the distributions in `names` and everything they need, sorted by name."""
        wanted: set[str] = set()
        queue = [name for name in names if name in self.distributions]
        while queue:
            name = queue.pop()
            if name not in wanted:
                wanted.add(name)
                queue += [each for each in self.distributions[name].requires if each in self.distributions]
        return tuple(self.distributions[name] for name in sorted(wanted))

    def requirements(self, distributions: Iterable[Distribution]) -> str:
        """Return a `requirements.txt` of exactly `distributions`, with the hash of every file that fits."""
        return requirements_text((each, self.files.get(each.name, {}).values()) for each in distributions)


def requirements_text(rows: Iterable[tuple[Distribution, Iterable[str]]]) -> str:
    """Return a `requirements.txt` of distributions and the hashes that each may have.

    A distribution with extras has two rows, for pip before 23.3 takes neither for the other (pypa/pip#9644).
    """
    lines = []
    for each, hashes in rows:
        hashed = "".join(f" --hash={value}" for value in sorted(hashes))
        names = [each.name, f"{each.name}[{','.join(each.extras)}]"] if each.extras else [each.name]
        lines += [f"{name}=={each.version}{hashed}\n" for name in names]
    return "".join(lines)


def read_distributions(
    folder: Path, project: Path, python: PythonVersion, runtime: Location | None = None
) -> tuple[LockedDistributions, list[Finding]]:
    """Read the lock and its metadata in `folder`; findings name what does not fit together.

    `runtime` is where the version of `python` is written; a lock made for another is told there.

    Checked: every direct requirement is pinned, every pin carries a hash and has a file for the runtime of `python`,
    no index host is written down, and the metadata belongs to this lock and this runtime (incident 10: pins that do
    not resolve; incident 8: missing ones).
    """
    place = shown(project, folder)
    texts, unread = _texts(folder, place)
    if unread:
        return LockedDistributions(known=False), unread
    lock_text, metadata_text, names_text = texts[LOCK], texts[METADATA], texts[NAMES]
    try:
        metadata = json.loads(metadata_text)
        files = {each["name"]: dict(each.pop("files")) for each in metadata["distributions"]}
        distributions = [_load(each) for each in metadata["distributions"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        message = "The file cannot be read as what `make lock` writes there. Run `make lock`."
        return LockedDistributions(known=False), [Finding("functions-lock", message, Location(f"{place}/{METADATA}"))]
    direct = direct_requirements(texts[DIRECT], python)
    pins = read_lock(lock_text)
    findings = [
        *_strange(texts[DIRECT], place),
        *_lock_findings(place, lock_text, pins, direct, metadata.get("lock", "")),
        *(_names_findings(place, lock_text, names_text) if metadata.get("lock") == digest(lock_text.encode()) else ()),
        *_file_findings(place, pins, files, metadata.get("target"), python, runtime),
    ]
    fingerprint = digest((lock_text + metadata_text + names_text).encode())
    return LockedDistributions(
        {each.name: each for each in distributions}, files, ListedNames(names_text), fingerprint
    ), findings


def _texts(folder: Path, place: str) -> tuple[dict[str, str], list[Finding]]:
    """Return the texts of the four files, and a finding for each that is not there or cannot be read."""
    texts: dict[str, str] = {}
    findings: list[Finding] = []
    for name in (LOCK, METADATA, DIRECT, NAMES):
        try:
            texts[name] = read_input(folder / name)
        except Unreadable as error:
            remedy = "" if name == DIRECT else " Then run `make lock`, which writes it."
            findings.append(Finding("functions-lock", f"{error}{remedy}", Location(f"{place}/{name}", error.line)))
    return texts, findings


def _load(raw: Mapping[str, Any]) -> Distribution:
    """Return a distribution from its fields as JSON has them."""
    lists = {name: tuple(raw[name]) for name in ("modules", "requires", "extras")}
    return Distribution(**{**raw, **lists})


def direct_requirements(text: str, python: PythonVersion) -> dict[str, int]:
    """Return normalised name → line of a `requirements.in`, without what its marker excludes where functions run."""
    found = {number: (row, re.match(r"[A-Za-z0-9._-]+", row)) for number, row in _rows(text)}
    return {normalise(name[0]): number for number, (row, name) in found.items() if name and not _excluded(row, python)}


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each requirement, without comments and pip's options."""
    for number, line in enumerate(text.splitlines(), start=1):
        row = line.partition("#")[0].strip()
        if row and row[0] != "-":
            yield number, row


def _strange(text: str, place: str) -> Iterator[Finding]:
    """Yield a finding for each row that pip would not understand."""
    for number, row in _rows(text):
        try:
            Requirement(row)
        except InvalidRequirement:
            message = f"'{row[:60]}' is no requirement; write a name, and where it matters a version, such as flask>=3."
            yield Finding("functions-lock", message, Location(f"{place}/{DIRECT}", number))


def _excluded(row: str, python: PythonVersion) -> bool:
    """Tell whether a row is for another platform or Python, or no requirement, so that the lock holds nothing for it."""
    try:
        marker = Requirement(row).marker
    except InvalidRequirement:
        return True
    version = f"{python[0]}.{python[1]}"
    return marker is not None and not marker.evaluate(
        {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "python_version": version}
    )


def _lock_findings(
    place: str, text: str, pins: Mapping[str, Pin], direct: Mapping[str, int], lock: str
) -> Iterable[Finding]:
    at = Location(f"{place}/{LOCK}")
    fitting = lock == digest(text.encode())
    if not fitting:
        message = f"{METADATA} describes another lock than {LOCK}. Run `make lock`."
        yield Finding("functions-lock", message, Location(f"{place}/{METADATA}"))
    for name, line in direct.items():
        if name not in pins and fitting:
            message = f"'{name}' is required but not in {LOCK}. Run `make lock`."
            yield Finding("functions-lock", message, Location(f"{place}/{DIRECT}", line))
    for name, pin in pins.items():
        if not pin.hashes:
            yield Finding(
                "functions-lock", f"The pin of '{name}' has no hash. Run `make lock`.", Location(at.file, pin.line)
            )
    for number, row in enumerate(text.splitlines(), start=1):
        if "://" in row:
            message = "The lock names a host; packages come from whatever index the builder uses. Run `make lock`."
            yield Finding("functions-lock", message, Location(at.file, number))


def _file_findings(
    place: str,
    pins: Mapping[str, Pin],
    files: Mapping[str, Mapping[str, str]],
    made_for: object,
    python: PythonVersion,
    runtime: Location | None,
) -> Iterable[Finding]:
    """Yield what keeps a pin from being installed on the functions' platform, or makes it a build there."""
    target = target_of(python)
    wanted = f"Python {target['python']} on {target['platform']}"
    if made_for != target:
        message = f"{place}/{METADATA} does not name the files for {wanted}, where the functions run. Run `make lock`."
        yield Finding("functions-lock", message, runtime or Location(f"{place}/{METADATA}"))
        return
    for name, pin in pins.items():
        at = Location(f"{place}/{LOCK}", pin.line)
        fitting = files.get(name, {})
        strange = sorted(file for file, value in fitting.items() if value not in pin.hashes)
        if not fitting:
            message = f"No file of '{name}' {pin.version} installs with {wanted}. Choose a version that has one."
            yield Finding("functions-lock", message, at)
        elif not any(file.endswith(".whl") for file in fitting):
            message = f"'{name}' {pin.version} has no wheel for {wanted}: every deployment builds it from source, with what the builder happens to have. Choose a version with a wheel."
            yield Finding("functions-lock", message, at, "warning")
        if strange:
            message = f"The hash of {strange[0]} in {METADATA} is not one of the pin's. Run `make lock`."
            yield Finding("functions-lock", message, at)


def _names_findings(place: str, lock: str, names: str) -> Iterable[Finding]:
    if not names.startswith(f"# {digest(lock.encode())}\n"):
        message = f"{NAMES} lists the names of another lock than {LOCK}. Run `make lock`."
        yield Finding("functions-lock", message, Location(f"{place}/{NAMES}"))


def dump_names(lock_text: str, names: str) -> str:
    """Return the text of `names.txt` for a lock."""
    return f"# {digest(lock_text.encode())}\n{names}"


def dump_metadata(
    lock_text: str, python: PythonVersion, distributions: Iterable[Distribution], files: Mapping[str, Mapping[str, str]]
) -> str:
    """Return the text of `distributions.json` for a lock."""
    rows = [
        {**asdict(each), "files": dict(sorted(files.get(each.name, {}).items()))}
        for each in sorted(distributions, key=lambda each: each.name)
    ]
    head = {"lock": digest(lock_text.encode()), "target": target_of(python)}
    return json.dumps({**head, "distributions": rows}, indent=2) + "\n"
