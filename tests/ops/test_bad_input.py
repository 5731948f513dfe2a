"""A user's mistake is one sentence with its place and exit code 1: never a traceback, and all mistakes at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.__main__ import guarded
from ops.report.gather import gather
from tests.pipelines.test_parcels import copy_parcels

ROOT = Path(__file__).resolve().parents[2]
Break = Callable[[Path], object]


def replace(file: str, old: str, new: str) -> Break:
    """Return a fault: `old` becomes `new` in a file of the project."""

    def fault(root: Path) -> None:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text, f"{file} has no {old!r}"
        (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return fault


def remove(file: str) -> Break:
    """Return a fault: a file is gone."""
    return lambda root: (root / file).unlink()


MANIFEST = "pipeline.yaml"
FAULTS: dict[str, tuple[Break, str, str]] = {
    "unknown key": (
        replace(MANIFEST, "title: Parcel flow", "title: Parcel flow\ntilte: x"),
        "pipeline.yaml:5",
        "tilte",
    ),
    "duplicate name": (
        replace(MANIFEST, "  sorting:\n    label", "  intake:\n    label"),
        "pipeline.yaml:23",
        "'intake' is given twice",
    ),
    "wrong type": (replace(MANIFEST, "max_instances: 2", "max_instances: many"), "pipeline.yaml:105", "max_instances"),
    "cycle": (
        replace(MANIFEST, "downstream: delivery", "downstream: intake"),
        "pipeline.yaml",
        "in a circle",
    ),
    "no YAML": (replace(MANIFEST, "\npipeline: parcels", "\npipeline: [parcels"), "pipeline.yaml", "This is not YAML"),
    "missing file": (remove("schemas/messages/start.json"), "pipeline.yaml", "schemas/messages/start.json"),
    "schema with a syntax error": (
        replace("schemas/bigquery/parcels_ops/journal.sql", "day DATE", "day DATE DATE"),
        "schemas/bigquery/parcels_ops/journal.sql:3",
        "a comma or `)` is missing",
    ),
    "message that is no JSON": (
        replace("schemas/messages/done.json", '"type": "object",', '"type": "object"'),
        "schemas/messages/done.json:7",
        "JSON",
    ),
    "function without main.py": (remove("functions/watch/main.py"), "functions/watch", "main.py"),
    "entry point that is not there": (
        replace("functions/watch/main.py", "def watch(", "def look("),
        "functions/watch/main.py",
        "watch",
    ),
    "function with a syntax error": (
        replace("functions/watch/main.py", "def watch(", "def watch(("),
        "functions/watch/main.py",
        "yntax",
    ),
    "unknown phase": (replace(MANIFEST, "upstream: sorting", "upstream: sortng"), "pipeline.yaml", "sorting"),
    "missing stack value": (
        replace("Pulumi.live.yaml", "  parcels:region: europe-southwest1\n", ""),
        "Pulumi.live.yaml",
        "region",
    ),
    "wrong stack value": (
        replace("Pulumi.live.yaml", "region: europe-southwest1", "region: [a, b]"),
        "Pulumi.live.yaml:5",
        "region",
    ),
    "declaration gone": (remove(MANIFEST), "pipeline.yaml", "is missing"),
    "binary declaration": (lambda root: (root / MANIFEST).write_bytes(b"\xff\xfe\x00"), "pipeline.yaml", "UTF-8"),
    "empty declaration": (lambda root: (root / MANIFEST).write_text(""), "pipeline.yaml", "empty"),
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_parcels(tmp_path / "project")


def test_the_copy_is_sound_before_it_is_broken(root: Path) -> None:
    assert [str(finding) for finding in gather(root, "live").violations] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_each_mistake_is_told_with_its_place(root: Path, fault: str) -> None:
    breaks, place, words = FAULTS[fault]
    breaks(root)
    plan = gather(root, "live")
    told = [str(finding) for finding in plan.violations]
    assert [line for line in told if line.startswith(place) and words in line], told
    assert not [line for line in told if "Traceback" in line or "Error:" in line], told
    for finding in plan.violations:
        assert finding.message.rstrip().endswith((".", "?")), finding.message


def command(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops", "plan", "--no-acceptance", "--root", str(root), "--stack", "live", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


def test_all_mistakes_are_told_in_one_run(root: Path) -> None:
    together = (
        "schema with a syntax error",
        "message that is no JSON",
        "function without main.py",
        "missing file",
    )
    for fault in together:
        FAULTS[fault][0](root)
    done = command(root)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    for fault in together:
        assert FAULTS[fault][2] in done.stdout, fault
    assert "Refused" in done.stdout.splitlines()[-1]


def test_a_broken_declaration_does_not_hide_broken_schemas(root: Path) -> None:
    for fault in ("unknown key", "wrong type", "schema with a syntax error", "message that is no JSON"):
        FAULTS[fault][0](root)
    places = {finding.at.file for finding in gather(root, "live").violations}
    assert places >= {MANIFEST, "schemas/bigquery/parcels_ops/journal.sql", "schemas/messages/done.json"}


def test_a_project_without_anything_is_refused(tmp_path: Path) -> None:
    done = command(tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "Pulumi.yaml is missing" in done.stdout


def test_json_carries_the_same_findings(root: Path) -> None:
    import json

    FAULTS["missing file"][0](root)
    done = command(root, "--json")
    plan = json.loads(done.stdout)
    assert done.returncode == 1
    assert plan["violations"]
    assert set(plan["violations"][0]) == {"rule", "message", "file", "line"}


def test_a_program_of_its_own_that_fails_gives_no_traceback(root: Path) -> None:
    (root / "__main__.py").write_text("import json\njson.loads('{')\n")
    done = command(root)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert "__main__.py:2" in done.stdout
    shutil.rmtree(root)


@pytest.mark.parametrize("words", ["build watch", "cost", "release-schema", "verify", "redrive watch", "alerts"])
@pytest.mark.parametrize(
    ("breaks", "stack", "place"),
    [
        (replace(MANIFEST, "  sorting:\n    label", "  sorting:\n    tilte: x\n    label"), "live", f"{MANIFEST}:"),
        (lambda root: None, "none", "Pulumi.none.yaml: There is no stack 'none'"),
    ],
)
def test_every_command_says_why_it_cannot_begin(
    root: Path, breaks: Break, stack: str, place: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if stack == "none" and words == "release-schema":
        return  # it is about no stack
    breaks(root)
    named = [] if words == "release-schema" else ["--stack", stack]
    assert guarded([*words.split(), "--root", str(root), *named]) == 1
    told = capsys.readouterr().err.splitlines()
    assert any(line.startswith(place) for line in told), told
    assert not [line for line in told if line.startswith("schemas/")], "what follows from it is not told besides"


def test_a_root_that_is_no_folder_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        guarded(["plan", "--root", str(tmp_path / "nothing")])
    assert left.value.code == 2
    assert f"there is no folder '{tmp_path / 'nothing'}'" in capsys.readouterr().err


def test_a_folder_that_is_gone_has_its_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert guarded(["plan", "--root", str(ROOT)]) == 1
    assert capsys.readouterr().err == "The folder that this was started in is gone; go to one that is there.\n"
