"""Labels: what each thing belongs to."""

from __future__ import annotations

from policies.case import Case
from policies.kinds import ALERT, BUCKET, DATASET, FUNCTION, SECRET, SUBSCRIPTION, TABLE, TOPIC
from policies.registry import resource_rule

LABELS = {
    ALERT: "userLabels",
    BUCKET: "labels",
    DATASET: "labels",
    FUNCTION: "labels",
    SECRET: "labels",
    SUBSCRIPTION: "labels",
    TABLE: "labels",
    TOPIC: "labels",
}


@resource_rule(
    "labels-present", "Whatever can carry labels carries the declared ones", incidents=(17, 22), kinds=tuple(LABELS)
)
def labels_present(case: Case) -> None:
    """Refuse resources nobody can attribute: orphans of unknown origin ran for months."""
    for label in sorted(case.declared.labels):
        path = f"{LABELS[case.subject.kind]}.{label}"
        if case.missing(path):
            case.violation(f"The label {label} is missing; set it like on everything else of this stack.")
