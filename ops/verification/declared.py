"""What was declared, with the values that only the cloud knows filled in from it.

The offline plan holds references where a deployment decides. Each is resolved by asking for the resource that it
names, so that a subscription's endpoint is compared with the URL that the function has now.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from blueprint.findings import Location
from ops.embedded.record import Registration
from ops.report.gather import Plan
from ops.verification.cloud import CloudResource, ControlPlane, ControlPlaneError

FUNCTION: Final = "gcp:cloudfunctionsv2/function:Function"
INVOKER: Final = "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
SUBSCRIPTION: Final = "gcp:pubsub/subscription:Subscription"
TOPIC: Final = "gcp:pubsub/topic:Topic"
JOB: Final = "gcp:cloudscheduler/job:Job"
TABLE: Final = "gcp:bigquery/table:Table"
ALERT: Final = "gcp:monitoring/alertPolicy:AlertPolicy"
ACCOUNT: Final = "gcp:serviceaccount/account:Account"
AGENT: Final = "gcp:projects/serviceIdentity:ServiceIdentity"
AGENTS: Final = {
    "pubsub.googleapis.com": "gcp-sa-pubsub",
    "cloudscheduler.googleapis.com": "gcp-sa-cloudscheduler",
}
"""Where the accounts live that services of Google's work as."""
UNKNOWN: Final = object()
"""A value that neither the declaration nor the cloud tells; it is not compared."""


@dataclass
class DeclaredResources:
    """The resources of a plan, by kind, beside the cloud that should hold them."""

    plan: Plan
    cloud: ControlPlane
    _functions: dict[str, CloudResource | None] = field(default_factory=dict)
    _alerts: list[CloudResource] | None = None
    _policies: dict[str, CloudResource | None] = field(default_factory=dict)
    _jobs: list[CloudResource] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._by_urn = {each.urn: each for each in self.plan.resources}

    def of(self, kind: str) -> Iterator[Registration]:
        """Yield the resources of one kind."""
        yield from (each for each in self.plan.resources if each.type == kind)

    def at(self, resource: Registration) -> Location:
        """Return the line of the declaration that asks for a resource."""
        return next(iter(self.plan.reasons(resource)), Location("pipeline.yaml"))

    def function(self, resource: Registration) -> CloudResource | None:
        """Return a function as it is in the cloud, asked for once."""
        with self._lock:
            if resource.urn not in self._functions:
                self._functions[resource.urn] = self.cloud.get("cloudfunctions", path_of(resource))
            return self._functions[resource.urn]

    def alerts(self, title: str) -> list[CloudResource]:
        """Return the alert policies of that display name; they are listed once."""
        with self._lock:
            if self._alerts is None:
                projects = {str(each.inputs["project"]) for each in self.of(ALERT)}
                paths = [f"projects/{project}/alertPolicies" for project in sorted(projects)]
                self._alerts = [one for path in paths for one in self.cloud.list("monitoring", path, "alertPolicies")]
            return [each for each in self._alerts if each.get("displayName") == title]

    def policy(self, api: str, method: str, path: str) -> CloudResource | None:
        """Return who may do what on something, asked for once; None where it does not exist."""
        with self._lock:
            if path not in self._policies:
                ask = self.cloud.get(api, path) if method == "GET" else self._posted(api, path)
                self._policies[path] = ask
            return self._policies[path]

    def _posted(self, api: str, path: str) -> CloudResource | None:
        return self.cloud.post(api, path, {"options": {"requestedPolicyVersion": 3}})

    def jobs(self, project: str, location: str) -> list[CloudResource]:
        """Return every scheduler job of a place; they are listed once."""
        with self._lock:
            if self._jobs is None:
                path = f"projects/{project}/locations/{location}/jobs"
                self._jobs = list(self.cloud.list("cloudscheduler", path, "jobs"))
            return self._jobs

    def value(self, shown: Any) -> Any:
        """Return a declared value with its references resolved; `UNKNOWN` where one cannot be."""
        if not isinstance(shown, Mapping):
            return shown
        if "$ref" in shown:
            return self._resolve(str(shown["$ref"]), str(shown.get("property", "id")))
        if "$concat" in shown:
            parts = [self.value(part) for part in shown["$concat"]]
            return UNKNOWN if any(part is UNKNOWN for part in parts) else "".join(map(str, parts))
        return UNKNOWN if any(str(key).startswith("$") for key in shown) else shown

    def _agent(self, resource: Registration, name: str) -> Any:
        """Return the account that a service of Google's works as in the project, or what the interface tells of it."""
        service, project = str(resource.inputs["service"]), str(resource.inputs["project"])
        domain = AGENTS.get(service)
        if domain is None:
            return UNKNOWN
        number = self._number(project)
        email = f"service-{number}@{domain}.iam.gserviceaccount.com"
        return {"email": email, "member": f"serviceAccount:{email}"}.get(name, UNKNOWN)

    def _number(self, project: str) -> str:
        with self._lock:
            path = f"projects/{project}"
            if path not in self._policies:
                self._policies[path] = self.cloud.get("cloudresourcemanager", path)
            found = self._policies[path] or {}
        return str(found.get("projectNumber") or str(found.get("name", "")).rpartition("/")[2])

    def _resolve(self, urn: str, name: str) -> Any:
        resource = self._by_urn.get(urn)
        if resource is None:
            return UNKNOWN
        if resource.type == FUNCTION:
            found = self.function(resource)
            if found is None:
                raise ControlPlaneError(f"the function {resource.inputs['name']} does not exist")
            return dig(found, name, UNKNOWN)
        if resource.type == ACCOUNT:
            email = f"{resource.inputs['accountId']}@{resource.inputs['project']}.iam.gserviceaccount.com"
            full = f"projects/{resource.inputs['project']}/serviceAccounts/{email}"
            known = {"email": email, "member": f"serviceAccount:{email}", "name": full, "id": full}
            return known.get(name, UNKNOWN)
        if resource.type == AGENT:
            return self._agent(resource, name)
        if resource.type == TOPIC and name == "id":
            return path_of(resource)
        return resource.inputs.get(name, UNKNOWN)


def path_of(resource: Registration) -> str:
    """Return the name of a resource below its interface's version."""
    inputs = resource.inputs
    project = inputs["project"]
    forms = {
        FUNCTION: "projects/{project}/locations/{location}/functions/{name}",
        SUBSCRIPTION: "projects/{project}/subscriptions/{name}",
        TOPIC: "projects/{project}/topics/{name}",
        JOB: "projects/{project}/locations/{region}/jobs/{name}",
        TABLE: "projects/{project}/datasets/{datasetId}/tables/{tableId}",
    }
    return forms[resource.type].format_map({**inputs, "project": project})


def dig(document: Mapping[str, Any], path: str, otherwise: Any = None) -> Any:
    """Return the value at a dotted path."""
    value: Any = document
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return otherwise
        value = value[part]
    return value
