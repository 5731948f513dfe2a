"""An orchestration function with everything it needs to run, be called, and be missed when it does not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping

import pulumi
import pulumi_gcp as gcp

from blueprint.alerts.types import Alert
from blueprint.deployment import deployment
from blueprint.functions import Function, Schedule
from blueprint.iam import Grant
from blueprint.names import DISPLAY_NAME, clipped, slug
from blueprint.wiring import SCHEDULER_RETRIES, Push, attempt_deadline, push_to_function
from components.alerts import declare_alerts
from components.base import Component, ComponentContext, because
from components.dataset import OrchestrationDataset
from components.dead_letter import DeadLetter
from components.push import PushSubscription
from components.secret import PipelineSecret
from components.services import ProjectServices
from components.source import FunctionSource
from components.topic import PipelineTopic


class OrchestratorFunction(Component):
    """A gen2 function: runtime identity with derived grants, source object, function, invoker, trigger.

    The trigger is a push subscription with its dead letter, or scheduler jobs; both call the function's own URL with an
    OIDC token of an identity that may call nothing else. It does not create its topic, secrets or alerts' channels.
    """

    function: gcp.cloudfunctionsv2.Function
    url: pulumi.Output[str]

    def __init__(
        self,
        context: ComponentContext,
        declared: Function,
        *,
        source: FunctionSource,
        topics: Mapping[str, PipelineTopic],
        secrets: Mapping[str, PipelineSecret],
        datasets: Mapping[str, OrchestrationDataset],
        services: ProjectServices,
    ) -> None:
        super().__init__(context, "Function", declared.name, declared.at)
        self._declared, self._name = declared, declared.name
        self._topics, self._secrets, self._datasets, self._services = topics, secrets, datasets, services
        self.identity = self._account("identity", context.plan.names.runtime_account(declared.name), declared.title)
        self.dead_letter = self._dead_letter() if declared.trigger.topic is not None else None
        granted = [self._grant(grant) for grant in context.plan.grants_of(declared.name)]
        self.function = self._function(source, granted)
        self.url = self.function.service_config.uri
        self.invoker = self._account(
            "invoker", context.plan.names.invoker_account(declared.name), f"Calls {declared.name}"
        )
        self.invocation = self._invocation()
        if declared.trigger.topic is not None and self.dead_letter is not None:
            self._subscribe(topics[declared.trigger.topic], self.dead_letter)
        else:
            self._schedule(declared.trigger.schedules.values())
        declare_alerts(self, self._alerts())
        self.register_outputs({"url": self.url})

    def _account(self, suffix: str, account_id: str, title: str) -> gcp.serviceaccount.Account:
        return gcp.serviceaccount.Account(
            f"{self._name}-{suffix}",
            account_id=account_id,
            project=self.context.plan.stack.project,
            display_name=clipped(title, DISPLAY_NAME),
            opts=self.options(),
        )

    def _grant(self, grant: Grant) -> pulumi.Resource:
        name = f"{self._name}-{grant.slug}"
        because(name, *grant.because)
        project, member = self.context.plan.stack.project, self.identity.member
        opts = self.options()
        if grant.scope == "project":
            return gcp.projects.IAMMember(name, project=project, role=grant.role, member=member, opts=opts)
        if grant.scope == "topic":
            topic = self._topic(grant.target).name
            return gcp.pubsub.TopicIAMMember(
                name, topic=topic, project=project, role=grant.role, member=member, opts=opts
            )
        if grant.scope == "secret":
            secret = self._secrets[grant.target].secret.secret_id
            return gcp.secretmanager.SecretIamMember(
                name, secret_id=secret, project=project, role=grant.role, member=member, opts=opts
            )
        dataset_name, _, table_name = grant.target.partition(".")
        owner = self._datasets.get(dataset_name)
        dataset = owner.dataset.dataset_id if owner else dataset_name
        if grant.scope == "table":
            table = owner.tables[grant.target].table_id if owner else table_name
            return gcp.bigquery.IamMember(
                name, dataset_id=dataset, table_id=table, project=project, role=grant.role, member=member, opts=opts
            )
        return gcp.bigquery.DatasetIamMember(
            name, dataset_id=dataset, project=project, role=grant.role, member=member, opts=opts
        )

    def _alerts(self) -> Iterator[Alert]:
        """Yield what watches this function: itself, its subscription, its schedules and its boundary."""
        plan = self.context.plan
        yield from plan.alerts_covering("function", self._name)
        if self.dead_letter is not None:
            yield from plan.alerts_covering("subscription", self._push().subscription)
        for schedule in self._declared.trigger.schedules:
            yield from plan.alerts_covering("schedule", f"{self._name}/{schedule}")
        boundary = plan.manifest.boundary_of(self._name)
        if boundary is not None:
            yield from plan.alerts_covering("boundary", boundary.name)

    def _topic(self, name: str) -> gcp.pubsub.Topic:
        """Return the pipeline's topic of that name, or this function's own dead letter."""
        if self.dead_letter is not None and name == self._push().dead_letter:
            return self.dead_letter.topic
        return self._topics[name].topic

    def _push(self) -> Push:
        return push_to_function(self._declared, str(self._declared.trigger.topic), self.context.plan.names)

    def _dead_letter(self) -> DeadLetter:
        push = self._push()
        return DeadLetter(
            self, self._name, topic_name=push.dead_letter, hold_name=push.hold, agent=self._services.pubsub_agent
        )

    def _function(self, source: FunctionSource, granted: list[pulumi.Resource]) -> gcp.cloudfunctionsv2.Function:
        plan, declared = self.context.plan, self._declared
        archive = plan.archives[self._name]
        archived = gcp.storage.BucketObject(
            f"{self._name}-source",
            bucket=source.bucket.name,
            name=plan.names.source_object(self._name, archive.sha256),
            source=self.context.asset(archive),
            content_type="application/zip",
            opts=self.options(),
        )
        deployed = deployment(plan, self._name)
        return gcp.cloudfunctionsv2.Function(
            f"{self._name}-function",
            name=self._name,
            project=plan.stack.project,
            location=plan.stack.region,
            description=declared.title,
            build_config=gcp.cloudfunctionsv2.FunctionBuildConfigArgs(
                runtime=plan.manifest.runtime,
                entry_point=declared.entry_point,
                service_account=source.build.id,
                docker_repository=source.images.id,
                source=gcp.cloudfunctionsv2.FunctionBuildConfigSourceArgs(
                    storage_source=gcp.cloudfunctionsv2.FunctionBuildConfigSourceStorageSourceArgs(
                        bucket=source.bucket.name, object=archived.name
                    )
                ),
            ),
            service_config=gcp.cloudfunctionsv2.FunctionServiceConfigArgs(
                available_memory=declared.memory,
                available_cpu=declared.cpu,
                max_instance_request_concurrency=declared.concurrency,
                timeout_seconds=declared.timeout,
                min_instance_count=declared.min_instances,
                max_instance_count=declared.max_instances,
                service_account_email=self.identity.email,
                ingress_settings="ALLOW_INTERNAL_ONLY",
                all_traffic_on_latest_revision=True,
                environment_variables=dict(deployed.environment),
                secret_environment_variables=[
                    gcp.cloudfunctionsv2.FunctionServiceConfigSecretEnvironmentVariableArgs(
                        key=variable,
                        project_id=plan.stack.project,
                        secret=self._secrets[secret.secret].secret.secret_id,
                        version=secret.version,
                    )
                    for variable, secret in deployed.secrets.items()
                ]
                or None,
            ),
            labels=self.context.labels,
            opts=self.options(depends_on=[*source.grants, *granted]),
        )

    def _invocation(self) -> gcp.cloudrunv2.ServiceIamMember:
        """Grant the call on the service behind the function: on the function itself it is refused (pitfall 17).

        Replacing the function drops the grant silently, so the grant is replaced with it (pitfall 19, incident 24).
        """
        return gcp.cloudrunv2.ServiceIamMember(
            f"{self._name}-invocation",
            name=self.function.service_config.service,
            project=self.context.plan.stack.project,
            location=self.context.plan.stack.region,
            role="roles/run.invoker",
            member=self.invoker.member,
            opts=self.options(replace_with=[self.function]),
        )

    def _subscribe(self, topic: PipelineTopic, dead_letter: DeadLetter) -> None:
        self.push = PushSubscription(
            self,
            self._name,
            self._push(),
            topic=topic.topic,
            base_url=self.url,
            invoker=self.invoker,
            invoked=self.invocation,
            dead_letter=dead_letter,
            agent=self._services.pubsub_agent,
        )

    def _schedule(self, schedules: Iterable[Schedule]) -> None:
        mint = gcp.serviceaccount.IAMMember(
            f"{self._name}-invoker-token",
            service_account_id=self.invoker.name,
            role="roles/iam.serviceAccountTokenCreator",
            member=self._services.scheduler_agent,
            opts=self.options(),
        )
        for schedule in schedules:
            self._job(schedule, mint)

    def _job(self, schedule: Schedule, mint: pulumi.Resource) -> gcp.cloudscheduler.Job:
        """Declare the job that calls the function: a Run *service* takes OIDC, never OAuth (incident 23)."""
        plan = self.context.plan
        name = f"{self._name}-{slug(schedule.name)}-job"
        because(name, schedule.at)
        return gcp.cloudscheduler.Job(
            name,
            name=plan.names.job(self._name, schedule.name),
            project=plan.stack.project,
            region=plan.stack.region,
            description=f"{self._declared.title} ({schedule.name})",
            schedule=schedule.cron,
            time_zone=plan.manifest.time_zone,
            paused=schedule.paused,
            attempt_deadline=f"{attempt_deadline(self._declared)}s",
            retry_config=gcp.cloudscheduler.JobRetryConfigArgs(
                retry_count=SCHEDULER_RETRIES, min_backoff_duration="10s", max_backoff_duration="120s", max_doublings=3
            ),
            http_target=gcp.cloudscheduler.JobHttpTargetArgs(
                uri=self.url,
                http_method="POST",
                headers={"Content-Type": "application/json"},
                body=base64.b64encode(json.dumps({"schedule": schedule.name}).encode()).decode(),
                oidc_token=gcp.cloudscheduler.JobHttpTargetOidcTokenArgs(
                    service_account_email=self.invoker.email, audience=self.url
                ),
            ),
            opts=self.options(depends_on=[mint, self.invocation]),
        )
