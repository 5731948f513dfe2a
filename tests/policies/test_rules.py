"""Every rule: what passes, what is refused and with which words, and what is said of a value not known yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib import import_module
from typing import get_args

import pytest

from policies import kinds
from policies.case import Subject
from policies.registry import all_rules, judge_all
from policies.runtimes import runtimes
from policies.values import UNKNOWN as NOT_KNOWN
from tests.policies.harness import (
    ABSENT,
    DECLARED,
    UNKNOWN,
    Diagnostic,
    Made,
    Resource,
    analyze,
    checked,
    made,
    offline,
)
from tests.policies.open_world import OPEN_WORLD
from tests.policies.stack import (
    AGENT,
    ARCHIVE,
    BACKLOG,
    BUCKET,
    CRASH,
    DATABASE,
    DATASET,
    FORWARDER,
    FUNCTION,
    GRANT,
    HOLD,
    INVOKER,
    JOB,
    LETTERS,
    MINT,
    PUSH,
    SECRET,
    STACK,
    TABLE,
    TOPIC,
    broken,
)

SERVICE = "serviceConfig."
EVERY_WAY = pytest.mark.parametrize("how", get_args(Made))
BINDING = Resource("gcp:cloudrunv2/serviceIamBinding:ServiceIamBinding", "binding", {"role": "roles/run.invoker"})
QUERY = "conditions.0.conditionPrometheusQueryLanguage.query"
STREAM = Resource(
    kinds.SUBSCRIPTION,
    "stream",
    {**HOLD.props, "name": "stream", "bigqueryConfig": {"table": UNKNOWN}},
    uses={"topic": ("parcels-topic",), "bigqueryConfig": ("table",)},
)
FILTER = "conditions.0.conditionMatchedLog.filter"

# rule, what of the sound stack is broken, words of the sentence
REFUSED = [
    *OPEN_WORLD,
    ("no-public-access", GRANT.with_("member", "allUsers"), "allUsers is granted access"),
    ("no-public-access", INVOKER.with_("member", "allAuthenticatedUsers"), "allAuthenticatedUsers is granted"),
    ("no-public-access", replace(BINDING, props={"members": ["user:a@b.c", "allUsers"]}), "allUsers is granted"),
    ("no-basic-role", GRANT.with_("role", "roles/editor"), "roles/editor covers the whole project"),
    ("no-authoritative-grant", BINDING, "use ServiceIamMember"),
    (
        "no-authoritative-grant",
        Resource("gcp:projects/iAMPolicy:IAMPolicy", "policy", {"policyData": UNKNOWN}),
        "use IAMMember",
    ),
    ("no-authoritative-grant", DATASET.with_("accesses", [{"role": "READER"}]), "use DatasetIamMember only"),
    ("own-identity", FUNCTION.with_(SERVICE + "serviceAccountEmail", ABSENT), "so a default identity is used"),
    ("own-identity", FUNCTION.with_("buildConfig.serviceAccount", ABSENT), "buildConfig.serviceAccount is not set"),
    (
        "own-identity",
        FUNCTION.with_(SERVICE + "serviceAccountEmail", "12-compute@developer.gserviceaccount.com"),
        "a default identity",
    ),
    (
        "own-identity",
        PUSH.with_("pushConfig.oidcToken.serviceAccountEmail", "p@appspot.gserviceaccount.com"),
        "a default identity",
    ),
    ("own-identity", JOB.with_("httpTarget.oidcToken.serviceAccountEmail", ""), "is empty"),
    (
        "no-grant-to-default-identity",
        GRANT.with_("member", "serviceAccount:12-compute@developer.gserviceaccount.com"),
        "shared by everything",
    ),
    ("no-account-keys", Resource(kinds.ACCOUNT_KEY, "key", {"serviceAccountId": UNKNOWN}), "can be copied"),
    ("callers-may-call", INVOKER.with_("role", "roles/run.viewer"), "push calls sorter, but nobody holds run.invoker"),
    ("callers-may-call", replace(INVOKER, uses={}), "sweep calls sorter, but nobody holds run.invoker"),
    ("agent-may-deliver", MINT.with_("role", "roles/iam.serviceAccountUser"), "may not mint tokens for push"),
    ("agent-may-deliver", replace(MINT, uses={"serviceAccountId": ("account",)}), "may not mint tokens for push"),
    ("agent-may-deliver", AGENT.with_("service", "eventarc.googleapis.com"), "may not publish to its dead letter"),
    ("agent-may-deliver", replace(FORWARDER, uses={"subscription": ("hold",)}), "may not take from it"),
    ("agent-may-deliver", STREAM, "Pub/Sub may not write the rows of stream"),
    ("ingress-internal", FUNCTION.with_(SERVICE + "ingressSettings", "ALLOW_ALL"), "Ingress is ALLOW_ALL"),
    ("ingress-internal", FUNCTION.with_(SERVICE + "ingressSettings", ABSENT), "Ingress is not set"),
    (
        "no-secret-in-environment",
        FUNCTION.with_(SERVICE + "environmentVariables.SLACK_WEBHOOK_URL", UNKNOWN.replace("0", "1")),
        "SLACK_WEBHOOK_URL is a plain variable",
    ),
    (
        "no-secret-in-environment",
        FUNCTION.with_(SERVICE + "environmentVariables.TARGET", "https://hooks.slack.com/services/T/B/x"),
        "The value of TARGET looks like a secret",
    ),
    (
        "secret-version-pinned",
        FUNCTION.with_(SERVICE + "secretEnvironmentVariables.0.version", ABSENT),
        "has no version",
    ),
    ("secret-version-pinned", FUNCTION.with_(SERVICE + "secretEnvironmentVariables.0.secret", ""), "has no secret"),
    ("runtime-supported", FUNCTION.with_("buildConfig.runtime", "python310"), "supported until 2026-10-04"),
    ("runtime-supported", FUNCTION.with_("buildConfig.runtime", "python27"), "not in policies/runtimes.yaml"),
    ("runtime-supported", FUNCTION.with_("buildConfig.runtime", ABSENT), "No runtime is set"),
    ("concurrency-fits-cpu", FUNCTION.with_(SERVICE + "availableCpu", ABSENT), "availableCpu is not set"),
    ("concurrency-fits-cpu", FUNCTION.with_(SERVICE + "availableMemory", "256Mi"), "256 MiB of memory have run out"),
    ("concurrency-fits-cpu", FUNCTION.with_(SERVICE + "availableMemory", "256M"), "MiB of memory have run out"),
    (
        "concurrency-fits-cpu",
        FUNCTION.with_(SERVICE + "availableCpu", "0.333").with_(SERVICE + "maxInstanceRequestConcurrency", 8),
        "8 requests at a time need at least 1 CPU, this has 0.333",
    ),
    ("concurrency-fits-cpu", FUNCTION.with_(SERVICE + "availableCpu", "4"), "4 CPUs need at least 2Gi"),
    ("instances-declared", FUNCTION.with_(SERVICE + "minInstanceCount", ABSENT), "minInstanceCount is not set"),
    ("instances-declared", FUNCTION.with_(SERVICE + "minInstanceCount", 6), "At least 6 and at most 5"),
    ("always-on-budget", FUNCTION.with_(SERVICE + "minInstanceCount", 1), "1 instances run day and night (sorter 1)"),
    ("subscription-is-ours", FUNCTION.with_("eventTrigger", {"pubsubTopic": UNKNOWN}), "nobody can configure"),
    ("second-generation-only", Resource(kinds.FUNCTION_GEN1, "old", {}), "first-generation function"),
    ("push-authenticated", PUSH.with_("pushConfig.oidcToken", ABSENT), "Push has no OIDC token"),
    ("push-authenticated", PUSH.with_("pushConfig.oidcToken.audience", ABSENT), "has no audience"),
    ("push-authenticated", PUSH.with_("pushConfig.oidcToken.audience", ""), "has no audience"),
    ("never-expires", PUSH.with_("expirationPolicy", ABSENT), "deleted after 31 idle days"),
    ("never-expires", HOLD.with_("expirationPolicy.ttl", "2678400s"), "deleted after 2678400s"),
    ("back-off-declared", PUSH.with_("retryPolicy", ABSENT), "redelivery is immediate"),
    ("back-off-declared", PUSH.with_("retryPolicy.minimumBackoff", "1s"), "The first pause is 1s"),
    ("ack-deadline-declared", PUSH.with_("ackDeadlineSeconds", ABSENT), "delivered again after 10 s"),
    ("ack-deadline-declared", PUSH.with_("ackDeadlineSeconds", 900), "900 s is not accepted"),
    ("ack-covers-timeout", PUSH.with_("ackDeadlineSeconds", 60), "push waits 60 s for sorter, which may work 540 s"),
    ("dead-letter-consumed", PUSH.with_("deadLetterPolicy", ABSENT), "There is no dead letter"),
    ("dead-letter-consumed", PUSH.with_("deadLetterPolicy.maxDeliveryAttempts", ABSENT), "no number of attempts"),
    ("dead-letter-consumed", PUSH.with_("deadLetterPolicy.maxDeliveryAttempts", 3), "3 delivery attempts"),
    ("dead-letter-consumed", replace(HOLD, uses={"topic": ("parcels-topic",)}), "has no subscription, so messages"),
    (
        "topic-has-subscription",
        Resource(kinds.TOPIC, "lost", {"name": "lost", "labels": {"team": "parcels"}}),
        "Nobody subscribes",
    ),
    ("declared-location", FUNCTION.with_("location", "us-central1"), "the stack's region is europe-west1"),
    ("declared-location", DATASET.with_("location", "US"), "the stack's location of datasets is europe-west1"),
    ("declared-location", JOB.with_("region", "us-west1"), "region is us-west1"),
    (
        "declared-location",
        TOPIC.with_("messageStoragePolicy", {"allowedPersistenceRegions": ["europe-west1", "us-west1"]}),
        "keeps messages in us-west1",
    ),
    (
        "declared-location",
        SECRET.with_("replication.userManaged.replicas.0.location", "us-east1"),
        "location is us-east1",
    ),
    ("location-stated", BUCKET.with_("location", ABSENT), "No location is set"),
    (
        "addresses-are-references",
        replace(PUSH, uses={}).with_("pushConfig.pushEndpoint", "https://sorter-ab12-ew.a.run.app"),
        "is the literal https://sorter-ab12-ew.a.run.app",
    ),
    (
        "addresses-are-references",
        replace(JOB, uses={}).with_("httpTarget.uri", "https://outside.example.app.evil.test/x"),
        "no declared service",
    ),
    ("stateful-protected", replace(TABLE, protect=False), "the engine would delete it"),
    ("stateful-protected", replace(DATABASE, protect=False), "the engine would delete it"),
    ("stateful-kept", TABLE.with_("deletionProtection", False), "deletionProtection is False"),
    ("stateful-kept", DATABASE.with_("deleteProtectionState", ABSENT), "deleteProtectionState is not set"),
    ("stateful-kept", BUCKET.with_("forceDestroy", True), "forceDestroy is True"),
    ("labels-present", TOPIC.with_("labels.team", ABSENT), "The label team is missing"),
    ("labels-present", CRASH.with_("userLabels", ABSENT), "The label team is missing"),
    ("archive-content-addressed", ARCHIVE.with_("name", "sorter.zip"), "does not carry the content's hash"),
    (
        "archive-content-addressed",
        ARCHIVE.with_("name", "sorter-2026-11-21-0123456789abcdef.zip"),
        "carries a time",
    ),
    ("source-is-an-archive", replace(FUNCTION, uses={"serviceConfig": ("account",)}), "no archive of this stack"),
    (
        "source-is-an-archive",
        FUNCTION.with_("buildConfig.source.storageSource.generation", 17),
        "pins a generation",
    ),
    (
        "no-time-in-environment",
        FUNCTION.with_(SERVICE + "environmentVariables.DEPLOYED", "2026-11-21T10:00:00Z"),
        "is a time",
    ),
    (
        "no-time-in-environment",
        FUNCTION.with_("buildConfig.environmentVariables", {"BUILD": "1763719200"}),
        "is a time",
    ),
    ("token-fits-target", JOB.with_("httpTarget.oidcToken", ABSENT), "The job shows no token"),
    ("token-fits-target", JOB.with_("httpTarget.oidcToken.audience", ABSENT), "no audience"),
    (
        "token-fits-target",
        JOB.with_("httpTarget.uri", "https://run.googleapis.com/v2/projects/p/locations/l/jobs/j:run"),
        "A Google API does not take oidcToken; use oauthToken",
    ),
    (
        "token-fits-target",
        JOB.with_("httpTarget.oauthToken", {"serviceAccountEmail": UNKNOWN}),
        "A service does not take oauthToken",
    ),
    ("schedule-stated", JOB.with_("paused", ABSENT), "does not state its paused state"),
    ("alert-has-channel", CRASH.with_("notificationChannels", []), "no notification channel"),
    ("alert-has-channel", CRASH.with_("notificationChannels.0", "projects/p/notificationChannels/TODO"), "no channel"),
    ("alert-has-channel", CRASH.with_("enabled", False), "The alert is off"),
    ("alert-can-fire", CRASH.with_(FILTER, 'resource.type="cloud_function" AND "sorter"'), "first-generation"),
    (
        "alert-can-fire",
        BACKLOG.with_(QUERY, 'cloudfunctions_googleapis_com:function_execution_count{service_name="sorter"}'),
        "first-generation",
    ),
    ("log-alert-limited", CRASH.with_("alertStrategy.notificationRateLimit", ABSENT), "needs a rate limit"),
    (
        "log-alert-limited",
        CRASH.with_("conditions", [*CRASH.props["conditions"], *BACKLOG.props["conditions"]]),
        "takes no second condition",
    ),
    ("alert-explains-itself", BACKLOG.with_("documentation", ABSENT), "no documentation"),
    ("alert-explains-itself", BACKLOG.with_("alertStrategy.autoClose", ABSENT), "no auto-close time"),
    ("everything-is-watched", CRASH.with_(FILTER, 'resource.labels.service_name="sorter-2"'), "No alert on log lines"),
    (
        "everything-is-watched",
        BACKLOG.with_(QUERY, 'age{subscription_id="parcels-to-sorter"} > 1 or e{service_name="sorter"}'),
        "No alert covers this subscription",
    ),
]


@EVERY_WAY
@pytest.mark.parametrize(("rule", "culprit", "words"), REFUSED, ids=[f"{r}-{w[:30]}" for r, _, w in REFUSED])
def test_violation_is_refused_with_a_sentence(rule: str, culprit: Resource, words: str, how: Made) -> None:
    found = [each for each in analyze(*broken(culprit), how=how) if each.rule == rule]
    assert found, f"{rule} said nothing"
    assert any(words in each.message for each in found), found
    assert all(each.mandatory for each in found)


@EVERY_WAY
def test_sound_stack_passes_every_rule(how: Made) -> None:
    assert analyze(*STACK, how=how) == []


def test_what_the_provider_fills_in_is_not_held_against_the_program() -> None:
    pinned = FUNCTION.with_("buildConfig.source.storageSource.generation", 7)
    assert "generation" in str(made(FUNCTION, "planned")["buildConfig"])
    assert made(FUNCTION, "filled")["buildConfig"]["source"]["storageSource"]["generation"]
    assert [each.rule for each in analyze(*broken(pinned))] == ["source-is-an-archive"]


def test_a_default_of_the_provider_is_no_input_that_nobody_allowed() -> None:
    shown = checked(BUCKET)
    assert shown["storageClass"] == "STANDARD"
    assert "storageClass" not in DECLARED.allowed.kinds[kinds.BUCKET]
    found = analyze(*broken(BUCKET.with_("storageClass", "ARCHIVE")))
    assert [each.rule for each in found] == ["kind-allowed"]


def test_where_a_thing_really_is_counts() -> None:
    stray = JOB.with_("region", ABSENT)
    assert analyze(*broken(stray), how="planned") == []
    elsewhere = judge_all(
        [Subject(JOB.kind, "sweep", "urn:sweep", dict(stray.props), outputs={**JOB.props, "region": "us-east1"})],
        DECLARED,
    )
    assert "declared-location" in {each.rule for each in elsewhere.violations}


def test_inputs_that_the_pack_was_not_shown_are_not_known() -> None:
    unseen = Subject(FUNCTION.kind, "sorter", "urn:sorter", NOT_KNOWN, outputs=made(FUNCTION, "filled"))
    found = judge_all([unseen], DECLARED)
    assert "source-is-an-archive" not in {each.rule for each in found.violations if "generation" in each.message}
    assert {"ingress-internal", "runtime-supported"} <= {each.rule for each in found.unjudged}


DEFAULTS = [
    ("retention-bounded", PUSH.with_("messageRetentionDuration", ABSENT), "No message retention"),
    ("stateful-kept", TABLE.with_("deletionProtection", ABSENT), "deletionProtection is not set"),
    ("schedule-stated", JOB.with_("timeZone", ABSENT), "does not state its time zone"),
]
"""What is left out and the provider fills in. The engine hides that it did; there `declared-as-implied` tells the difference."""


@pytest.mark.parametrize(("rule", "culprit", "words"), DEFAULTS, ids=[rule for rule, _, _ in DEFAULTS])
def test_what_a_program_leaves_to_the_provider_is_refused_offline(rule: str, culprit: Resource, words: str) -> None:
    assert [each for each in offline(*broken(culprit)) if each[0] == rule and words in each[2]]
    assert analyze(*broken(culprit)) == []


def test_every_rule_has_been_seen_refusing() -> None:
    assert {rule for rule, _, _ in (*REFUSED, *DEFAULTS)} | {"declared-as-implied"} == {rule.id for rule in all_rules()}


ACCEPTED = [
    PUSH.with_("pushConfig.pushEndpoint", "https://outside.example.app/process"),
    Resource(kinds.TOPIC, "taken", {"name": "taken", "labels": {"team": "parcels"}}),
    FUNCTION.with_("buildConfig.runtime", "python311"),
    FUNCTION.with_(SERVICE + "environmentVariables.KEYBOARD_LAYOUT", "de"),
    FUNCTION.with_(SERVICE + "environmentVariables.RUN_DATE_FORMAT", "%Y-%m-%d"),
    ARCHIVE.with_("name", "sorter-2026/0123456789ab.zip"),
    Resource(kinds.BUCKET_OBJECT, "logo", {"name": "logo.png", "bucket": UNKNOWN}),
    Resource("phases:orchestration:Function", "component", {}),
    HOLD.with_("ackDeadlineSeconds", ABSENT),
    replace(TABLE, protect=False).with_("view", {"query": "SELECT 1"}).with_("deletionProtection", False),
]


@EVERY_WAY
@pytest.mark.parametrize("resource", ACCEPTED, ids=lambda resource: resource.name)
def test_what_only_looks_wrong_is_accepted(resource: Resource, how: Made) -> None:
    assert analyze(*broken(resource), how=how) == []


def test_addresses_known_after_the_first_update_are_still_references() -> None:
    later = PUSH.with_("pushConfig.pushEndpoint", "https://sorter-ab12-ew.a.run.app")
    assert analyze(*broken(later)) == []


def test_dead_letter_and_topics_are_matched_by_name_where_nothing_refers() -> None:
    push = replace(PUSH, uses={"pushConfig": ("sorter", "account")}).with_("topic", "projects/a-project/topics/parcels")
    push = push.with_("deadLetterPolicy.deadLetterTopic", "projects/a-project/topics/parcels-dead-letter")
    hold = replace(HOLD, uses={}).with_("topic", "parcels-dead-letter")
    assert analyze(*broken(push, hold)) == []
    assert [each.rule for each in analyze(*broken(push, without=(HOLD,)))].count("dead-letter-consumed") == 1


def test_stream_may_write_where_the_agent_edits_the_dataset() -> None:
    writer = Resource(
        kinds.DATASET_GRANT,
        "writer",
        {"datasetId": "parcels", "role": "roles/bigquery.dataEditor", "member": UNKNOWN},
        uses={"member": ("pubsub-agent",)},
    )
    table = TABLE.with_("datasetId", "parcels")
    assert not [each for each in analyze(*broken(STREAM, writer, table)) if each.rule == "agent-may-deliver"]


def test_runtime_is_refused_from_six_months_before_its_end() -> None:
    last_day, next_day = date(2028, 4, 2), date(2028, 4, 3)
    assert analyze(*STACK, facts=replace(DECLARED, today=last_day)) == []
    found = analyze(*STACK, facts=replace(DECLARED, today=next_day))
    assert [each.rule for each in found] == ["runtime-supported"]
    assert "move to python314" in found[0].message


def test_every_runtime_ends_before_it_is_taken_away() -> None:
    assert {"python311", "python312", "python313"} <= runtimes().keys()
    assert all(runtime.deprecated < runtime.decommissioned for runtime in runtimes().values())


def test_always_on_budget_can_be_raised_in_the_configuration() -> None:
    warm = FUNCTION.with_(SERVICE + "minInstanceCount", 2)
    assert analyze(*broken(warm), facts=replace(DECLARED, always_on=2)) == []
    assert [each.rule for each in analyze(*broken(warm), facts=replace(DECLARED, always_on=1))] == ["always-on-budget"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_kinds_are_the_providers_own() -> None:
    tokens = [value for name, value in vars(kinds).items() if name.isupper() and value.startswith("gcp:")]
    assert len(tokens) > 15
    for token in tokens:
        module, name = token.split(":")[1].split("/")[0], token.split(":")[2]
        assert getattr(import_module(f"pulumi_gcp.{module}"), name).pulumi_type == token


def test_rules_state_what_they_prevent() -> None:
    for rule in all_rules():
        assert rule.incidents, rule.id
        assert rule.description.endswith("."), rule.id
        assert not rule.title.endswith("."), rule.id
    assert len({rule.title for rule in all_rules()}) == len(all_rules())


@pytest.mark.parametrize(("rule", "culprit", "words"), REFUSED, ids=[f"{r}-{w[:30]}" for r, _, w in REFUSED])
def test_offline_and_engine_say_the_same(rule: str, culprit: Resource, words: str) -> None:
    resources = broken(culprit)
    engine = {(each.rule, each.resource, each.message.splitlines()[-1]) for each in analyze(*resources)}
    assert offline(*resources) == engine
    assert rule in {each for each, _, _ in engine}


def test_offline_and_engine_say_the_same_of_a_sound_stack_and_of_a_much_broken_one() -> None:
    assert offline(*STACK) == set()
    culprit = FUNCTION.with_(SERVICE + "ingressSettings", "ALLOW_ALL").with_(SERVICE + "minInstanceCount", 1)
    resources = broken(culprit, without=(CRASH, LETTERS))
    engine = {(each.rule, each.resource, each.message.splitlines()[-1]) for each in analyze(*resources)}
    assert offline(*resources) == engine
    assert len(engine) >= 4


def test_diagnostics_name_the_resource() -> None:
    found = analyze(*broken(PUSH.with_("ackDeadlineSeconds", 60)))
    assert found == [Diagnostic("ack-covers-timeout", found[0].message, "push", True)]
