"""Compare two plans (as `plan --json` prints them) resource by resource and property by property."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ops.change.leaves import focused, leaves
from ops.change.model import (
    RANKS,
    WEIGHTS,
    ArchiveChange,
    Broken,
    FileChange,
    Meaning,
    Operation,
    PlanDifference,
    PropertyChange,
    Resource,
    Weight,
)
from ops.change.resources import meanings_of
from ops.change.unremoved import NOTE, unremoved
from ops.report.text import kind, plain
from ops.terminal import clip
from ops.untrusted import MAX_TEXT
from provider.changes import TABLE, changes
from provider.tables import column_effects, columns

PlanJson = Mapping[str, Any]
Fates = dict[str, str]
NOTES = {
    "kept": NOTE,
    "refused": "the API refuses it",
}
"""What a change does, where that is neither the change nor a replacement."""
_ABOUT = ("displayName", "name", "tableId", "datasetId", "accountId", "service", "secretId")
_PERMISSION_NOISE = ("role", "member", "project", "condition")
_IDENTITIES = frozenset(
    {"gcp:serviceaccount/account:Account", "gcp:projects/serviceIdentity:ServiceIdentity", "pulumi:providers:gcp"}
)
_HOLDING = frozenset({TABLE, "gcp:firestore/field:Field", "gcp:firestore/index:Index"})
_WATCHING = frozenset({"gcp:monitoring/alertPolicy:AlertPolicy"})
_STARTING = frozenset(
    {
        "gcp:artifactregistry/repository:Repository",
        "gcp:cloudfunctionsv2/function:Function",
        "gcp:cloudscheduler/job:Job",
        "gcp:pubsub/subscription:Subscription",
        "gcp:pubsub/topic:Topic",
        "gcp:projects/service:Service",
    }
)
_OPTIONS = (
    "aliases", "dependencies", "deletedWith", "ignoreChanges", "protect", "provider", "replaceOnChanges",
    "replaceWith", "replacementTrigger", "retainOnDelete", "deleteBeforeReplace", "customTimeouts", "importId",
    "pluginDownloadURL",
)  # fmt: skip
"""Options that change what the engine does with a resource. The SDK writes the others by itself."""


def compare(
    base: PlanJson, head: PlanJson, *, names: tuple[str, str], meanings: Iterable[Meaning] = ()
) -> PlanDifference:
    """Return in what `head` differs from `base`; `names` are what the two are called.

    `meanings` are what their declarations say; what the resources say of alerts, of retention and of what is waited for
    is added to it.
    """
    before, after = set(_findings(base)), set(_findings(head))
    refused = names[1] if head["violations"] else names[0] if base["violations"] else ""
    found = [] if refused else list(_resources(base, head))
    resources = tuple(sorted((each for each, _ in found), key=_order))
    broken = {*(after - before), *unremoved(found)}
    archives = () if refused else tuple(_archives(base["archives"], head["archives"]))
    told = dict.fromkeys([*meanings, *meanings_of(resources), *_questions(archives)])
    return PlanDifference(
        base=names[0],
        head=names[1],
        stack=head["stack"] or base["stack"],
        refused=refused,
        broken=tuple(sorted(broken, key=_place)),
        mended=tuple(sorted(before - after, key=_place)),
        meanings=tuple(sorted(told, key=lambda each: RANKS.index(each.rank))),
        resources=resources,
        archives=archives,
    )


def _questions(archives: Iterable[ArchiveChange]) -> Iterator[Meaning]:
    """Yield the queries that a function asks otherwise: what a gate lets pass depends on them."""
    for archive in archives:
        for file in archive.files:
            if file.path.endswith(".sql") and archive.operation == "changed":
                yield Meaning("start", f"The query {file.path} of '{archive.function}' is {file.operation}.")


def _findings(plan: PlanJson) -> Iterator[Broken]:
    """Yield violations without their lines: text that moves is not text that breaks."""
    for each in plan["violations"]:
        yield Broken(each["rule"], clip(each["message"], MAX_TEXT), each["file"])


def _place(broken: Broken) -> tuple[str, str, str]:
    return (broken.at, broken.rule, broken.message)


def _order(resource: Resource) -> tuple[int, str, str, str]:
    return (WEIGHTS.index(resource.weight), resource.entity, resource.kind, resource.name)


def _resources(base: PlanJson, head: PlanJson) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    """Yield what differs, each with the inputs that it had, or has where it is new."""
    old, new = ({each["urn"]: each for each in plan["resources"]} for plan in (base, head))
    for urn in old.keys() | new.keys():
        before, after = old.get(urn), new.get(urn)
        either = after or before
        if either is None or not _managed(either["type"]):
            continue
        differing = tuple(_changes(before, after)) if before and after else ()
        if before and after and not differing:
            continue
        differs = Resource(
            operation=_operation(before, after, differing),
            weight=_weight(before, after),
            kind=kind(either["type"]),
            name=either["name"],
            entity=_entity(either, new if after else old),
            about=_about(either),
            changes=differing,
        )
        yield differs, (before or either)["inputs"]


def _managed(token: str) -> bool:
    """Tell whether a provider manages the type; a component is seen by its children."""
    return token.count("/") == 1 or token.startswith("pulumi:providers:")


def _operation(before: object, after: object, changes: Sequence[PropertyChange]) -> Operation:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    if any(each.replaces for each in changes):
        return "replaced"
    return "kept" if changes and all(each.note == NOTES["kept"] for each in changes) else "changed"


def _weight(*sides: Mapping[str, Any] | None) -> Weight:
    """Return what a resource is for; what may be a weakening is never the rest."""
    there = [each for each in sides if each]
    kinds = {each["type"] for each in there}
    if any(re.search(r"(?i)iam(member|binding|policy|customrole)|/key:Key", each) for each in kinds):
        return "permission"
    if kinds & _IDENTITIES:
        return "permission"
    if any(each.get("options", {}).get("protect") for each in there) or kinds & _HOLDING:
        return "stateful"
    if kinds & _WATCHING:
        return "alert"
    return "start" if kinds & _STARTING else "other"


def _entity(resource: Mapping[str, Any], by_urn: Mapping[str, Any]) -> str:
    parent = by_urn.get(resource["parent"])
    if parent is None or parent["type"] == "pulumi:pulumi:Stack":
        return "stack"
    return f"{kind(parent['type'])} {parent['name']}"


def _about(resource: Mapping[str, Any]) -> str:
    inputs = resource["inputs"]
    if "role" in inputs and "member" in inputs:
        target = [plain(value) for name, value in inputs.items() if name not in _PERMISSION_NOISE]
        words = f"{plain(inputs['role'])} for {plain(inputs['member'])}"
        return clip(f"{words} on {', '.join(target) or 'the project'}", MAX_TEXT)
    return next((clip(plain(inputs[name]), 200) for name in _ABOUT if isinstance(inputs.get(name), str)), "")


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[PropertyChange]:
    old, new = before["inputs"], after["inputs"]
    fates = _fates(after["type"], old, new)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield from _property(name, old, new, fates)
    for name in _OPTIONS:
        was, now = (_option(side, name) for side in (before, after))
        if was != now:
            yield PropertyChange(f"options.{name}", _joined(was - now), _joined(now - was))
    was, now = ({str(side["parent"]).rpartition("::")[2]} for side in (before, after))
    if was != now:
        yield PropertyChange("options.parent", clip(was.pop(), MAX_TEXT), clip(now.pop(), MAX_TEXT))


def _joined(names: set[str]) -> str:
    return clip(", ".join(sorted(names)), MAX_TEXT)


def _option(side: Mapping[str, Any], name: str) -> set[str]:
    """Return an option, as the items that it has; of URNs only what the program calls the resources."""
    value = side.get("options", {}).get(name)
    items = value if isinstance(value, list) else [] if value is None else [value]
    return {each.rpartition("::")[2] if isinstance(each, str) else plain(each) for each in items}


def _property(name: str, old: Mapping[str, Any], new: Mapping[str, Any], fates: Fates) -> Iterator[PropertyChange]:
    """Yield the leaves of a property that differ; what differs in spelling alone is no change."""
    flat = [dict(leaves(side[name], name)) if name in side else {} for side in (old, new)]
    paths = [path for path in dict.fromkeys([*flat[0], *flat[1]]) if flat[0].get(path) != flat[1].get(path)]
    for path in paths:
        effect = _fate(path, fates)
        if effect is not None:
            texts = focused(flat[0].get(path, ""), flat[1].get(path, ""))
            yield PropertyChange(clip(path, 300), *texts, effect == "replaces", NOTES.get(effect, ""))


def _fates(token: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Fates:
    """Return what the change does, by path without positions; of a table's schema, by its columns."""
    fates: Fates = {}
    for change in changes(token, old, new):
        if token == TABLE and change.place == "schema":
            before, after = (columns(side.get("schema")) or [] for side in (old, new))
            touched = column_effects(before, after)
            fates |= {f"schema.{column}": effect for column, effect in touched.items()}
            fates["schema"] = "in place" if touched else change.effect
        else:
            fates[_without_positions(change.place)] = change.effect
    return fates


def _fate(path: str, fates: Fates) -> str | None:
    """Return what happens to a leaf: what was found for it, for what it is part of, or for a part of it."""
    named = ".".join(["schema", *re.findall(r"\[([^\]]*)\]", path)]) if path.startswith("schema[") else ""
    place = named or _without_positions(path)
    exact = [each for each in fates if place == each or place.startswith(f"{each}.")]
    if exact:
        return fates[max(exact, key=len)]
    return next((effect for each, effect in fates.items() if each.startswith(f"{place}.")), None)


def _without_positions(path: str) -> str:
    return re.sub(r"\[[^\]]*\]", "", path)


def _archives(old: Iterable[PlanJson], new: Iterable[PlanJson]) -> Iterator[ArchiveChange]:
    sides = [{each["function"]: each for each in side} for side in (old, new)]
    for function in sorted(sides[0].keys() | sides[1].keys()):
        before, after = sides[0].get(function), sides[1].get(function)
        if before and after and before["sha256"] == after["sha256"]:
            continue
        files = [{each["path"]: each["sha256"] for each in side["files"]} if side else {} for side in (before, after)]
        differing = sorted(
            path for path in files[0].keys() | files[1].keys() if files[0].get(path) != files[1].get(path)
        )
        yield ArchiveChange(
            _operation(before, after, ()),
            function,
            tuple(FileChange(_operation(files[0].get(path), files[1].get(path), ()), path) for path in differing),
        )
