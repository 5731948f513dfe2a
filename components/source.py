"""Where function archives are kept and who builds them."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.base import Component, ComponentContext

BUILD_ROLE = "roles/logging.logWriter"
"""What a dedicated build identity needs at the project; the default one may no longer build (pitfall 20). Images it writes
to a repository of its own, so that whoever changes a build reaches no other image of the project."""


class FunctionSource(Component):
    """The bucket of content-addressed archives, the repository of images, and the build identity between them."""

    bucket: gcp.storage.Bucket
    images: gcp.artifactregistry.Repository
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
        self.images = gcp.artifactregistry.Repository(
            "function-images",
            repository_id=names.images_repository(),
            project=stack.project,
            location=stack.region,
            format="DOCKER",
            description="Images of the functions, as their builds leave them",
            labels=context.labels,
            opts=self.options(),
        )
        self.build = gcp.serviceaccount.Account(
            "function-build",
            account_id=names.build_account(),
            project=stack.project,
            display_name="Builds the functions",
            opts=self.options(),
        )
        self.grants = self._grants()
        self.register_outputs({"bucket": self.bucket.name})

    def _grants(self) -> list[pulumi.Resource]:
        """Let the build identity write its log and its images, and read the archives."""
        stack, member = self.context.plan.stack, self.build.member
        return [
            gcp.projects.IAMMember(
                "function-build-logging-logwriter",
                project=stack.project,
                role=BUILD_ROLE,
                member=member,
                opts=self.options(),
            ),
            gcp.artifactregistry.RepositoryIamMember(
                "function-build-images-writer",
                project=stack.project,
                location=stack.region,
                repository=self.images.repository_id,
                role="roles/artifactregistry.writer",
                member=member,
                opts=self.options(),
            ),
            gcp.storage.BucketIAMMember(
                "function-build-source-viewer",
                bucket=self.bucket.name,
                role="roles/storage.objectViewer",
                member=member,
                opts=self.options(),
            ),
        ]
