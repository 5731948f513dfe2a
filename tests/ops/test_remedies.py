"""Every command that is printed can be pasted where it is printed: all of them are found in the sources and tried.

A command in backticks is taken from each text of the program, called as it would be printed in three folders (the project's, one
below, one elsewhere for a project named with `--root`), and given to what it calls: make, or our parser.
"""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ops import commands, invocation
from tests.ops.test_bad_input import MANIFEST, replace
from tests.ops.test_invocation import ROOT, run
from tests.pipelines.test_parcels import copy_parcels

SOURCES = ("analysis", "blueprint", "components", "ops", "policies", "provider")
TOOLS = ("apt-get", "curl", "gcloud", "git", "make", "ops", "pip", "pulumi", "python", ".venv/bin/python")
ELSEWHERE = ("apt-get", "curl", "gcloud", "pip", "pulumi plugin", "pulumi login")
"""What works in every folder as it is."""
BARE = re.compile(r"(?<![`\w/-])(?:python3? -m ops\b|run:? (?:make|ops) [a-z])")
"""A command outside of backticks is never turned into one that can be pasted."""
EXAMPLES = {"commit": "HEAD", "date": "2026-01-29", "name": "one", "boundary.name": "phase2_to_phase3"}
WORDS = {"…": "main", "FUNCTION": "one", "DATE": "2026-01-29"}


@dataclass(frozen=True)
class Remedy:
    """A command in a text of the program, with something in the place of each value."""

    at: str
    command: str


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a file that are no documentation of code, values in them replaced by examples."""
    tree = ast.parse(path.read_bytes())
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)} - {
        id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [each.value if isinstance(each, ast.Constant) else example(each) for each in node.values]
            yield node.lineno, "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation | inside:
            yield node.lineno, node.value


def example(value: ast.AST) -> str:
    source = ast.unparse(value.value) if isinstance(value, ast.FormattedValue) else ""
    return next((each for name, each in EXAMPLES.items() if name in source), "one")


def remedies() -> list[Remedy]:
    found: dict[str, Remedy] = {}
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for line, text in texts(path):
                for command in re.findall(r"`([^`]+)`", text):
                    command = re.sub(r"\{[^}]*\}", lambda m: EXAMPLES.get(m[0].strip("{}"), "one"), command)
                    if command.split()[0].endswith(TOOLS) and (" " in command or command in ("make", "ops")):
                        found.setdefault(command, Remedy(f"{path.relative_to(ROOT)}:{line}", command))
    return list(found.values())


ALL = remedies()


def test_the_sources_are_read() -> None:
    assert {"make lock", "make setup", "gcloud auth application-default login"} <= {each.command for each in ALL}
    assert len(ALL) > 25


@pytest.mark.parametrize("folder", SOURCES)
def test_no_command_stands_outside_of_backticks(folder: str) -> None:
    allowed = {"ops/provider_plugin.py", "ops/setup/build.py", "ops/invocation.py"}  # usage lines, and what turns calls
    bare = [
        f"{path.relative_to(ROOT)}:{line}: {text[:80]}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if str(path.relative_to(ROOT)) not in allowed
        for line, text in texts(path)
        if BARE.search(re.sub(r"`[^`]*`", "", text))
        and not re.match(r"python -m ops \S+", text)  # one that is `called`
    ]
    assert bare == []


@pytest.fixture(params=["here", "below", "elsewhere"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Stand in the project, below it, or elsewhere, about a project that `--root` named."""
    folders = {"here": ROOT, "below": ROOT / "docs" / "operations", "elsewhere": tmp_path}
    monkeypatch.chdir(folders[request.param])
    invocation.about(ROOT)
    yield request.param
    invocation.about(None)


@pytest.mark.parametrize("remedy", ALL, ids=lambda each: each.command)
def test_it_can_be_pasted(remedy: Remedy, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.sub("|".join(WORDS), lambda word: WORDS[word[0]], invocation.called(remedy.command))
    assert invocation.pasteable(f"`{shown}`") == f"`{shown}`"  # twice is as good as once
    words = shlex.split(shown)
    if words[0] == "cd":
        assert Path(words[1]).resolve() == ROOT, remedy
        monkeypatch.chdir(words[1])
        words = words[3:]
    if words[0] == "make":
        done = subprocess.run([*words, "--dry-run"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (remedy, done.stderr)
    elif words[0] == "ops" or words[0].endswith("/ops") or words[:3] == [".venv/bin/python", "-m", "ops"]:
        assert shutil.which(words[0]) or words[0] == ".venv/bin/python", remedy
        given = words[3 if words[1:2] == ["-m"] else 1 :]
        mentioned = re.fullmatch(r"(?:\S*python -m )?ops \S+", remedy.command)  # a name of a command, without arguments
        parsed([*given, "--help"] if mentioned else given, remedy)
    elif words[0] in ("git", "pulumi") and not shown.startswith(ELSEWHERE):
        assert place == "here" or Path(words[2]).resolve() == ROOT, remedy
    else:
        assert shown.startswith((*ELSEWHERE, ".venv/bin/python -m ops.provider_plugin")), remedy


def parsed(words: list[str], remedy: Remedy) -> None:
    """Give words to our parser, which leaves with 2 and a sentence where it does not understand them."""
    if not words:
        return
    if "--help" in words:
        with pytest.raises(SystemExit) as left:
            commands.parse(words)
        assert left.value.code == 0, remedy
        return
    root = getattr(commands.parse(words), "root", None)
    assert root is None or root.resolve() == ROOT, remedy


def test_the_program_is_found_from_everywhere(place: str) -> None:
    for command in ("ops --version", "python -m ops --version", "make help"):
        done = subprocess.run(["bash", "-c", invocation.called(command)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_which_commands_take_a_root() -> None:
    help_ = {name: run(ROOT, "-m", "ops", name, "--help").stdout for name in commands.existing()}
    without = {name for name, text in help_.items() if "the project's folder" not in " ".join(text.split())}
    assert without == invocation.ROOTLESS


@pytest.mark.parametrize("place_", ["inside", "elsewhere"])
def test_what_is_printed_is_what_can_be_pasted(tmp_path: Path, place_: str) -> None:
    """From a finding to a command that was copied out of the terminal: about another project than our own."""
    root = copy_parcels(tmp_path / "project")
    for file in (ROOT / "functions").glob("*.*"):  # a lock of its own
        shutil.copy(file, root / "functions")
    replace("functions/requirements.in", "\n", "\ncolorama\n")(root)
    assert (root / MANIFEST).exists()
    folder = root / "schemas" if place_ == "inside" else tmp_path
    options = [] if place_ == "inside" else ["--root", str(root)]
    done = run(folder, "-m", "ops", "plan", "--no-acceptance", "--stack", "live", *options)
    assert done.returncode == 1, done.stdout
    [command] = {each for each in re.findall(r"`([^`\n]+)`", done.stdout) if "lock" in each and " " in each}
    tried = subprocess.run(["bash", "-c", f"{command} --help"], cwd=folder, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, (command, tried.stderr)
    assert tried.stdout.startswith("usage: ops lock")
    assert (" --root " in command) is (place_ == "elsewhere" or command.startswith("cd "))


def test_a_command_is_never_broken_over_two_lines() -> None:
    from blueprint.findings import Finding, Location
    from ops.report.text import told
    from ops.terminal import Style

    command = f"`make release-plan COMMIT={'a' * 40}`"
    lines = list(told(Finding("r", f"{'word ' * 14}{command} {'word ' * 20}.", Location("f")), Style(width=80), "red"))
    assert any(invocation.pasteable(command) in line for line in lines)
    assert max(map(len, lines)) <= 120
