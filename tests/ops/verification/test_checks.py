"""What was deployed is found sound; each thing that can be otherwise is found, in a sentence
(incidents 15 to 17, 24, 25, 34, 35, 52, 64, 71, 72)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ops.report.gather import Plan
from ops.verification.checks import CHECKS
from ops.verification.cloud import ControlPlaneError
from ops.verification.declared import ALERT, FUNCTION, INVOKER, JOB, SUBSCRIPTION, TABLE, TOPIC
from ops.verification.grants import DATASET_GRANT, PROJECT_GRANT, SUBSCRIPTION_GRANT, TOPIC_GRANT
from ops.verify import unseen_of, verify
from tests.ops.verification.twin import TwinRest

Break = Callable[[TwinRest], object]


def findings(plan: Plan, rest: TwinRest, *only: str) -> list[str]:
    outcomes = list(verify(plan, rest, only or [check.id for check in CHECKS]))
    found = [f"{each.rule}: {each.message}" for outcome in outcomes for each in outcome.findings]
    return [*found, *unseen_of(outcomes)]


def test_what_was_deployed_is_as_declared(plan: Plan, rest: TwinRest) -> None:
    outcomes = list(verify(plan, rest, [check.id for check in CHECKS]))
    assert [str(finding) for outcome in outcomes for finding in outcome.findings] == []
    assert {outcome.id: outcome.looked_at > 0 for outcome in outcomes} == dict.fromkeys((c.id for c in CHECKS), True)


def edit(kind: str, part: str, change: Callable[[dict[str, Any]], object]) -> Break:
    """Return what edits the inputs of the first resource of a kind whose id has `part` in it."""

    def broken(rest: TwinRest) -> None:
        found = next(each for each in rest.cloud.all(kind) if part in each.id)
        inputs = json.loads(json.dumps(found.inputs))
        change(inputs)
        rest.cloud.put(replace(found, inputs=inputs))

    return broken


def remove(kind: str, part: str = "") -> Break:
    def broken(rest: TwinRest) -> None:
        found = next(each for each in rest.cloud.all(kind) if part in each.id)
        assert rest.cloud.remove(kind, found.id)

    return broken


def service(**values: Any) -> Break:
    """Return what makes the service of the first function answer otherwise."""

    def broken(rest: TwinRest) -> None:
        path = next(rest.cloud.all(FUNCTION)).outputs["serviceConfig"]["service"]
        rest.faults[path] = {**(rest.get("run", path) or {}), **values}

    return broken


def drop_column(inputs: dict[str, Any]) -> None:
    inputs["schema"] = json.dumps(json.loads(inputs["schema"])[1:])


def other_type(inputs: dict[str, Any]) -> None:
    inputs["schema"] = inputs["schema"].replace('"DATE"', '"STRING"')


def other_source(inputs: dict[str, Any]) -> None:
    inputs["buildConfig"]["source"]["storageSource"]["object"] = "start-sorting/old.zip"


def other_endpoint(inputs: dict[str, Any]) -> None:
    inputs["pushConfig"]["pushEndpoint"] = "https://old.example"


def foreign(rest: TwinRest) -> None:
    topic = next(each.id for each in rest.cloud.all(TOPIC) if each.id.endswith("parcels-taken-in"))
    rest.foreign[topic] = ["projects/p/subscriptions/eventarc-us-west2-old"]


def foreign_job(rest: TwinRest) -> None:
    uri = next(rest.cloud.all(FUNCTION)).outputs["serviceConfig"]["uri"]
    rest.foreign_jobs = [{"name": "projects/p/locations/l/jobs/old-script", "httpTarget": {"uri": f"{uri}/"}}]


def deny(rest: TwinRest) -> None:
    path = next(each.id for each in rest.cloud.all(JOB))
    rest.faults[path] = ControlPlaneError("cloudscheduler answers 403 for it: Permission denied")


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (remove(FUNCTION), "functions: Function start-delivery does not exist"),
        (edit(FUNCTION, "start-sorting", other_source), "is built from start-sorting/old.zip; declared is start-sorting/"),
        (edit(FUNCTION, "start-sorting", lambda i: i["buildConfig"].update(entryPoint="x")), "starts at x; declared is"),
        (service(latestCreatedRevision="x/revisions/new"), "revisions: The newest revision of start-delivery, new, is not"),
        (service(trafficStatuses=[{"revision": "old", "percent": 100}]), "gets 0 % of its traffic"),
        (service(terminalCondition={"state": "CONDITION_FAILED", "message": "No memory."}), "is not ready: No memory."),
        (remove(INVOKER, "start-delivery"), "lacks roles/run.invoker on start-delivery, so its calls are refused with 403"),
        (edit(INVOKER, "start-delivery", lambda i: i.update(member="allUsers")), "allUsers may call start-delivery; remove"),
        (remove(SUBSCRIPTION, "start-sorting"), "does not exist, so its messages are lost"),
        (edit(SUBSCRIPTION, "start-sorting--parcels-taken-in", other_endpoint), "pushes to https://old.example; declared is"),
        (edit(SUBSCRIPTION, "start-sorting", lambda i: i.update(topic="_deleted-topic_")), "receives _deleted-topic_"),
        (edit(SUBSCRIPTION, "start-sorting", lambda i: i.update(detached=True)), "is detached and delivers nothing"),
        (remove(JOB), "schedules: Job watch-parcels--quarter-hourly does not exist"),
        (edit(JOB, "", lambda i: i.update(schedule="0 0 * * *")), "runs at 0 0 * * *; declared is"),
        (edit(JOB, "", lambda i: i.update(status={"code": 7})), "The last run of job watch-parcels--quarter-hourly failed"),
        (remove(TABLE), "tables: Table parcels_ops.journal does not exist"),
        (edit(TABLE, "journal", drop_column), "lacks the column kind (STRING REQUIRED)"),
        (edit(TABLE, "journal", other_type), "Column day of table parcels_ops.journal is STRING NULLABLE"),
        (remove(ALERT), "alerts: The alert '"),
        (edit(ALERT, "", lambda i: i.update(enabled=False)), "is disabled; enable it."),
        (edit(ALERT, "", lambda i: i.update(notificationChannels=[])), "does not notify projects/"),
        (remove(TOPIC, "parcels-taken-in"), "topics: Topic parcels-taken-in does not exist"),
        (remove(PROJECT_GRANT), "grants: serviceAccount:"),
        (remove(TOPIC_GRANT), "grants: serviceAccount:"),
        (edit(TOPIC_GRANT, "", lambda i: i.update(member="allUsers")), "allUsers has roles/pubsub."),
        (remove(SUBSCRIPTION_GRANT), "lacks roles/pubsub.subscriber on projects/"),
        (remove(DATASET_GRANT), "lacks roles/bigquery.data"),
        (foreign, "consumers: Subscription eventarc-us-west2-old on topic parcels-taken-in is declared by nobody"),
        (foreign_job, "calls start-delivery and is declared by nobody"),
        (edit(FUNCTION, "start-sorting", lambda i: i["serviceConfig"].update(availableMemory="1Gi")), "has the memory 1Gi"),
        (edit(SUBSCRIPTION, "start-sorting--parcels-taken-in", lambda i: i.update(ackDeadlineSeconds=10)), "waits for an answer 10"),
        (deny, "Not known: watch-parcels-quarter-hourly-job. The cause: cloudscheduler answers 403"),
    ],
)  # fmt: skip
def test_each_fault_is_found(plan: Plan, rest: TwinRest, broken: Break, sentence: str) -> None:
    broken(rest)
    found = findings(plan, rest)
    assert any(sentence in each for each in found), found


def test_only_what_is_asked_for_is_checked(plan: Plan, rest: TwinRest) -> None:
    deny(rest)
    assert findings(plan, rest, "tables", "alerts") == []
