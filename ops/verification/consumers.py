"""Who else is there: subscriptions on our topics and jobs on our functions that nobody declares.

A second consumer takes nothing away from ours, but does work a second time, with code that nobody reviews. During a
hand-over it is expected; afterwards it is what somebody's script left.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.loader import load_manifest
from ops.embedded.record import Registration
from ops.verification.cloud import CloudResource
from ops.verification.declared import JOB, SUBSCRIPTION, DeclaredResources, dig, path_of


def subscriptions(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield each subscription on a topic that is not declared, and a topic that a declared reader does not read."""
    topic = str(resource.inputs["name"])
    ours = {path_of(each) for each in declared.of(SUBSCRIPTION)}
    present = [
        str(each) for each in declared.cloud.list("pubsub", f"{path_of(resource)}/subscriptions", "subscriptions")
    ]
    foreign = sorted(each for each in present if each not in ours)
    known = load_manifest(declared.plan.root).topics.get(topic)
    own = [each.service for each in known.consumers if each.delivery == "own"] if known else []
    if len(foreign) < len(own):
        yield f"Nothing subscribes to topic {topic} for {', '.join(own)}, so what is published is lost; start that consumer's deployment."
    for each in foreign[len(own) :] if len(foreign) > len(own) else ():
        name = each.rpartition("/")[2]
        yield f"Subscription {name} on topic {topic} is declared by nobody; what it feeds gets each message too. Delete it, or declare its consumer."


def topic(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield that a topic does not exist."""
    if declared.cloud.get("pubsub", path_of(resource)) is None:
        yield f"Topic {resource.inputs['name']} does not exist, so nothing can be published on it; release again."


def callers(declared: DeclaredResources, resource: Registration) -> Iterator[str]:
    """Yield each job that calls a function and is not declared."""
    found = declared.function(resource)
    uri = str(dig(found, "serviceConfig.uri", "")) if found else ""
    ours = {path_of(each) for each in declared.of(JOB)}
    for job in declared.jobs(str(resource.inputs["project"]), str(resource.inputs["location"])):
        name = str(job.get("name"))
        if uri and name not in ours and _calls(job, uri):
            yield f"Job {name.rpartition('/')[2]} calls {resource.inputs['name']} and is declared by nobody; delete it, or declare its schedule."


def _calls(job: CloudResource, uri: str) -> bool:
    return str(dig(job, "httpTarget.uri", "")).startswith(uri)
