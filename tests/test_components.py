"""What each entity brings, in exact counts and inputs, on the second pipeline: small enough to know by heart."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from blueprint.services import APIS, apis_of
from ops.embedded.record import Registration
from ops.report.gather import Plan, gather
from ops.report.text import kind
from tests.pipelines.test_parcels import copy_parcels

TOPIC_FUNCTION, SCHEDULED_FUNCTION = "start-sorting", "watch-parcels"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return gather(copy_parcels(tmp_path_factory.mktemp("components") / "project"), "live")


def component(plan: Plan, name: str) -> list[Registration]:
    """Return the children of the component called `name`."""
    [owner] = [each for each in plan.resources if each.name == name and "component" in each.options]
    return [each for each in plan.resources if each.parent == owner.urn]


def counts(plan: Plan, name: str) -> dict[str, int]:
    """Return how many of each kind a component has, alerts aside (their own tests count them)."""
    found = Counter(kind(each.type) for each in component(plan, name))
    found.pop("monitoring.AlertPolicy", None)
    return dict(found)


def one(plan: Plan, name: str) -> Registration:
    [found] = [each for each in plan.resources if each.name == name]
    return found


def ref(plan: Plan, name: str, path: str) -> dict[str, str]:
    return {"$ref": one(plan, name).urn, "property": path}


class TestCounts:
    def test_a_function_called_by_a_topic(self, plan: Plan) -> None:
        assert counts(plan, TOPIC_FUNCTION) == {
            "cloudfunctionsv2.Function": 1,
            "storage.BucketObject": 1,
            "serviceaccount.Account": 2,  # who it is, and who may call it
            "serviceaccount.IAMMember": 1,  # Pub/Sub mints the caller's tokens
            "cloudrunv2.ServiceIamMember": 1,
            "projects.IAMMember": 1,  # documents
            "pubsub.Subscription": 2,  # the push, and what holds dead letters
            "pubsub.SubscriptionIAMMember": 1,
            "pubsub.Topic": 1,  # dead letters
            "pubsub.TopicIAMMember": 5,  # trigger, two events, its own dead letters twice: by itself and by Pub/Sub
        }

    def test_a_function_called_by_a_schedule(self, plan: Plan) -> None:
        assert counts(plan, SCHEDULED_FUNCTION) == {
            "cloudfunctionsv2.Function": 1,
            "storage.BucketObject": 1,
            "serviceaccount.Account": 2,
            "serviceaccount.IAMMember": 1,
            "cloudrunv2.ServiceIamMember": 1,
            "cloudscheduler.Job": 1,
            "projects.IAMMember": 1,
            "pubsub.TopicIAMMember": 4,  # two triggers, two events
        }

    def test_a_topic_with_a_consumer_outside(self, plan: Plan) -> None:
        assert counts(plan, "parcels-sort") == {
            "pubsub.Topic": 2,
            "pubsub.Subscription": 2,
            "pubsub.SubscriptionIAMMember": 1,
            "pubsub.TopicIAMMember": 1,
            "serviceaccount.Account": 1,
            "serviceaccount.IAMMember": 1,
            "cloudrunv2.ServiceIamMember": 1,
        }

    def test_a_topic_that_only_functions_use(self, plan: Plan) -> None:
        assert counts(plan, "parcels-taken-in") == {"pubsub.Topic": 1}

    def test_the_store(self, plan: Plan) -> None:
        assert counts(plan, "completion-store") == {
            "firestore.Database": 1,
            "firestore.Index": 3,
            "firestore.Field": 6,
        }

    def test_a_dataset(self, plan: Plan) -> None:
        assert counts(plan, "parcels_ops") == {"bigquery.Dataset": 1, "bigquery.Table": 1}

    def test_every_entity_has_its_component_and_nothing_else_has(self, plan: Plan) -> None:
        kinds = Counter(kind(each.type) for each in plan.resources if "component" in each.options)
        assert {name: kinds[name] for name in ("Function", "Topic", "Dataset", "CompletionStore")} == {
            "Function": 3,
            "Topic": 7,
            "Dataset": 1,
            "CompletionStore": 1,
        }


class TestFunction:
    def test_it_runs_as_itself_from_an_archive_named_by_content(self, plan: Plan) -> None:
        inputs: Any = one(plan, f"{TOPIC_FUNCTION}-function").inputs
        [archive] = [each for each in plan.archives if each.function == TOPIC_FUNCTION]
        service, build = inputs["serviceConfig"], inputs["buildConfig"]
        assert service["serviceAccountEmail"] == ref(plan, f"{TOPIC_FUNCTION}-identity", "email")
        assert service["ingressSettings"] == "ALLOW_INTERNAL_ONLY"
        assert (service["timeoutSeconds"], service["availableMemory"], service["maxInstanceCount"]) == (300, "512Mi", 2)
        assert archive.sha256 in build["source"]["storageSource"]["object"]
        assert "generation" not in build["source"]["storageSource"]
        assert build["serviceAccount"] == ref(plan, "function-build", "id")
        assert "eventTrigger" not in inputs

    def test_its_caller_may_call_the_service_behind_it_and_is_replaced_with_it(self, plan: Plan) -> None:
        """The grant on the function itself is refused, and a replaced service drops it (incident 24)."""
        grant = one(plan, f"{TOPIC_FUNCTION}-invocation")
        assert grant.inputs["name"] == ref(plan, f"{TOPIC_FUNCTION}-function", "serviceConfig.service")
        assert grant.inputs["role"] == "roles/run.invoker"
        assert grant.inputs["member"] == ref(plan, f"{TOPIC_FUNCTION}-invoker", "member")
        assert grant.options["replaceWith"] == [one(plan, f"{TOPIC_FUNCTION}-function").urn]

    def test_the_schedule_calls_it_with_a_token_for_its_own_address(self, plan: Plan) -> None:
        [job] = [each for each in component(plan, SCHEDULED_FUNCTION) if kind(each.type) == "cloudscheduler.Job"]
        inputs: Any = job.inputs
        function = f"{SCHEDULED_FUNCTION}-function"
        assert inputs["httpTarget"]["oidcToken"] == {
            "audience": ref(plan, function, "serviceConfig.uri"),
            "serviceAccountEmail": ref(plan, f"{SCHEDULED_FUNCTION}-invoker", "email"),
        }
        assert "oauthToken" not in inputs["httpTarget"]
        assert (inputs["timeZone"], inputs["schedule"]) == ("Europe/Lisbon", "*/15 * * * *")
        assert int(inputs["attemptDeadline"].rstrip("s")) >= 300


class TestSubscriptions:
    def pushes(self, plan: Plan) -> list[Any]:
        found = [each.inputs for each in plan.resources if "pushConfig" in each.inputs]
        assert len(found) == 4
        return found

    def test_every_push_carries_a_token_with_an_explicit_audience(self, plan: Plan) -> None:
        for inputs in self.pushes(plan):
            token = inputs["pushConfig"]["oidcToken"]
            assert token["audience"]
            assert token["serviceAccountEmail"]["property"] == "email"

    def test_every_push_waits_backs_off_keeps_and_never_expires(self, plan: Plan) -> None:
        for inputs in self.pushes(plan):
            assert 330 <= inputs["ackDeadlineSeconds"] <= 600
            assert inputs["retryPolicy"] == {"minimumBackoff": "10s", "maximumBackoff": "600s"}
            assert inputs["expirationPolicy"] == {"ttl": ""}
            assert inputs["deadLetterPolicy"]["deadLetterTopic"]["property"] == "id"

    def test_every_dead_letter_topic_is_held(self, plan: Plan) -> None:
        """A dead-letter topic without a subscription loses what it is for (incident 37)."""
        letters = {
            each.inputs["deadLetterPolicy"]["deadLetterTopic"]["$ref"]  # type: ignore[index]
            for each in plan.resources
            if "deadLetterPolicy" in each.inputs
        }
        held = {
            each.inputs["topic"]["$ref"]
            for each in plan.resources
            if kind(each.type) == "pubsub.Subscription" and isinstance(each.inputs["topic"], dict)
        }
        assert len(letters) == 9
        assert letters <= held


class TestProtection:
    def test_what_holds_data_is_protected_twice(self, plan: Plan) -> None:
        protected = {each.name for each in plan.resources if each.options.get("protect")}
        assert {kind(each.type) for each in plan.resources if each.name in protected} >= {
            "bigquery.Table",
            "firestore.Database",
        }
        [table] = [each for each in plan.resources if kind(each.type) == "bigquery.Table"]
        assert table.inputs["deletionProtection"] is True

    def test_grants_are_added_never_taken_over(self, plan: Plan) -> None:
        assert [each.type for each in plan.resources if "iam" in each.type.lower() and "ember" not in each.type] == []


def test_every_resource_uses_the_one_provider(plan: Plan) -> None:
    provider = one(plan, "gcp").urn
    own = [each for each in plan.resources if each.type.startswith("gcp:")]
    assert len(own) > 150
    assert {each.options["provider"] for each in own} == {provider}


def test_every_resource_waits_for_the_services_of_its_kind_and_for_no_others(plan: Plan) -> None:
    enabled = {
        each.urn: str(each.inputs["service"]) for each in plan.resources if kind(each.type) == "projects.Service"
    }
    assert sorted(enabled.values()) == list(APIS)
    checked = 0
    for each in plan.resources:
        if each.type.startswith("gcp:") and not each.type.startswith("gcp:projects/"):
            waits = {enabled[urn] for urn in each.options.get("dependencies", ()) if urn in enabled}  # type: ignore[attr-defined]
            assert waits == set(apis_of(each.type)) != set(), each.name
            checked += 1
    assert checked > 50


def test_a_kind_that_nothing_is_known_of_is_refused() -> None:
    with pytest.raises(ValueError, match=r"which APIs 'gcp:redis/instance:Instance' needs"):
        apis_of("gcp:redis/instance:Instance")


def test_the_second_project_is_evaluated_where_it_is(plan: Plan) -> None:
    assert plan.root.name == "project"
    assert Path.cwd() != plan.root
