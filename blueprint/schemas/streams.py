"""Streams: the declared mapping from message to row, and the message transform generated from it.

A BigQuery subscription writes what a message says under the names it says it; message and row differ, so
every stream's subscription carries a JavaScript transform. It is generated here from three declarations
(the message's schema, the stream's mapping, the table's columns) and judges a message exactly as the schema
does; what does not map throws, so that it ends in the dead letter.

Platform limits (Pub/Sub, user-defined functions): 20 KB of code, one function by name, no input or output
but the message; `publish_time` and `message_id` come in the metadata. A column default is not applied on
this path, so a column that no field fills and whose default is the current time is stamped with the publish
time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from blueprint import causes
from blueprint.findings import Finding, Location, Problem, violations
from blueprint.manifest import ColumnSource as Source
from blueprint.manifest import Manifest, Stream
from blueprint.schemas.bigquery import Column, Table
from blueprint.schemas.messages import PHASE, MessageField, MessageSchema
from blueprint.schemas.validation import types_of

RULE = "streams-map"
FUNCTION = "toRow"
MAX_CODE_BYTES = 20 * 1024
"""Bytes of a transform's code (Pub/Sub quotas)."""

CONVERTIBLE = frozenset({"STRING", "INTEGER", "FLOAT", "BOOLEAN", "DATE", "TIMESTAMP", "JSON"})
"""Column types that a stream can fill."""

NOW = "CURRENT_TIMESTAMP()"


@dataclass(frozen=True, kw_only=True)
class Transform:
    """What a stream's subscriptions need: the message they take, the table they fill, and the code between."""

    name: str
    topics: tuple[str, ...]
    table: str
    message: str
    columns: Mapping[str, Source]
    code: str
    at: Location
    function_name: str = FUNCTION


def load_streams(
    manifest: Manifest,
    messages: Mapping[str, MessageSchema],
    tables: Mapping[str, Table],
    unread: frozenset[str] = frozenset(),
) -> tuple[dict[str, Transform], tuple[Finding, ...]]:
    """Derive the transform of every stream; a stream whose mapping does not fit is left out and has findings.

    A stream that stands on something `unread` (a table or message whose file cannot be read) is left out without any.
    """
    transforms: dict[str, Transform] = {}
    findings: list[Finding] = []
    for stream in manifest.streams.values():
        if unread & {stream.table, *(manifest.topics[topic].message for topic in stream.topics)}:
            continue
        problems = list(_sources(stream, manifest, messages, tables))
        if not problems:
            message, table = _message(stream, manifest, messages), tables[stream.table]
            columns = mapping(stream, message, table)
            problems = list(_problems(stream, columns, message, table, manifest))
            code = generate(columns, message, table, manifest)
            if len(code.encode()) > MAX_CODE_BYTES:
                problems.append((_TOO_LONG.format(stream.name, len(code.encode()), MAX_CODE_BYTES), stream.at))
            transforms[stream.name] = Transform(
                name=stream.name,
                topics=stream.topics,
                table=stream.table,
                message=message.name,
                columns=columns,
                code=code,
                at=stream.at,
            )
        if problems:
            transforms.pop(stream.name, None)
        findings.extend(violations(RULE, problems))
    return transforms, tuple(findings)


_TOO_LONG = (
    "Stream '{}': its transform has {} bytes and the platform takes {}; map fewer columns or shorten the schema."
)


def _sources(
    stream: Stream, manifest: Manifest, messages: Mapping[str, MessageSchema], tables: Mapping[str, Table]
) -> Iterator[Problem]:
    """What the mapping stands on must be there: one kind of message and one table of ours."""
    kinds = {manifest.topics[topic].message for topic in stream.topics}
    if len(kinds) != 1:
        kind_list = ", ".join(sorted(kinds)) or "none"
        yield f"Stream '{stream.name}' takes topics of different messages ({kind_list}); split it.", stream.at
    for kind in sorted(kinds - messages.keys()):
        absent = f"Message '{kind}' of stream '{stream.name}' has no schema; add schemas/messages/{kind}.json."
        yield absent, stream.at, causes.message(kind)
    if stream.table not in tables:
        file = f"schemas/bigquery/{stream.table.replace('.', '/')}.sql"
        yield (
            f"Stream '{stream.name}' fills `{stream.table}`, which no file declares; add {file}.",
            stream.at,
            causes.table(stream.table),
        )


def _message(stream: Stream, manifest: Manifest, messages: Mapping[str, MessageSchema]) -> MessageSchema:
    return messages[manifest.topics[stream.topics[0]].message]


def mapping(stream: Stream, message: MessageSchema, table: Table) -> dict[str, Source]:
    """Where each column comes from: as declared, or the field of its name; then what stands in for a default."""
    if stream.columns == "same":
        fields = [field for field in message.fields if field != "schema_version"]
        json_columns = {column.name for column in table.columns if column.type == "JSON"}
        sources = {name: Source(stream.at, field=name, json=name in json_columns) for name in fields}
    else:
        sources = dict(stream.columns)
    for column in table.columns:
        if column.default == NOW and column.name not in sources:
            sources[column.name] = Source(stream.at, from_="publish_time")
    return sources


def _problems(
    stream: Stream, sources: Mapping[str, Source], message: MessageSchema, table: Table, manifest: Manifest
) -> Iterator[Problem]:
    """Mapping, message and table must agree on names, on types and on what is always there."""
    where = f"Stream '{stream.name}', column `{{}}`: "
    for name, source in sources.items():
        column = next((column for column in table.columns if column.name == name), None)
        if column is None:
            known = ", ".join(column.name for column in table.columns)
            absent = f"`{table.id}` has no such column; it has {known}."
            yield where.format(name) + absent, source.at, causes.table(table.id, name)
            continue
        for problem in _column_problems(column, source, message, manifest):
            yield where.format(name) + problem, source.at, causes.table(table.id, name)
        if column.mode == "REQUIRED" and not _always(source, message):
            missing = "the column is REQUIRED but its source can be absent; require the field or add `otherwise`."
            yield where.format(name) + missing, source.at, causes.message(message.name, source.field)
    for column in table.columns:
        if column.mode == "REQUIRED" and column.name not in sources:
            unfilled = "the column is REQUIRED but nothing fills it; map it."
            yield where.format(column.name) + unfilled, stream.at, causes.table(table.id, column.name)


def _column_problems(column: Column, source: Source, message: MessageSchema, manifest: Manifest) -> Iterator[str]:
    if column.type not in CONVERTIBLE:
        yield f"a stream cannot fill a column of type {column.type}; drop it from the mapping."
        return
    given = sum(value is not None for value in (source.field, source.value, source.from_))
    if given != 1:
        yield "give exactly one of `field`, `value` and `from`."
        return
    if source.json != (column.type == "JSON"):
        yield "`json: true` belongs to a JSON column, and every JSON column needs it."
    if source.lookup is not None and source.field is None:
        yield f"`lookup: {source.lookup}` translates a field; name one."
    if source.value is not None and not _constant_fits(column, source.value):
        yield f"the constant {source.value!r} does not fit {column.mode} {column.type}; correct it."
    if source.from_ is not None:
        wanted = {"publish_time": "TIMESTAMP", "message_id": "STRING"}[source.from_]
        if column.type != wanted or column.mode == "REPEATED":
            yield f"`from: {source.from_}` fills a {wanted} column, not {column.mode} {column.type}."
    if source.field is not None:
        yield from _field_problems(column, source, message, manifest)
    if source.otherwise is not None:
        yield from _column_problems(column, source.otherwise, message, manifest)


def _field_problems(column: Column, source: Source, message: MessageSchema, manifest: Manifest) -> Iterator[str]:
    assert source.field is not None
    found = message.field(source.field)
    if found is None:
        known = ", ".join(message.fields)
        yield f"message '{message.name}' has no field `{source.field}`; its fields are {known}."
        return
    items = found.schema.get("items", {})
    if (
        not source.json
        and column.mode == "REPEATED"
        and {"array"} == found.types - {"null"}
        and "null" in types_of(items)
    ):
        yield f"the items of `{source.field}` may be null, which a REPEATED column cannot hold; give them one type."
    elif not source.json and not _fits(column, found):
        kinds = " or ".join(sorted(found.types - {"null"})) + (f" ({found.schema['format']})" if _format(found) else "")
        yield f"the field `{source.field}` is {kinds}, which does not fit {column.mode} {column.type}."
    if source.lookup == "phases" and not (source.field == PHASE and message.name in manifest.phase_labels()):
        labels = {phase.label for phase in manifest.phases.values()}
        for value in sorted(set(map(str, found.schema.get("enum", ()))) ^ labels):
            here, there = ("declaration", "message schema") if value in labels else ("message schema", "declaration")
            yield f"the {here} knows the phase label '{value}', the {there} does not; make them the same."


def _fits(column: Column, found: MessageField) -> bool:
    """True when every valid value of the field is a value of the column."""
    kinds = found.types - {"null"}
    if column.mode == "REPEATED":
        items = found.schema.get("items", {})
        item = MessageField(types_of(items), True, items)
        whole = "null" not in item.types
        return kinds == {"array"} and whole and _fits(Column(name=column.name, type=column.type), item)
    if column.type in {"DATE", "TIMESTAMP"}:
        return kinds == {"string"} and _format(found) == {"DATE": "date", "TIMESTAMP": "date-time"}[column.type]
    wanted = {"STRING": {"string"}, "INTEGER": {"integer"}, "FLOAT": {"number", "integer"}, "BOOLEAN": {"boolean"}}
    return bool(kinds) and kinds <= wanted.get(column.type, set())


def _format(found: MessageField) -> str | None:
    return found.schema.get("format")


def _constant_fits(column: Column, value: object) -> bool:
    if column.mode == "REPEATED":
        single = Column(name=column.name, type=column.type)
        return isinstance(value, list) and all(_constant_fits(single, item) for item in value)
    if column.type == "JSON":
        return True
    kinds: dict[str, type | tuple[type, ...]] = {"STRING": str, "INTEGER": int, "FLOAT": (int, float), "BOOLEAN": bool}
    wanted = kinds.get(column.type)
    return wanted is not None and isinstance(value, wanted) and (column.type == "BOOLEAN") == isinstance(value, bool)


def _always(source: Source, message: MessageSchema) -> bool:
    """True when the source has a value in every valid message."""
    if source.value is not None or source.from_ is not None:
        return True
    found = message.field(source.field) if source.field else None
    if found is not None and not found.nullable:
        return True
    return source.otherwise is not None and _always(source.otherwise, message)


def generate(sources: Mapping[str, Source], message: MessageSchema, table: Table, manifest: Manifest) -> str:
    """The transform's code: the fixed part of `transform.js` with this stream's three declarations put in."""
    columns = [
        {"name": column.name, "type": column.type, "mode": column.mode, "source": _source(sources[column.name])}
        for column in table.columns
        if column.name in sources
    ]
    lookups = {source.lookup for source in _flat(sources.values())}
    phases = {
        phase.label: {
            "name": phase.name,
            "processors": {name: list(each.aliases) for name, each in phase.processors.items()}
            if "processors" in lookups
            else {},
        }
        for phase in manifest.phases.values()
        if lookups - {None}
    }
    declared = f"const SCHEMA = {_js(message.compact(), sort_keys=True)};\n  const COLUMNS = {_js(columns)};\n  const PHASES = {_js(phases)};"
    return _template().replace("const SCHEMA = {}, COLUMNS = [], PHASES = {};", declared)


def _flat(sources: Any) -> Iterator[Source]:
    for source in sources:
        yield source
        if source.otherwise is not None:
            yield from _flat([source.otherwise])


def _source(source: Source) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if source.field is not None:
        result["path"] = source.field.split(".")
    elif source.from_ is not None:
        result["from"] = source.from_
    else:
        result["value"] = source.value
    if source.lookup is not None:
        result["lookup"] = source.lookup
    if source.otherwise is not None:
        result["otherwise"] = _source(source.otherwise)
    return result


def _js(value: object, *, sort_keys: bool = False) -> str:
    """JSON is JavaScript, except that `__proto__` as a literal key would set a prototype."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=sort_keys)
    return text.replace('"__proto__":', '["__proto__"]:')


@cache
def _template() -> str:
    """The fixed part without its comments and blank lines, which would count against the limit."""
    text = Path(__file__).with_name("transform.js").read_text(encoding="utf-8")
    lines = (line.rstrip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("//")) + "\n"
