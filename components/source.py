"""Where function archives are kept and who builds them."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.base import Component, ComponentContext

BUILD_ROLES = ("roles/logging.logWriter", "roles/artifactregistry.writer")
"""What a dedicated build identity needs at the project; the default one may no longer build (pitfall 20)."""


class FunctionSource(Component):
    """The bucket of content-addressed archives, and the build identity that reads it."""

    bucket: gcp.storage.Bucket
    build: gcp.serviceaccount.Account
    grants: list[pulumi.Resource]

    def __init__(self, context: ComponentContext) -> None:
        super().__init__(context, "FunctionSource", "function-source", context.plan.manifest.at)
        stack, names = context.plan.stack, context.plan.names
        self.bucket = gcp.storage.Bucket(
            "function-source-bucket",
            name=names.source_bucket(),
            project=stack.project,
            location=stack.region.upper(),
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            force_destroy=False,
            labels=context.labels,
            opts=self.options(stateful=True),
        )
        self.build = gcp.serviceaccount.Account(
            "function-build",
            account_id=names.build_account(),
            project=stack.project,
            display_name="Builds the functions",
            opts=self.options(),
        )
        self.grants = [
            *(
                gcp.projects.IAMMember(
                    f"function-build-{role.rpartition('/')[2].replace('.', '-').lower()}",
                    project=stack.project,
                    role=role,
                    member=self.build.member,
                    opts=self.options(),
                )
                for role in BUILD_ROLES
            ),
            gcp.storage.BucketIAMMember(
                "function-build-source-viewer",
                bucket=self.bucket.name,
                role="roles/storage.objectViewer",
                member=self.build.member,
                opts=self.options(),
            ),
        ]
        self.register_outputs({"bucket": self.bucket.name})
