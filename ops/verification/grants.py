"""Grants, wherever they are: the policy of what is granted on holds the role for the member, without a condition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ops.embedded.record import Registration
from ops.verification.cloud import CloudResource, ControlPlaneError
from ops.verification.declared import UNKNOWN, DeclaredResources

PUBLIC: Final = frozenset({"allUsers", "allAuthenticatedUsers"})
PROJECT_GRANT: Final = "gcp:projects/iAMMember:IAMMember"
TOPIC_GRANT: Final = "gcp:pubsub/topicIAMMember:TopicIAMMember"
SUBSCRIPTION_GRANT: Final = "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember"
ACCOUNT_GRANT: Final = "gcp:serviceaccount/iAMMember:IAMMember"
SECRET_GRANT: Final = "gcp:secretmanager/secretIamMember:SecretIamMember"
BUCKET_GRANT: Final = "gcp:storage/bucketIAMMember:BucketIAMMember"
REPOSITORY_GRANT: Final = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
TABLE_GRANT: Final = "gcp:bigquery/iamMember:IamMember"
DATASET_GRANT: Final = "gcp:bigquery/datasetIamMember:DatasetIamMember"
_BASIC: Final = {
    "roles/bigquery.dataViewer": "READER",
    "roles/bigquery.dataEditor": "WRITER",
    "roles/bigquery.dataOwner": "OWNER",
}
"""Roles that a dataset's list of access shows under their older names."""
Place = tuple[str, str, str]
"""Interface, method, path."""


def _account(inputs: Mapping[str, Any], value: Callable[[Any], Any]) -> Place:
    return "iam", "POST", f"{value(inputs['serviceAccountId'])}:getIamPolicy"


_PLACES: Final[Mapping[str, Callable[[Mapping[str, Any], Callable[[Any], Any]], Place]]] = {
    PROJECT_GRANT: lambda i, _: ("cloudresourcemanager", "POST", f"projects/{i['project']}:getIamPolicy"),
    TOPIC_GRANT: lambda i, v: ("pubsub", "GET", f"projects/{i['project']}/topics/{v(i['topic'])}:getIamPolicy"),
    SUBSCRIPTION_GRANT: lambda i, v: (
        "pubsub",
        "GET",
        f"projects/{i['project']}/subscriptions/{v(i['subscription'])}:getIamPolicy",
    ),
    ACCOUNT_GRANT: _account,
    SECRET_GRANT: lambda i, v: (
        "secretmanager",
        "GET",
        f"projects/{i['project']}/secrets/{v(i['secretId'])}:getIamPolicy",
    ),
    BUCKET_GRANT: lambda i, v: ("storage", "GET", f"b/{v(i['bucket'])}/iam"),
    REPOSITORY_GRANT: lambda i, v: (
        "artifactregistry",
        "GET",
        f"projects/{i['project']}/locations/{i['location']}/repositories/{v(i['repository'])}:getIamPolicy",
    ),
    TABLE_GRANT: lambda i, v: (
        "bigquery",
        "POST",
        f"projects/{i['project']}/datasets/{v(i['datasetId'])}/tables/{v(i['tableId'])}:getIamPolicy",
    ),
    DATASET_GRANT: lambda i, v: ("bigquery", "GET", f"projects/{i['project']}/datasets/{v(i['datasetId'])}"),
}
KINDS: Final = tuple(_PLACES)


def grant(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield what is wrong with a grant: not in force, or beside one for everybody."""
    inputs = resource.inputs
    member, role = declared.value(inputs["member"]), str(inputs["role"])
    api, method, path = _PLACES[resource.type](inputs, declared.value)
    if member is UNKNOWN or str(UNKNOWN) in path:
        raise ControlPlaneError(
            f"what is granted by {resource.name} is not told by the declaration", "a value that only the engine knows"
        )
    policy = declared.policy(api, method, path)
    subject = path.removesuffix(":getIamPolicy").removesuffix("/iam")
    if policy is None:
        yield f"{subject} does not exist, so nobody can be granted anything on it; release again."
        return
    members = _listed(policy, role) if resource.type == DATASET_GRANT else _bound(policy, role)
    if str(member) not in members:
        yield f"{member} lacks {role} on {subject}; release again."
    if public := members & PUBLIC:
        yield f"{' and '.join(sorted(public))} has {role} on {subject}; remove that grant."


def _bound(policy: CloudResource, role: str) -> set[str]:
    bindings = [each for each in policy.get("bindings", ()) if not each.get("condition")]
    return {who for each in bindings if each.get("role") == role for who in each.get("members", ())}


def _listed(dataset: CloudResource, role: str) -> set[str]:
    """Return the members that a dataset's list of access gives a role."""
    found = set()
    for each in dataset.get("access", ()):
        if each.get("role") in (role, _BASIC.get(role)):
            email = str(each.get("userByEmail", ""))
            kind = "serviceAccount" if email.endswith(".gserviceaccount.com") else "user"
            found |= {f"{kind}:{email}"} if email else {str(each.get("iamMember") or each.get("specialGroup"))}
    return found
