"""What a declaration says of what exists: an entry for each thing, with what its listing tells and `"?"` for the rest.

An entry that holds no `"?"` and waits for nothing is written; any other is asked of a person.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ops.adoption.inventory import Existing
from ops.adoption.listing import Listing, called

UNKNOWN: Final = '"?"'
"""Stands where a listing tells nothing; left there, it is refused as what it is: no name of anything."""


@dataclass(frozen=True)
class DraftedEntry:
    """Something that exists and is not declared, with how it is declared as far as that is known.

    Attributes:
        what: its kind and name.
        why: what a listing does not tell, as sentences; "" where it tells all.
        entry: lines for the declaration, with what is known; empty where nothing is.
        section: where in the declaration it belongs; None where it belongs into a file of its own.
        address: of a service, its address, which is the stack's to say; else "".
    """

    what: str
    why: str
    entry: tuple[str, ...] = ()
    section: str | None = None
    address: str = ""

    @property
    def known(self) -> bool:
        """Whether nothing is left to a person."""
        return bool(self.entry) and not self.why

    def as_comment(self) -> list[str]:
        """Return the lines of a comment that asks it."""
        return [f"# ? {self.what}: {self.why}", *(f"# {line}" for line in self.entry)]


def entries(listing: Listing) -> Iterator[DraftedEntry]:
    """Yield what the declaration does not have, section by section of it."""
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
    yield from _secrets(listing)
    yield from _streams(listing)
    yield from _schedules(listing)
    for alert in listing.kind("AlertPolicy"):
        why = "Alerts are derived from what is declared; keep it until a derived one says the same."
        yield DraftedEntry(f"alert {alert.label}", why, section="alerts")


def _words(name: str) -> str:
    """Return a name as a title for people."""
    return name.replace("-", " ").replace("_", " ").capitalize()


def _services(listing: Listing) -> Iterator[DraftedEntry]:
    pushed: dict[str, str] = {}
    topics: dict[str, list[str]] = {}
    for topic in listing.kind("Topic"):
        for service, _, address in listing.outside(topic):
            pushed[service] = address
            topics.setdefault(service, []).append(topic.label)
        for service in listing.published_outside(topic):
            pushed.setdefault(service, "")
            topics.setdefault(service, []).append(topic.label)
    used = listing.used_services()
    for service, address in pushed.items():
        if service not in listing.names("services"):
            why = "" if service in used else f"It can be declared once {' or '.join(sorted(topics[service]))} is."
            entry = (f"{service}: {{title: {_words(service)}}}",)
            yield DraftedEntry(f"service {service}", why, entry, "services", address)


def _topic(listing: Listing, topic: Existing) -> DraftedEntry:
    consumers = [f"{{service: {service}, path: {path}}}" for service, path, _ in listing.outside(topic)]
    publishers = listing.publishers(topic)
    outside = listing.published_outside(topic) if publishers else [UNKNOWN]
    lines = [f"{topic.label}:", f"  message: {UNKNOWN}"]
    lines += [f"  publishers: [{', '.join(outside)}]"] if outside else []
    lines += [f"  consumers: [{', '.join(consumers)}]"] if consumers else []
    lines += [f"  shared: {UNKNOWN}"] if len(consumers) + len(listing.listeners(topic)) > 1 else []
    why = "Which file of schemas/messages/ describes its messages?" + ("" if publishers else " Who publishes on it?")
    names = ", ".join(each.label for each in listing.subscribed(topic))
    told = f" Its subscriptions are {names}." if names else " Nothing subscribes to it."
    return DraftedEntry(f"topic {topic.label}", why + told, tuple(lines), "topics")


def _phase(listing: Listing, topic: Existing) -> DraftedEntry:
    collections = sorted({str(each.settings["collection"]) for each in listing.kind("Index")})
    known = f" Collections with indexes are {', '.join(collections)}." if collections else ""
    publishers = listing.publishers(topic)
    lines = (
        f"{UNKNOWN}:",
        f"  label: {UNKNOWN}",
        f"  title: {UNKNOWN}",
        f"  service: {publishers[0] if len(publishers) == 1 else UNKNOWN}",
        f"  completion_topic: {topic.label}",
        f"  collection: {UNKNOWN}",
        f"  processors: {{{UNKNOWN}: {{}}}}",
    )
    heard = ", ".join(f"'{each.label}'" for each in listing.listeners(topic))
    why = f"Called by it: {heard}. Does a phase complete on it: which, by whose messages, and recorded where?{known}"
    return DraftedEntry(f"phase behind {topic.label}", why, lines, "phases")


def _boundary(listing: Listing, function: Existing) -> DraftedEntry:
    topics = {each.label for each in listing.kind("Topic")}
    named = {name: str(value).rpartition("/")[2] for name, value in _environment(function).items()}
    found = [f"`{name}` is {value}" for name, value in named.items() if value in topics]
    told = f" Of its variables, {' and '.join(found)}." if found else ""
    published = [each.label for each in listing.kind("Topic") if function.label in listing.publishers(each)]
    lines = (
        f"{UNKNOWN}:",
        f"  upstream: {UNKNOWN}",
        f"  function: {function.label}",
        f"  timer: {{function: {UNKNOWN}, schedule: {UNKNOWN}}}",
        f"  deadline: {UNKNOWN}",
        f"  trigger: {{topic: {published[0] if len(published) == 1 else UNKNOWN}, fields: {{{UNKNOWN}: {{from: {UNKNOWN}}}}}}}",
        f"  modes: {{any: {{when: always, expected: [{UNKNOWN}], rules: [{{reason: {UNKNOWN}, require: all}}]}}}}",
    )
    why = f"Does it start a next phase: on which topic, with which fields, when what has completed, and by when?{told}"
    return DraftedEntry(f"boundary of {function.label}", why, lines, "boundaries")


def _function(listing: Listing, function: Existing) -> DraftedEntry:
    build, service = function.settings["buildConfig"], function.settings["serviceConfig"]
    folder, trigger = listing.folder(function), _trigger(listing, function)
    orchestrates = any(each.get("function") == function.label for each in listing.names("boundaries").values())
    publishes = (
        [] if orchestrates else [t.label for t in listing.kind("Topic") if function.label in listing.publishers(t)]
    )
    secrets = [each for each in _secret_variables(function) if listing.names_variable(function, each)]
    given: dict[str, Any] = {
        "title": json.dumps(function.settings.get("description") or _words(function.label), ensure_ascii=False),
        "folder": folder or UNKNOWN,
        "entry_point": build.get("entryPoint") or UNKNOWN,
        "trigger": None if orchestrates else trigger or UNKNOWN,
        "publishes": f"[{', '.join(publishes)}]" if publishes else None,
        "secrets": f"[{', '.join(secrets)}]" if secrets else None,
        "memory": _memory(service["availableMemory"]) if service.get("availableMemory") else None,
        "timeout": f"{service['timeoutSeconds']}s" if service.get("timeoutSeconds") else None,
        "max_instances": service.get("maxInstanceCount"),
    }
    entry = [f"{function.label}:", *(f"  {name}: {value}" for name, value in given.items() if value is not None)]
    heard = [] if orchestrates else [topic] if (topic := _heard(function)) else []
    waits = sorted({*publishes, *heard} - listing.names("topics").keys())
    waits += [each for each in secrets if not _pinned(function, each) and each not in listing.names("secrets")]
    asked = [
        ""
        if folder
        else "Where is its source? It belongs into a folder under functions/, whose main.py has its entry point.",
        "" if orchestrates or trigger else "What calls it?",
        f"It can be declared once {', '.join(waits)} is." if waits else "",
    ]
    return DraftedEntry(f"function {function.label}", " ".join(filter(None, asked)), tuple(entry), "functions")


def _heard(function: Existing) -> str:
    return str((function.settings.get("eventTrigger") or {}).get("pubsubTopic") or "").rpartition("/")[2]


def _trigger(listing: Listing, function: Existing) -> str:
    """Return what calls a function, as the declaration says it; "" where nothing that is listed does."""
    jobs = [each for each in listing.kind("Job") if _target(each) == function.label]
    if topic := _heard(function):
        return f"{{topic: {topic}}}"
    crons = ", ".join(f"{each.label}: {{cron: {json.dumps(each.settings.get('schedule'))}}}" for each in jobs)
    return f"{{schedules: {{{crons}}}}}" if jobs else ""


def _memory(text: str) -> str:
    return f"{text}i" if text.endswith(("M", "G")) else text


def _environment(function: Existing) -> dict[str, Any]:
    return function.settings["serviceConfig"].get("environmentVariables") or {}


def _secret_variables(function: Existing) -> dict[str, dict[str, Any]]:
    """Return by variable which secret a function is given, and in which version."""
    given = function.settings["serviceConfig"].get("secretEnvironmentVariables") or ()
    return {str(each["key"]): each for each in given}


def _pinned(function: Existing, variable: str) -> bool:
    return str(_secret_variables(function)[variable].get("version", "")).isdigit()


def _variables(listing: Listing) -> Iterator[DraftedEntry]:
    """Yield the variables of functions that are declared or can be: what code of others is given is not the project's."""
    stack = listing.stack
    values = {stack.project: "project", stack.project_number: "project_number", stack.region: "region"}
    values |= {stack.environment: "environment"}
    for name in sorted({name for each in listing.kind("Function") for name in _environment(each)}):
        if name in listing.names("environment"):
            continue
        readers = [each for each in listing.kind("Function") if name in _environment(each)]
        source = {values.get(str(_environment(each)[name])) for each in readers}
        (known,) = source if len(source) == 1 else (None,)
        labels = ", ".join(each.label for each in readers)
        why = "" if known else "Does code read it, and is it the project, the environment, or a value of the stack?"
        taken = [each for each in readers if each.label in listing.names("functions")]
        if known and not taken:
            why = "It can be declared once a function is that reads it."
        elif known and not any(listing.names_variable(each, name) for each in taken):
            why = "Nothing in their code names it."
        why = why and f"{labels} is given it. {why}"
        yield DraftedEntry(f"variable {name}", why, (f"{name}: {{from: {known or UNKNOWN}}}",), "environment")


def _secrets(listing: Listing) -> Iterator[DraftedEntry]:
    declared = {each.get("secret") for each in listing.names("secrets").values()}
    readers = {
        str(given.get("secret")).rpartition("/")[2]: (variable, given, function)
        for function in listing.kind("Function")
        for variable, given in _secret_variables(function).items()
    }
    for secret in listing.kind("Secret"):
        name = str(secret.settings["secretId"])
        if name in declared:
            continue
        if name not in readers:
            why = "Which variable does code read it by?"
            yield DraftedEntry(f"secret {name}", why, (f"{UNKNOWN}: {{secret: {name}}}",), "secrets")
            continue
        variable, given, function = readers[name]
        pinned = _pinned(function, variable)
        version = f', version: "{given["version"]}"' if pinned else f", version: {UNKNOWN}"
        why = "" if pinned else "Which version? It follows the newest today, so what runs changes without a release."
        if pinned and function.label not in listing.names("functions"):
            why = f"It can be declared once {function.label} is."
        elif pinned and not listing.names_variable(function, variable):
            why = f"{function.label} is given it as {variable}, and nothing in its code names that."
        yield DraftedEntry(f"secret {name}", why, (f"{variable}: {{secret: {name}{version}}}",), "secrets")


def _streams(listing: Listing) -> Iterator[DraftedEntry]:
    tables = {each.get("table") for each in listing.names("streams").values()}
    for each in listing.kind("Subscription"):
        config = each.settings.get("bigqueryConfig") or {}
        table = ".".join(str(config.get("table") or "").replace(":", ".").split(".")[-2:])
        if not table or table in tables:
            continue
        topic, same = str(each.settings.get("topic")).rpartition("/")[2], bool(config.get("useTableSchema"))
        name = table.rpartition(".")[2]
        taken = name in listing.names("streams")
        lines = (
            f"{UNKNOWN if taken else name}:",
            f"  topics: [{topic}]",
            f"  table: {table}",
            f"  columns: {'same' if same else UNKNOWN}",
        )
        asked = [
            "" if same else "Which column comes from which field, or has the message the row's names (`same`)?",
            f"'{name}' is a stream already; what is this one called?" if taken else "",
            "" if topic in listing.names("topics") else f"It can be declared once {topic} is.",
        ]
        why = " ".join(filter(None, asked))
        yield DraftedEntry(f"subscription {each.label}", why and f"It writes rows of {table}. {why}", lines, "streams")


def _target(job: Existing) -> str:
    return called(str((job.settings.get("httpTarget") or {}).get("uri") or ""))


def _schedules(listing: Listing) -> Iterator[DraftedEntry]:
    functions = {each.label for each in listing.kind("Function")}
    for job in listing.kind("Job"):
        topic = str((job.settings.get("pubsubTarget") or {}).get("topicName") or "").rpartition("/")[2]
        if _target(job) not in functions:
            does = f"It publishes on {topic}" if topic else "It calls nothing of this project"
            why = f"{does} ({job.settings.get('schedule')}). Which function takes it over, or does it stay where it is?"
            yield DraftedEntry(f"schedule {job.label}", why, section="functions")
