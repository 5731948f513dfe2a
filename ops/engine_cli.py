"""Call the `pulumi` command for other commands: its JSON result, or a refusal in a sentence."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blueprint.findings import Finding, Location, Refused
from ops.progress import stage

CHANGES_FOUND = 7
"""The exit code of `--expect-no-changes` when there are changes (since CLI 3.227)."""


@dataclass(frozen=True)
class CliAnswer:
    """What one `pulumi` command said: its exit code, the JSON document on stdout, and stderr."""

    code: int
    document: Mapping[str, Any]
    errors: str


def call(root: Path, *arguments: str, accept: tuple[int, ...] = (0,)) -> CliAnswer:
    """Run `pulumi` in `root` and return its answer; what makes it print JSON is among the `arguments`.

    Exit codes in `accept` are answers. Any other, or no such command, raises `Refused` with the last words.
    """
    if shutil.which("pulumi") is None:
        raise Refused(
            [_finding("The pulumi command is not on PATH; install it, or run this in the project's workflow.")]
        )
    with stage(f"pulumi {arguments[0]}"):
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments], cwd=root, capture_output=True, text=True, check=False
        )
    start = done.stdout.find("{")
    if done.returncode not in accept or start < 0:
        raise Refused([_finding(f"pulumi {' '.join(arguments)} fails: {_last_words(done)}")])
    document, _ = json.JSONDecoder().raw_decode(done.stdout[start:])
    return CliAnswer(done.returncode, document, done.stderr)


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr + "\n" + done.stdout).splitlines() if line.strip()]
    told = [line for line in lines if line.startswith("error:")] or lines[-1:]
    return " ".join(told)[:600] or "it says nothing."


def _finding(message: str) -> Finding:
    return Finding("pulumi", message, Location("Pulumi.yaml"))
