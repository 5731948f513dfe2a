"""The `pulumi` commands of a release, run in the folder of the commit that is released.

The plan is saved by a preview that refreshes, and applied by an update that may do nothing beyond it (`--plan` is
experimental in the CLI, hence the variable). An update's message names its commit: so the stack itself tells which
release runs.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from ops.rollout.record import refused

PARALLEL = 8
"""Operations at once; more meets the quotas of function builds (pitfall: many functions in one deployment)."""
_MESSAGE = re.compile(r"release ([0-9a-f]{40})")


def message(commit: str) -> str:
    """Return the message of the update that releases `commit`."""
    return f"release {commit}"


def released(folder: Path, stack: str) -> str:
    """Return the commit of the last update that succeeded; empty where none was a release."""
    updates = json.loads(_read(folder, "stack", "history", "--stack", stack, "--json") or "[]")
    for update in updates:
        if update.get("result") == "succeeded" and update.get("kind") == "update":
            found = _MESSAGE.match(update.get("message", ""))
            if found:
                return found[1]
    return ""


def save_plan(folder: Path, stack: str, plan: Path) -> None:
    """Preview, and save what it proposes as a plan; raises `Refused` when the preview fails."""
    _run(folder, "preview", "--stack", stack, "--diff", "--refresh", *_policies(folder), "--save-plan", str(plan))


def apply_plan(folder: Path, stack: str, plan: Path, commit: str) -> None:
    """Update by the plan; raises `Refused` when something beyond it would be needed, or anything fails."""
    options = ("--yes", "--skip-preview", "--refresh", "--parallel", str(PARALLEL), "--message", message(commit))
    _run(folder, "up", "--stack", stack, *options, *_policies(folder), "--plan", str(plan))


def _policies(folder: Path) -> tuple[str, ...]:
    return ("--policy-pack", "policies") if (folder / "policies" / "PulumiPolicy.yaml").is_file() else ()


def _run(folder: Path, *arguments: str) -> None:
    """Run a command whose output is for people."""
    done = subprocess.run(_command(*arguments), cwd=folder, env=_environment(), stdout=sys.stderr, check=False)
    if done.returncode:
        raise refused(f"pulumi {arguments[0]} ended with exit code {done.returncode}; its own words are above.")


def _read(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        _command(*arguments), cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["it says nothing"]
        raise refused(f"pulumi {' '.join(arguments[:2])} fails: {words[-1][:400].removeprefix('error: ').rstrip('.')}.")
    return done.stdout


def _command(*arguments: str) -> list[str]:
    if shutil.which("pulumi") is None:
        raise refused("The pulumi command is not on PATH; install it, or release through the workflow.")
    return ["pulumi", "--non-interactive", "--color=never", *arguments]


def _environment() -> dict[str, str]:
    return os.environ | {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_UPDATE_CHECK": "true"}
