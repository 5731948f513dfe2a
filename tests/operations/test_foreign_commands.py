"""Commands of others that a page or an alert tells people to type are understood by those others' own parsers.

Nothing is executed: Google's CLI is asked by its linter of commands, Pulumi's by the help of the same words. What
`bootstrap.md`, `handover.md` and the README tell is also executed, by the tests beside this one and by `.ci/run`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.engine import harness
from tests.operations.pages import ROOT

PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.parent.name != "decisions"),
)
"""Where commands are told to be typed; decisions speak about them."""
LINE = re.compile(r"^(?:\s{4}|\$ |.*?`)(?P<command>(?:gcloud|pulumi) [a-z][^`\n]*)", re.MULTILINE)
LEGACY = ("gcloud functions deploy",)
"""Named in passing: what scripts did before."""
INNER = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)")
GCLOUD = shutil.which("gcloud")


@cache
def told(program: str) -> tuple[tuple[str, str], ...]:
    """Return where each command of a program stands first, and the command with every stand-in filled in."""
    found: dict[str, str] = {}
    for page in PAGES:
        for match in LINE.finditer(page.read_text(encoding="utf-8")):
            for part in _parts(match["command"]):
                if part.startswith(f"{program} ") and not part.startswith(LEGACY):
                    found.setdefault(part, str(page.relative_to(ROOT)))
    return tuple((where, command) for command, where in found.items())


def _parts(line: str) -> Iterator[str]:
    """Yield the single commands of a line of a shell, without what a shell would do with them."""
    line = re.sub(r"‹(\w+)›", r"\1", line)
    for inner in INNER.findall(line):
        yield from _parts(inner)
    line = INNER.sub("value", line)
    line = re.sub(r"\$(\w+)", lambda match: match[1].lower(), line)
    line = re.sub(r"\s(?:>|2>|\|(?!\|)).*", "", line)
    for part in line.split(" && "):
        yield part.strip().rstrip(".,;:")


def linted(commands: list[str], folder: Path) -> dict[str, str | None]:
    """Ask Google's own parser; return for each command what is wrong with it, or None."""
    assert GCLOUD
    file = folder / "commands.json"
    file.write_text(json.dumps([{"command_string": each} for each in commands]))
    environment = os.environ | {"CLOUDSDK_CONFIG": str(folder / "config"), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    done = subprocess.run(
        [GCLOUD, "meta", "lint-gcloud-commands", f"--commands-file={file}"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {each["command_string"]: each["error_message"] for each in json.loads(done.stdout)}


@pytest.mark.skipif(GCLOUD is None, reason="the Google Cloud CLI is not on PATH")
def test_googles_parser_takes_every_command_of_gcloud(tmp_path: Path) -> None:
    commands = [command for _, command in told("gcloud")]
    assert len(commands) > 12
    verdicts = linted([*commands, "gcloud logging read --freshnes=1h"], tmp_path)
    assert verdicts.pop("gcloud logging read --freshnes=1h"), "a flag that is misspelt passes; the linter says nothing"
    assert {command: why for command, why in verdicts.items() if why} == {}


@pytest.mark.engine
@pytest.mark.skipif(bool(harness.missing()), reason=harness.HOW_TO_GET)
def test_pulumis_parser_takes_every_command_of_pulumi(tmp_path: Path) -> None:
    def wrong(command: str) -> str:
        words = shlex.split(command)
        done = subprocess.run(
            [*words, "--help"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"HOME": str(tmp_path), "PULUMI_SKIP_UPDATE_CHECK": "1"},
        )
        named = next((line for line in done.stdout.splitlines() if line.strip().startswith("pulumi ")), "")
        verbs = [word for word in words[1:] if re.fullmatch(r"[a-z][a-z-]*", word)][:1]
        understood = done.returncode == 0 and named.split()[1:2] == verbs
        return "" if understood else f"{done.stderr[-300:]}{named}"

    commands = [command for _, command in told("pulumi")]
    assert len(commands) > 12
    assert wrong("pulumi preview --expect-no-change")
    assert wrong("pulumi prevew")
    assert {command: why for command in commands if (why := wrong(command))} == {}
