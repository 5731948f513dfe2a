"""A boundary between two phases: with its function and trigger topic, and the phase where that is new."""

from __future__ import annotations

import json
import re
from typing import Any

from ops.scaffolding.change import DECLARATION, PartRefused, ProjectChange
from ops.scaffolding.lines import with_key
from ops.scaffolding.parts import DEFAULTS, IDENTIFIER, block, describe, fits
from ops.scaffolding.texts import PLURALS, STARTS


def boundary(
    change: ProjectChange, upstream: str, downstream: str, service: str | None, path: str, *, new: bool = False
) -> None:
    """Add a boundary from a phase to the next; where the next is new, the phase with its service and topic too.

    `upstream` may be new where `new` says so. The `service` of a new phase is else called like the phase; it takes triggers at
    `path`.
    """
    for phase in (upstream, downstream):
        fits(phase, IDENTIFIER, "lower-case letters, digits and underscores, a letter first")
    if not new:
        change.named("phases", upstream)
    if service is not None and downstream in change.value("phases"):
        raise PartRefused(f"'{downstream}' is there and has its service already; leave `--service` out.")
    model = _model(change, upstream, f"{upstream}_to_{downstream}")
    for phase in (upstream, downstream):
        if phase not in change.value("phases"):
            _phase(change, phase, service if phase == downstream else None)
    before, after = change.value("phases", upstream), change.value("phases", downstream)
    topic = f"{change.value().get('pipeline', '')}-start-{downstream.replace('_', '-')}"
    message = _trigger_message(change, f"start-{downstream.replace('_', '-')}")
    consumers = f"[{{service: {after['service']}, path: {path}}}]"
    change.add(("topics",), topic, f"\n  message: {message}\n  consumers: {consumers}")
    _starter(change, upstream, downstream, model)
    _listed(change, topic)
    lines = [
        f"upstream: {upstream}",
        f"downstream: {downstream}",
        f"function: start-{downstream.replace('_', '-')}",
        f"timer: {{function: {model['timer']['function']}, schedule: {model['timer']['schedule']}}}",
        f"deadline: {model['deadline']}",
        "trigger:",
        f"  topic: {topic}",
        "  fields:",
        f"    {change.key()[1]}: {{from: date}}",
        "    correlation_id: {from: correlation_id}",
        "modes:",
        "  any:",
        "    when: always",
        f"    expected: [{', '.join(before['processors'])}]",
        "    rules:",
        "      - {reason: everything_in, require: all}",
    ]
    change.add(("boundaries",), f"{upstream}_to_{downstream}", block(lines))


def _model(change: ProjectChange, upstream: str, name: str) -> dict[str, Any]:
    """Return a boundary whose timer and sizes the new one shares; raises `PartRefused` where there is no place for it."""
    boundaries: dict[str, dict[str, Any]] = change.value("boundaries")
    if name in boundaries:
        raise PartRefused(f"`boundaries` of {DECLARATION} has '{name}' already; nothing was written.")
    taken = next((each for each, value in boundaries.items() if value.get("upstream") == upstream), None)
    if taken is not None:
        raise PartRefused(
            f"'{upstream}' starts the next phase by '{taken}' already, and a phase has one boundary behind it; nothing was written."
        )
    if change.value("phases", upstream).get("batch"):
        raise PartRefused(
            f"'{upstream}' completes by batches, and only you know which of its numbers say that it is done; write the boundary by hand."
        )
    model = next((value for value in boundaries.values() if "timer" in value), None)
    if model is None:
        raise PartRefused(f"No boundary of {DECLARATION} has a `timer` that this one could share; write it by hand.")
    return model


def _starter(change: ProjectChange, upstream: str, downstream: str, model: dict[str, Any]) -> None:
    """Add the boundary's function: of the size of the other boundary's, called by what it is the function of."""
    folder, phase = f"{upstream}_to_{downstream}", downstream.replace("_", " ")
    change.files[f"functions/{folder}/main.py"] = STARTS.format(entry=f"start_{downstream}", phase=phase)
    like = change.value("functions", model["function"])
    lines = [
        f"title: Starts {phase} when {upstream.replace('_', ' ')} is complete",
        f"folder: {folder}",
        f"entry_point: start_{downstream}",
        *(f"{key}: {like[key]}" for key, _ in DEFAULTS if key in like),
    ]
    change.add(("functions",), f"start-{downstream.replace('_', '-')}", block(lines))


def _trigger_message(change: ProjectChange, name: str) -> str:
    """Return the message of another boundary's trigger that asks for no more than this one says; else a new one."""
    said = {change.key()[1], "correlation_id"}
    for each in change.value("boundaries").values():
        topic = change.value("topics", each.get("trigger", {}).get("topic", ""))
        message = topic.get("message")
        schema = change.schema(message) if message else {}
        if schema and said.issuperset(schema.get("required", ())) and said <= schema.get("properties", {}).keys():
            return str(message)
    describe(change, name, "Starts the phase.", **{"x-attributes": ["trigger_id"]})
    return name


def _listed(change: ProjectChange, topic: str) -> None:
    """Add a trigger to each function that lists the boundaries' triggers; who leaves them out has this one too."""
    triggers = {each.get("trigger", {}).get("topic") for each in change.value("boundaries").values()}
    for name, value in change.value("functions").items():
        listed = value.get("publishes")
        if isinstance(listed, list) and triggers & set(listed):
            change.append(("functions", name, "publishes"), topic)


def _phase(change: ProjectChange, name: str, service: str | None) -> None:
    """Add a phase with its service and completion topic, to each stream too that lists another phase's topic."""
    title, prefix = name.replace("_", " ").capitalize(), change.value().get("pipeline", "")
    service = service or f"{prefix}-{name.replace('_', '-')}"
    others = [each["completion_topic"] for each in change.value("phases").values()]
    message = change.value("topics", others[0])["message"]
    if service not in change.value("services"):
        change.add(("services",), service, f"{{title: {title}}}")
        _place(change, service)
    done = f"{prefix}-{name.replace('_', '-')}-complete"
    change.add(("topics",), done, f"{{message: {message}, publishers: [{service}]}}")
    lines = [
        f"label: {name}",
        f"title: {title}",
        f"service: {service}",
        f"completion_topic: {done}",
        f"collection: {name}_{PLURALS[change.key()[0]]}",
        "processors:",
        f"  {name}_processor: {{}}",
    ]
    change.add(("phases",), name, block(lines))
    _label(change, message, name)
    for stream, value in change.value("streams").items():
        if isinstance(value.get("topics"), list) and set(others) & set(value["topics"]):
            change.append(("streams", stream, "topics"), done)


def _place(change: ProjectChange, service: str) -> None:
    """Give each stack an address for a service: made up in the form that Cloud Run gives, until somebody knows better."""
    for path in sorted(change.root.glob("Pulumi.*.yaml")):
        text = change.text(path.name)
        found = re.search(r"^\s*([\w-]+):serviceUrls:", text, re.MULTILINE)
        number = re.search(r":projectNumber: *\"?(\d+)", text)
        region = re.search(r":region: *\"?([\w-]+)", text)
        if found and number and region:
            url = f"https://{service}-{number[1]}.{region[1]}.run.app"
            change.changed[path.name] = with_key(text, ("config", f"{found[1]}:serviceUrls"), service, url)


def _label(change: ProjectChange, message: str, label: str) -> None:
    """Let the completion's schema know the new phase where it lists them."""
    name = f"schemas/messages/{message}.json"
    text = change.text(name)
    listed = change.schema(message).get("properties", {}).get("phase", {}).get("enum")
    if listed and label not in listed:
        before = ", ".join(json.dumps(each) for each in listed)
        change.changed[name] = text.replace(f"[{before}]", f"[{before}, {json.dumps(label)}]", 1)
