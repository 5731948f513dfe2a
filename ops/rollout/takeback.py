"""What a roll-back cannot take back: what holds data and would lose it, by the schemas and plans of the two commits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ops.change.model import PlanDifference

JUDGED_APART = frozenset({"bigquery.Table", "firestore.Field", "firestore.Index"})
"""Tables are judged by their schemas; indexes and expiry rules can be made again, and hold nothing."""


def irreversible(present: Path, target: Path, difference: PlanDifference) -> list[str]:
    """Return a sentence for each thing that would be lost; none means it may go.

    It goes from the files of the released commit (`present`) to those of `target`; `difference` is between their plans.
    """
    return [*_schemas(present, target), *_resources(difference)]


def advice(released: str, commit: str) -> str:
    """Return what to do instead."""
    return f"Go back without the schemas: on a branch at {commit[:12]}, `git checkout {released[:12]} -- schemas`, let `make preview` say what else must stay, and release that commit."


def _schemas(present: Path, target: Path) -> Iterator[str]:
    from blueprint.schemas.loader import load_schemas
    from blueprint.schemas.released import unsafe

    now, then = (load_schemas(root, values=None)[0].tables for root in (present, target))  # without views
    for name in sorted(now):
        if name not in then:
            yield f"Table {name} was added since; its rows would be lost."
            continue
        for each, _ in unsafe(now[name], then[name]):
            place = f"column {each.column} of table {name}" if each.column else f"table {name}"
            was, becomes = each.old or "nothing", each.new or "nothing"
            yield f"The change of {place} ({each.kind}) cannot be taken back: {was} would become {becomes}."


def _resources(difference: PlanDifference) -> Iterator[str]:
    for each in difference.weighing("stateful"):
        if each.operation in ("removed", "replaced") and each.kind not in JUDGED_APART:
            yield f"{each.kind} {each.name} would be {each.operation}, and it holds data."
