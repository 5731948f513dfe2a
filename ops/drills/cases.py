"""Recorded failures as data, done to a copy of a project, a planned resource or an alert; and how that is judged.

The cases are the project's own, one file: tests recreate each of them, the pages of docs/rules show them, and `ops drill`
does them again. Everything is judged as `ops plan` and `ops policy` judge it, in this process.
"""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from analysis.logfilter.expression import AllOf, compare
from blueprint.alerts.types import Alert, LogMatch
from blueprint.check import check
from blueprint.contracts import check_all
from blueprint.findings import Finding, Refused, apart
from blueprint.model import Blueprint
from ops.embedded import project
from ops.embedded.inventory import held_to_inventory
from ops.embedded.record import Registration
from policies.case import Subject
from policies.declared import StackFacts
from policies.registry import judge_all

PARTS = ("pipeline.yaml", "Pulumi.yaml", "Pulumi.prod.yaml", "schemas", "functions")
"""What a copy of a project needs."""
INVENTORY = "declared-as-implied"
"""The rule that judges what a program registers; it is no policy."""
Case = dict[str, Any]


def judged(root: Path, stack_name: str = "prod") -> list[Finding]:
    """Return what `ops plan` says of a tree, each rule's own finding where several have one cause."""
    try:
        stack = project.stack_settings(project.load(root, stack_name))
    except Refused as refused:
        return list(refused.findings)
    return apart(check(root, stack).findings)


def edit(root: Path, change: Mapping[str, Any]) -> None:
    """Apply one edit: `replace`/`with` once (or `every`), `append`, `write`, `link`, `move` to, or `delete`."""
    path = root / change["file"]
    if "replace" in change:
        text = path.read_text(encoding="utf-8")
        assert change["replace"] in text, f"{change['file']} no longer holds {change['replace']!r}"
        count = -1 if change.get("every") else 1
        _write(path, text.replace(change["replace"], change["with"], count))
    elif "append" in change:
        _write(path, path.read_text(encoding="utf-8") + change["append"])
    elif "write" in change:
        _write(path, change["write"])
    elif "link" in change:
        path.unlink(missing_ok=True)
        path.symlink_to(change["link"])
    elif "move" in change:
        (root / change["move"]).parent.mkdir(parents=True, exist_ok=True)
        path.rename(root / change["move"])
    elif change.get("delete"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    else:
        raise AssertionError(f"no edit: {change}")


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def with_value(properties: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Return properties with the case's `value` at its `path`, or without what is there."""
    changed = copy.deepcopy(dict(properties))
    *parents, last = case["path"].split(".")
    where: Any = changed
    for step in parents:
        where = where[int(step)] if isinstance(where, list) else where.setdefault(step, {})
    key: Any = int(last) if isinstance(where, list) else last
    if "value" in case:
        where[key] = case["value"]
    else:
        del where[key]
    return changed


def hit(case: Case, kinds: Iterable[tuple[str, str]]) -> set[str]:
    """Return the names of the resources that a case means, of pairs of type token and name."""
    provided = [(kind.rpartition(":")[2], name) for kind, name in kinds if kind.startswith("gcp:")]
    found = {name for kind, name in provided if re.fullmatch(case["resource"], f"{kind} {name}")}
    assert found, f"no resource is called {case['resource']}"
    return found


def judged_stack(planned: Iterable[Subject], case: Case, facts: StackFacts) -> list[tuple[str, str]]:
    """Return what the policies say of the planned resources with the case's change: rule and message."""
    planned = tuple(planned)
    meant = hit(case, ((each.kind, each.name) for each in planned))
    stack = [each for one in planned for each in (_changed(one, case) if one.name in meant else [one])]
    found = judge_all(stack, facts).violations
    return [(each.rule, each.message) for each in found]


def _changed(subject: Subject, case: Case) -> list[Subject]:
    if not subject.kind.startswith("gcp:"):
        return [subject]
    if case.get("gone"):
        return []
    if "protect" in case:
        return [replace(subject, protect=case["protect"])]
    if "options" in case:
        return [replace(subject, options={**subject.options, **case["options"]})]
    if "kind" in case:
        return [replace(subject, kind=case["kind"])]
    props = with_value(subject.props, case)
    references = {} if case.get("literal") else subject.references
    return [replace(subject, props=props, outputs=props, references=references)]


def judged_program(model: Blueprint, registered: Iterable[Registration], case: Case) -> list[tuple[str, str]]:
    """Return what the inventory says of a program that registered the case's change: rule and message."""
    registered = tuple(registered)
    meant = hit(case, ((each.type, each.name) for each in registered))
    changed = [
        replace(each, inputs=with_value(each.inputs, case)) if each.name in meant and each.custom else each
        for each in registered
        if not (case.get("gone") and each.name in meant)
    ]
    return [(each.rule, each.message) for each in held_to_inventory(model, changed).findings]


def judged_alerts(model: Blueprint, case: Case) -> list[tuple[str, str]]:
    """Return what the contracts say of the model with the case's change of its alerts: rule and message."""
    meant = [each for each in model.alerts if re.fullmatch(case["alert"], each.name)]
    assert meant, f"no alert is called {case['alert']}"
    kept = [each for each in model.alerts if each not in meant]
    given = [] if case.get("gone") else [_with(each, case["set"]) for each in meant]
    results = check_all(replace(model, alerts=(*kept, *given)))
    return [(each.rule, each.message) for result in results for each in result.findings]


def _with(alert: Alert, fields: Mapping[str, Any]) -> Alert:
    """Return an alert with other fields; a `filter` is comparisons of log entries, all of which hold."""
    fields = dict(fields)
    compared = [compare(*each) for each in fields.pop("filter", ())]
    changed: Alert = replace(alert, **fields)
    return replace(changed, condition=LogMatch(AllOf(tuple(compared)))) if compared else changed


def told(found: Iterable[tuple[str, str]], case: Case) -> Iterator[str]:
    """Yield the messages of a case's rule that hold the case's words."""
    yield from (message for rule, message in found if rule == case["rule"] and case["says"] in message)
