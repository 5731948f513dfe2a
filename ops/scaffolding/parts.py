"""Parts of a project: each is added with everything that its contracts ask for."""

from __future__ import annotations

import json
import re
from typing import Final

from ops.scaffolding.change import DECLARATION, PartRefused, ProjectChange

IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_]*")
NAME: Final = re.compile(r"[a-z]([a-z0-9-]{4,28})[a-z0-9]")
"""A function's name is its service account's too: 6 to 30 characters (Google Cloud, service account ids)."""
DEFAULTS: Final = (("memory", "512Mi"), ("timeout", "300s"), ("max_instances", "1"))


def processor(change: ProjectChange, name: str, phase: str) -> None:
    """Add a processor to a phase, and to what each mode of the boundary behind that phase expects."""
    _fits(name, IDENTIFIER, "lower-case letters, digits and underscores, a letter first")
    change.named("phases", phase)
    change.add(("phases", phase, "processors"), name, "{}")
    for boundary, value in change.value("boundaries").items():
        if value.get("upstream") == phase:
            for mode in value.get("modes", {}):
                change.append(("boundaries", boundary, "modes", mode, "expected"), name)


def table(change: ProjectChange, name: str) -> None:
    """Add the DDL of a table, and of its dataset where that is new."""
    dataset, _, short = name.partition(".")
    if not (IDENTIFIER.fullmatch(dataset) and IDENTIFIER.fullmatch(short)):
        raise PartRefused(
            f"'{name}' is no name for a table; write DATASET.TABLE in lower-case letters, digits and underscores."
        )
    folder = f"schemas/bigquery/{dataset}"
    if not (change.root / folder / "dataset.sql").exists():
        change.files[f"{folder}/dataset.sql"] = (
            f'CREATE SCHEMA IF NOT EXISTS {dataset}\nOPTIONS(description="Tables of {dataset}");\n'
        )
    date = change.value().get("date_field", "date")
    change.files[f"{folder}/{short}.sql"] = TABLE.format(table=f"{dataset}.{short}", date=date)


def message(change: ProjectChange, name: str) -> None:
    """Add the schema of a message."""
    _fits(name, re.compile(r"[a-z][a-z0-9-]*"), "lower-case letters, digits and dashes, a letter first")
    date = change.value().get("date_field", "date")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{name}.json",
        "title": name.replace("-", " ").capitalize(),
        "description": "What it says, and who sends it.",
        "type": "object",
        "required": [date, "correlation_id"],
        "properties": {
            "schema_version": {"type": "integer", "const": 1, "description": "Version; absent means 1"},
            date: {"type": "string", "format": "date", "description": "Date the message is about"},
            "correlation_id": {"type": "string", "minLength": 1, "description": "One flow through the phases"},
        },
        "additionalProperties": False,
    }
    change.files[f"schemas/messages/{name}.json"] = json.dumps(schema, indent=2) + "\n"


def function(change: ProjectChange, name: str, cron: str) -> None:
    """Add a function that a schedule calls, with its folder and a handler that says what it was called for."""
    _fits(name, NAME, "6 to 30 lower-case letters, digits and dashes, a letter first, no dash last")
    folder, entry = name.replace("-", "_"), name.replace("-", "_")
    change.files[f"functions/{folder}/main.py"] = SCHEDULED.format(entry=entry)
    lines = [
        f"title: {name.replace('-', ' ').capitalize()}",
        f"folder: {folder}",
        f"entry_point: {entry}",
        "trigger:",
        "  schedules:",
        f"    regularly: {{cron: {json.dumps(cron)}}}",
        *(f"{key}: {value}" for key, value in DEFAULTS),
    ]
    change.add(("functions",), name, _block(lines))


def boundary(change: ProjectChange, upstream: str, downstream: str, service: str | None, path: str) -> None:
    """Add a boundary from a phase to the next; where that phase is new, the phase with its service and topics too."""
    before = change.named("phases", upstream)
    name = f"{upstream}_to_{downstream}"
    if name in change.value("boundaries"):
        raise PartRefused(f"`boundaries` of {DECLARATION} has '{name}' already; nothing was written.")
    timer = next((each["timer"] for each in change.value("boundaries").values() if "timer" in each), None)
    if timer is None:
        raise PartRefused(f"No boundary of {DECLARATION} has a `timer` that this one could share; write it by hand.")
    first = next(iter(change.value("boundaries").values()))
    prefix = change.value().get("pipeline", "")
    trigger = change.value("topics")[first["trigger"]["topic"]]["message"]
    completion = change.value("topics")[before["completion_topic"]]["message"]
    caller = service or f"{prefix}-{downstream.replace('_', '-')}"
    start = f"{prefix}-start-{downstream.replace('_', '-')}"
    _fits(downstream, IDENTIFIER, "lower-case letters, digits and underscores, a letter first")
    if downstream not in change.value("phases"):
        _phase(change, downstream, caller, completion, before["completion_topic"])
    change.add(("topics",), start, f"\n  message: {trigger}\n  consumers: [{{service: {caller}, path: {path}}}]")
    folder, entry = name, f"start_{downstream}"
    change.files[f"functions/{folder}/main.py"] = STARTS.format(entry=entry, phase=downstream.replace("_", " "))
    lines = [
        f"title: Starts {downstream.replace('_', ' ')} when {upstream.replace('_', ' ')} is complete",
        f"folder: {folder}",
        f"entry_point: {entry}",
        f"trigger: {{topic: {before['completion_topic']}}}",
        "memory: 512Mi",
        "timeout: 300s",
        "max_instances: 2",
    ]
    starter = f"start-{downstream.replace('_', '-')}"
    change.add(("functions",), starter, _block(lines))
    change.append(("functions", timer["function"], "publishes"), start)
    date = change.value().get("date_field", "date")
    lines = [
        f"upstream: {upstream}",
        f"downstream: {downstream}",
        f"function: {starter}",
        f"timer: {{function: {timer['function']}, schedule: {timer['schedule']}}}",
        "deadline: 2h",
        "trigger:",
        f"  topic: {start}",
        "  fields:",
        f"    {date}: {{from: date}}",
        "    correlation_id: {from: correlation_id}",
        "modes:",
        "  any:",
        "    when: always",
        f"    expected: [{', '.join(before['processors'])}]",
        "    rules:",
        "      - {reason: everything_in, require: all}",
    ]
    change.add(("boundaries",), name, _block(lines))


def _phase(change: ProjectChange, name: str, service: str, message: str, beside: str) -> None:
    """Add a phase with its service and completion topic, to each stream too that has the topic `beside`."""
    title = name.replace("_", " ").capitalize()
    if service not in change.value("services"):
        change.add(("services",), service, f"{{title: {title}}}")
        _place(change, service)
    done = f"{change.value().get('pipeline', '')}-{name.replace('_', '-')}-complete"
    change.add(("topics",), done, f"{{message: {message}, publishers: [{service}]}}")
    lines = [
        f"label: {name}",
        f"title: {title}",
        f"service: {service}",
        f"completion_topic: {done}",
        f"collection: {name}_dates",
        "processors:",
        f"  {name}_processor: {{}}",
    ]
    change.add(("phases",), name, _block(lines))
    _label(change, message, name)
    for stream, value in change.value("streams").items():
        if beside in value.get("topics", ()):
            change.append(("streams", stream, "topics"), done)


def _block(lines: list[str]) -> str:
    """Return lines as the value of a key, below it."""
    return "".join(f"\n  {line}" for line in lines)


def stack(change: ProjectChange, name: str, project: str, number: str, region: str | None, like: str | None) -> None:
    """Add a stack like another, with its own project, number, region and environment wherever the other's stand."""
    stacks = sorted(path.name.split(".")[1] for path in change.root.glob("Pulumi.*.yaml"))
    source = like or next(iter(stacks), None)
    if source not in stacks:
        raise PartRefused(f"There is no stack '{source}' to make it from; there are {', '.join(stacks) or 'none'}.")
    text = change.text(f"Pulumi.{source}.yaml")
    values = {"projectId": project, "projectNumber": number, "region": region, "environment": name}
    for key, value in values.items():
        found = re.search(rf"^\s*[\w-]+:{key}: *\"?([^\"\s]+)", text, re.MULTILINE)
        if found and value:
            before = r"(?<!\d)" if key == "projectNumber" else r"(?<![\w-])"
            text = re.sub(rf"{before}{re.escape(found[1])}(?![\w-]*:)", value, text)
    change.files[f"Pulumi.{name}.yaml"] = text if text.endswith("\n") else f"{text}\n"


def _fits(name: str, form: re.Pattern[str], words: str) -> None:
    if not form.fullmatch(name):
        raise PartRefused(f"'{name}' is no name for this; it has {words}.")


def _place(change: ProjectChange, service: str) -> None:
    """Give each stack an address for a service: made up in the form that Cloud Run gives, until somebody knows better."""
    from ops.scaffolding.lines import with_key

    for path in sorted(change.root.glob("Pulumi.*.yaml")):
        text = change.text(path.name)
        found = re.search(r"^\s*([\w-]+):serviceUrls:", text, re.MULTILINE)
        number = re.search(r":projectNumber: *\"?(\d+)", text)
        region = re.search(r":region: *\"?([\w-]+)", text)
        if found and number and region:
            url = f"https://{service}-{number[1]}.{region[1]}.run.app"
            change.changed[path.name] = with_key(text, ("config", f"{found[1]}:serviceUrls"), service, url)


def _label(change: ProjectChange, message: str, label: str) -> None:
    """Let the completion's schema know the new phase where it lists the phases."""
    name = f"schemas/messages/{message}.json"
    text = change.text(name)
    listed = json.loads(text).get("properties", {}).get("phase", {}).get("enum")
    if listed and label not in listed:
        before = ", ".join(json.dumps(each) for each in listed)
        change.changed[name] = text.replace(f"[{before}]", f"[{before}, {json.dumps(label)}]", 1)


TABLE: Final = """CREATE TABLE IF NOT EXISTS {table} (
  {date} DATE NOT NULL OPTIONS(description="Date the row is about"),
  name STRING NOT NULL OPTIONS(description="What the row is about"),
  written_at TIMESTAMP OPTIONS(description="When the row was written")
)
PARTITION BY {date}
CLUSTER BY name
OPTIONS(description="One row per date and name");
"""
STARTS: Final = '''"""Starts {phase} when the phase before it is complete."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
from shared.http.orchestrator import orchestrator

_handle = orchestrator(Path(__file__).with_name("pipeline.json"))


@functions_framework.http
def {entry}(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one pushed completion."""
    return _handle(request)
'''
SCHEDULED: Final = '''"""Called by its schedule; what it does is yours to write."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
from shared.http.scheduled import scheduled
from shared.orchestration.dependencies import Dependencies


def _run(dependencies: Dependencies, schedule: str | None) -> dict[str, object]:
    """Return what was done; it is logged, and a raised error fails the call, which the schedule repeats."""
    return {{"schedule": schedule}}


_handle = scheduled(Path(__file__).with_name("pipeline.json"), _run)


@functions_framework.http
def {entry}(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one call of the schedule."""
    return _handle(request)
'''
