"""`ops new`: a folder that plans soundly at once, and parts that keep what stands there."""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from blueprint.keys import EXAMPLES
from blueprint.loader import load_manifest
from ops import commands
from ops.__main__ import main
from ops.report.gather import gather
from ops.scaffolding.project import TEMPLATE
from ops.setup.backend import build_wheel

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    ("processor", "third_source", "--phase", "collect"),
    ("table", "shipments_ops.notes"),
    ("table", "shipments_more.notes"),
    ("function", "send-digest", "--cron", "0 7 * * *"),
    ("boundary", "publish", "deliver"),
    ("stack", "prod", "--project", "ship-prod", "--number", "998877665544", "--region", "us-west2"),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shipments"
    assert main(["new", "pipeline", "shipments", "--into", str(folder)]) == 0
    return folder


def new(root: Path, what: str, *words: str) -> int:
    return main(["new", what, *words, "--root", str(root)])


def written(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and not {".cache", "__pycache__"} & set(path.parts)]


def findings(root: Path, stack: str = "dev") -> list[str]:
    return [f"{each.at}: [{each.rule}] {each.message}" for each in gather(root, stack).findings]


def test_a_new_pipeline_is_sound_as_it_lies(root: Path) -> None:
    plan = gather(root, "dev")
    assert [str(each) for each in plan.findings] == []
    assert plan.kinds["gcp:cloudfunctionsv2/function:Function"] == 2
    assert "pipeline_name" not in "".join(path.read_text() for path in written(root))


def test_the_stack_that_is_meant_is_the_only_one_or_prod(root: Path) -> None:
    def meant(folder: Path, *words: str) -> str:
        return str(commands.parse(["plan", "--root", str(folder), *words]).stack)

    assert (meant(root), meant(root, "--stack", "other"), meant(ROOT)) == ("dev", "other", "prod")
    (root / "Pulumi.test.yaml").write_text("config: {}\n")
    assert meant(root) == "prod"


def test_the_policy_pack_passes_it(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "--root", str(root), "--stack", "dev"]) == 0, capsys.readouterr().out


def test_its_own_test_fails_on_a_fault_and_passes_without(root: Path) -> None:
    def own_test() -> subprocess.CompletedProcess[str]:
        command = (sys.executable, "-m", "unittest", "discover", "-s", "tests")
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)

    done = own_test()
    assert done.returncode == 0, done.stderr
    (root / "functions" / "watch" / "main.py").unlink()
    done = own_test()
    assert done.returncode == 1
    assert "'watch-deadlines' has no main.py" in done.stderr


def test_every_part_is_sound_and_comes_with_what_it_needs(root: Path) -> None:
    for part in PARTS:
        assert new(root, *part) == 0
    plans = [gather(root, stack) for stack in ("dev", "prod")]
    assert [str(each) for plan in plans for each in plan.findings] == []
    names = {each.name for each in plans[0].resources}
    assert {"start-deliver", "shipments-start-deliver", "shipments-deliver-complete"} <= names


@pytest.mark.parametrize("part", PARTS, ids=lambda part: " ".join(part[:2]))
def test_what_stood_there_keeps_its_lines(root: Path, part: tuple[str, ...]) -> None:
    before = (root / "pipeline.yaml").read_text().splitlines()
    assert new(root, *part) == 0
    after = (root / "pipeline.yaml").read_text().splitlines()
    if part[0] == "boundary":
        assert [line for line in difflib.ndiff(before, after) if line.startswith("- ")] == [], (
            "it has its own lines only"
        )
    gone = [line[2:] for line in difflib.ndiff(before, after) if line.startswith("- ")]
    kept = [re.sub(r"\]$", "", line) for line in gone]
    assert all(line.endswith("]") for line in gone), "a line is changed only where an item joins the list on it"
    assert all(any(other.startswith(f"{line}, ") for other in after) for line in kept)


def test_a_message_is_sound_and_waits_for_a_topic(root: Path) -> None:
    assert new(root, "message", "delivery") == 0
    assert [each.partition("] ")[2] for each in findings(root)] == [
        "No topic carries the message 'delivery'; remove its schema or name it."
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("processor", "publisher", "--phase", "publish"), "has 'publisher' already; choose another name"),
        (("processor", "fine", "--phase", "colect"), "has no 'colect'; did you mean 'collect'?"),
        (("processor", "No Good", "--phase", "collect"), "'No Good' is no name for this"),
        (("table", "notes"), "write DATASET.TABLE"),
        (("table", "shipments_ops.errors"), "errors.sql is there already; nothing was written"),
        (("message", "trigger"), "trigger.json is there already"),
        (("processor", "no", "--phase", "collect"), "'no' is no name for this; YAML reads it as something else"),
        (("table", "shipments_ops.select"), "'select' is a reserved word of BigQuery; choose another name"),
        (("function", "import", "--cron", "0 7 * * *"), "'import' is a word of Python's own; choose another name"),
        (("function", "send-digest", "--cron", "0 7 * *"), "'0 7 * *' is no cron expression that ever comes"),
        (("function", "under-way", "--cron", "0 7 * * *"), "functions/under_way is there already; nothing was written"),
        (("stack", "../live", "--project", "ship-prod", "--number", "1"), "'../live' is no name for this"),
        (("stack", "a.b", "--project", "ship-prod", "--number", "1"), "'a.b' is no name for this"),
        (("stack", "live", "--project", "Ship", "--number", "1"), "'Ship' is no project id"),
        (("stack", "live", "--project", "ship-prod", "--number", "one"), "'one' is no project number"),
        (("stack", "live", "--project", "ship-prod", "--number", "1", "--region", "mars"), "'mars' is no region"),
        (("message", "../../etc/passwd"), "is no name for this"),
        (("function", "start-publish", "--cron", "0 7 * * *"), "has 'start-publish' already"),
        (("boundary", "collect", "publish"), "has 'collect_to_publish' already"),
        (("boundary", "nowhere", "publish"), "has no 'nowhere'"),
        (("boundary", "publish", "collect", "--service", "another"), "'collect' is there and has its service already"),
        (("boundary", "collect", "deliver"), "starts the next phase by 'collect_to_publish' already"),
        (("stack", "dev", "--project", "a", "--number", "1"), "Pulumi.dev.yaml is there already"),
        (("stack", "new", "--project", "a", "--number", "1", "--like", "live"), "There is no stack 'live'"),
    ],
)
def test_what_cannot_be_added(
    root: Path, words: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "functions" / "under_way").mkdir()
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    assert new(root, *words) == 1
    assert sentence in capsys.readouterr().err
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "part", [("table", "a.b"), ("message", "b"), ("boundary", "publish", "b"), ("processor", "b", "--phase", "publish")]
)
@pytest.mark.parametrize("text", ["a: [\n", "[]\n", "", "phases: {publish: 3}\nboundaries: [1]\n"])
def test_a_declaration_that_cannot_be_read_gets_no_part(
    root: Path, part: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "pipeline.yaml").write_text(text)
    assert new(root, *part) == 1
    assert "Nothing was written, since pipeline.yaml" in capsys.readouterr().err
    assert (root / "pipeline.yaml").read_text() == text


def test_a_batch_has_senders_and_no_expectations(tmp_path: Path) -> None:
    for name in ("pipeline.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    assert new(tmp_path, "processor", "second_coordinator", "--phase", "phase5") == 0
    assert "second_coordinator" in load_manifest(tmp_path).phases["phase5"].processors


def test_modes_that_share_their_list_expect_a_new_processor_once(tmp_path: Path) -> None:
    """The project itself: a mode of `phase3_to_phase4` takes what another lists, by an anchor and a merge."""
    for name in ("pipeline.yaml", "Pulumi.prod.yaml"):
        shutil.copy(ROOT / name, tmp_path)

    def expected() -> dict[str, list[str]]:
        modes = yaml.safe_load((tmp_path / "pipeline.yaml").read_text())["boundaries"]["phase3_to_phase4"]["modes"]
        return {name: mode["expected"] for name, mode in modes.items()}

    before = expected()
    assert new(tmp_path, "processor", "third_source", "--phase", "phase3") == 0
    assert expected() == {name: [*processors, "third_source"] for name, processors in before.items()}


@pytest.mark.parametrize("name", ["", "X", "a", "with-dash", "much_too_long_a_name", "9lives", "naïve"])
def test_a_name_that_does_not_do(tmp_path: Path, name: str) -> None:
    assert main(["new", "pipeline", name, "--into", str(tmp_path / "there")]) == 1
    assert not (tmp_path / "there").exists()


def test_a_folder_with_files_is_left_alone(root: Path) -> None:
    before = sorted(root.rglob("*"))
    assert main(["new", "pipeline", "other", "--into", str(root)]) == 1
    assert sorted(root.rglob("*")) == before


def test_the_template_says_what_the_tool_says() -> None:
    assert (TEMPLATE / "__main__.py").read_bytes() == (ROOT / "__main__.py").read_bytes()
    pins = re.compile(r"uses: (\S+@[0-9a-f]{40} # v\S+)")
    ours = set(pins.findall((ROOT / ".github/workflows/check.yml").read_text()))
    theirs = set(pins.findall((TEMPLATE / ".github/workflows/check.yml").read_text()))
    assert theirs
    assert theirs <= ours
    assert yaml.safe_load((TEMPLATE / ".github/workflows/check.yml").read_text())["permissions"] == {}


def test_the_wheel_is_all_that_another_pipeline_needs(tmp_path: Path) -> None:
    """Unpacked beside the locked packages, away from the checkout: begins a project, plans it, judges it."""
    site = tmp_path / "site"
    with zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path))) as wheel:
        wheel.extractall(site)

    def ops(*words: str) -> str:
        command = (
            sys.executable,
            "-c",
            "import sys, ops; from ops.__main__ import guarded; print(ops.__file__); sys.exit(guarded())",
        )
        environment = {**os.environ, "PYTHONPATH": str(site)}
        done = subprocess.run(
            (*command, *words), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        first, _, rest = done.stdout.partition("\n")
        assert Path(first).is_relative_to(site)
        return rest

    ops("new", "pipeline", "shipments")
    planned = ops("plan", "--root", "shipments", "--stack", "dev", "--no-acceptance").replace("\n", " ")
    assert re.search(r"Sound: .* [1-9]\d contracts passed\.", planned)
    assert "no violation" in ops("policy", "--root", "shipments", "--stack", "dev")
    assert ops("--version").startswith("phase-orchestration ")


def test_wheels_of_the_same_tree_are_the_same(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    assert (first / build_wheel(str(first))).read_bytes() == (second / build_wheel(str(second))).read_bytes()


OTHERS = (("parcels", "live", "delivery", "DATE NOT NULL"), ("meters", "pune", "billing", "begins_at TIMESTAMP NOT NULL"), ("orders", "sul", "shipping", "order_batch STRING NOT NULL"))  # fmt: skip


@pytest.mark.parametrize(("pipeline", "stack", "last", "column"), OTHERS, ids=("date", "hour", "batch"))
def test_parts_follow_what_completions_are_for(
    tmp_path: Path, pipeline: str, stack: str, last: str, column: str
) -> None:
    """A table, a message and a boundary with a phase of its own, in pipelines of dates, hours and batches."""
    root = tmp_path / pipeline
    shutil.copytree(ROOT / "tests" / "pipelines" / pipeline, root, ignore=shutil.ignore_patterns(".cache"))
    assert new(root, "table", f"{pipeline}_ops.notes") == 0
    assert new(root, "boundary", last, "archive") == 0
    assert new(root, "message", "archived") == 0
    assert column in (root / f"schemas/bigquery/{pipeline}_ops/notes.sql").read_text()
    kind = load_manifest(root).key
    schema = json.loads((root / "schemas/messages/archived.json").read_text())
    jsonschema.validate({load_manifest(root).date_field: EXAMPLES[kind], "correlation_id": "c"}, schema)
    said = [str(each) for each in gather(root, stack).findings if each.rule != "operators-answered"]
    assert len(said) == 1
    assert "No topic carries the message 'archived'" in said[0]
