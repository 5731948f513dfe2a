"""The lists of what may be declared: kinds with their inputs, options, the project, and what may be open to whom."""

from __future__ import annotations

from typing import Final

from policies.case import Case
from policies.kinds import BUCKET, PROVIDER, STACK
from policies.registry import resource_rule
from policies.values import UNKNOWN

COMPONENTS: Final = "phases:orchestration:"
"""How the types of the program's own components begin; one of them is only what is declared below it."""
SDK_SECRETS: Final = frozenset({"effectiveLabels", "pulumiLabels", "content", "customerEncryption"})
"""Outputs that the SDK itself marks as secret, of whatever kind."""
PROVIDER_INPUTS: Final = frozenset({"project", "region", "addPulumiAttributionLabel", "version"})
PROJECT_PATHS: Final = ("project", "serviceConfig.secretEnvironmentVariables.*.projectId")
PRIVATE: Final = {"uniformBucketLevelAccess": True, "publicAccessPrevention": "enforced"}


@resource_rule("kind-allowed", "Only kinds and inputs on the pack's list are declared", incidents=(20, 22, 30, 72))
def kind_allowed(case: Case) -> None:
    """Refuse whatever nobody thought of: another kind, or an input that changes what a known kind means."""
    kind, allowed = case.subject.kind, case.declared.allowed
    if kind == STACK or kind.startswith(COMPONENTS):
        return
    inputs = PROVIDER_INPUTS if kind == PROVIDER else allowed.kinds.get(kind)
    if inputs is None:
        case.violation(f"The kind {kind} is not on the list; add it to {allowed.place('kinds')}, or remove this.")
    elif case.subject.props is not UNKNOWN:
        for name in sorted(set(case.subject.props) - inputs):
            if case.has(name) and not case.subject.adds(name):
                case.violation(
                    f"The input {name} is not on the list; add it to {allowed.place('kinds', kind)}, or leave it out."
                )


@resource_rule("options-allowed", "Only options on the pack's list are set", incidents=(20, 24, 52))
def options_allowed(case: Case) -> None:
    """Refuse options that change what the engine does with a resource: it would ignore changes, or forget a deletion."""
    allowed = case.declared.allowed
    if case.subject.kind.count("/") != 1:
        return
    for name, value in sorted(case.subject.options.items()):
        if name not in allowed.options and not _by_the_sdk(case.subject.kind, name, value):
            case.violation(f"The option {name} is not on the list; add it to {allowed.place('options')}, or remove it.")


def _by_the_sdk(kind: str, option: str, value: object) -> bool:
    """Say whether the SDK sets this option by itself."""
    if option == "additionalSecretOutputs" and isinstance(value, list):
        return set(value) <= SDK_SECRETS
    if option == "aliases" and isinstance(value, list):
        former = kind.replace("gcp:serviceaccount/", "gcp:serviceAccount/")
        return former != kind and all(former in str(alias) for alias in value)
    return option == "version"


@resource_rule("own-project", "Everything is in the stack's own project", incidents=(20, 22, 63))
def own_project(case: Case) -> None:
    """Refuse another project: nothing of what is checked, granted and watched here holds there."""
    if case.subject.kind == PROVIDER and case.missing("project"):
        case.violation(f"The provider names no project, so one is found at run time; set {case.declared.project}.")
    for place, project in case.entries_of(PROJECT_PATHS):
        if project != case.declared.project:
            case.violation(f"{place} is {project}, the stack's project is {case.declared.project}; use it.")


@resource_rule("bucket-private", "No bucket can be made public", incidents=(30,), kinds=(BUCKET,))
def bucket_private(case: Case) -> None:
    """Refuse a bucket in which an object's own access list, or a later grant, could let the public in."""
    for name, wanted in PRIVATE.items():
        if case.missing(name) or [value for value in case.values(name) if value != wanted]:
            case.violation(f"{name} is not {wanted}; set it, so that nothing in the bucket can be opened to all.")
