"""What only a person can say of what exists: an entry for each thing, with what its listing tells and `"?"` for the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from ops.adoption.inventory import Existing

UNKNOWN: Final = '"?"'
"""Stands where a listing tells nothing; left there, it is refused as what it is: no name of anything."""


@dataclass(frozen=True)
class OpenQuestion:
    """Something that exists and that only a person can declare.

    Attributes:
        what: its kind and name.
        why: what a listing does not tell, as sentences.
        entry: lines for the declaration, with what is known; empty where nothing is.
        section: where in the declaration it belongs; None where it belongs into a file of its own.
    """

    what: str
    why: str
    entry: tuple[str, ...] = ()
    section: str | None = None

    def as_comment(self) -> list[str]:
        """Return the lines of a comment that asks it."""
        return [f"# ? {self.what}: {self.why}", *(f"# {line}" for line in self.entry)]


@dataclass(frozen=True)
class _Listing:
    """What exists, by kind, and what the declaration has already."""

    there: tuple[Existing, ...]
    declared: Mapping[str, Any]

    def kind(self, name: str) -> list[Existing]:
        return [each for each in self.there if each.type.endswith(f":{name}")]

    def missing(self, kind: str, section: str) -> list[Existing]:
        """Return what exists of a kind and is not declared under its own name."""
        return [each for each in self.kind(kind) if each.label not in (self.declared.get(section) or {})]

    def subscribed(self, topic: Existing) -> list[Existing]:
        return [each for each in self.kind("Subscription") if each.settings.get("topic") == topic.id]

    def listeners(self, topic: Existing) -> list[Existing]:
        """Return the project's functions that a topic calls, by their trigger or by a push to their address."""
        pushed = [_endpoint(each) for each in self.subscribed(topic)]
        return [
            each
            for each in self.kind("Function")
            if (each.settings.get("eventTrigger") or {}).get("pubsubTopic") == topic.id
            or any(_called(url) == each.label for url in pushed)
        ]

    def topics(self) -> list[Existing]:
        """Return the topics that are not declared, without those that only take dead letters: these follow."""
        letters = {
            (each.settings.get("deadLetterPolicy") or {}).get("deadLetterTopic") for each in self.kind("Subscription")
        }
        return [each for each in self.missing("Topic", "topics") if each.id not in letters]


def questions(existing: Iterable[Existing], declared: Mapping[str, Any]) -> Iterator[OpenQuestion]:
    """Yield what is to be asked, section by section of the declaration."""
    listing = _Listing(tuple(existing), declared)
    yield from _services(listing)
    for topic in listing.topics():
        yield _topic(listing, topic)
    for topic in listing.topics():
        if listing.listeners(topic):
            yield _phase(listing, topic)
        for function in listing.listeners(topic):
            yield _boundary(listing, function)
    for function in listing.missing("Function", "functions"):
        yield _function(listing, function)
    yield from _variables(listing)
    yield from _streams(listing)
    yield from _schedules(listing)
    for alert in listing.kind("AlertPolicy"):
        why = "Alerts are derived from what is declared; keep it until a derived one says the same."
        yield OpenQuestion(f"alert {alert.label}", why, section="alerts")


def _endpoint(subscription: Existing) -> str:
    return str((subscription.settings.get("pushConfig") or {}).get("pushEndpoint") or "")


def _called(address: str) -> str:
    """Return the function or service that an address of the platform belongs to; of another, the first word of its host."""
    url = urlsplit(address)
    host = url.hostname or ""
    if host.endswith(".cloudfunctions.net"):
        return url.path.strip("/").partition("/")[0]
    found = re.fullmatch(r"(.+)-(?:[a-z0-9]{10}-[a-z]{2}\.a|\d+\.[a-z0-9-]+)\.run\.app", host)
    return found[1] if found else host.partition(".")[0]


def _outside(listing: _Listing, topic: Existing) -> Iterator[tuple[str, str, str]]:
    """Yield service, path and address of each push from a topic to something that is no function of the project."""
    functions = {each.label for each in listing.kind("Function")}
    for each in listing.subscribed(topic):
        url = urlsplit(_endpoint(each))
        service = _called(_endpoint(each))
        if service and service not in functions and not each.label.startswith("eventarc-"):
            yield service, url.path or "/", f"https://{url.hostname}"


def _services(listing: _Listing) -> Iterator[OpenQuestion]:
    pushes = (push for topic in listing.kind("Topic") for push in _outside(listing, topic))
    for service, address in dict.fromkeys((service, address) for service, _, address in pushes):
        if service not in (listing.declared.get("services") or {}):
            why = f"What do operators call it? Its address for `serviceUrls` of the stack is {address}."
            yield OpenQuestion(f"service {service}", why, (f"{service}: {{title: {UNKNOWN}}}",), "services")


def _topic(listing: _Listing, topic: Existing) -> OpenQuestion:
    consumers = [f"{{service: {service}, path: {path}}}" for service, path, _ in _outside(listing, topic)]
    lines = [f"{topic.label}:", f"  message: {UNKNOWN}", f"  publishers: [{UNKNOWN}]"]
    lines += [f"  consumers: [{', '.join(consumers)}]"] if consumers else []
    lines += [f"  shared: {UNKNOWN}"] if len(consumers) + len(listing.listeners(topic)) > 1 else []
    why = "Who publishes on it, and which file of schemas/messages/ describes its messages?"
    names = ", ".join(each.label for each in listing.subscribed(topic))
    known = f" Its subscriptions are {names}." if names else " Nothing subscribes to it."
    return OpenQuestion(f"topic {topic.label}", why + known, tuple(lines), "topics")


def _phase(listing: _Listing, topic: Existing) -> OpenQuestion:
    collections = sorted({str(each.settings["collection"]) for each in listing.kind("Index")})
    known = f" Collections with indexes are {', '.join(collections)}." if collections else ""
    lines = (
        f"{UNKNOWN}:",
        f"  label: {UNKNOWN}",
        f"  title: {UNKNOWN}",
        f"  service: {UNKNOWN}",
        f"  completion_topic: {topic.label}",
        f"  collection: {UNKNOWN}",
        f"  processors: {{{UNKNOWN}: {{}}}}",
    )
    heard = ", ".join(f"'{each.label}'" for each in listing.listeners(topic))
    why = f"Called by it: {heard}. Does a phase complete on it: which, by whose messages, and recorded where?{known}"
    return OpenQuestion(f"phase behind {topic.label}", why, lines, "phases")


def _boundary(listing: _Listing, function: Existing) -> OpenQuestion:
    variables = function.settings["serviceConfig"].get("environmentVariables") or {}
    topics = {each.label for each in listing.kind("Topic")}
    named = {name: str(value).rpartition("/")[2] for name, value in variables.items()}
    found = [f"`{name}` is {value}" for name, value in named.items() if value in topics]
    told = f" Of its variables, {' and '.join(found)}." if found else ""
    lines = (
        f"{UNKNOWN}:",
        f"  upstream: {UNKNOWN}",
        f"  function: {function.label}",
        f"  timer: {{function: {UNKNOWN}, schedule: {UNKNOWN}}}",
        f"  deadline: {UNKNOWN}",
        f"  trigger: {{topic: {UNKNOWN}, fields: {{{UNKNOWN}: {{from: {UNKNOWN}}}}}}}",
        f"  modes: {{any: {{when: always, expected: [{UNKNOWN}], rules: [{{reason: {UNKNOWN}, require: all}}]}}}}",
    )
    why = f"Does it start a next phase: on which topic, with which fields, when what has completed, and by when?{told}"
    return OpenQuestion(f"boundary of {function.label}", why, lines, "boundaries")


def _function(listing: _Listing, function: Existing) -> OpenQuestion:
    build, service = function.settings["buildConfig"], function.settings["serviceConfig"]
    topic = str((function.settings.get("eventTrigger") or {}).get("pubsubTopic") or "").rpartition("/")[2]
    jobs = [each for each in listing.kind("Job") if _target(each) == function.label]
    schedules = ", ".join(f"{each.label}: {{cron: {json.dumps(each.settings.get('schedule'))}}}" for each in jobs)
    trigger = f"{{topic: {topic}}}" if topic else f"{{schedules: {{{schedules}}}}}" if jobs else UNKNOWN
    entry = [
        f"{function.label}:",
        f"  title: {json.dumps(function.settings['description'], ensure_ascii=False) if function.settings.get('description') else UNKNOWN}",
        f"  folder: {UNKNOWN}",
        f"  entry_point: {build.get('entryPoint') or UNKNOWN}",
        f"  trigger: {trigger}",
        *([f"  memory: {_memory(service['availableMemory'])}"] if service.get("availableMemory") else []),
        *([f"  timeout: {service['timeoutSeconds']}s"] if service.get("timeoutSeconds") else []),
        *([f"  max_instances: {service['maxInstanceCount']}"] if service.get("maxInstanceCount") else []),
    ]
    called = "" if topic or jobs else ", and what calls it"
    why = f"Where is its source{called}? It belongs into a folder under functions/."
    return OpenQuestion(f"function {function.label}", why, tuple(entry), "functions")


def _memory(text: str) -> str:
    return f"{text}i" if text.endswith(("M", "G")) else text


def _variables(listing: _Listing) -> Iterator[OpenQuestion]:
    readers: dict[str, list[str]] = {}
    for function in listing.missing("Function", "functions"):
        for name in function.settings["serviceConfig"].get("environmentVariables") or ():
            readers.setdefault(name, []).append(function.label)
    for name, functions in sorted(readers.items()):
        if name not in (listing.declared.get("environment") or {}):
            why = f"{', '.join(functions)} is given it. Does code read it, and is it the project, the environment, or a value of the stack?"
            yield OpenQuestion(f"variable {name}", why, (f"{name}: {{from: {UNKNOWN}}}",), "environment")
    declared = {each.get("secret") for each in (listing.declared.get("secrets") or {}).values()}
    for secret in listing.kind("Secret"):
        name = str(secret.settings["secretId"])
        if name not in declared:
            why = "Which variable does code read it by?"
            yield OpenQuestion(f"secret {name}", why, (f"{UNKNOWN}: {{secret: {name}}}",), "secrets")


def _streams(listing: _Listing) -> Iterator[OpenQuestion]:
    tables = {each.get("table") for each in (listing.declared.get("streams") or {}).values()}
    for each in listing.kind("Subscription"):
        table = ".".join(str((each.settings.get("bigqueryConfig") or {}).get("table") or "").split(".")[-2:])
        if table and table not in tables:
            topic = str(each.settings.get("topic")).rpartition("/")[2]
            lines = (f"{UNKNOWN}:", f"  topics: [{topic}]", f"  table: {table}", f"  columns: {UNKNOWN}")
            why = f"It writes rows of {table}. Which column comes from which field, or has the message the row's names (`same`)?"
            yield OpenQuestion(f"subscription {each.label}", why, lines, "streams")


def _target(job: Existing) -> str:
    return _called(str((job.settings.get("httpTarget") or {}).get("uri") or ""))


def _schedules(listing: _Listing) -> Iterator[OpenQuestion]:
    functions = {each.label for each in listing.kind("Function")}
    for job in listing.kind("Job"):
        topic = str((job.settings.get("pubsubTarget") or {}).get("topicName") or "").rpartition("/")[2]
        if _target(job) not in functions:
            does = f"It publishes on {topic}" if topic else "It calls nothing of this project"
            why = f"{does} ({job.settings.get('schedule')}). Which function takes it over, or does it stay where it is?"
            yield OpenQuestion(f"schedule {job.label}", why, section="functions")
