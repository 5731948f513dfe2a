"""Google Cloud APIs and service agents that the kinds of this project rely on."""

from __future__ import annotations

from collections.abc import Mapping

NEEDED: Mapping[str, tuple[str, ...]] = {
    "artifactregistry": ("artifactregistry",),
    "bigquery": ("bigquery",),
    "cloudfunctionsv2": ("artifactregistry", "cloudbuild", "cloudfunctions", "run"),
    "cloudrunv2": ("run",),
    "cloudscheduler": ("cloudscheduler",),
    "firestore": ("firestore",),
    "monitoring": ("logging", "monitoring"),
    "projects": (),
    "pubsub": ("pubsub",),
    "secretmanager": ("secretmanager",),
    "serviceaccount": ("iam",),
    "storage": ("storage",),
}
"""Module of a kind to the APIs that must be enabled before one is created. A function is built and runs as a service; an
alert may watch the log; what belongs to the project itself is served by what the bootstrap enables."""

APIS = tuple(sorted({f"{api}.googleapis.com" for needed in NEEDED.values() for api in needed}))
"""Every API behind a kind that the components declare."""

SERVICE_AGENTS = ("cloudscheduler.googleapis.com", "pubsub.googleapis.com")
"""APIs whose service agent is given grants; enabling an API does not always create its agent (pitfall 26)."""


def apis_of(kind: str) -> tuple[str, ...]:
    """Return the APIs that a kind (`gcp:pubsub/topic:Topic`) needs; raises `ValueError` for one nothing is known of."""
    module = kind.split(":")[1].partition("/")[0]
    if module not in NEEDED:
        raise ValueError(f"Nothing says which APIs '{kind}' needs: add its module to {__name__}.NEEDED.")
    return tuple(f"{api}.googleapis.com" for api in NEEDED[module])
