"""Compare two plans (as `plan --json` prints them) resource by resource and property by property."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Any

from ops.change.model import (
    MAX_TEXT,
    ArchiveChange,
    Broken,
    FileChange,
    Operation,
    PlanDifference,
    PropertyChange,
    Resource,
    Weight,
)
from ops.change.unremoved import NOTE, unremoved
from ops.report.text import kind, plain
from ops.terminal import clip
from provider.changes import TABLE, changes
from provider.tables import column_changes, columns

PlanJson = Mapping[str, Any]
Fates = dict[str, str]
NOTES = {
    "kept": NOTE,
    "refused": "the API refuses it",
}
"""What a change does, where that is neither the change nor a replacement."""
_KEYS = ("name", "columnName", "fieldPath", "role", "key")
_ABOUT = ("displayName", "name", "datasetId", "accountId", "service", "secretId")
_LONG, _CONTEXT, _BREAK = 100, 24, " ⏎ "
_PERMISSION_NOISE = ("role", "member", "project", "condition")
_ACCOUNTS = "gcp:serviceaccount/account:Account"


def compare(base: PlanJson, head: PlanJson, *, names: tuple[str, str]) -> PlanDifference:
    """Return in what `head` differs from `base`; `names` are what the two are called."""
    before, after = set(_findings(base)), set(_findings(head))
    refused = names[1] if head["violations"] else names[0] if base["violations"] else ""
    resources = [] if refused else list(_resources(base, head))
    broken = {*(after - before), *unremoved(resources)}
    return PlanDifference(
        base=names[0],
        head=names[1],
        stack=head["stack"] or base["stack"],
        refused=refused,
        broken=tuple(sorted(broken, key=_place)),
        mended=tuple(sorted(before - after, key=_place)),
        resources=tuple(sorted((each for each, _ in resources), key=_order)),
        archives=() if refused else tuple(_archives(base["archives"], head["archives"])),
    )


def _findings(plan: PlanJson) -> Iterator[Broken]:
    """Yield violations without their lines: text that moves is not text that breaks."""
    for each in plan["violations"]:
        yield Broken(each["rule"], clip(each["message"], MAX_TEXT), each["file"])


def _place(broken: Broken) -> tuple[str, str, str]:
    return (broken.at, broken.rule, broken.message)


def _order(resource: Resource) -> tuple[int, str, str, str]:
    weights = ("permission", "stateful", "other")
    return (weights.index(resource.weight), resource.entity, resource.kind, resource.name)


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
    """Return what is at stake: who may do what, data that a deletion loses (protected resources), or neither."""
    there = [each for each in sides if each]
    if any(re.search(r"(?i)iam(member|binding|policy|customrole)|/key:Key", each["type"]) for each in there):
        return "permission"
    if any(each["type"] == _ACCOUNTS for each in there):
        return "permission"
    return "stateful" if any(each.get("options", {}).get("protect") for each in there) else "other"


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
    for name in ("protect", "deletedWith", "retainOnDelete", "ignoreChanges"):
        was, now = (side.get("options", {}).get(name) for side in (before, after))
        if was != now:
            yield PropertyChange(f"options.{name}", _shown(was), _shown(now))


def _property(name: str, old: Mapping[str, Any], new: Mapping[str, Any], fates: Fates) -> Iterator[PropertyChange]:
    """Yield the leaves of a property that differ; what differs in spelling alone is no change."""
    flat = [dict(_leaves(side[name], name)) if name in side else {} for side in (old, new)]
    paths = [path for path in dict.fromkeys([*flat[0], *flat[1]]) if flat[0].get(path) != flat[1].get(path)]
    for path in paths:
        effect = _fate(path, fates)
        if effect is not None:
            texts = _focused(flat[0].get(path, ""), flat[1].get(path, ""))
            yield PropertyChange(clip(path, 300), *texts, effect == "replaces", NOTES.get(effect, ""))


def _fates(token: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Fates:
    """Return what the change does, by path without positions; of a table's schema, by its columns."""
    fates: Fates = {}
    for change in changes(token, old, new):
        if token == TABLE and change.place == "schema":
            before, after = (columns(side.get("schema")) or [] for side in (old, new))
            touched = {each.column: each.effect for each in column_changes(before, after)}
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


def _leaves(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield `(path, text)` for each leaf; items of lists go by their name, texts of JSON by their content."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = None
        if isinstance(parsed, dict | list) and parsed:
            value = parsed
    if isinstance(value, Mapping) and value and not any(str(key).startswith("$") for key in value):
        for key in value:
            yield from _leaves(value[key], f"{place}.{key}")
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for key, item in zip(_labels(value), value, strict=True):
            yield from _leaves(item, f"{place}[{key}]")
    else:
        yield place, _shown(value)


def _labels(items: Sequence[object]) -> list[str]:
    """Return what tells the items of a list apart: a name that each has, or else the position."""
    for key in _KEYS:
        labels = [item.get(key) for item in items if isinstance(item, Mapping)]
        if len(labels) == len(items) == len(set(map(str, labels))) and all(isinstance(each, str) for each in labels):
            return [str(each) for each in labels]
    return [str(index) for index in range(len(items))]


def _shown(value: object) -> str:
    return "" if value is None else plain(value)


def _focused(before: str, after: str) -> tuple[str, str]:
    """Return both texts reduced to where they differ: only the lines that do, and of long ones only the part."""
    old, new = before.splitlines() or [""], after.splitlines() or [""]
    if before and after and (len(old) > 1 or len(new) > 1):
        blocks = [
            block for block in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if block[0] != "equal"
        ]
        old = [line for _, start, end, _, _ in blocks for line in old[start:end]]
        new = [line for _, _, _, start, end in blocks for line in new[start:end]]
    texts = [_BREAK.join(line.strip() for line in lines) for lines in (old, new)]
    if all(texts) and max(map(len, texts)) > _LONG:
        first = _same(texts[0], texts[1])
        last = _same(*(text[first:][::-1] for text in texts))
        texts = [_around(text, first - _CONTEXT, len(text) - last + _CONTEXT) for text in texts]
    return clip(texts[0], MAX_TEXT), clip(texts[1], MAX_TEXT)


def _same(one: str, other: str) -> int:
    """Return how many characters two texts begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _around(text: str, start: int, end: int) -> str:
    start, end = max(start, 0), min(end, len(text))
    return f"{'…' * (start > 0)}{text[start:end]}{'…' * (end < len(text))}"


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
