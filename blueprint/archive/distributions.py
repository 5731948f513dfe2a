"""The locked third-party distributions: which one provides an import, what it needs, what it costs.

Two files beside the functions, both written by `make lock`: `requirements.lock` (exact versions, hashes) and
`distributions.json` (what only an installation tells: provided modules, size, import cost).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from blueprint.archive.model import Distribution
from blueprint.archive.tree import digest
from blueprint.findings import Finding, Location

LOCK, METADATA, DIRECT = "requirements.lock", "distributions.json", "requirements.in"
FRAMEWORK = "functions-framework"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


def normalise(name: str) -> str:
    """Return a distribution's name the way indexes compare it: lower case, runs of `-_.` as one dash."""
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True)
class Pin:
    """One entry of a lock: exact version, sha256 hashes of its files, who needs it, and its line."""

    version: str
    hashes: tuple[str, ...]
    needed_by: tuple[str, ...]
    line: int


def read_lock(text: str) -> dict[str, Pin]:
    """Return normalised name → pin of a lock as `uv pip compile --generate-hashes` writes it."""
    pins: dict[str, Pin] = {}
    name, version, line = "", "", 0
    hashes: list[str] = []
    needed_by: list[str] = []
    for number, row in enumerate([*text.splitlines(), "end==0"], start=1):
        if match := _PIN.match(row):
            if name:
                pins[name] = Pin(version, tuple(hashes), tuple(needed_by), line)
            name, version, line = normalise(match[1]), match[2], number
            hashes, needed_by = [], []
        hashes += _HASH.findall(row)
        comment = row.strip().removeprefix("#").strip().removeprefix("via").strip()
        if row.startswith(" ") and row.strip().startswith("#") and comment:
            needed_by.append(comment if comment.startswith("-r") else normalise(comment))
    return pins


@dataclass(frozen=True)
class LockedDistributions:
    """What functions may import: distributions by normalised name, and the hashes of their files."""

    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    hashes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fingerprint: str = ""

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
        """Return a `requirements.txt` of exactly `distributions`, every file by hash."""
        rows = []
        for each in distributions:
            hashes = "".join(f" \\\n    --hash={value}" for value in self.hashes.get(each.name, ()))
            rows.append(f"{each.name}=={each.version}{hashes}\n")
        return "".join(rows)


def read_distributions(folder: Path, project: Path) -> tuple[LockedDistributions, list[Finding]]:
    """Read the lock and its metadata in `folder`; findings name what does not fit together.

    Checked: every direct requirement is pinned, every pin carries a hash, no index host is written down, and
    the metadata belongs to this lock (incident 10: pins that do not resolve; incident 8: missing ones).
    """
    place = folder.relative_to(project).as_posix()
    try:
        lock_text = (folder / LOCK).read_text(encoding="utf-8")
        metadata = json.loads((folder / METADATA).read_text(encoding="utf-8"))
        direct = direct_requirements((folder / DIRECT).read_text(encoding="utf-8"))
        distributions = [
            Distribution(**{**each, "modules": tuple(each["modules"]), "requires": tuple(each["requires"])})
            for each in metadata["distributions"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"The lock of the functions cannot be read ({error}). Run `make lock`."
        return LockedDistributions(), [Finding("functions-lock", message, Location(f"{place}/{LOCK}"))]
    pins = read_lock(lock_text)
    findings = list(_lock_findings(place, lock_text, pins, direct, metadata.get("lock", "")))
    hashes = {name: pin.hashes for name, pin in pins.items()}
    fingerprint = digest((lock_text + json.dumps(metadata, sort_keys=True)).encode())
    return LockedDistributions({each.name: each for each in distributions}, hashes, fingerprint), findings


def direct_requirements(text: str) -> dict[str, int]:
    """Return normalised name → line of a `requirements.in`."""
    rows = ((number, row.partition("#")[0].strip()) for number, row in enumerate(text.splitlines(), start=1))
    found = {number: re.match(r"[A-Za-z0-9._-]+", row) for number, row in rows if row and not row.startswith("-")}
    return {normalise(match[0]): number for number, match in found.items() if match}


def _lock_findings(
    place: str, text: str, pins: Mapping[str, Pin], direct: Mapping[str, int], lock: str
) -> Iterable[Finding]:
    at = Location(f"{place}/{LOCK}")
    if lock != digest(text.encode()):
        message = f"{METADATA} describes another lock than {LOCK}. Run `make lock`."
        yield Finding("functions-lock", message, Location(f"{place}/{METADATA}"))
    for name, line in direct.items():
        if name not in pins:
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


def dump_metadata(lock_text: str, distributions: Iterable[Distribution]) -> str:
    """Return the text of `distributions.json` for a lock."""
    rows = [asdict(each) for each in sorted(distributions, key=lambda each: each.name)]
    return json.dumps({"lock": digest(lock_text.encode()), "distributions": rows}, indent=2) + "\n"
