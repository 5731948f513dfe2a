"""A first declaration from what exists: written where a listing tells everything, else what to write by hand, and why.

Tables and datasets are written, since a listing holds all of them and they hold data. A listing says neither who publishes
on a topic, nor where the source of a function is; those are shown as entries to complete, never guessed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from analysis.sql.ddl import read_ddl
from analysis.sql.lexical import RESERVED
from ops.adoption.inventory import Existing
from ops.scaffolding.change import ProjectChange

_TYPES: Final = {
    "INTEGER": "INT64",
    "FLOAT": "FLOAT64",
    "BOOLEAN": "BOOL",
    "RECORD": "STRUCT",
}
_KNOWN_KEYS: Final = frozenset(
    {"name", "type", "mode", "fields", "description", "defaultValueExpression", "maxLength", "precision", "scale"}
)


@dataclass(frozen=True)
class ByHand:
    """Something that exists and that only a person can declare.

    Attributes:
        what: its kind and name.
        why: what a listing does not tell, as a sentence.
        entry: lines for the declaration, with what is known; empty where nothing is.
    """

    what: str
    why: str
    entry: tuple[str, ...] = ()


def draft(change: ProjectChange, existing: Iterable[Existing]) -> list[ByHand]:
    """Add the files of what can be declared to `change`; return what is left to a person, in the order of the listing."""
    there = list(existing)
    left: list[ByHand] = []
    for each in there:
        kind = each.type.rpartition(":")[2]
        if kind == "Dataset":
            _write(
                change,
                left,
                each,
                f"schemas/bigquery/{each.settings['datasetId']}/dataset.sql",
                _dataset(each.settings),
            )
        elif kind == "Table":
            place = f"schemas/bigquery/{each.settings['datasetId']}/{each.settings['tableId']}.sql"
            unknown = _unwritten(each.settings)
            if unknown:
                left.append(ByHand(f"table {each.label}", unknown))
            else:
                _write(change, left, each, place, _table(each.settings))
        elif kind == "Function":
            left.append(_function(each, there))
        elif kind == "Topic":
            left += _topic(each, there)
        elif kind in ("Job", "AlertPolicy"):
            left += _other(each, there)
    return left


def _write(change: ProjectChange, left: list[ByHand], each: Existing, place: str, text: str) -> None:
    """Add a file, unless it is there already or our own reader does not take what it says."""
    if (change.root / place).exists():
        return
    kind = "dataset" if place.endswith("/dataset.sql") else "table"
    ddl, problems = read_ddl(text, "dataset" if kind == "dataset" else "table")
    if ddl is None or problems:
        left.append(ByHand(f"{kind} {each.label}", f"It cannot be declared as it is: {problems[0].message}"))
    else:
        change.files[place] = text


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _name(text: str) -> str:
    return f"`{text}`" if text.upper() in RESERVED else text


def _options(**options: str | None) -> str:
    given = ", ".join(f"{name}={value}" for name, value in options.items() if value is not None)
    return f"OPTIONS({given})" if given else ""


def _dataset(settings: Mapping[str, Any]) -> str:
    description = settings.get("description") or f"Tables of {settings['datasetId']}"
    return f"CREATE SCHEMA IF NOT EXISTS {settings['datasetId']}\n{_options(description=_quoted(description))};\n"


def _unwritten(settings: Mapping[str, Any]) -> str:
    """Return why a table cannot be written from its listing, "" where it can."""
    if "view" in settings:
        return "It is a view; put its query into `views/` once what it reads is declared."
    if not settings.get("schema"):
        return "Its listing has no schema: an external table, or a listing without content."
    keys = {key for column in _all_columns(json.loads(settings["schema"])) for key in column}
    unknown = sorted(keys - _KNOWN_KEYS)
    return (
        f"Its columns have {', '.join(f'`{key}`' for key in unknown)}, which no file of a table says."
        if unknown
        else ""
    )


def _all_columns(columns: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for column in columns:
        yield column
        yield from _all_columns(column.get("fields", ()))


def _table(settings: Mapping[str, Any]) -> str:
    columns = json.loads(settings["schema"])
    rows = ",\n".join(f"  {_column(column)}" for column in columns)
    time, bounds = settings.get("timePartitioning"), settings.get("rangePartitioning")
    days = time["expirationMs"] / 86_400_000 if time and time.get("expirationMs") else None
    lines = [f"CREATE TABLE IF NOT EXISTS {settings['datasetId']}.{settings['tableId']} (\n{rows}\n)"]
    if time:
        lines.append(f"PARTITION BY {_partition(time, columns)}")
    elif bounds:
        numbers = ", ".join(str(bounds["range"][key]) for key in ("start", "end", "interval"))
        lines.append(f"PARTITION BY RANGE_BUCKET({_name(bounds['field'])}, GENERATE_ARRAY({numbers}))")
    if settings.get("clusterings"):
        lines.append(f"CLUSTER BY {', '.join(map(_name, settings['clusterings']))}")
    lines.append(
        _options(
            description=_quoted(settings["description"]) if settings.get("description") else None,
            partition_expiration_days=None if days is None else f"{days:g}",
            require_partition_filter="true" if settings.get("requirePartitionFilter") else None,
        )
    )
    return "\n".join(line for line in lines if line) + ";\n"


def _partition(time: Mapping[str, Any], columns: Iterable[Mapping[str, Any]]) -> str:
    field, granularity = time.get("field"), time.get("type") or "DAY"
    if not field:
        return "_PARTITIONDATE" if granularity == "DAY" else f"TIMESTAMP_TRUNC(_PARTITIONTIME, {granularity})"
    kind = next((column["type"] for column in columns if column["name"] == field), "DATE")
    name = _name(field)
    if kind == "DATE":
        return name if granularity == "DAY" else f"DATE_TRUNC({name}, {granularity})"
    return f"DATE({name})" if granularity == "DAY" else f"{kind}_TRUNC({name}, {granularity})"


def _column(column: Mapping[str, Any]) -> str:
    repeated, required = column.get("mode") == "REPEATED", column.get("mode") == "REQUIRED"
    kind = _type(column)
    default = column.get("defaultValueExpression")
    parts = [
        _name(column["name"]),
        f"ARRAY<{kind}>" if repeated else kind,
        f"DEFAULT {default}" if default else "",
        "NOT NULL" if required else "",
        _options(description=_quoted(column["description"])) if column.get("description") else "",
    ]
    return " ".join(part for part in parts if part)


def _type(column: Mapping[str, Any]) -> str:
    kind = _TYPES.get(column["type"], column["type"])
    if kind == "STRUCT":
        return f"STRUCT<{', '.join(_column(each) for each in column.get('fields', ()))}>"
    sizes = [str(column[key]) for key in ("maxLength", "precision", "scale") if column.get(key)]
    return f"{kind}({', '.join(sizes)})" if sizes else kind


def _function(each: Existing, there: Iterable[Existing]) -> ByHand:
    settings, build, service = each.settings, each.settings["buildConfig"], each.settings["serviceConfig"]
    topic = str((settings.get("eventTrigger") or {}).get("pubsubTopic") or "").rpartition("/")[2]
    crons = [
        job.settings.get("schedule")
        for job in there
        if job.type.endswith(":Job") and f"/{each.label}" in json.dumps(job.settings.get("httpTarget"))
    ]
    trigger = (
        f"{{topic: {topic}}}"
        if topic
        else f"{{schedules: {{regularly: {{cron: {json.dumps(crons[0])}}}}}}}"
        if crons
        else ""
    )
    entry = [
        f"{each.label}:",
        f"  title: {settings.get('description') or each.label.replace('-', ' ').capitalize()}",
        f"  folder: {each.label.replace('-', '_')}",
        f"  entry_point: {build.get('entryPoint')}",
        *([f"  trigger: {trigger}"] if trigger else []),
        *([f"  memory: {_memory(service['availableMemory'])}"] if service.get("availableMemory") else []),
        *([f"  timeout: {service['timeoutSeconds']}s"] if service.get("timeoutSeconds") else []),
        *([f"  max_instances: {service['maxInstanceCount']}"] if service.get("maxInstanceCount") else []),
    ]
    called = "" if trigger else " nor what calls it"
    names = ", ".join(sorted(service.get("environmentVariables") or ()))
    read = f" It is given {names}: declare under `environment` or `secrets` what its code reads." if names else ""
    return ByHand(
        f"function {each.label}",
        f"A listing does not say where its source is{called}; put that into `functions/`.{read}",
        tuple(entry),
    )


def _memory(text: str) -> str:
    return f"{text}i" if text.endswith(("M", "G")) else text


def _topic(each: Existing, there: Iterable[Existing]) -> Iterator[ByHand]:
    """Yield the entry of a topic with what receives it; one that only takes dead letters is made by what it serves."""
    subscriptions = [other for other in there if other.type.endswith(":Subscription")]
    if any((other.settings.get("deadLetterPolicy") or {}).get("deadLetterTopic") == each.id for other in subscriptions):
        return
    consumers, services = [], []
    for other in subscriptions:
        endpoint = str((other.settings.get("pushConfig") or {}).get("pushEndpoint") or "")
        if other.settings.get("topic") == each.id and endpoint and not other.label.startswith("eventarc-"):
            host, path = urlsplit(endpoint).hostname or "", urlsplit(endpoint).path or "/"
            service = host.partition(".")[0]
            consumers.append(f"{{service: {service}, path: {path}}}")
            services.append(f"{service} at https://{host}")
    lines = [f"{each.label}:", "  message: MESSAGE", "  publishers: [SERVICE]"]
    lines += [f"  consumers: [{', '.join(consumers)}]"] if consumers else []
    told = f" It is pushed to {' and '.join(services)}." if services else ""
    yield ByHand(
        f"topic {each.label}",
        f"A listing does not say who publishes on it, or what its messages are.{told}",
        tuple(lines),
    )


def _other(each: Existing, there: Iterable[Existing]) -> Iterator[ByHand]:
    if each.type.endswith(":AlertPolicy"):
        yield ByHand(
            f"alert {each.label}",
            "Alerts are derived from what is declared; keep it until a derived one says the same.",
        )
        return
    functions = [other.label for other in there if other.type.endswith(":Function")]
    target = json.dumps([each.settings.get("httpTarget"), each.settings.get("pubsubTarget")])
    if not any(f"/{name}" in target for name in functions):
        why = f"It calls nothing of this project ({each.settings.get('schedule')}); it stays where it is, or calls a function."
        yield ByHand(f"schedule {each.label}", why)
