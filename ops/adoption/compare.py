"""Judge an adoption: what is imported, created, changed in place or replaced, and what is left over (incident 22).

Inputs that only a deployment knows (references to other resources) are not compared; the preview after the import
shows those. A stateful resource that an import would replace, or lose a column, is a violation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blueprint.findings import Finding, Location
from ops.adoption.inventory import Existing
from ops.embedded.record import Registration
from provider.changes import changes
from provider.ids import import_id
from provider.values import UNKNOWN, value_at

STATEFUL = frozenset(
    {
        "gcp:bigquery/dataset:Dataset",
        "gcp:bigquery/table:Table",
        "gcp:firestore/database:Database",
        "gcp:firestore/index:Index",
        "gcp:pubsub/subscription:Subscription",
        "gcp:pubsub/topic:Topic",
        "gcp:secretmanager/secret:Secret",
        "gcp:storage/bucket:Bucket",
    }
)
_TABLE = "gcp:bigquery/table:Table"
_INDEX = "gcp:firestore/index:Index"
_ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"
_FUNCTION = "gcp:cloudfunctionsv2/function:Function"
_SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
_JOB = "gcp:cloudscheduler/job:Job"
_TOPIC = "gcp:pubsub/topic:Topic"
_FIELD = "gcp:firestore/field:Field"
_LEFTOVER_KINDS = (_FUNCTION, _SUBSCRIPTION, _JOB, _TOPIC, _INDEX, _FIELD)


@dataclass(frozen=True)
class Adopted:
    """A declared resource that exists: property paths that change in place, that replace it, and that cannot change.

    What cannot change is planned as a change in place, and the service refuses it: the partitioning of a table.
    """

    declared: Registration
    existing: Existing
    changed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Leftover:
    """Something that exists undeclared; `touches` says how it disturbs what is declared, empty if it does not."""

    existing: Existing
    touches: str = ""


@dataclass(frozen=True)
class Adoption:
    """The whole comparison, both ways."""

    adopted: tuple[Adopted, ...]
    created: tuple[Registration, ...]
    leftovers: tuple[Leftover, ...]
    findings: tuple[Finding, ...] = field(default=())


def compare(declared: Sequence[Registration], existing: Iterable[Existing], defaults: Mapping[str, str]) -> Adoption:
    """Compare a plan's custom resources with what exists; `defaults` are the provider's `project`, `region` and `location`."""
    there = {_identity(each.type, each.id, each.settings): each for each in existing}
    adopted, created = [], []
    for registration in declared:
        inputs = known(registration.inputs)
        key = _identity(registration.type, import_id(registration.type, inputs, defaults), inputs)
        found = there.pop(key, None)
        if found is None:
            created.append(registration)
        else:
            adopted.append(_adopt(registration, inputs, found))
    leftovers = tuple(_leftovers(there.values(), declared))
    return Adoption(tuple(adopted), tuple(created), leftovers, tuple(_violations(adopted)))


def known(shown: Any) -> Any:
    """Return a plan's shown inputs with every reference, secret and file as unknown."""
    if isinstance(shown, Mapping):
        if any(key.startswith("$") for key in shown):
            return UNKNOWN
        return {key: known(value) for key, value in shown.items()}
    if isinstance(shown, list | tuple):
        return [known(value) for value in shown]
    return UNKNOWN if shown == "[secret]" else shown


def _identity(type_: str, id_: str | None, inputs: Mapping[str, Any]) -> tuple[str, object]:
    """Return what tells two resources of a kind apart; where the cloud chooses the id, that is their definition."""
    if type_ == _INDEX:
        fields = [tuple(sorted(each.items())) for each in inputs["fields"] if each["fieldPath"] != "__name__"]
        return type_, (inputs.get("database"), inputs["collection"], inputs.get("queryScope"), tuple(fields))
    if type_ == _ALERT:
        return type_, inputs.get("displayName")
    return type_, id_


def _adopt(registration: Registration, inputs: Mapping[str, Any], found: Existing) -> Adopted:
    told = {name: inputs.get(name) for name in found.settings}
    places: dict[str, list[str]] = {}
    for change in changes(found.type, found.settings, told):
        before, after = (value_at(state, change.place) for state in (found.settings, told))
        if (
            change.effect != "kept"
            and UNKNOWN not in (before, after)
            and not _same(found.type, change.place, before, after)
        ):
            places.setdefault(change.effect, []).append(change.place)
    changed, replaced, refused = (tuple(places.get(each, ())) for each in ("in place", "replaces", "refused"))
    return Adopted(registration, found, changed, replaced, refused)


def _same(type_: str, place: str, before: object, after: object) -> bool:
    """Tell whether two values that are written differently mean the same to the service."""
    if type_ == _INDEX and place.startswith("fields["):
        return True  # matched by definition; only the `__name__` at the end, which listings leave out, can differ
    if place == "schema" and isinstance(before, str) and isinstance(after, str):
        return _columns(before) == _columns(after)
    return not before and not after


def _columns(schema: str) -> dict[str, tuple[str, str]]:
    """Return type and mode of each top-level column."""
    return {each["name"]: (each["type"], each.get("mode", "NULLABLE")) for each in json.loads(schema)}


def _violations(adopted: Iterable[Adopted]) -> Iterator[Finding]:
    for each in adopted:
        if each.existing.type not in STATEFUL:
            continue
        subject = f"{each.existing.type.rpartition(':')[2]} '{each.existing.label}' exists and holds data"
        at = each.declared.source or Location("pipeline.yaml")
        lost = _lost_columns(each) if each.existing.type == _TABLE else []
        if lost:
            columns = ", ".join(f"'{column}'" for column in lost)
            told = f"{subject}; its column {columns} is not declared and would be dropped. Add it to the table's file."
            yield Finding("adopt-drops", told, at)
        elif each.replaced:
            told = f"{subject}; declaring it with another {_paths(each.replaced)} replaces it. Declare what exists, or migrate it."
            yield Finding("adopt-replaces", told, at)
        elif each.refused:
            told = f"{subject}; its {_paths(each.refused)} cannot be changed, and the update would fail. Declare what exists, or migrate it."
            yield Finding("adopt-refused", told, at)


def _paths(paths: Iterable[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _lost_columns(each: Adopted) -> list[str]:
    declared = each.declared.inputs.get("schema")
    before = each.existing.settings.get("schema")
    if not isinstance(declared, str) or before is None:
        return []
    return sorted(_columns(before).keys() - _columns(declared).keys())


def _leftovers(rest: Iterable[Existing], declared: Sequence[Registration]) -> Iterator[Leftover]:
    topics = {str(each.inputs.get("name")) for each in declared if each.type == _TOPIC}
    functions = {str(each.inputs.get("name")) for each in declared if each.type == _FUNCTION}
    for existing in rest:
        if existing.type in _LEFTOVER_KINDS:
            yield Leftover(existing, _touches(existing, topics, functions))


def _touches(existing: Existing, topics: set[str], functions: set[str]) -> str:
    settings = existing.settings
    if existing.type == _SUBSCRIPTION:
        topic = str(settings.get("topic", "")).rpartition("/")[2]
        return f"takes every message of '{topic}' once more" if topic in topics else ""
    if existing.type == _FUNCTION:
        topic = str((settings.get("eventTrigger") or {}).get("pubsubTopic") or "").rpartition("/")[2]
        return f"is triggered by '{topic}' too" if topic in topics else ""
    target = json.dumps([settings.get("httpTarget"), settings.get("pubsubTarget")])
    called = next((name for name in sorted(functions | topics) if f"/{name}" in target), None)
    return f"calls '{called}' too" if called else ""
