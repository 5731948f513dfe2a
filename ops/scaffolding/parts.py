"""Parts of a project: each is added with everything that its contracts ask for."""

from __future__ import annotations

import json
import keyword
import re
from typing import Any, Final

import yaml

from analysis.sql.lexical import RESERVED
from blueprint import cron as schedules
from blueprint.stack import wrong_identity
from ops.scaffolding.change import PartRefused, ProjectChange
from ops.scaffolding.texts import KEYS, SCHEDULED, TABLES

IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_]*")
FUNCTION: Final = re.compile(r"[a-z]([a-z0-9-]{4,28})[a-z0-9]")
"""A function's name is its service account's too: 6 to 30 characters (Google Cloud, service account ids)."""
DEFAULTS: Final = (("memory", "512Mi"), ("timeout", "300s"), ("max_instances", "1"))
"""What a function has where no other of the pipeline is its model."""


def fits(name: str, form: re.Pattern[str], words: str) -> None:
    """Raise `PartRefused` where a name has another form; `words` say which it has."""
    if not form.fullmatch(name):
        raise PartRefused(f"'{name}' is no name for this; it has {words}.")
    if yaml.safe_load(name) != name:
        raise PartRefused(f"'{name}' is no name for this; YAML reads it as something else, such as true or false.")


def block(lines: list[str]) -> str:
    """Return lines as the value of a key, below it."""
    return "".join(f"\n  {line}" for line in lines)


def processor(change: ProjectChange, name: str, phase: str) -> None:
    """Add a processor to a phase, and to what each mode of the boundary behind that phase expects."""
    fits(name, IDENTIFIER, "lower-case letters, digits and underscores, a letter first")
    change.named("phases", phase)
    change.add(("phases", phase, "processors"), name, "{}")
    for boundary, value in change.value("boundaries").items():
        if value.get("upstream") == phase:
            for mode in (name for name, each in value["modes"].items() if "expected" in each):
                change.append(("boundaries", boundary, "modes", mode, "expected"), name)


def table(change: ProjectChange, name: str) -> None:
    """Add the DDL of a table, and of its dataset where that is new."""
    dataset, _, short = name.partition(".")
    if not (IDENTIFIER.fullmatch(dataset) and IDENTIFIER.fullmatch(short)):
        raise PartRefused(
            f"'{name}' is no name for a table; write DATASET.TABLE in lower-case letters, digits and underscores."
        )
    reserved = next((word for word in (dataset, short) if word.upper() in RESERVED), None)
    if reserved is not None:
        raise PartRefused(f"'{reserved}' is a reserved word of BigQuery; choose another name.")
    folder = f"schemas/bigquery/{dataset}"
    if not (change.root / folder / "dataset.sql").exists():
        change.files[f"{folder}/dataset.sql"] = (
            f'CREATE SCHEMA IF NOT EXISTS {dataset}\nOPTIONS(description="Tables of {dataset}");\n'
        )
    key, column = change.key()
    change.files[f"{folder}/{short}.sql"] = TABLES[key].format(table=f"{dataset}.{short}", column=column)


def message(change: ProjectChange, name: str) -> None:
    """Add the schema of a message."""
    fits(name, re.compile(r"[a-z][a-z0-9-]*"), "lower-case letters, digits and dashes, a letter first")
    describe(change, name, "What it says, and who sends it.")


def describe(change: ProjectChange, name: str, description: str, **keywords: Any) -> None:
    """Write the schema of a message that says what it is about, and to which flow it belongs."""
    key, column = change.key()
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{name}.json",
        "title": name.replace("-", " ").capitalize(),
        "description": description,
        "type": "object",
        "required": [column, "correlation_id"],
        "properties": {
            "schema_version": {"type": "integer", "const": 1, "description": "Version; absent means 1"},
            column: {"type": "string", **KEYS[key], "description": f"{key.capitalize()} the message is about"},
            "correlation_id": {"type": "string", "minLength": 1, "description": "One flow through the phases"},
        },
        "additionalProperties": False,
        **keywords,
    }
    change.files[f"schemas/messages/{name}.json"] = json.dumps(schema, indent=2) + "\n"


def function(change: ProjectChange, name: str, cron: str) -> None:
    """Add a function that a schedule calls, with its folder and a handler that says what it was called for."""
    fits(name, FUNCTION, "6 to 30 lower-case letters, digits and dashes, a letter first, no dash last")
    if keyword.iskeyword(name):
        raise PartRefused(f"'{name}' is a word of Python's own; choose another name.")
    if (wrong := schedules.problem(cron)) is not None:
        raise PartRefused(wrong)
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
    change.add(("functions",), name, block(lines))


def stack(change: ProjectChange, name: str, project: str, number: str, region: str | None, like: str | None) -> None:
    """Add a stack like another, with its own project, number, region and environment wherever the other's stand."""
    fits(name, re.compile(r"[A-Za-z][A-Za-z0-9_-]*"), "letters, digits, dashes and underscores, a letter first")
    stacks = sorted(path.name.split(".")[1] for path in change.root.glob("Pulumi.*.yaml"))
    source = like or next(iter(stacks), None)
    if source not in stacks:
        raise PartRefused(f"There is no stack '{source}' to make it from; there are {', '.join(stacks) or 'none'}.")
    if name not in stacks and (wrong := next(wrong_identity(project, number, region), None)):
        raise PartRefused(wrong[1])
    text = change.text(f"Pulumi.{source}.yaml")
    values = {"projectId": project, "projectNumber": number, "region": region, "environment": name}
    for key, value in values.items():
        found = re.search(rf"^\s*[\w-]+:{key}: *\"?([^\"\s]+)", text, re.MULTILINE)
        if found and value:
            before = r"(?<!\d)" if key == "projectNumber" else r"(?<![\w-])"
            text = re.sub(rf"{before}{re.escape(found[1])}(?![\w-]*:)", value, text)
    change.files[f"Pulumi.{name}.yaml"] = text if text.endswith("\n") else f"{text}\n"
