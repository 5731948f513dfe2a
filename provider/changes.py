"""What a change of inputs means to the provider: which properties differ, and whether the resource is replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from provider.rules import immutable
from provider.values import UNKNOWN, is_asset, plain

_TABLE = "gcp:bigquery/table:Table"
_ALIASES = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD", "DECIMAL": "NUMERIC"}


def differences(old: object, new: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield `(place, "add" | "delete" | "update")` for each leaf that differs; an unknown differs from anything."""
    old, new = plain(old), plain(new)
    if is_asset(old) and is_asset(new):
        if _hash(old) != _hash(new):
            yield place, "update"
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from differences(old.get(key), new.get(key), f"{place}.{key}" if place else key)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from differences(before, after, f"{place}[{index}]")
    elif old != new:
        yield place, "add" if old is None else "delete" if new is None else "update"


def _hash(asset: object) -> object:
    return asset.get("hash") if isinstance(asset, Mapping) else None


def replaces(token: str, place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether a difference at `place` replaces a resource of this kind."""
    path = re.sub(r"\[\d+\]", "[]", place)
    if token == _TABLE and path == "schema":
        return not schema_changes_in_place(plain(old.get("schema")), plain(new.get("schema")))
    return any(path == fixed or path.startswith((f"{fixed}.", f"{fixed}[")) for fixed in immutable(token))


def schema_changes_in_place(old: object, new: object) -> bool:
    """Tell whether a table's schema can change without replacing the table.

    Columns may be added unless REQUIRED, or top-level ones dropped, but not both; names and types stay, and a
    mode may only relax from REQUIRED to NULLABLE. Source: the provider's `resource_bigquery_table.go`.
    """
    if UNKNOWN in (old, new) or not isinstance(old, str) or not isinstance(new, str):
        return True
    return _columns_change_in_place(json.loads(old), json.loads(new), top=True)


def _columns_change_in_place(old: list[dict[str, Any]], new: list[dict[str, Any]], *, top: bool) -> bool:
    before, after = ({column["name"]: column for column in columns} for columns in (old, new))
    added = [after[name] for name in after.keys() - before.keys()]
    dropped = before.keys() - after.keys()
    if any(column.get("mode") == "REQUIRED" for column in added) or (dropped and (added or not top)):
        return False
    return all(_column_changes_in_place(before[name], after[name]) for name in before.keys() & after.keys())


def _column_changes_in_place(old: dict[str, Any], new: dict[str, Any]) -> bool:
    types = [_ALIASES.get(column["type"], column["type"]) for column in (old, new)]
    modes = [column.get("mode", "NULLABLE") for column in (old, new)]
    if types[0] != types[1] or (modes[0] != modes[1] and modes != ["REQUIRED", "NULLABLE"]):
        return False
    return _columns_change_in_place(old.get("fields", []), new.get("fields", []), top=False)
