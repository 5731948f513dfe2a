"""Write the lock of `.venv`: one resolution by uv of everything in `pyproject.toml`, in two files that name no index.

`requirements.txt` is what the program, the policy pack and the operator's commands need, under the name that the Pulumi
CLI reads; `requirements-tools.txt` is the rest, for tests and development. A version stands in one of them only.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from ops.setup.build import PROGRAM, TOOLS

RUN, DEVELOP = ("policy", "operators", "report"), ("policy", "operators", "report", "tools")
HEADS = {
    PROGRAM: "# What the program, the policy pack and the operator's commands need.",
    TOOLS: "# What tests and development need besides requirements.txt.",
}
AUDIT = ("packaging", "pathspec", "pyyaml")
"""What the audit alone needs, in a lock of its own."""
MADE = "# Made by `make lock` from pyproject.toml; what is installed is exactly this, each wheel by its hash."


def pin(root: Path, *, upgrade: bool = False) -> None:
    """Resolve again, keeping the pins that still fit unless `upgrade` says to take the newest."""
    with tempfile.TemporaryDirectory() as scratch:
        whole, run = Path(scratch) / "whole.txt", Path(scratch) / "run.txt"
        known = [(root / name).read_text(encoding="utf-8") for name in HEADS if (root / name).exists()]
        whole.write_text("".join(known), encoding="utf-8")
        _compile(root, DEVELOP, "-o", str(whole), *(["--upgrade"] if upgrade else []))
        _compile(root, RUN, "-o", str(run), "-c", str(whole))
        needed = rows(run.read_text(encoding="utf-8")).keys()
        everything = rows(whole.read_text(encoding="utf-8"))
    for name, head in HEADS.items():
        mine = [row for package, row in everything.items() if (package in needed) == (name == PROGRAM)]
        (root / name).write_text("\n".join([head, MADE, "".join(mine)]), encoding="utf-8")
    program = rows((root / PROGRAM).read_text(encoding="utf-8"))
    head = "# What audit-functions needs, from requirements.txt: `make lock` writes both.\n\n"
    (root / "audit" / PROGRAM).write_text(head + "".join(program[name] for name in AUDIT), encoding="utf-8")


def rows(text: str) -> dict[str, str]:
    """Return name → its lines of a file of pins, hashes included."""
    found = re.findall(r"(?m)^(?:\w.*\n(?:[ ].*\n)*)", text)
    return {re.split(r"[^\w.-]", row, maxsplit=1)[0]: row for row in found}


def _compile(root: Path, groups: tuple[str, ...], *options: str) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest = project["requires-python"].removeprefix(">=").split(",")[0]
    command = (sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", lowest)
    form = ("--generate-hashes", "--no-header", "--no-annotate")
    chosen = [option for group in groups for option in ("--group", group)]
    subprocess.run(
        (*command, *form, "pyproject.toml", *chosen, *options), cwd=root, check=True, stdout=subprocess.DEVNULL
    )
