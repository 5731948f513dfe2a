"""The policy pack itself: `pulumi preview --policy-pack policies` runs this file and asks it about every resource."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # before what follows is imported: the engine runs this file from anywhere

import pulumi
import yaml
from pulumi_policy import EnforcementLevel, PolicyPack

from blueprint.check import check
from blueprint.findings import Refused
from blueprint.loader import load_manifest
from blueprint.stack import OBJECTS, SECRET, TEXTS, read_stack
from policies.allowed import allowed
from policies.declared import StackFacts, declared
from policies.sdk import policies


@cache
def facts(project: str, stack: str) -> StackFacts:
    """Return what a program is held to; its configuration is there once the first rule runs.

    The pipeline is held to its declaration. Another program of the repository has none, and is held to the rules alone,
    with the pipeline's labels among them.
    """
    today = datetime.now(UTC).date()
    if project != _read("Pulumi.yaml")["name"]:
        config = pulumi.Config(project)
        number, region = config.get("projectNumber") or "", config.require("region")
        return StackFacts(
            project=config.require("projectId"),
            project_number=number,
            region=region,
            dataset_location=region,
            database_location=region,
            today=today,
            labels=frozenset(load_manifest(ROOT).labels),
            allowed=allowed(project),
        )
    try:
        return declared(check(ROOT, read_stack(stack, _configuration(project, stack))).sound(), today)
    except Refused as refused:
        raise SystemExit(f"The declaration is refused, so nothing can be held to it:\n{refused}") from None


def _configuration(project: str, stack: str) -> Mapping[str, str | None]:
    """Return the configuration of the stack; `pulumi policy analyze` passes none, so it comes from its file then."""
    config, keys = pulumi.Config(project), (*TEXTS.values(), *OBJECTS.values())
    if config.get(TEXTS["region"]) is not None:
        return {key: config.get(key) for key in keys}
    content = _read(f"Pulumi.{stack}.yaml").get("config")
    values = {name.rpartition(":")[2]: value for name, value in content.items()} if isinstance(content, dict) else {}
    return {key: _text(key, values[key]) for key in keys if key in values}


def _text(key: str, value: object) -> str:
    """Return a value as the engine passes it; a stand-in for each secret, for which a file holds no key."""
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return f"{SECRET}{key}~"
        return json.dumps({name: _text(f"{key}.{name}", each) for name, each in value.items()})
    return value if isinstance(value, str) else json.dumps(value)


def _read(file: str) -> Mapping[str, object]:
    path = ROOT / file
    content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return content if isinstance(content, dict) else {}


PolicyPack("orchestration", policies(facts), EnforcementLevel.MANDATORY)
