"""A small sound stack that every rule passes; tests break one thing of it at a time."""

from __future__ import annotations

from policies import kinds
from tests.policies.harness import UNKNOWN, Resource

LABELS = {"team": "parcels"}
CHANNEL = "projects/a-project/notificationChannels/123"

FUNCTION = Resource(
    kinds.FUNCTION,
    "sorter",
    {
        "name": "sorter",
        "location": "europe-west1",
        "labels": LABELS,
        "buildConfig": {
            "runtime": "python312",
            "entryPoint": "sort",
            "serviceAccount": UNKNOWN,
            "source": {"storageSource": {"bucket": UNKNOWN, "object": UNKNOWN}},
        },
        "serviceConfig": {
            "serviceAccountEmail": UNKNOWN,
            "ingressSettings": "ALLOW_INTERNAL_ONLY",
            "availableCpu": "1",
            "availableMemory": "512Mi",
            "timeoutSeconds": 540,
            "maxInstanceRequestConcurrency": 1,
            "minInstanceCount": 0,
            "maxInstanceCount": 5,
            "environmentVariables": {"ENVIRONMENT": "production"},
            "secretEnvironmentVariables": [
                {"key": "HOOK_URL", "secret": "hook", "version": "1", "projectId": "a-project"}
            ],
        },
    },
    uses={"buildConfig": ("archive", "account"), "serviceConfig": ("account",)},
)
ARCHIVE = Resource(
    kinds.BUCKET_OBJECT, "archive", {"name": "sorter/0123456789abcdef0123456789abcdef.zip", "bucket": UNKNOWN}
)
ACCOUNT = Resource(kinds.ACCOUNT, "account", {"accountId": "sorter"})
INVOKER = Resource(
    kinds.RUN_INVOKER,
    "invoker",
    {"name": UNKNOWN, "location": "europe-west1", "role": "roles/run.invoker", "member": UNKNOWN},
    uses={"name": ("sorter",), "member": ("account",)},
)
TOPIC = Resource(kinds.TOPIC, "parcels-topic", {"name": "parcels", "labels": LABELS})
LETTERS = Resource(kinds.TOPIC, "parcels-letters", {"name": "parcels-dead-letter", "labels": LABELS})
PUSH = Resource(
    kinds.SUBSCRIPTION,
    "push",
    {
        "name": "parcels-to-sorter",
        "topic": UNKNOWN,
        "labels": LABELS,
        "ackDeadlineSeconds": 600,
        "messageRetentionDuration": "604800s",
        "expirationPolicy": {"ttl": ""},
        "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"},
        "deadLetterPolicy": {"deadLetterTopic": UNKNOWN, "maxDeliveryAttempts": 20},
        "pushConfig": {
            "pushEndpoint": UNKNOWN,
            "oidcToken": {"serviceAccountEmail": UNKNOWN, "audience": UNKNOWN},
        },
    },
    uses={
        "topic": ("parcels-topic",),
        "deadLetterPolicy": ("parcels-letters",),
        "pushConfig": ("sorter", "account"),
    },
)
HOLD = Resource(
    kinds.SUBSCRIPTION,
    "hold",
    {
        "name": "parcels-dead-letter-hold",
        "topic": UNKNOWN,
        "labels": LABELS,
        "ackDeadlineSeconds": 60,
        "messageRetentionDuration": "604800s",
        "expirationPolicy": {"ttl": ""},
    },
    uses={"topic": ("parcels-letters",)},
)
JOB = Resource(
    kinds.JOB,
    "sweep",
    {
        "name": "sweep",
        "region": "europe-west1",
        "timeZone": "Europe/Berlin",
        "attemptDeadline": "180s",
        "paused": False,
        "schedule": "0 7 * * *",
        "httpTarget": {
            "uri": UNKNOWN,
            "httpMethod": "POST",
            "oidcToken": {"serviceAccountEmail": UNKNOWN, "audience": UNKNOWN},
        },
    },
    uses={"httpTarget": ("sorter", "account")},
)
PROVIDER = Resource(kinds.PROVIDER, "gcp", {"project": "a-project", "region": "europe-west1"})
DATASET = Resource(
    kinds.DATASET, "dataset", {"datasetId": "parcels", "location": "EUROPE-WEST1", "labels": LABELS}, protect=True
)
TABLE = Resource(kinds.TABLE, "table", {"tableId": "scans", "deletionProtection": True, "labels": LABELS}, protect=True)
BUCKET = Resource(
    kinds.BUCKET,
    "bucket",
    {
        "name": "sources",
        "location": "EUROPE-WEST1",
        "labels": LABELS,
        "uniformBucketLevelAccess": True,
        "publicAccessPrevention": "enforced",
    },
    protect=True,
)
DATABASE = Resource(
    kinds.DATABASE,
    "database",
    {"name": "(default)", "locationId": "europe-west1", "deleteProtectionState": "DELETE_PROTECTION_ENABLED"},
    protect=True,
)
SECRET = Resource(
    kinds.SECRET,
    "secret",
    {
        "secretId": "hook",
        "labels": LABELS,
        "replication": {"userManaged": {"replicas": [{"location": "europe-west1"}]}},
    },
    protect=True,
)
GRANT = Resource(
    "gcp:projects/iAMMember:IAMMember",
    "grant",
    {
        "project": "a-project",
        "role": "roles/datastore.user",
        "member": "serviceAccount:sorter@a-project.iam.gserviceaccount.com",
    },
)
AGENT = Resource(kinds.SERVICE_IDENTITY, "pubsub-agent", {"service": "pubsub.googleapis.com", "project": "a-project"})
MINT = Resource(
    kinds.ACCOUNT_GRANT,
    "mint",
    {"serviceAccountId": UNKNOWN, "role": "roles/iam.serviceAccountTokenCreator", "member": UNKNOWN},
    uses={"serviceAccountId": ("account",), "member": ("pubsub-agent",)},
)
PUBLISHER = Resource(
    kinds.TOPIC_GRANT,
    "publisher",
    {"topic": "parcels-dead-letter", "role": "roles/pubsub.publisher", "member": UNKNOWN},
    uses={"topic": ("parcels-letters",), "member": ("pubsub-agent",)},
)
FORWARDER = Resource(
    kinds.SUBSCRIPTION_GRANT,
    "forwarder",
    {"subscription": "parcels-to-sorter", "role": "roles/pubsub.subscriber", "member": UNKNOWN},
    uses={"subscription": ("push",), "member": ("pubsub-agent",)},
)
STRATEGY = {"autoClose": "86400s", "notificationRateLimit": {"period": "900s"}}
CRASH = Resource(
    kinds.ALERT,
    "crash",
    {
        "displayName": "sorter crashes",
        "enabled": True,
        "severity": "CRITICAL",
        "userLabels": LABELS,
        "notificationChannels": [CHANNEL],
        "documentation": {"content": "It crashed; read its log."},
        "alertStrategy": STRATEGY,
        "conditions": [
            {
                "displayName": "crash",
                "conditionMatchedLog": {
                    "filter": 'resource.type="cloud_run_revision" AND resource.labels.service_name="sorter"'
                },
            }
        ],
    },
)
BACKLOG = Resource(
    kinds.ALERT,
    "backlog",
    {
        **CRASH.props,
        "displayName": "messages wait",
        "conditions": [
            {
                "displayName": "age",
                "conditionPrometheusQueryLanguage": {
                    "query": 'age{subscription_id=~"parcels-to-sorter|parcels-dead-letter-hold"} > 300 or errors{service_name="sorter"} > 1'
                },
            }
        ],
    },
)

STACK = (
    FUNCTION, ARCHIVE, ACCOUNT, INVOKER, TOPIC, LETTERS, PUSH, HOLD, JOB, DATASET, TABLE, BUCKET, DATABASE, SECRET,
    GRANT, AGENT, MINT, PUBLISHER, FORWARDER, CRASH, BACKLOG, PROVIDER,
)  # fmt: skip


def broken(*replacements: Resource, without: tuple[Resource, ...] = ()) -> tuple[Resource, ...]:
    """Return the stack with resources of the same name replaced, new ones added, and some left out."""
    by_name = {resource.name: resource for resource in STACK if resource not in without}
    return tuple((by_name | {resource.name: resource for resource in replacements}).values())
