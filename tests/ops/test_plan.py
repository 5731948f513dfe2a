"""The command line: help, exit codes, colour, pipes, JSON, and one resource explained."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from blueprint.contracts import Contract, ContractResult
from blueprint.findings import Finding, Location
from ops import commands, terminal
from ops.report import summary
from ops.report.gather import Plan
from tests.ops.conftest import Build, written

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
class Outer(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("own:index:Outer", "outer", None, own)
        below = pulumi.ResourceOptions(parent=self)
        topic = gcp.pubsub.Topic("outer-topic", name="the-topic", opts=below)
        gcp.pubsub.Subscription("outer-pull", name="the-pull", topic=topic.id, opts=below)
Outer()
"""


def ops(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


class TestHelp:
    def test_every_command_that_exists_has_one_line(self) -> None:
        done = ops("--help")
        assert done.returncode == 0
        for each in commands.existing().values():
            assert re.search(rf"^  {re.escape(each.example)} +{re.escape(each.text)}$", done.stdout, re.MULTILINE)

    def test_it_fits_on_a_screen(self) -> None:
        lines = ops("--help").stdout.splitlines()
        assert len(lines) <= 48
        assert max(map(len, lines)) <= terminal.MAX_WIDTH

    @pytest.mark.parametrize("name", commands.existing())
    def test_each_example_is_understood(self, name: str) -> None:
        given = commands.parse(commands.existing()[name].example.split())
        assert callable(given.run)

    def test_the_version_is_the_projects(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert ops("--version").stdout == f"{project['name']} {project['version']}\n"

    def test_no_command_is_left_out(self) -> None:
        modules = {
            path.stem
            for path in (ROOT / "ops").glob("*.py")
            if re.search(r"^def run\b", path.read_text(encoding="utf-8"), re.MULTILINE)
        }
        assert {name.replace("_", "-") for name in modules - {"__main__"}} <= set(commands.existing())

    @pytest.mark.parametrize("name", commands.existing())
    def test_each_command_explains_itself(self, name: str) -> None:
        done = ops(name, "--help")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("usage: ")
        assert len(done.stdout.splitlines()) > 5

    def test_help_is_read_without_importing_the_sdk(self) -> None:
        code = "import sys, ops.commands as m; m.parser().format_help(); print('pulumi' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout == "False\n"


class TestExitCodes:
    @pytest.mark.parametrize("arguments", [[], ["nothing"], ["plan", "--nothing"], ["plan", "--stack"]])
    def test_wrong_usage_is_2(self, arguments: list[str]) -> None:
        done = ops(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) == 1

    @pytest.mark.parametrize(
        ("arguments", "meant"),
        [(["paln"], "plan"), (["valdate", "2026-01-29"], "validate"), (["plan", "--expain", "x"], "--explain")],
    )
    def test_the_word_that_was_meant_is_named(self, arguments: list[str], meant: str) -> None:
        assert f"did you mean '{meant}'?" in ops(*arguments).stderr

    def test_sound_is_0_and_says_so_last(self, project: Build) -> None:
        done = ops("plan", "--root", str(project(PROGRAM)))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1].startswith("✓ Sound: 3 resources in 1 component")

    def test_refused_is_1(self, project: Build) -> None:
        done = ops("plan", "--root", str(project('gcp.pubsub.Topic("t", name="-", opts=own)')))
        assert done.returncode == 1
        assert done.stdout.splitlines()[-1].startswith("✗ Refused: 1 violation")

    def test_an_unknown_stack_is_1(self, project: Build) -> None:
        done = ops("plan", "--stack", "none", "--root", str(project("")))
        assert done.returncode == 1
        assert "There is no stack 'none'" in done.stdout

    def test_a_closed_pipe_is_no_error(self, project: Build) -> None:
        root = project(PROGRAM)
        line = f"{sys.executable} -m ops plan --json --root {root} | head -c 1; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == ("{0\n", "")

    def test_an_interrupt_leaves_nothing_of_the_work_on_the_screen(self) -> None:
        program = """
import sys
from ops.__main__ import guarded
async def work(): pass
def interrupted(_):
    global begun
    begun = work()
    raise KeyboardInterrupt
sys.exit(guarded([], interrupted))
"""
        done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "")

    @pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
    def test_a_closed_stream_changes_no_answer(self, project: Build, closed: str) -> None:
        for program, code in ((PROGRAM, 0), ('gcp.pubsub.Topic("t", name="-", opts=own)', 1)):
            line = f"{sys.executable} -m ops plan --root {project(program)} {closed}; echo $? >&3"
            done = subprocess.run(
                ["bash", "-c", f"{{ {line}; }} 3>&1"], cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.stdout.splitlines()[-1] == str(code)
            assert "Traceback" not in done.stdout + done.stderr

    def test_a_stream_that_knows_only_ascii_is_no_error(self, project: Build) -> None:
        done = ops("plan", "--root", str(project(PROGRAM)), PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stderr) == (0, "")
        assert "Sound: 3 resources" in done.stdout
        assert done.stdout.isascii()


class TestScreen:
    def test_the_real_plan_fits(self) -> None:
        lines = ops("plan", "--no-acceptance").stdout.splitlines()
        assert 24 <= len(lines) <= 40
        assert sum(line.startswith("Contracts ") for line in lines) == 1
        assert max(map(len, lines)) <= terminal.MAX_WIDTH

    def test_a_pipeline_with_many_components_fits_too(self, project: Build) -> None:
        program = """
        class Outer(pulumi.ComponentResource):
            def __init__(self, name, kind):
                super().__init__(f"own:index:{kind}", name, None, own)
                gcp.pubsub.Topic(f"{name}-topic", name=f"the-{name}", opts=pulumi.ResourceOptions(parent=self))
        for number in range(60):
            Outer(f"many-{number}", "Many")
        Outer("single", "Single")
        """
        lines = ops("plan", "--root", str(project(program))).stdout.splitlines()
        assert len(lines) < 12
        assert any(re.fullmatch(r"  Many +60 components +60 resources", line) for line in lines)
        assert any(re.fullmatch(r"  Single  single +1 resource", line) for line in lines)

    def test_all_shows_every_resource(self) -> None:
        lines = ops("plan", "--no-acceptance", "--all").stdout
        plan = json.loads(ops("plan", "--no-acceptance", "--json").stdout)
        assert len(lines.splitlines()) > len(plan["resources"])

    @pytest.mark.parametrize(
        ("only", "resources"), [("outer", 2), ("Outer", 2), ("pubsub.Topic", 1), ("outer-pull", 1)]
    )
    def test_only_shows_a_part(self, project: Build, only: str, resources: int) -> None:
        root = str(project(PROGRAM))
        done = ops("plan", "--root", root, "--only", only)
        assert done.returncode == 0, done.stderr
        assert len(re.findall(r"pubsub\.\w+ ", done.stdout)) == resources
        part = json.loads(ops("plan", "--root", root, "--only", only, "--json").stdout)["resources"]
        assert sum(each["type"].startswith("gcp:pubsub") for each in part) == resources

    def test_only_what_is_there(self, project: Build) -> None:
        done = ops("plan", "--root", str(project(PROGRAM)), "--only", "outr")
        assert (done.returncode, done.stdout) == (2, "")
        assert "Did you mean outer" in done.stderr

    def test_a_contract_that_fails_is_named(self) -> None:
        style = terminal.Style()
        contract = Contract("holds", "What must hold", (1,), lambda _, __: None)
        at = Location("pipeline.yaml", 1)
        failed = ContractResult(contract, 1, (Finding("holds", "It does not.", at),))
        plan = Plan("p", "s", ROOT, (), {}, (), (failed,), failed.findings)
        assert "Contracts  0 of 1 passed\n  ✗ holds: What must hold" in "\n".join(summary.render(plan, style))


class TestExplain:
    def test_by_logical_name_and_name_in_the_cloud(self, project: Build) -> None:
        root = str(project(PROGRAM))
        by_name = ops("plan", "--root", root, "--explain", "outer-pull")
        assert by_name.returncode == 0
        assert by_name.stdout == ops("plan", "--root", root, "--explain", "the-pull").stdout
        assert "topic  ‹id of outer-topic›" in by_name.stdout
        assert "__main__.py:" in by_name.stdout

    def test_what_needs_it_is_listed(self, project: Build) -> None:
        done = ops("plan", "--root", str(project(PROGRAM)), "--explain", "outer-topic", "--json")
        [found] = json.loads(done.stdout)
        assert [urn.rpartition("::")[2] for urn in found["dependents"]] == ["outer-pull"]

    def test_an_unknown_name_is_2_with_a_hint(self, project: Build) -> None:
        done = ops("plan", "--root", str(project(PROGRAM)), "--explain", "outer-topc")
        assert done.returncode == 2
        assert "Did you mean outer-topic" in done.stderr

    def test_the_declaration_is_quoted(self) -> None:
        done = ops("plan", "--explain", "project-services")
        assert done.returncode == 0, done.stderr
        assert re.search(r"because +pipeline\.yaml:\d+:\d+ +\S", done.stdout)


class TestTerminal:
    def in_terminal(self, root: Path, **environment: str) -> str:
        """Return what the plan prints to a terminal of 100 columns."""
        primary, secondary = pty.openpty()
        code = "import fcntl,struct,sys,termios; fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack('4H', 40, 100, 0, 0)); "
        code += "from ops.__main__ import guarded; sys.exit(guarded(sys.argv[1:]))"
        plain = {
            name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")
        }
        process = subprocess.Popen(
            [sys.executable, "-c", code, "plan", "--root", str(root)],
            cwd=ROOT,
            stdout=secondary,
            stderr=subprocess.DEVNULL,
            env={**plain, "TERM": "xterm-256color", **environment},
        )
        os.close(secondary)
        read = b"".join(written(primary))
        process.wait()
        return read.decode().replace("\r\n", "\n")

    def test_colour_in_a_terminal_and_the_same_text_in_a_pipe(self, project: Build) -> None:
        root = project(PROGRAM)
        shown = self.in_terminal(root)
        assert "\x1b[" in shown
        assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == ops("plan", "--root", str(root)).stdout

    def test_no_color_is_heard(self, project: Build) -> None:
        assert "\x1b[" not in self.in_terminal(project(PROGRAM), NO_COLOR="1")

    def test_no_line_of_the_tree_is_wider_than_the_terminal(self) -> None:
        done = ops("plan", "--no-acceptance")
        assert done.returncode == 0, done.stdout[-3000:]
        assert max(len(line) for line in done.stdout.splitlines()) <= terminal.MAX_WIDTH

    def test_pieces(self) -> None:
        assert terminal.clip("abcdefghij", 5) == "ab…ij"
        assert terminal.clip("abc", 5) == "abc"
        assert terminal.size(999) == "999 B"
        assert terminal.size(48_213) == "48.2 KB"
        assert terminal.size(2_500_000) == "2.5 MB"
        assert terminal.count(1, "entry", "entries") == "1 entry"
        assert terminal.count(1200, "entry", "entries") == "1,200 entries"
        assert terminal.columns([("a", "10"), ("bcd", "2")], right=(1,)) == ["a    10", "bcd   2"]
