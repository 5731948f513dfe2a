"""Rules for the workflows beyond what a linter of syntax knows: what they may hold, run and trust."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Workflow = Mapping[str, Any]
RUNS = (
    r"make (?P<target>[a-z-]+)",
    r'cat build/[a-z/.]+ >> "\$GITHUB_STEP_SUMMARY"',
    r"sudo apt-get update -qq && sudo apt-get install -qq --yes --no-install-recommends prometheus",
)
"""Everything that a step may run: the Makefile's commands, and these."""
TRUSTED_EXPRESSIONS = "|".join(
    (
        r"vars\.[A-Z_]+|matrix\.python|github\.token|github\.sha|inputs\.commit \|\| github\.sha|needs\.[a-z]+\.result",
        r"github\.event\.pull_request\.(?:base\.sha|number)|github\.event\.repository\.default_branch",
        r"github\.event\.workflow_run\.(?:id|head_sha)|!cancelled\(\) && github\.ref == 'refs/heads/main'",
    )
)
"""Expressions whose value an outsider does not choose, or that reach a program as a quoted variable only."""


def load(path: Path) -> Workflow:
    """Return a workflow; YAML 1.1 reads its `on` as true, which is undone."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in document.items()}


def steps(workflow: Workflow) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name of the job and each of its steps."""
    for name, job in workflow["jobs"].items():
        for step in job.get("steps", ()):
            yield name, step


def texts(value: object) -> Iterator[str]:
    """Yield every string in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def problems(workflow: Workflow, targets: frozenset[str]) -> Iterator[str]:
    """Yield what is wrong with a workflow; `targets` are the Makefile's."""
    yield from _rights(workflow)
    yield from _actions(workflow)
    yield from _commands(workflow, targets)
    yield from _expressions(workflow)
    yield from _trust(workflow)


def _rights(workflow: Workflow) -> Iterator[str]:
    if workflow.get("permissions") != {}:
        yield "the workflow's own permissions are not empty"
    for name, job in workflow["jobs"].items():
        rights = job.get("permissions")
        if not isinstance(rights, Mapping):
            yield f"job {name} does not list its permissions"
            continue
        writes = {right for right, level in rights.items() if level == "write"}
        if "id-token" in writes and writes != {"id-token"}:
            yield f"job {name} has an identity in the cloud and may write to the repository"
        if "id-token" in writes and "environment" not in job:
            yield f"job {name} has an identity in the cloud without an environment that guards it"
        if "uses" not in job and "timeout-minutes" not in job:
            yield f"job {name} has no time limit"


def _actions(workflow: Workflow) -> Iterator[str]:
    used = [(name, step["uses"]) for name, step in steps(workflow) if "uses" in step]
    used += [(name, job["uses"]) for name, job in workflow["jobs"].items() if "uses" in job]
    for name, action in used:
        if not action.startswith("./") and not re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40}", action):
            yield f"job {name} uses {action}, which is not pinned by a full commit"
    for name, step in steps(workflow):
        checkout = step.get("uses", "").startswith("actions/checkout@")
        if checkout and step.get("with", {}).get("persist-credentials") is not False:
            yield f"job {name} leaves its token in the checkout"


def _commands(workflow: Workflow, targets: frozenset[str]) -> Iterator[str]:
    for name, step in steps(workflow):
        for line in step.get("run", "").splitlines():
            match = next((found for each in RUNS if (found := re.fullmatch(each, line))), None)
            if match is None:
                yield f"job {name} runs '{line}', which is no command of the Makefile"
            elif "target" in match.groupdict() and match["target"] not in targets:
                yield f"job {name} runs 'make {match['target']}', which the Makefile does not have"


def _expressions(workflow: Workflow) -> Iterator[str]:
    for name, step in steps(workflow):
        code = [step.get("run", ""), str(step.get("with", {}).get("script", ""))]
        if any("${{" in each for each in code):
            yield f"job {name} writes an expression into code"
    for text in texts({key: value for key, value in workflow.items() if key != "concurrency"}):
        for found in re.findall(r"\$\{\{(.*?)\}\}", text, re.DOTALL):
            if not re.fullmatch(TRUSTED_EXPRESSIONS, found.strip()):
                yield f"the expression '{found.strip()}' is not one of those known to be safe"


def _trust(workflow: Workflow) -> Iterator[str]:
    triggers = set(workflow["on"])
    if "pull_request_target" in triggers:
        yield "pull_request_target runs with the repository's rights on an outsider's event"
    if any("--ignore-protect" in text for text in texts(workflow)):
        yield "--ignore-protect gives up the protection of what holds data"
    for name, job in workflow["jobs"].items():
        given = job.get("permissions")
        rights = given if isinstance(given, Mapping) else {}
        own = "github.event.pull_request.head.repo.full_name == github.repository"
        if "pull_request" in triggers and "id-token" in rights and own not in str(job.get("if", "")):
            yield f"job {name} gives an identity to pull requests of forks"
        if "pull_request" in triggers and {"write"} & {level for right, level in rights.items() if right != "id-token"}:
            yield f"job {name} lets a pull request write"
    for name, step in steps(workflow):
        ref = str(step.get("with", {}).get("ref", ""))
        trusted = ref == "${{ github.event.repository.default_branch }}"
        if "workflow_run" in triggers and step.get("uses", "").startswith("actions/checkout@") and not trusted:
            yield f"job {name} checks out something else than the default branch with rights to write"
    if not triggers <= {"workflow_call"} and "concurrency" not in workflow:
        yield "nothing keeps two runs of the workflow apart"
