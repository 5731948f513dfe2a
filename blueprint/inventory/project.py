"""What belongs to the project as a whole: enabled services, service agents, secrets."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.functions import Secret
from blueprint.inventory.resource import Expected, Owner, Ref, labels
from blueprint.model import Blueprint
from blueprint.services import APIS, SERVICE_AGENTS

SERVICE = "gcp:projects/service:Service"
AGENT = "gcp:projects/serviceIdentity:ServiceIdentity"
SECRET = "gcp:secretmanager/secret:Secret"  # a kind's name, not a credential

PUBSUB_AGENT = Ref("pubsub-agent", "member")
SCHEDULER_AGENT = Ref("cloudscheduler-agent", "member")


def api_name(api: str) -> str:
    """Return the logical name of the enabled service `api`, such as `pubsub.googleapis.com`."""
    return f"{api.removesuffix('.googleapis.com')}-api"


def services(plan: Blueprint) -> Iterator[Expected]:
    """Yield every service that the kinds of this project need, and the agents that are given grants."""
    owner = Owner("ProjectServices", "project-services")
    for api in APIS:
        inputs = {
            "service": api,
            "project": plan.stack.project,
            "disableOnDestroy": False,
            "disableDependentServices": False,
        }
        yield owner.owns(SERVICE, api_name(api), inputs)
    for api in SERVICE_AGENTS:
        name = f"{api.removesuffix('.googleapis.com')}-agent"
        inputs = {"service": api, "project": plan.stack.project}
        yield owner.owns(AGENT, name, inputs, waits_for=(api_name(api),))


def secret(plan: Blueprint, declared: Secret) -> Iterator[Expected]:
    """Yield the container of a secret; its value is added by a person."""
    inputs: dict[str, object] = {
        "secretId": declared.secret,
        "project": plan.stack.project,
        "replication": {"auto": {}},
        "labels": labels(plan),
    }
    owner = Owner("Secret", declared.secret)
    yield owner.owns(SECRET, f"{declared.secret}-secret", inputs, protect=True)
