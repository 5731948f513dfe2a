"""The names that others rely on, and the evidence that guards rest on, as they were last released.

Senders, readers, stored documents and waiting messages use names long after a declaration has changed. So the names
are kept as tables and messages are: `schemas/.released/names.json` says what was released, and a name that went is
refused with the way that keeps everybody working. `schemas/.released/evidence.json` lists the fixtures, snapshots,
alert cases and contracts there were: a guard that is taken away would else be missed by nobody. `ops release-schema` alone
writes both.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.files import Unreadable, read_input
from blueprint.alerts.cases import FOLDER as CASES
from blueprint.findings import Finding, Location
from blueprint.manifest import Manifest
from blueprint.schemas.messages import FOLDER as MESSAGES
from blueprint.wiring import all_pushes

if TYPE_CHECKING:
    from blueprint.names import Names

NAMES = "schemas/.released/names.json"
EVIDENCE = "schemas/.released/evidence.json"
RELEASED = "schemas/.released"

Groups = Mapping[str, Sequence[str]]
"""Kind of thing to the names of that kind."""


@dataclass(frozen=True)
class Baseline:
    """What was released.

    Attributes:
        names: kind to names: `processor`, `topic`, `function`, `job`, `collection`, `subscription`.
        aliases: `phase/name` to the processor it stood for, a processor's own name included.
    """

    names: Groups
    aliases: Mapping[str, str]


def names_of(manifest: Manifest, names: Names) -> Baseline:
    """Return the names that a declaration gives to what others use."""
    phases = manifest.phases.values()
    collections = {*(phase.collection for phase in phases), *manifest.store.collections.values()}
    streamed = (
        names.stream_subscription(stream.name, topic) for stream in manifest.streams.values() for topic in stream.topics
    )
    groups: dict[str, Iterable[str]] = {
        "collection": collections,
        "function": manifest.functions,
        "job": (
            names.job(function.name, schedule)
            for function in manifest.functions.values()
            for schedule in function.trigger.schedules
        ),
        "subscription": (*(push.subscription for push in all_pushes(manifest, names)), *streamed),
        "topic": manifest.topics,
    }
    aliases = {
        f"{phase.name}/{name}": processor.name
        for phase in phases
        for processor in phase.processors.values()
        for name in (processor.name, *processor.aliases)
    }
    return Baseline({kind: sorted(each) for kind, each in groups.items()}, dict(sorted(aliases.items())))


def evidence_of(root: Path, contracts: Iterable[str]) -> Groups:
    """Return what the guards of the project in `root` rest on: cases of alerts, contracts, fixtures, snapshots."""
    folder = root / MESSAGES / "fixtures"
    return {
        "alert case": sorted(path.relative_to(CASES).as_posix() for path in CASES.rglob("*.yaml")),
        "contract": sorted(contracts),
        "fixture": sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.json")),
        "snapshot": sorted(path.relative_to(root / RELEASED).as_posix() for path in (root / RELEASED).glob("*/*.json")),
    }


def snapshots(root: Path, manifest: Manifest, names: Names, contracts: Iterable[str]) -> dict[str, str]:
    """Return the files of a baseline: path relative to the root, and text."""
    baseline = names_of(manifest, names)
    return {
        NAMES: _text({"names": baseline.names, "aliases": baseline.aliases}),
        EVIDENCE: _text(evidence_of(root, contracts)),
    }


def lost_names(root: Path, manifest: Manifest, names: Names) -> tuple[int, list[Finding]]:
    """Return how many released names were compared, and a finding for each that is gone or means something else."""
    content, findings = _read(root, NAMES, "names-kept")
    if content is None:
        return 0, findings
    old = Baseline(_groups(content.get("names")), _texts(content.get("aliases")))
    new = names_of(manifest, names)
    findings += _lost(old, new, manifest)
    findings += _lost_aliases(old, new, manifest)
    released = {*(f"{kind}/{name}" for kind, each in old.names.items() for name in each)}
    released |= {f"processor/{name}" for name in old.aliases}
    released |= {f"table/{each.stem}" for each in ((root / NAMES).parent / "bigquery").glob("*.json")}
    for key in manifest.retired:
        if key not in released:
            message = f"`retired` names '{key}', which no release had; remove the line."
            findings.append(Finding("names-kept", message, manifest.at, "warning"))
    return len(released), findings


def lost_evidence(root: Path, contracts: Iterable[str]) -> tuple[int, list[Finding]]:
    """Return how many pieces of evidence were compared, and a finding for each that is gone."""
    content, findings = _read(root, EVIDENCE, "guards-kept")
    if content is None:
        return 0, findings
    present, released = evidence_of(root, contracts), _groups(content)
    for kind, names in released.items():
        for name in sorted(set(names) - set(present.get(kind, ()))):
            message = f"The {kind} '{name}' was released and is gone, so that what it guards is no longer tested; restore it, or record its removal with `.venv/bin/python -m ops release-schema --accept {shlex.quote(name)}`."
            findings.append(Finding("guards-kept", message, Location(EVIDENCE)))
    return sum(map(len, released.values())), findings


ADVICE = {
    "collection": "documents of open dates are in it; keep the name",
    "function": "its subscription, alerts and identity would go with it; keep the name",
    "job": "whoever looks for its runs finds none; keep the name",
    "subscription": "what waits in it would be lost; keep its topic and its consumer",
    "topic": "senders not yet deployed publish to it; keep the name",
}
"""Kind of name → what its loss means, and what to do instead."""


def _lost(old: Baseline, new: Baseline, manifest: Manifest) -> Iterator[Finding]:
    for kind, names in old.names.items():
        for name in sorted(set(names) - set(new.names.get(kind, ()))):
            if f"{kind}/{name}" not in manifest.retired:
                message = f"The {kind} '{name}' was released and is gone: {ADVICE.get(kind, 'keep the name')}. Where nothing uses it any more, say so in the declaration: `retired: {{{kind}/{name}: why}}`."
                yield Finding("names-kept", message, manifest.at)


def _lost_aliases(old: Baseline, new: Baseline, manifest: Manifest) -> Iterator[Finding]:
    for key, processor in old.aliases.items():
        phase, _, name = key.partition("/")
        if f"processor/{key}" in manifest.retired:
            continue
        at = manifest.phases[phase].at if phase in manifest.phases else manifest.at
        now = new.aliases.get(key)
        renamed = new.aliases.get(f"{phase}/{processor}")
        if now is None:
            message = f"'{name}' of phase '{phase}' was released and means nothing now: completions under that name would be recorded as unknown, and what is stored under it would not count. Keep it among the `aliases` of '{renamed or 'the processor that takes its place'}', or, where nobody sends it any more, say so: `retired: {{processor/{key}: why}}`."
            yield Finding("names-kept", message, at)
        elif now not in (processor, renamed):
            message = (
                f"'{name}' of phase '{phase}' stood for '{processor}' and now stands for '{now}'; keep its meaning."
            )
            yield Finding("names-kept", message, at)


def _read(root: Path, file: str, rule: str) -> tuple[Mapping[str, object] | None, list[Finding]]:
    """Return a snapshot, or the finding that says why there is none."""
    path = root / file
    if not path.exists() and not path.is_symlink():
        if any((root / RELEASED).rglob("*.json")):
            message = "The snapshot is gone; restore it from version control, or write it with `make release-schema`."
            return None, [Finding(rule, message, Location(file))]
        return None, []
    try:
        content = json.loads(read_input(path))
    except (Unreadable, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        return None, [Finding(rule, "The snapshot cannot be read; restore it from version control.", Location(file))]
    return content, []


def _groups(value: object) -> Groups:
    found = value if isinstance(value, dict) else {}
    return {str(kind): [str(name) for name in names] for kind, names in found.items() if isinstance(names, list)}


def _texts(value: object) -> Mapping[str, str]:
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
