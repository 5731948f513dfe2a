"""The provider twin's cloud, answering as Google's REST interfaces do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ops.verification.cloud import CloudResource, ControlPlaneError
from ops.verification.declared import AGENT, ALERT, FUNCTION, INVOKER, JOB, SUBSCRIPTION, TABLE, TOPIC
from ops.verification.grants import (
    ACCOUNT_GRANT,
    BUCKET_GRANT,
    DATASET_GRANT,
    PROJECT_GRANT,
    REPOSITORY_GRANT,
    SECRET_GRANT,
    SUBSCRIPTION_GRANT,
    TABLE_GRANT,
    TOPIC_GRANT,
)
from tests.engine.twin.cloud import Cloud, Resource

CHANNEL = re.compile(r"projects/[^/]+/notificationChannels/\d+")


class TwinRest:
    """`ControlPlane` over the twin. `faults` replaces the answer for a path; an exception there is raised."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.faults: dict[str, CloudResource | Exception | None] = {}
        self.foreign: dict[str, list[str]] = {}
        self.foreign_jobs: list[CloudResource] = []

    def get(self, api: str, path: str) -> CloudResource | None:
        if path in self.faults:
            answer = self.faults[path]
            if isinstance(answer, Exception):
                raise answer
            return answer
        if path.endswith((":getIamPolicy", "/iam")) and api != "run":
            return self._granted(api, path)
        if api == "cloudresourcemanager":
            member = next(each.outputs["member"] for each in self.cloud.all(AGENT))
            return {"name": f"projects/{re.findall('[0-9]+', member)[0]}"}
        if api == "bigquery" and "/tables/" not in path:
            return self._access(path)
        kinds = {"cloudfunctions": FUNCTION, "pubsub": SUBSCRIPTION, "cloudscheduler": JOB, "bigquery": TABLE}
        if api == "run":
            return self._policy(path) if path.endswith(":getIamPolicy") else self._service(path)
        if api == "monitoring":
            return {"name": path, "enabled": True} if CHANNEL.fullmatch(path) else None
        kind = TOPIC if "/topics/" in path else kinds[api]
        found = self.cloud.get(kind, path)
        if found is None:
            return None
        if api == "cloudfunctions":
            return self._function(found)
        return _table(found) if api == "bigquery" else found.inputs | found.outputs

    def list(self, api: str, path: str, member: str) -> Iterator[Any]:
        if path in self.faults:
            raise AssertionError(f"a list has no faults, such as {path}")
        if member == "subscriptions":
            topic = path.removesuffix("/subscriptions")
            yield from (each.id for each in self.cloud.all(SUBSCRIPTION) if each.inputs["topic"] == topic)
            yield from self.foreign.get(topic, ())
        elif member == "jobs":
            yield from ({**each.inputs, "name": each.id} for each in self.cloud.all(JOB))
            yield from self.foreign_jobs
        else:
            assert (api, member) == ("monitoring", "alertPolicies")
            for found in self.cloud.all(ALERT):
                yield found.outputs | found.inputs

    def post(self, api: str, path: str, body: CloudResource) -> CloudResource:
        if path.endswith(":getIamPolicy"):
            return self._granted(api, path)
        raise ControlPlaneError(f"the twin has no method {path}")

    def _granted(self, api: str, path: str) -> CloudResource:
        """Return the policy that the grants on a thing make."""
        subject = path.removesuffix(":getIamPolicy").removesuffix("/iam")
        kinds = {
            "cloudresourcemanager": (PROJECT_GRANT, "project"),
            "storage": (BUCKET_GRANT, "bucket"),
            "iam": (ACCOUNT_GRANT, "serviceAccountId"),
            "secretmanager": (SECRET_GRANT, "secretId"),
            "artifactregistry": (REPOSITORY_GRANT, "repository"),
            "bigquery": (TABLE_GRANT, "tableId"),
        }
        pubsub = (TOPIC_GRANT, "topic") if "/topics/" in subject else (SUBSCRIPTION_GRANT, "subscription")
        kind, key = kinds.get(api, pubsub)
        grants = [each.inputs for each in self.cloud.all(kind) if _last(str(each.inputs[key])) == _last(subject)]
        return {"bindings": [{"role": each["role"], "members": [each["member"]]} for each in grants]}

    def _access(self, path: str) -> CloudResource:
        grants = [each.inputs for each in self.cloud.all(DATASET_GRANT) if each.inputs["datasetId"] == _last(path)]
        emails = [(each["role"], str(each["member"]).partition(":")[2]) for each in grants]
        return {"access": [{"role": role, "userByEmail": email} for role, email in emails]}

    def delete(self, api: str, path: str) -> None:
        raise ControlPlaneError(f"the twin deletes nothing, such as {path}")

    def _function(self, found: Resource) -> CloudResource:
        document: dict[str, Any] = json.loads(json.dumps(found.inputs))
        document["serviceConfig"] |= found.outputs["serviceConfig"] | {"revision": _revision(found.inputs)}
        return document | {"state": "ACTIVE"}

    def _service(self, path: str) -> CloudResource | None:
        for found in self.cloud.all(FUNCTION):
            if found.outputs["serviceConfig"]["service"] == path:
                revision = f"{path}/revisions/{_revision(found.inputs)}"
                return {
                    "latestCreatedRevision": revision,
                    "latestReadyRevision": revision,
                    "terminalCondition": {"state": "CONDITION_SUCCEEDED"},
                    "trafficStatuses": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
                }
        return None

    def _policy(self, path: str) -> CloudResource | None:
        service = path.removesuffix(":getIamPolicy")
        grants = [each.inputs for each in self.cloud.all(INVOKER) if each.inputs["name"] in (service, _last(service))]
        if self._service(service) is None and not grants:
            return None
        return {"bindings": [{"role": each["role"], "members": [each["member"]]} for each in grants]}


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _revision(inputs: Mapping[str, Any]) -> str:
    source = inputs["buildConfig"]["source"]["storageSource"]["object"]
    return f"{inputs['name']}-{_last(source)[:8]}"


def _table(found: Resource) -> CloudResource:
    schema = {"schema": {"fields": json.loads(found.inputs["schema"])}} if "schema" in found.inputs else {}
    clustered = {"clustering": {"fields": found.inputs["clusterings"]}} if found.inputs.get("clusterings") else {}
    return {**found.inputs, **schema, **clustered, "type": found.outputs["type"]}
