"""Compare the cloud with what the last update left: what was changed or deleted behind Pulumi's back.

It reads every declared resource (`pulumi refresh --preview-only`), changes nothing, and names each resource and
property that differs. `pulumi up --refresh` repairs all of it. What exists without being declared is not seen here:
`python -m ops adopt` lists that.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from blueprint.findings import Finding, Location, Refused
from ops import exitcodes
from ops.answers import Answer, Unseen
from ops.arguments import add_format_argument, add_project_arguments
from ops.engine_cli import CHANGES_FOUND, call
from ops.findings import FindingsReport, write
from ops.terminal import count
from provider.values import value_at


@dataclass(frozen=True, order=True)
class Drift:
    """One difference. `property` is a wire path, empty when the whole resource is gone."""

    type: str
    name: str
    id: str
    what: Literal["changed", "deleted"]
    property: str = ""
    declared: object = None
    found: object = None

    def __str__(self) -> str:
        """Return the difference as one sentence."""
        subject = f"{self.type.rpartition(':')[2]} {self.name} ({self.id})"
        if self.what == "deleted":
            return f"{subject} is gone."
        return f"{subject} has {self.property} {_shown(self.found)}; declared is {_shown(self.declared)}."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_project_arguments(parser, "to look at")
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print each difference; return 0 when there is none, 3 for a difference; raises `Unseen` where none can be seen."""
    try:
        answer = call(
            args.root,
            *("refresh", "--stack", args.stack, "--preview-only", "--expect-no-changes", "--json"),
            accept=(0, CHANGES_FOUND),
        )
    except Refused as refused:
        told = " ".join(each.message for each in refused.findings)
        raise Unseen(f"{told} What `ops verify` compares needs no such command.") from None
    found = sorted(differences(answer.document.get("steps", ())), key=lambda drift: (drift.name, drift.property))
    file = Location(f"Pulumi.{args.stack}.yaml")
    report = FindingsReport("drift", args.root, [Finding("drift", str(drift), file, "warning") for drift in found])
    write(args.format, report, [asdict(drift) for drift in found], map(str, found))
    checked = sum(1 for step in answer.document.get("steps", ()) if _custom(step))
    print(_verdict(found, checked, args.stack), file=sys.stderr)
    if found or answer.code == CHANGES_FOUND:
        return exitcodes.DIFFERENCE
    return exitcodes.SOUND if checked else exitcodes.NOTHING_DUE


def differences(steps: Sequence[Mapping[str, Any]]) -> Iterator[Drift]:
    """Yield what the steps of a refresh say differs."""
    for step in steps:
        old = step.get("oldState") or {}
        subject = (old.get("type", ""), step["urn"].rpartition("::")[2], old.get("id", ""))
        if step["op"] == "delete":
            yield Drift(*subject, what="deleted")
        elif step["op"] == "update":
            new = step.get("newState") or {}
            for place in step.get("detailedDiff") or step.get("diffReasons") or ():
                values = [value_at(state.get("inputs", {}), place) for state in (old, new)]
                yield Drift(*subject, what="changed", property=place, declared=values[0], found=values[1])


def _custom(step: Mapping[str, Any]) -> bool:
    state = step.get("oldState") or {}
    return bool(state.get("custom")) and not str(state.get("type", "")).startswith("pulumi:")


def _shown(value: object) -> str:
    text = "nothing" if value is None else json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _verdict(found: Sequence[Drift], checked: int, stack: str) -> str:
    if not found:
        if not checked:
            return f"{Answer.NOTHING_DUE.value}  The state holds no resource, so nothing can differ."
        return f"{Answer.HEALTHY.value}  No drift: {count(checked, 'resource is', 'resources are')} as declared."
    resources = len({(drift.type, drift.name) for drift in found})
    again = f"`pulumi up --stack {stack} --refresh` sets them back."
    return f"{Answer.WARNING.value}  Drift in {resources} of {count(checked, 'resource')}. {again}"
