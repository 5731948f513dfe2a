"""What a list of known bad values lets pass: other kinds, inputs, roles, members, projects and options."""

from __future__ import annotations

from dataclasses import replace

from policies import kinds
from tests.policies.harness import ABSENT, UNKNOWN, Resource
from tests.policies.stack import BUCKET, DATASET, FUNCTION, GRANT, INVOKER, MINT, PROVIDER, PUBLISHER

BUILD = Resource(kinds.ACCOUNT, "build", {"accountId": "build"})
ADMIN = GRANT.with_("role", "roles/resourcemanager.projectIamAdmin")
FOREIGN = "serviceAccount:a@another-project.iam.gserviceaccount.com"

OPEN_WORLD = [
    (
        "kind-allowed",
        Resource("gcp:storage/bucketACL:BucketACL", "acl", {"predefinedAcl": "publicRead"}),
        "is not on the list",
    ),
    (
        "kind-allowed",
        Resource(kinds.RUN_SERVICE, "run", {"ingress": "INGRESS_TRAFFIC_ALL"}),
        "`pipeline → kinds` in policies/allowed.yaml",
    ),
    (
        "kind-allowed",
        Resource("gcp:logging/projectExclusion:ProjectExclusion", "quiet", {"filter": "severity>=ERROR"}),
        "is not on the list",
    ),
    ("kind-allowed", Resource("pulumi-python:dynamic:Resource", "dynamic", {"__provider": "x"}), "is not on the list"),
    (
        "kind-allowed",
        DATASET.with_("defaultTableExpirationMs", 3_600_000),
        "defaultTableExpirationMs is not on the list",
    ),
    ("kind-allowed", PROVIDER.with_("impersonateServiceAccount", "a@b.example"), "impersonateServiceAccount is not"),
    ("options-allowed", replace(FUNCTION, options={"ignoreChanges": ["serviceConfig"]}), "The option ignoreChanges"),
    ("options-allowed", replace(GRANT, options={"aliases": ["urn:pulumi:test::project::x::y"]}), "The option aliases"),
    ("own-project", GRANT.with_("project", "another-project"), "project is another-project"),
    ("own-project", PROVIDER.with_("project", "another-project"), "project is another-project"),
    ("own-project", PROVIDER.with_("project", ABSENT), "names no project"),
    ("own-project", GRANT.with_("project", UNKNOWN), "project is not known before the update"),
    ("bucket-private", BUCKET.with_("publicAccessPrevention", "inherited"), "publicAccessPrevention is not enforced"),
    ("bucket-private", BUCKET.with_("uniformBucketLevelAccess", ABSENT), "uniformBucketLevelAccess is not True"),
    ("bucket-private", BUCKET.with_("publicAccessPrevention", UNKNOWN), "is not known before the update"),
    ("role-and-member-allowed", ADMIN, "projectIamAdmin is not on the list for this kind of grant"),
    ("role-and-member-allowed", GRANT.with_("role", UNKNOWN), "role is not known before the update"),
    ("role-and-member-allowed", GRANT.with_("member", FOREIGN), "which is no account of this program"),
    ("role-and-member-allowed", GRANT.with_("member", UNKNOWN), "goes to not known before the update"),
    ("role-and-member-allowed", GRANT.with_("member", "user:a@b.example"), "which is no account of this program"),
    ("role-and-member-allowed", replace(INVOKER, uses={**INVOKER.uses, "member": ("pubsub-agent",)}), "no account of"),
    (
        "role-and-member-allowed",
        PUBLISHER.with_("member", "serviceAccount:service-999@gcp-sa-pubsub.iam.gserviceaccount.com"),
        "which is no account or agent of this program",
    ),
    (
        "tokens-for-callers",
        replace(MINT, name="mint-build", uses={**MINT.uses, "serviceAccountId": ("build",)}),
        "nobody needs its tokens",
    ),
    ("grants-conditional", ADMIN.with_("condition", {"expression": "true"}), "set the condition that lists the roles"),
]
"""Rule, what of the sound stack is broken, words of the sentence."""
