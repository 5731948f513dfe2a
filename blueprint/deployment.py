"""What a function is deployed with: its environment and secrets, given by what its archive reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blueprint.functions import Secret
    from blueprint.model import Blueprint

PLATFORM_VARIABLES = frozenset(
    {"K_SERVICE", "K_REVISION", "K_CONFIGURATION", "PORT", "FUNCTION_TARGET", "LOG_EXECUTION_ID"}
)
"""Set by Cloud Run functions itself; code may read them undeclared (Cloud Run container contract)."""
EMULATOR_VARIABLES = frozenset({"FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"})
"""Read by the client libraries; a deployed function that finds one refuses to start."""


@dataclass(frozen=True)
class Deployment:
    """Environment variables by name, and Secret Manager references by variable name."""

    environment: Mapping[str, str]
    secrets: Mapping[str, Secret]


def deployment(plan: Blueprint, function: str) -> Deployment:
    """Return what `function` is deployed with: everything declared that its archive reads, and nothing else.

    LOG_EXECUTION_ID is stated because the runtime adds it and an undeclared one differs for ever (pitfall 15).
    """
    manifest, archive = plan.manifest, plan.archives[function]
    read = {use.name for use in archive.uses.env}
    environment = {
        name: plan.stack.value_of(variable.from_) for name, variable in manifest.environment.items() if name in read
    }
    declared = manifest.functions[function].secrets
    return Deployment(
        environment={**environment, "LOG_EXECUTION_ID": "true"},
        secrets={name: manifest.secrets[name] for name in declared},
    )
