"""What a function sees of the declaration: the `pipeline.json` in its archive.

Derived, minimal, and complete: an orchestrator gets its own boundary, the function that a boundary names as its timer
gets that boundary too, and a function without either (a sweep, a summary) gets all of them. Queries of gates travel as
text, so that every function that judges a boundary judges it alike; no other function gets them, nor the right to run them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.declaration import view
from shared.declaration.codec import encode

from analysis.files import Unreadable, read_input
from blueprint import causes
from blueprint.boundaries import Boundary, Gate
from blueprint.findings import Finding, Location, Refused
from blueprint.grammar import parse_duration
from blueprint.manifest import Manifest
from blueprint.names import Names
from blueprint.schemas.firestore import Firestore
from blueprint.schemas.messages import check_schema, labelled

FILE = "pipeline.json"
MESSAGES = "schemas/messages"

Json = dict[str, Any]


def function_view(manifest: Manifest, function: str, names: Names, root: Path, firestore: Firestore) -> Json:
    """Return the view of `function`; `root` is the project root, for message schemas and gate queries.

    Raises `Refused` where a schema or query file that the declaration names is absent or unreadable.
    """
    declared = manifest.functions[function]
    boundaries = _boundaries_of(manifest, function)
    topic = declared.trigger.topic
    events = {"executions": manifest.events.executions, "errors": manifest.events.errors}
    seen = view.View(
        title=manifest.title,
        function=function,
        timeout=declared.timeout,
        time_zone=manifest.time_zone,
        date_field=manifest.date_field,
        location=names.dataset_location or names.region,
        database=manifest.store.database,
        lease=manifest.store.lease,
        expiry=_expiry(manifest, function, boundaries, firestore),
        caller=view.Caller(identity=names.email(names.invoker_account(function)), audience=function),
        publishes=manifest.published_by(function),
        dead_letter_topic=names.dead_letter_topic(names.subscription(function, topic)) if topic else None,
        schedules=tuple(declared.trigger.schedules),
        settings=view.FunctionSettings({name: _setting(value) for name, value in declared.settings.items()}),
        events={part: view.Event(each, _message(manifest, root, each)) for part, each in events.items()},
        phases={name: manifest.phases[name] for name in _phases_of(boundaries)},
        boundaries={each.name: _boundary(manifest, each, root, _judges(each, function)) for each in boundaries},
        completion=_completion(manifest, root, topic) if topic else {},
        collections=manifest.store.collections if not manifest.boundary_of(function) else {},
    )
    written: Json = encode(view.View, seen)
    return written


def view_bytes(view: Json) -> bytes:
    """Return the file's content: the same bytes for the same view, compact; `ops build` shows it indented."""
    return (json.dumps(view, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n").encode()


def queries(manifest: Manifest, function: str, root: Path) -> Iterator[tuple[str, str, Location]]:
    """Yield name, SQL and place of every gate query that `function` may run."""
    for boundary in _boundaries_of(manifest, function):
        for gate in boundary.gates.values() if _judges(boundary, function) else ():
            yield f"{boundary.name}.{gate.name}", _gate_sql(manifest, boundary, gate, root), gate.at


def _boundaries_of(manifest: Manifest, function: str) -> list[Boundary]:
    own = manifest.boundary_of(function)
    return [own] if own else list(manifest.boundaries.values())


def _judges(boundary: Boundary, function: str) -> bool:
    return function in (boundary.function, boundary.timer.function)


def _phases_of(boundaries: list[Boundary]) -> list[str]:
    ends = [name for boundary in boundaries for name in (boundary.upstream, boundary.downstream)]
    return [name for name in dict.fromkeys(ends) if name]


def _boundary(manifest: Manifest, boundary: Boundary, root: Path, judged: bool) -> view.Boundary:
    upstream = manifest.phases[boundary.upstream]
    gates = tuple(boundary.gates.values())
    return view.Boundary(
        name=boundary.name,
        key=manifest.key,
        upstream=upstream,
        downstream=manifest.phases[boundary.downstream] if boundary.downstream else None,
        deadline=boundary.deadline,
        trigger=boundary.trigger,
        entities=boundary.entities,
        modes=tuple(boundary.modes.values()),
        gates=gates if judged else None,
        queries={gate.name: _gate_sql(manifest, boundary, gate, root) for gate in gates if judged},
        tables={name: each.output.table for name, each in upstream.processors.items() if each.output},
    )


def _gate_sql(manifest: Manifest, boundary: Boundary, gate: Gate, root: Path) -> str:
    if gate.query:
        folder = manifest.functions[boundary.function].folder
        return _read(root, f"functions/{folder}/{gate.query}", gate.at).strip()
    outputs = {name: p.output for name, p in manifest.phases[boundary.upstream].processors.items() if p.output}
    return "\nUNION ALL\n".join(
        f"SELECT '{name}' AS processor, COUNT(*) AS row_count FROM {output.table} WHERE {output.date_column} = @date"
        for name, output in outputs.items()
    )


def _expiry(
    manifest: Manifest, function: str, boundaries: list[Boundary], firestore: Firestore
) -> dict[str, view.Expiry]:
    """Return, per collection that the function writes, the field that expires its documents and after how long."""
    written = [manifest.phases[boundary.upstream].collection for boundary in boundaries]
    others = [] if manifest.boundary_of(function) else manifest.store.collections.values()
    found = {name: firestore.ttl_of(name) for name in (*written, *others)}
    return {name: view.Expiry(ttl.field, ttl.after) for name, ttl in found.items() if ttl}


def _message(manifest: Manifest, root: Path, topic: str) -> Json:
    """Return what a topic's messages consist of, field by field."""
    name = manifest.topics[topic].message
    file = f"{MESSAGES}/{name}.json"
    text = _read(root, file, next(each.at for each in manifest.topics.values() if each.message == name))
    try:
        schema: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused([Finding("view", f"The message schema is not JSON: {error}.", Location(file))]) from None
    if problems := check_schema(schema, file, root / file):
        raise Refused(problems)
    return _fields(labelled(schema, manifest.phase_labels().get(name, ())))


def _completion(manifest: Manifest, root: Path, topic: str) -> Json:
    """Return the fields of a completion; what it is for is a key, which no format of JSON Schema names."""
    fields = _message(manifest, root, topic)
    if manifest.date_field in fields:
        fields[manifest.date_field]["type"] = manifest.key
    return fields


def _fields(schema: Json) -> Json:
    """Return the compact form of an object schema: the type of each field, and what its values may be."""
    required = set(schema.get("required", ()))
    return {
        name: _field(field, name in required)
        for name, field in schema.get("properties", {}).items()
        if "const" not in field  # a constant is a version, which the engine checks on its own
    }


def _field(field: Json, required: bool) -> Json:
    declared = field["type"]
    kind = declared if isinstance(declared, str) else next(name for name in declared if name != "null")
    formats = {"date": "date", "date-time": "timestamp"}
    compact: Json = {"type": "strings" if kind == "array" else formats.get(field.get("format", ""), kind)}
    if required:
        compact["required"] = True
    compact |= {key: field[key] for key in ("enum", "minimum") if key in field}
    if kind == "object" and field.get("properties"):
        compact["properties"] = _fields(field)
    return compact


def _read(root: Path, file: str, at: Location) -> str:
    try:
        return read_input(root / file, within=root)
    except Unreadable as error:
        if (root / file).exists() or (root / file).is_symlink():
            raise Refused([Finding("view", str(error), Location(file, error.line))]) from None
        message = f"{file}, which is declared here, cannot be read. {error}"
        folder = "/".join(file.split("/")[:2])
        raise Refused([Finding("view", message, at, cause=causes.folder(folder))]) from None


def _setting(value: object) -> Any:
    """Return a setting, durations in seconds."""
    seconds = parse_duration(value) if isinstance(value, str) else None
    return value if seconds is None else seconds
