"""What holds data survives mistakes: the engine refuses to delete it, and so does the platform."""

from __future__ import annotations

from typing import Any

from policies.case import Case
from policies.kinds import BUCKET, DATABASE, DATASET, SECRET, TABLE
from policies.registry import resource_rule

# kind -> (property, the only value that protects, whether leaving it out protects too)
PLATFORM_SIDE: dict[str, tuple[str, Any, bool]] = {
    TABLE: ("deletionProtection", True, False),
    DATABASE: ("deleteProtectionState", "DELETE_PROTECTION_ENABLED", False),
    DATASET: ("deleteContentsOnDestroy", False, True),
    BUCKET: ("forceDestroy", False, True),
}
ENGINE_SIDE = (*PLATFORM_SIDE, SECRET)


@resource_rule(
    "stateful-protected", "What holds data is protected by the engine", incidents=(52, 64), kinds=tuple(ENGINE_SIDE)
)
def stateful_protected(case: Case) -> None:
    """Refuse data that one wrong edit or destroy would delete; `protect` belongs on the resource itself.

    A table that the declaration retires is labelled so, and given up with the release after.
    """
    if not case.subject.protect and not _is_view(case) and not _is_retired(case):
        case.violation("It holds data but the engine would delete it; set protect.")


@resource_rule(
    "stateful-kept", "What holds data is protected by the platform", incidents=(52, 64), kinds=tuple(PLATFORM_SIDE)
)
def stateful_kept(case: Case) -> None:
    """Refuse data that the platform would delete when told to, because a forced or manual delete passes the engine by."""
    if _is_view(case) or _is_retired(case):
        return
    name, wanted, default_protects = PLATFORM_SIDE[case.subject.kind]
    if not case.has(name) and not default_protects:
        case.violation(f"{name} is not set; set it to {wanted}.")
    for value in case.values(name):
        if value != wanted:
            case.violation(f"{name} is {value}, so the platform would delete the data; set it to {wanted}.")


def _is_retired(case: Case) -> bool:
    return case.subject.kind == TABLE and case.value("labels.retired") == "true"


def _is_view(case: Case) -> bool:
    """Say whether it is a view, which holds no data and is replaced freely."""
    return case.subject.kind == TABLE and case.states("view")
