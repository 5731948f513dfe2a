"""State, key and access of releases: what must exist before the first release, declared once by a person.

The state bucket keeps every version; the key encrypts secrets in it. Workflows of one repository, known by its number,
take on `preview` (reads) or, from main's environment `production` alone, `release` (changes), and each only in the
workflow files and on the events that `roles.WAYS_IN` lists. No key file exists.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp
import roles

POOL, GITHUB = "release-workflows", "github"
ISSUER = "https://token.actions.githubusercontent.com"
APIS = ("cloudkms", "cloudresourcemanager", "iam", "iamcredentials", "serviceusage", "storage", "sts")
config = pulumi.Config()
project, number, region = config.require("projectId"), config.require("projectNumber"), config.require("region")
labels = config.get_object("labels") or {}
provider = gcp.Provider("gcp", project=project, region=region, add_pulumi_attribution_label=False)
own = pulumi.ResourceOptions(provider=provider)
kept = pulumi.ResourceOptions(provider=provider, protect=True)

apis = [
    gcp.projects.Service(
        f"{api}-api", project=project, service=f"{api}.googleapis.com", disable_on_destroy=False, opts=own
    )
    for api in APIS
]
ready = pulumi.ResourceOptions(depends_on=list(apis))

state = gcp.storage.Bucket(
    "state",
    name=f"{project}-pulumi-state",
    project=project,
    location=region,
    uniform_bucket_level_access=True,
    public_access_prevention="enforced",
    versioning=gcp.storage.BucketVersioningArgs(enabled=True),
    soft_delete_policy=gcp.storage.BucketSoftDeletePolicyArgs(retention_duration_seconds=90 * 86_400),
    force_destroy=False,
    labels=labels,
    opts=pulumi.ResourceOptions.merge(kept, ready),
)
ring = gcp.kms.KeyRing(
    "ring", name="pulumi", project=project, location=region, opts=pulumi.ResourceOptions.merge(kept, ready)
)
key = gcp.kms.CryptoKey(
    "key",
    name="state-secrets",
    key_ring=ring.id,
    purpose="ENCRYPT_DECRYPT",
    rotation_period=f"{90 * 86_400}s",
    destroy_scheduled_duration=f"{30 * 86_400}s",
    opts=kept,
)
pool = gcp.iam.WorkloadIdentityPool(
    "pool",
    workload_identity_pool_id=POOL,
    project=project,
    display_name="Release workflows",
    opts=pulumi.ResourceOptions.merge(own, ready),
)
gcp.iam.WorkloadIdentityPoolProvider(
    GITHUB,
    workload_identity_pool_id=pool.workload_identity_pool_id,
    workload_identity_pool_provider_id=GITHUB,
    project=project,
    display_name="GitHub Actions",
    oidc=gcp.iam.WorkloadIdentityPoolProviderOidcArgs(issuer_uri=ISSUER),
    attribute_mapping={
        "google.subject": "assertion.sub",
        f"attribute.{roles.WAY_IN}": roles.ATTRIBUTE,
    },
    attribute_condition=(
        f"assertion.repository_id == '{config.require('repositoryId')}' && assertion.repository_owner_id == '{config.require('ownerId')}'"
    ),
    opts=own,
)


def identity(name: str) -> gcp.serviceaccount.Account:
    """Declare an identity of workflows with its roles, and return it."""
    account = gcp.serviceaccount.Account(
        name,
        account_id=f"pulumi-{name}",
        project=project,
        display_name=f"{name.capitalize()} workflow",
        opts=pulumi.ResourceOptions.merge(own, ready),
    )
    principal = f"principalSet://iam.googleapis.com/projects/{number}/locations/global/workloadIdentityPools/{POOL}"
    for way in roles.WAYS_IN[name]:
        gcp.serviceaccount.IAMMember(
            f"{name}-by-{way.workflow.removesuffix('.yml')}-on-{way.event.replace('_', '-')}",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=f"{principal}/attribute.{roles.WAY_IN}/{way.value}",
            opts=pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(depends_on=[pool])),
        )
    gcp.kms.CryptoKeyIAMMember(
        f"{name}-key",
        crypto_key_id=key.id,
        role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
        member=account.member,
        opts=own,
    )
    gcp.storage.BucketIAMMember(
        f"{name}-state",
        bucket=state.name,
        role="roles/storage.objectViewer" if name == "preview" else "roles/storage.objectUser",
        member=account.member,
        opts=own,
    )
    for role in roles.roles(name):
        short = role.removeprefix("roles/").replace(".", "-").lower()
        gcp.projects.IAMMember(f"{name}-{short}", project=project, role=role, member=account.member, opts=own)
    return account


preview, release = identity("preview"), identity("release")
gcp.projects.IAMMember(
    "release-grants",
    project=project,
    role=roles.GRANTS,
    member=release.member,
    condition=gcp.projects.IAMMemberConditionArgs(
        title="only what the program grants",
        description="bootstrap/roles.py lists the roles",
        expression=roles.only_grantable(),
    ),
    opts=own,
)

pulumi.export("PULUMI_BACKEND_URL", pulumi.Output.concat("gs://", state.name))
pulumi.export("SECRETS_PROVIDER", pulumi.Output.concat("gcpkms://", key.id))
pulumi.export(
    "WORKLOAD_IDENTITY_PROVIDER", f"projects/{number}/locations/global/workloadIdentityPools/{POOL}/providers/{GITHUB}"
)
pulumi.export("PREVIEW_ACCOUNT", preview.email)
pulumi.export("RELEASE_ACCOUNT", release.email)
