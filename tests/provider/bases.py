"""A resource of each kind, with everything set that is likely to be changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

State = dict[str, Any]
MEMBER = "serviceAccount:runner@a-project.iam.gserviceaccount.com"
TOPIC = "projects/a-project/topics/orders"
TABLE = "gcp:bigquery/table:Table"
COLUMNS: list[dict[str, Any]] = [
    {"name": "day", "type": "DATE", "mode": "REQUIRED"},
    {"name": "note", "type": "STRING", "mode": "NULLABLE", "description": "free text"},
    {"name": "amount", "type": "NUMERIC", "mode": "NULLABLE", "precision": "10", "scale": "2"},
    {"name": "count", "type": "INTEGER", "mode": "NULLABLE", "defaultValueExpression": "0"},
    {
        "name": "place",
        "type": "RECORD",
        "mode": "NULLABLE",
        "fields": [{"name": "city", "type": "STRING", "mode": "REQUIRED"}, {"name": "zip", "type": "STRING"}],
    },
]


def grant(**target: str) -> State:
    return {**target, "role": "roles/viewer", "member": MEMBER}


def schema(columns: list[Any]) -> str:
    return json.dumps(columns)


BASES: Mapping[str, State] = {
    "gcp:bigquery/dataset:Dataset": {
        "datasetId": "sales",
        "location": "us-west2",
        "description": "What was sold.",
        "friendlyName": "Sales",
        "defaultTableExpirationMs": 3600000,
        "maxTimeTravelHours": "48",
        "storageBillingModel": "PHYSICAL",
        "isCaseInsensitive": True,
        "deleteContentsOnDestroy": False,
        "labels": {"team": "a"},
    },
    "gcp:bigquery/datasetIamMember:DatasetIamMember": grant(datasetId="sales"),
    "gcp:bigquery/iamMember:IamMember": grant(datasetId="sales", tableId="orders"),
    "gcp:bigquery/table:Table": {
        "datasetId": "sales",
        "tableId": "orders",
        "schema": schema(COLUMNS),
        "description": "One row per order.",
        "friendlyName": "Orders",
        "clusterings": ["note", "count"],
        "timePartitioning": {"type": "DAY", "field": "day", "expirationMs": 7776000000},
        "requirePartitionFilter": True,
        "tableConstraints": {"primaryKey": {"columns": ["day"]}},
        "deletionProtection": True,
        "labels": {"team": "a"},
    },
    "gcp:cloudfunctionsv2/function:Function": {
        "name": "sorter",
        "location": "us-west2",
        "description": "Sorts.",
        "buildConfig": {
            "runtime": "python311",
            "entryPoint": "main",
            "serviceAccount": "projects/a-project/serviceAccounts/builder@a-project.iam.gserviceaccount.com",
            "environmentVariables": {"X": "1"},
            "source": {"storageSource": {"bucket": "sources", "object": "a.zip", "generation": 5}},
        },
        "serviceConfig": {
            "availableMemory": "512Mi",
            "availableCpu": "1",
            "timeoutSeconds": 60,
            "maxInstanceRequestConcurrency": 4,
            "minInstanceCount": 1,
            "maxInstanceCount": 5,
            "serviceAccountEmail": "runner@a-project.iam.gserviceaccount.com",
            "ingressSettings": "ALLOW_INTERNAL_ONLY",
            "allTrafficOnLatestRevision": True,
            "environmentVariables": {"LEVEL": "INFO", "MODE": "x"},
            "secretEnvironmentVariables": [{"key": "HOOK", "projectId": "a-project", "secret": "hook", "version": "1"}],
        },
        "labels": {"team": "a"},
    },
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": grant(name="sorter", location="us-west2"),
    "gcp:cloudscheduler/job:Job": {
        "name": "nightly",
        "region": "us-west2",
        "description": "Every night.",
        "schedule": "0 3 * * *",
        "timeZone": "America/New_York",
        "attemptDeadline": "320s",
        "paused": True,
        "retryConfig": {"retryCount": 3, "minBackoffDuration": "10s", "maxBackoffDuration": "60s", "maxDoublings": 2},
        "httpTarget": {
            "uri": "https://sorter.run.app/go",
            "httpMethod": "POST",
            "body": "e30=",
            "headers": {"Content-Type": "application/json"},
            "oidcToken": {"serviceAccountEmail": "caller@a-project.iam.gserviceaccount.com", "audience": "https://a.b"},
        },
    },
    "gcp:firestore/database:Database": {
        "name": "(default)",
        "locationId": "us-west2",
        "type": "FIRESTORE_NATIVE",
        "deleteProtectionState": "DELETE_PROTECTION_ENABLED",
        "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED",
        "concurrencyMode": "PESSIMISTIC",
        "deletionPolicy": "ABANDON",
    },
    "gcp:firestore/field:Field": {
        "database": "(default)",
        "collection": "runs",
        "field": "expires",
        "ttlConfig": {},
    },
    "gcp:firestore/index:Index": {
        "database": "(default)",
        "collection": "runs",
        "queryScope": "COLLECTION",
        "fields": [{"fieldPath": "state", "order": "ASCENDING"}, {"fieldPath": "last", "order": "DESCENDING"}],
    },
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": {
        "workloadIdentityPoolId": "workflows",
        "displayName": "Workflows",
        "description": "Of releases.",
        "disabled": True,
    },
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": {
        "workloadIdentityPoolId": "workflows",
        "workloadIdentityPoolProviderId": "github",
        "displayName": "GitHub",
        "oidc": {"issuerUri": "https://token.actions.githubusercontent.com", "allowedAudiences": ["a"]},
        "attributeMapping": {"google.subject": "assertion.sub"},
        "attributeCondition": "assertion.repository_id == '1'",
    },
    "gcp:kms/cryptoKey:CryptoKey": {
        "name": "secrets",
        "keyRing": "projects/a-project/locations/us-west2/keyRings/ring",
        "purpose": "ENCRYPT_DECRYPT",
        "rotationPeriod": "7776000s",
        "destroyScheduledDuration": "2592000s",
        "labels": {"team": "a"},
    },
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": grant(
        cryptoKeyId="projects/a-project/locations/us-west2/keyRings/ring/cryptoKeys/secrets"
    ),
    "gcp:kms/keyRing:KeyRing": {"name": "ring", "location": "us-west2"},
    "gcp:monitoring/alertPolicy:AlertPolicy": {
        "displayName": "Sorter fails",
        "combiner": "OR",
        "enabled": True,
        "severity": "ERROR",
        "conditions": [
            {
                "displayName": "errors",
                "conditionPrometheusQueryLanguage": {
                    "query": "sum(x) > 1",
                    "duration": "60s",
                    "evaluationInterval": "30s",
                    "disableMetricValidation": True,
                },
            }
        ],
        "notificationChannels": ["projects/a-project/notificationChannels/1"],
        "alertStrategy": {"autoClose": "1800s", "notificationRateLimit": {"period": "300s"}},
        "documentation": {"content": "Read the log.", "mimeType": "text/markdown", "subject": "Sorter"},
        "userLabels": {"team": "a"},
    },
    "gcp:monitoring/dashboard:Dashboard": {"dashboardJson": '{"displayName": "Board", "gridLayout": {"columns": "2"}}'},
    "gcp:projects/iAMMember:IAMMember": {
        **grant(project="a-project"),
        "condition": {"title": "some", "expression": "true", "description": "Only some."},
    },
    "gcp:projects/service:Service": {"service": "pubsub.googleapis.com", "disableOnDestroy": False},
    "gcp:projects/serviceIdentity:ServiceIdentity": {"service": "pubsub.googleapis.com"},
    "gcp:pubsub/subscription:Subscription": {
        "name": "orders-to-sorter",
        "topic": TOPIC,
        "ackDeadlineSeconds": 60,
        "messageRetentionDuration": "86400s",
        "retainAckedMessages": True,
        "enableMessageOrdering": True,
        "filter": 'attributes.kind = "x"',
        "expirationPolicy": {"ttl": ""},
        "retryPolicy": {"minimumBackoff": "10s", "maximumBackoff": "600s"},
        "deadLetterPolicy": {"deadLetterTopic": "projects/a-project/topics/dead", "maxDeliveryAttempts": 20},
        "pushConfig": {
            "pushEndpoint": "https://sorter.run.app/",
            "oidcToken": {"serviceAccountEmail": "caller@a-project.iam.gserviceaccount.com", "audience": "https://a.b"},
        },
        "labels": {"team": "a"},
    },
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": grant(subscription="orders-to-sorter"),
    "gcp:pubsub/topic:Topic": {
        "name": "orders",
        "messageRetentionDuration": "86400s",
        "messageStoragePolicy": {"allowedPersistenceRegions": ["us-west1", "us-west2"]},
        "labels": {"team": "a"},
    },
    "gcp:pubsub/topicIAMMember:TopicIAMMember": grant(topic="orders"),
    "gcp:secretmanager/secret:Secret": {
        "secretId": "hook",
        "replication": {"userManaged": {"replicas": [{"location": "us-west2"}]}},
        "annotations": {"note": "x"},
        "versionDestroyTtl": "2592000s",
        "labels": {"team": "a"},
    },
    "gcp:secretmanager/secretIamMember:SecretIamMember": grant(secretId="hook"),
    "gcp:artifactregistry/repository:Repository": {
        "repositoryId": "images",
        "location": "us-west2",
        "format": "DOCKER",
        "description": "Images",
        "labels": {"team": "a"},
        "cleanupPolicyDryRun": True,
        "dockerConfig": {"immutableTags": True},
    },
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": grant(repository="images", location="us-west2"),
    "gcp:serviceaccount/account:Account": {
        "accountId": "runner",
        "displayName": "Runs",
        "description": "Runs it.",
        "disabled": True,
    },
    "gcp:serviceaccount/iAMMember:IAMMember": grant(
        serviceAccountId="projects/a-project/serviceAccounts/runner@a-project.iam.gserviceaccount.com"
    ),
    "gcp:storage/bucket:Bucket": {
        "name": "sources",
        "location": "US-WEST2",
        "uniformBucketLevelAccess": True,
        "publicAccessPrevention": "enforced",
        "versioning": {"enabled": True},
        "softDeletePolicy": {"retentionDurationSeconds": 7776000},
        "storageClass": "NEARLINE",
        "forceDestroy": True,
        "labels": {"team": "a"},
    },
    "gcp:storage/bucketIAMMember:BucketIAMMember": grant(bucket="sources"),
    "gcp:storage/bucketObject:BucketObject": {
        "bucket": "sources",
        "name": "a.zip",
        "contentType": "application/zip",
        "cacheControl": "no-cache",
        "content": "one",
    },
}
"""Kind → inputs with everything set that is likely to be changed."""
