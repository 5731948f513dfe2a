"""The last released shape of tables and messages, and what may change from it.

`schemas/.released` is a snapshot, written by `python -m ops release-schema` when a release is through. What
is planned is compared with it: BigQuery refuses some changes, replaces the table (with its rows) for
others, and a message outlives the code that sent it. Each refusal names the migration that is safe.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analysis.files import Unreadable, read_input
from blueprint import causes
from blueprint.findings import Finding, Location
from blueprint.schemas.bigquery import Table
from blueprint.schemas.cache import decode_table
from blueprint.schemas.differences import TableDifference, differences
from blueprint.schemas.messages import MessageSchema
from blueprint.schemas.validation import types_of
from provider.changes import TABLE, Effect, changes
from provider.tables import column_effects, columns

FOLDER = "schemas/.released"
RULE = "schemas-evolve"

READERS: Mapping[str, str] = {
    "column-dropped": "keep it NULLABLE and stop writing it; readers deployed earlier still name it",
    "column-narrowed": "stored values may not fit; add a narrower column beside it and move writers and readers",
    "expiry-shortened": "older partitions would be deleted at once; export them, or make a new table with the new expiry",
    "filter-required": "queries without a filter on the partition would fail; add the filter to all of them, then make a new table that requires it",
}
"""Difference → the migration that is safe, where the platform would take the change and somebody would lose by it."""

PLATFORM: Mapping[str, str] = {
    "column-added-required": "add it NULLABLE and let its writers require it",
    "column-added-default": "add it without the default, release that, then set the default in a second release",
    "column-recased": "keep the name as it was released; queries find it in any case",
    "column-retyped": "add a column of the new type beside it, write both, move the readers, then stop writing the old one",
    "column-made-required": "stored rows may lack it; keep it NULLABLE and let its writers require it",
    "partitioning-changed": "make a new table, copy, and move readers",
}
"""Difference → the migration that is safe, where the provider would replace the table or the API refuses the change."""

FATES: Mapping[str, str] = {
    "replaces": "the table would be replaced and lose its rows",
    "refused": "BigQuery refuses it",
}

_NOUNS = {
    "column-added-required": "is new and REQUIRED",
    "column-added-default": "is new and has a default",
    "column-recased": "changed its name from {old} to {new}",
    "column-dropped": "is gone",
    "column-retyped": "changed its type from {old} to {new}",
    "column-narrowed": "shrank from {old} to {new}",
    "column-made-required": "became REQUIRED",
    "partitioning-changed": "changed its partitioning from {old} to {new}",
    "expiry-shortened": "keeps partitions {new} instead of {old}",
    "filter-required": "requires a filter on its partition",
}
_RETIRED = "retired"


def snapshot(
    tables: Mapping[str, Table], messages: Mapping[str, MessageSchema], retired: Collection[str] = ()
) -> dict[str, str]:
    """The files of a snapshot: path below `schemas/.released` → text."""
    files = {
        f"bigquery/{name}.json": _text(_table(table, f"table/{name}" in retired)) for name, table in tables.items()
    }
    return files | {f"messages/{name}.json": _text(message.compact()) for name, message in messages.items()}


def write_snapshot(
    root: Path, tables: Mapping[str, Table], messages: Mapping[str, MessageSchema], retired: Collection[str] = ()
) -> tuple[str, ...]:
    """Replace the snapshot under `root`; return the files that were written or removed."""
    folder = root / FOLDER
    files = snapshot(tables, messages, retired)
    changed: list[str] = []
    for path in sorted(folder.glob("*/*.json")):
        name = path.relative_to(folder).as_posix()
        if name not in files:
            path.unlink()
            changed.append(name)
    for name, text in sorted(files.items()):
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return tuple(changed)


def check_evolution(
    root: Path,
    tables: Mapping[str, Table],
    messages: Mapping[str, MessageSchema],
    retired: Collection[str] = (),
    *,
    unread: frozenset[str] = frozenset(),
) -> tuple[int, tuple[Finding, ...]]:
    """Compare what is planned with the snapshot; return how many things were compared and what is refused.

    What is `unread` (`dataset.table`, or a message) is there and cannot be read, so nothing is said of it.
    """
    findings: list[Finding] = []
    files = sorted((root / FOLDER).glob("*/*.json"))
    for path in files:
        file = path.relative_to(root).as_posix()
        try:
            content = json.loads(read_input(path))
            if path.stem in unread:
                continue
            if path.parent.name == "bigquery":
                given_up = bool(content.pop(_RETIRED, False))
                findings.extend(_table_findings(decode_table(content), tables, file, given_up, retired))
            else:
                findings.extend(_message_findings(path.stem, content, messages, file))
        except (Unreadable, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            message = "The snapshot cannot be read; restore it from version control."
            findings.append(Finding(RULE, message, Location(file)))
    return len(files), tuple(findings)


def refused_columns(root: Path, tables: Mapping[str, Table]) -> frozenset[str]:
    """Return the columns (`dataset.table.column`) whose change is refused; a snapshot that cannot be read has none."""
    found = set()
    for name, new in tables.items():
        with contextlib.suppress(Unreadable, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            content = json.loads(read_input(root / FOLDER / "bigquery" / f"{name}.json"))
            content.pop(_RETIRED, None)
            found |= {f"{name}.{each.column}" for each, _ in unsafe(decode_table(content), new) if each.column}
    return frozenset(found)


def _table(table: Table, retired: bool) -> dict[str, Any]:
    content: dict[str, Any] = _without_places(asdict(table))
    return content | ({_RETIRED: True} if retired else {})


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_places(child) for key, child in value.items() if not _left_out(key, child)}
    return [_without_places(child) for child in value] if isinstance(value, list | tuple) else value


def _left_out(key: str, value: Any) -> bool:
    return key == "at" or (key == "range_of" and value is None)


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _table_findings(
    old: Table, tables: Mapping[str, Table], file: str, given_up: bool, retired: Collection[str]
) -> Iterator[Finding]:
    new, name = tables.get(old.id), f"table/{old.id}"
    if new is None:
        if not (given_up and name in retired):
            message = f"Table `{old.id}` was released and its file is gone, so the next release would destroy it with its rows; restore the file. To give it up, write `retired: {{{name}: why}}` into pipeline.yaml and release that, which takes its protection away and nothing else; the file may go with the release after."
            yield Finding(RULE, message, Location(file), cause=causes.table(old.id), at_cause=True)
        return
    yield from _changes(old, new)


def _changes(old: Table, new: Table) -> Iterator[Finding]:
    renamed = _renamed(differences(old, new))
    for difference, effect in unsafe(old, new):
        sentence = _sentence(new, difference, renamed, FATES.get(effect))
        cause = causes.table(new.id, difference.column) if difference.column else ""
        yield Finding(RULE, sentence, difference.at, cause=cause, at_cause=True)


def unsafe(old: Table, new: Table) -> Iterator[tuple[TableDifference, Effect]]:
    """Yield what may not change so, and what it would do.

    The provider says what a change does to a table that exists, `READERS` what somebody would lose by all the same.
    """
    found_differences = differences(old, new)
    if not found_differences:
        return
    effects: dict[str, Effect] = {}
    for change in changes(TABLE, old.inputs(), new.inputs()):
        name = change.place.partition(".")[0]
        effects[name] = max(effects.get(name, "in place"), change.effect, key=WORST.index)
    listed = [columns(each.schema_json()) or [] for each in (old, new)]
    by_column: dict[str, Effect] = {}
    for column, worst in column_effects(*listed).items():
        name = column.casefold()
        by_column[name] = max(by_column.get(name, "in place"), worst, key=WORST.index)
    changed = {each.column for each in found_differences if each.kind not in HARMLESS}
    for difference in found_differences:
        if difference.kind in HARMLESS and difference.column in changed:
            continue  # what else changed of this column is what does it
        if difference.column:
            effect = by_column.get(difference.column.casefold(), "in place")
        else:
            found = [effects.get(name, "in place") for name in PROPERTIES.get(difference.kind, ())]
            effect = max(found, default="in place", key=WORST.index)
        if difference.kind in READERS or effect in FATES:
            yield difference, effect


HARMLESS = frozenset({"column-moved", "column-relaxed", "default-changed", "description-changed"})
"""Differences of a column that are no reason by themselves to refuse it."""
PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "partitioning-changed": ("timePartitioning", "rangePartitioning"),
    "clustering-changed": ("clusterings",),
    "primary-key-changed": ("tableConstraints",),
    "expiry-shortened": ("timePartitioning",),
    "expiry-lengthened": ("timePartitioning",),
    "filter-required": ("requirePartitionFilter",),
    "filter-relaxed": ("requirePartitionFilter",),
}
WORST: tuple[Effect, ...] = ("in place", "kept", "refused", "replaces")


def _renamed(found: tuple[TableDifference, ...]) -> dict[str, str]:
    """A column that went while one of its type came, one of each: most likely a rename."""
    gone = [each for each in found if each.kind == "column-dropped"]
    come = [each for each in found if each.kind.startswith("column-added")]
    if len(gone) == 1 and len(come) == 1 and gone[0].old == come[0].new:
        return {str(gone[0].column): str(come[0].column)}
    return {}


def _sentence(table: Table, difference: TableDifference, renamed: Mapping[str, str], fate: str | None) -> str:
    subject = f"Column `{difference.column}` of `{table.id}`" if difference.column else f"Table `{table.id}`"
    new_name = renamed.get(difference.column or "")
    if difference.kind == "column-dropped" and new_name:
        return f"{subject} seems to be renamed to `{new_name}`, which BigQuery cannot do; keep it, add `{new_name}` as a NULLABLE column, write both, move the readers, then stop writing the old one."
    what = _NOUNS.get(difference.kind, "changed from {old} to {new}").format(old=difference.old, new=difference.new)
    advice = READERS.get(difference.kind) or PLATFORM.get(difference.kind, "make a new table, copy, and move readers")
    return f"{subject} {what}: {f'{fate}; ' if fate else ''}{advice}."


def _message_findings(
    name: str, old: Mapping[str, Any], messages: Mapping[str, MessageSchema], file: str
) -> Iterator[Finding]:
    message = messages.get(name)
    if message is None:
        gone = f"Message '{name}' was released and its schema is gone; restore it."
        yield Finding(RULE, gone, Location(file), cause=causes.message(name), at_cause=True)
        return
    new = message.compact()
    if _version(old) != _version(new):
        return
    for field, problem in _narrowed(old, new, ""):
        advice = (
            "messages already sent or senders not yet deployed would be refused; allow both, or raise schema_version"
        )
        sentence = f"Message '{name}': {problem}: {advice}."
        yield Finding(RULE, sentence, message.at, cause=causes.message(name, field), at_cause=True)


def _version(schema: Mapping[str, Any]) -> object:
    return schema.get("properties", {}).get("schema_version", {}).get("const")


def _narrowed(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """What the new schema refuses that the old one accepted: the field, and what is told of it."""
    here = path.rstrip(".")
    where = f"`{here}`" if path else "the message"
    for name in sorted(set(new.get("x-attributes", ())) - set(old.get("x-attributes", ()))):
        yield here, f"the attribute `{name}` became required"
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield path + name, f"`{path + name}` became required"
    if gone := types_of(old) - types_of(new):
        yield here, f"{where} is no longer {' or '.join(sorted(gone))}"
    before, after = old.get("enum"), new.get("enum")
    if after is not None and (before is None or set(map(str, before)) - set(map(str, after))):
        lost = sorted(set(map(str, before or ())) - set(map(str, after)))
        yield here, f"{where} no longer takes {', '.join(lost) or 'any text'}"
    for keyword in ("pattern", "format", "const"):
        if new.get(keyword) not in (None, old.get(keyword)):
            yield here, f"{where} has a new {keyword}"
    for keyword in ("minLength", "minItems", "minimum"):
        if new.get(keyword, float("-inf")) > old.get(keyword, float("-inf")):
            yield here, f"{where} has a higher {keyword}"
    if new.get("maximum", float("inf")) < old.get("maximum", float("inf")):
        yield here, f"{where} has a lower maximum"
    olds, news = old.get("properties", {}), new.get("properties", {})
    if new.get("additionalProperties") is False:
        extra = [] if old.get("additionalProperties") is False else ["anything else"]
        for name in (*sorted(olds.keys() - news.keys()), *extra):
            lost_name = f"`{path + name}` is no longer taken" if name in olds else f"{where} no longer takes {name}"
            yield path + name, lost_name
    for name in sorted(olds.keys() & news.keys()):
        yield from _narrowed(olds[name], news[name], f"{path}{name}.")
    if "items" in old and "items" in new:
        yield from _narrowed(old["items"], new["items"], f"{path}[].")
