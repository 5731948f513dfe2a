"""Who may do what: the roles of the two identities that workflows take on, by the kinds of resources they handle.

`preview` reads and `release` changes. A role is here because a kind of resource needs it; a test compares the kinds with
the plan, so that a new kind without a role, or a role without a kind, is found before a release is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """One way to an identity: an environment, a workflow file, the event that starts it, and the branch (empty: any)."""

    environment: str
    workflow: str
    event: str
    ref: str = ""

    @property
    def value(self) -> str:
        """Return what the token's attribute must be."""
        return "@".join((self.environment, self.workflow, self.event, *filter(None, [self.ref])))


MAIN = "refs/heads/main"
WAY_IN = "way_in"
ATTRIBUTE = "assertion.environment + '@' + assertion.workflow_ref.extract('/.github/workflows/{file}@') + '@' + assertion.event_name + (assertion.environment == 'production' ? '@' + assertion.ref : '')"
"""What a token says of its way, in Common Expression Language: of production the branch too, as in `Way.value`."""
WAYS_IN: Mapping[str, tuple[Way, ...]] = {
    "preview": (
        Way("preview", "pull-request.yml", "pull_request"),
        Way("preview", "release.yml", "push"),
        Way("preview", "release.yml", "workflow_dispatch"),
        Way("preview", "drift.yml", "schedule"),
        Way("preview", "drift.yml", "workflow_dispatch"),
    ),
    "release": (
        Way("production", "release.yml", "push", MAIN),
        Way("production", "release.yml", "workflow_dispatch", MAIN),
    ),
}
"""Identity to the ways to it; a test compares them with the workflows. An environment is granted by GitHub's rules for it."""


@dataclass(frozen=True)
class Rights:
    """Roles on the project for resources of one provider module."""

    preview: tuple[str, ...]
    release: tuple[str, ...]


MODULES: Mapping[str, Rights] = {
    "artifactregistry": Rights(("roles/artifactregistry.reader",), ("roles/artifactregistry.admin",)),
    "bigquery": Rights(("roles/bigquery.metadataViewer",), ("roles/bigquery.dataOwner",)),
    "cloudfunctionsv2": Rights(("roles/cloudfunctions.viewer",), ("roles/cloudfunctions.developer",)),
    "cloudrunv2": Rights(("roles/run.viewer",), ("roles/run.admin",)),
    "cloudscheduler": Rights(("roles/cloudscheduler.viewer",), ("roles/cloudscheduler.admin",)),
    "firestore": Rights(("roles/datastore.viewer",), ("roles/datastore.indexAdmin", "roles/datastore.user")),
    "monitoring": Rights(("roles/monitoring.viewer",), ("roles/monitoring.editor",)),
    "projects": Rights(("roles/serviceusage.serviceUsageViewer",), ("roles/serviceusage.serviceUsageAdmin",)),
    "pubsub": Rights(("roles/pubsub.viewer",), ("roles/pubsub.admin",)),
    "secretmanager": Rights(("roles/secretmanager.viewer",), ("roles/secretmanager.admin",)),
    "serviceaccount": Rights(
        ("roles/iam.serviceAccountViewer",), ("roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountUser")
    ),
    "storage": Rights(("roles/storage.objectViewer", "roles/storage.bucketViewer"), ("roles/storage.admin",)),
}
"""By module of the provider. `datastore.user` is for the synthetic completion that verification deletes again."""

EVERYWHERE = "roles/iam.securityReviewer"
"""Reads the policy of any resource; both identities compare grants."""
GRANTS = "roles/resourcemanager.projectIamAdmin"
"""Changes grants on the project, and only those of `GRANTABLE`."""
GRANTABLE = (
    "roles/bigquery.jobUser",
    "roles/datastore.user",
    "roles/datastore.viewer",
    "roles/logging.logWriter",
)
"""The roles on the project that the program grants to functions and builds; a release can hand out no other."""


def roles(identity: str) -> tuple[str, ...]:
    """Return the roles on the project of `preview` or `release`, without the one that is conditional."""
    own = (getattr(rights, identity) for rights in MODULES.values())
    return (*sorted({role for each in own for role in each}), EVERYWHERE)


def only_grantable() -> str:
    """Return the condition under which `GRANTS` holds, in Common Expression Language."""
    listed = ", ".join(f"'{role}'" for role in GRANTABLE)
    return f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([{listed}])"
