"""Google Cloud APIs and service agents that the kinds of this project rely on."""

from __future__ import annotations

APIS = (
    "artifactregistry.googleapis.com",
    "bigquery.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
)
"""Every API behind a kind that the components declare."""

SERVICE_AGENTS = ("cloudscheduler.googleapis.com", "pubsub.googleapis.com")
"""APIs whose service agent is given grants; enabling an API does not always create its agent (pitfall 26)."""
