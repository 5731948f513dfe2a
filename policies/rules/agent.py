"""Pub/Sub's own service agent: what it must be allowed to do so that messages arrive, wait, and are written."""

from __future__ import annotations

from collections.abc import Iterable

from policies.case import Case, StackCase
from policies.kinds import (
    ACCOUNT,
    ACCOUNT_GRANT,
    DATASET,
    DATASET_GRANT,
    SERVICE_IDENTITY,
    SUBSCRIPTION,
    SUBSCRIPTION_GRANT,
    TABLE,
    TOPIC,
    TOPIC_GRANT,
)
from policies.registry import stack_rule
from policies.values import known

PUBSUB = "pubsub.googleapis.com"
AGENT_DOMAIN = "@gcp-sa-pubsub.iam.gserviceaccount.com"


@stack_rule("agent-may-deliver", "Pub/Sub may mint tokens, forward to dead letters and write rows", incidents=(28, 29))
def agent_may_deliver(stack: StackCase) -> None:
    """Refuse a subscription whose delivery needs a grant to Pub/Sub's service agent that the stack does not give.

    Each of them fails without a trace: tokens are not minted (401), dead letters are not forwarded, rows not written.
    """
    for case in stack.of(SUBSCRIPTION):
        name = case.subject.name
        if case.has("pushConfig.oidcToken"):
            accounts = stack.referenced(case, "pushConfig.oidcToken.serviceAccountEmail", ACCOUNT)
            if not _granted(
                stack, ACCOUNT_GRANT, "roles/iam.serviceAccountTokenCreator", "serviceAccountId", ACCOUNT, accounts
            ):
                case.violation(f"Pub/Sub may not mint tokens for {name}; grant its agent token creator on the account.")
        if case.has("deadLetterPolicy"):
            topics = stack.referenced(case, "deadLetterPolicy.deadLetterTopic", TOPIC)
            if not _granted(stack, TOPIC_GRANT, "roles/pubsub.publisher", "topic", TOPIC, topics):
                case.violation(
                    f"Pub/Sub forwards for {name} but may not publish to its dead letter; grant its agent publisher."
                )
            if not _granted(stack, SUBSCRIPTION_GRANT, "roles/pubsub.subscriber", "subscription", SUBSCRIPTION, [case]):
                case.violation(f"Pub/Sub forwards for {name} but may not take from it; grant its agent subscriber.")
        if case.has("bigqueryConfig"):
            tables = stack.referenced(case, "bigqueryConfig.table", TABLE)
            datasets = [dataset for table in tables for dataset in stack.referenced(table, "datasetId", DATASET)]
            if not _granted(stack, DATASET_GRANT, "roles/bigquery.dataEditor", "datasetId", DATASET, datasets):
                case.violation(f"Pub/Sub may not write the rows of {name}; grant its agent data editor on the dataset.")


def _granted(stack: StackCase, grant: str, role: str, path: str, kind: str, targets: Iterable[Case]) -> bool:
    """Say whether the agent holds `role` on each target; nothing to be granted on is nothing granted."""
    wanted = {target.subject.urn for target in targets}
    held = {
        target.subject.urn
        for each in stack.of(grant)
        if each.value("role") == role and _to_agent(stack, each)
        for target in stack.referenced(each, path, kind)
    }
    return bool(wanted) and wanted <= held


def _to_agent(stack: StackCase, grant: Case) -> bool:
    identities = stack.computed_from(grant, "member", SERVICE_IDENTITY)
    if identities:
        return any(identity.value("service") == PUBSUB for identity in identities)
    return any(str(member).endswith(AGENT_DOMAIN) for _, member in known(grant.subject.props, "member"))
