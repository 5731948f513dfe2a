"""The same value as people write it and as the cloud stores it: which of the two the state holds must change nothing."""

from __future__ import annotations

from tests.provider.bases import MEMBER, TOPIC

_PATH = "https://pubsub.googleapis.com/v1/" + TOPIC
_SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
_JSON = '{\n "gridLayout": {"columns": "2"},\n "displayName": "Board"\n}'

SPELLED: tuple[tuple[str, str, object, object], ...] = (
    # kind, path, as it stands in the state, as it is written now
    ("gcp:bigquery/dataset:Dataset", "location", "us-west2", "US-WEST2"),
    ("gcp:bigquery/datasetIamMember:DatasetIamMember", "member", MEMBER, MEMBER.upper()),
    ("gcp:bigquery/iamMember:IamMember", "tableId", "projects/a-project/datasets/sales/tables/orders", "orders"),
    (
        "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
        "name",
        "projects/a-project/locations/us-west2/services/sorter",
        "sorter",
    ),
    ("gcp:cloudscheduler/job:Job", "httpTarget.uri", "https://sorter.run.app", "https://sorter.run.app/"),
    ("gcp:cloudscheduler/job:Job", "retryConfig.minBackoffDuration", "10s", "10.0s"),
    (
        "gcp:monitoring/dashboard:Dashboard",
        "dashboardJson",
        '{"displayName":"Board","etag":"1"}',
        '{"displayName": "Board"}',
    ),
    (
        "gcp:monitoring/dashboard:Dashboard",
        "dashboardJson",
        '{"displayName":"Board","gridLayout":{"columns":"2"}}',
        _JSON,
    ),
    ("gcp:projects/iAMMember:IAMMember", "project", "a-project", "projects/a-project"),
    ("gcp:projects/iAMMember:IAMMember", "member", "principalSet://x/A", "principalSet://x/a"),
    ("gcp:projects/iAMMember:IAMMember", "member", "user:A@b.c", "user:a@b.c"),
    (_SUBSCRIPTION, "topic", TOPIC, "orders"),
    (_SUBSCRIPTION, "topic", TOPIC, _PATH),
    (_SUBSCRIPTION, "topic", TOPIC, "projects/other/topics/orders"),
    (_SUBSCRIPTION, "retryPolicy.minimumBackoff", "10s", "10.0s"),
    (_SUBSCRIPTION, "expirationPolicy.ttl", "86400s", "86400.0s"),
    (_SUBSCRIPTION, "expirationPolicy.ttl", "86400.500s", "86400.5s"),
    (_SUBSCRIPTION, "messageRetentionDuration", "86400s", "86400.0s"),
    ("gcp:pubsub/topicIAMMember:TopicIAMMember", "topic", TOPIC, "orders"),
    ("gcp:pubsub/topicIAMMember:TopicIAMMember", "topic", TOPIC, "other"),
    (
        "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember",
        "subscription",
        "projects/a-project/subscriptions/orders-to-sorter",
        "orders-to-sorter",
    ),
    (
        "gcp:pubsub/topic:Topic",
        "messageStoragePolicy.allowedPersistenceRegions",
        ["us-west1", "us-west2"],
        ["us-west2", "us-west1"],
    ),
    ("gcp:artifactregistry/repository:Repository", "format", "DOCKER", "docker"),
    (
        "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
        "repository",
        "projects/a-project/locations/us-west2/repositories/images",
        "images",
    ),
    ("gcp:secretmanager/secretIamMember:SecretIamMember", "secretId", "projects/a-project/secrets/hook", "hook"),
    ("gcp:storage/bucket:Bucket", "location", "US-WEST2", "us-west2"),
    ("gcp:storage/bucketIAMMember:BucketIAMMember", "bucket", "b/sources", "sources"),
)
