"""The provider twin's cloud, answering as Google's REST interfaces do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ops.verification.cloud import CloudResource, ControlPlaneError
from ops.verification.declared import ALERT, FUNCTION, INVOKER, JOB, SUBSCRIPTION, TABLE
from tests.engine.twin.cloud import Cloud, Resource

CHANNEL = re.compile(r"projects/[^/]+/notificationChannels/\d+")


class TwinRest:
    """`ControlPlane` over the twin. `faults` replaces the answer for a path; an exception there is raised."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.faults: dict[str, CloudResource | Exception | None] = {}

    def get(self, api: str, path: str) -> CloudResource | None:
        if path in self.faults:
            answer = self.faults[path]
            if isinstance(answer, Exception):
                raise answer
            return answer
        kinds = {"cloudfunctions": FUNCTION, "pubsub": SUBSCRIPTION, "cloudscheduler": JOB, "bigquery": TABLE}
        if api == "run":
            return self._policy(path) if path.endswith(":getIamPolicy") else self._service(path)
        if api == "monitoring":
            return {"name": path, "enabled": True} if CHANNEL.fullmatch(path) else None
        found = self.cloud.get(kinds[api], path)
        if found is None:
            return None
        if api == "cloudfunctions":
            return self._function(found)
        return _table(found) if api == "bigquery" else found.inputs | found.outputs

    def list(self, api: str, path: str, member: str) -> Iterator[CloudResource]:
        assert (api, member) == ("monitoring", "alertPolicies")
        for found in self.cloud.all(ALERT):
            yield found.outputs | found.inputs

    def post(self, api: str, path: str, body: CloudResource) -> CloudResource:
        raise ControlPlaneError(f"the twin has no method {path}")

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
    return {**found.inputs, **schema, "type": found.outputs["type"]}
