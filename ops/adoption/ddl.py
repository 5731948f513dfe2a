"""The DDL of a table or dataset from its listing, which holds all of it; or why that cannot be written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from analysis.sql.lexical import RESERVED

_TYPES: Final = {
    "INTEGER": "INT64",
    "FLOAT": "FLOAT64",
    "BOOLEAN": "BOOL",
    "RECORD": "STRUCT",
}
_KNOWN_KEYS: Final = frozenset(
    {"name", "type", "mode", "fields", "description", "defaultValueExpression", "maxLength", "precision", "scale"}
)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _name(text: str) -> str:
    return f"`{text}`" if text.upper() in RESERVED else text


def _options(**options: str | None) -> str:
    given = ", ".join(f"{name}={value}" for name, value in options.items() if value is not None)
    return f"OPTIONS({given})" if given else ""


def dataset_ddl(settings: Mapping[str, Any]) -> str:
    """Return the file of a dataset."""
    description = settings.get("description") or f"Tables of {settings['datasetId']}"
    return f"CREATE SCHEMA IF NOT EXISTS {settings['datasetId']}\n{_options(description=_quoted(description))};\n"


def unwritten(settings: Mapping[str, Any]) -> str:
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


def table_ddl(settings: Mapping[str, Any]) -> str:
    """Return the file of a table that `unwritten` has nothing against."""
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
