"""A pipeline of any size: a chain of phases, each with its topics, orchestrator and processors; one timer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PARCELS = ROOT / "tests" / "pipelines" / "parcels"
_MAIN = '''"""Starts phase {number} when the one before is complete."""

from __future__ import annotations

from pathlib import Path

import flask
import functions_framework
from shared.http.orchestrator import orchestrator

_handle = orchestrator(Path(__file__).with_name("pipeline.json"))


@functions_framework.http
def start_{number}(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Take one pushed completion."""
    return _handle(request)
'''


def generate(folder: Path, functions: int) -> Path:
    """Write a project with that many functions to `folder` and return it; its stack is `live`."""
    shutil.copytree(PARCELS, folder, ignore=shutil.ignore_patterns("functions", "__pycache__"))
    shutil.copytree(ROOT / "functions" / "shared", folder / "functions" / "shared")
    for name in ("requirements.in", "requirements.lock", "distributions.json", "names.txt"):
        shutil.copy(ROOT / "functions" / name, folder / "functions" / name)
    shutil.copytree(PARCELS / "functions" / "watch", folder / "functions" / "watch")
    declaration = yaml.safe_load((PARCELS / "pipeline.yaml").read_text(encoding="utf-8"))
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(_grown(declaration, functions - 1), sort_keys=False))
    stack = folder / "Pulumi.live.yaml"
    lines = stack.read_text(encoding="utf-8").splitlines()
    stack.write_text(
        "\n".join(
            "  parcels:serviceUrls: {}" if "serviceUrls" in line else line for line in lines if "run.app" not in line
        )
        + "\n"
    )
    for number in range(1, functions):
        part = folder / "functions" / f"step{number}"
        part.mkdir()
        (part / "main.py").write_text(_MAIN.format(number=number))
    message = folder / "schemas" / "messages" / "done.json"
    any_phase = message.read_text().replace('"enum": ["taken_in", "sorted", "delivered"]', '"minLength": 1')
    message.write_text(any_phase)  # seven hundred labels do not fit a message transform (20 KB)
    return folder


def _grown(base: dict[str, Any], steps: int) -> dict[str, Any]:
    """Return the declaration with `steps` boundaries between `steps + 1` phases."""
    services = {f"hall-{n}": {"title": f"Hall {n}"} for n in range(steps + 1)}
    phases = {
        f"phase{n}": {
            "label": f"label_{n}",
            "title": f"Phase {n}",
            "service": f"hall-{n}",
            "completion_topic": f"done-{n}",
            "collection": f"days_{n}",
            "processors": {f"belt_{n}": {"aliases": [f"Belt{n}"]}},
        }
        for n in range(steps + 1)
    }
    boundaries, functions, topics = {}, {}, {}
    for n in range(1, steps + 1):
        boundaries[f"step{n}"] = _boundary(n)
        functions[f"start-{n}"] = {
            "title": f"Starts phase {n}",
            "folder": f"step{n}",
            "entry_point": f"start_{n}",
            "trigger": {"topic": f"done-{n - 1}"},
            "memory": "512Mi",
            "timeout": "300s",
            "max_instances": 2,
        }
        topics[f"start-{n}"] = {"message": "start", "consumers": [{"service": f"hall-{n}", "delivery": "own"}]}
    for n in range(steps + 1):
        topics[f"done-{n}"] = {"message": "done", "publishers": [f"hall-{n}"]}
    events = {name: topic for name, topic in base["topics"].items() if name in base["events"].values()}
    triggers = [f"start-{n}" for n in range(1, steps + 1)]
    functions["watch-parcels"] = {**base["functions"]["watch-parcels"], "publishes": triggers, "size_budget": "16Mi"}
    done = base["streams"]["done"]
    columns = {**done["columns"], "name": {"field": "processor_name"}}
    streams = {
        **base["streams"],
        "done": {**done, "topics": [f"done-{n}" for n in range(steps + 1)], "columns": columns},
    }
    return {
        **base,
        "services": services,
        "phases": phases,
        "boundaries": boundaries,
        "topics": {**topics, **events},
        "functions": functions,
        "streams": streams,
    }


def _boundary(n: int) -> dict[str, Any]:
    return {
        "upstream": f"phase{n - 1}",
        "downstream": f"phase{n}",
        "function": f"start-{n}",
        "timer": {"function": "watch-parcels", "schedule": "quarter_hourly"},
        "deadline": "1h",
        "trigger": {
            "topic": f"start-{n}",
            "fields": {"day": {"from": "date"}, "correlation_id": {"from": "correlation_id"}},
        },
        "modes": {
            "any": {
                "when": "always",
                "expected": [f"belt_{n - 1}"],
                "rules": [{"reason": "all_in", "require": "all"}],
            }
        },
    }
