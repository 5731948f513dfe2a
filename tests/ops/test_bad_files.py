"""Each file of a user, spoilt in every way that a file can be: one sentence at its place, no wait, others judged as before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blueprint.findings import Refused
from blueprint.operations import answer, file_of
from ops.report.gather import gather
from tests.bounded import bounded
from tests.ops.test_invocation import ROOT, run
from tests.pipelines.test_parcels import copy_parcels

SECONDS = 60
FIXTURE = "schemas/messages/fixtures/done/good-full.json"
KINDS = (
    "Pulumi.yaml",
    "Pulumi.live.yaml",
    "pipeline.yaml",
    "functions/watch/main.py",
    "functions/requirements.in",
    "functions/requirements.lock",
    "functions/distributions.json",
    "schemas/bigquery/parcels_ops/dataset.sql",
    "schemas/bigquery/parcels_ops/journal.sql",
    "schemas/external/shop/orders.sql",
    "schemas/firestore/days.yaml",
    "schemas/messages/done.json",
    "schemas/.released/names.json",
    "schemas/.released/evidence.json",
    "schemas/.released/bigquery/parcels_ops.journal.json",
    "schemas/.released/messages/done.json",
)
Spoil = Callable[[Path], object]


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link(target: str) -> Spoil:
    def spoil(path: Path) -> None:
        path.unlink()
        path.symlink_to(target or path.name)

    return spoil


def huge(path: Path) -> None:
    os.truncate(path, 200_000_000)


def locked(path: Path) -> None:
    path.chmod(0)


SPOILS: dict[str, Spoil] = {
    "pipe": pipe,
    "folder": folder,
    "loop of links": link(""),
    "link to nothing": link("nothing-here"),
    "device": link("/dev/zero"),
    "huge": huge,
    "not UTF-8": lambda path: path.write_bytes(b"\xff\xfe\x00ab\xe9"),
    "NUL": lambda path: path.write_bytes(path.read_bytes()[:20] + b"\x00" + path.read_bytes()[20:]),
    "nested": lambda path: path.write_text("[" * 200_000),
    "unreadable": locked,
}
if os.geteuid() == 0:  # who may read everything
    del SPOILS["unreadable"]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second pipeline with every kind of file, after a release."""
    root = copy_parcels(tmp_path_factory.mktemp("files") / "project")
    for file, text in (
        (FIXTURE, '{"data": {}}'),
        ("schemas/external/shop/orders.sql", "CREATE TABLE orders (id STRING, day DATE);"),
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    for each in (ROOT / "functions").glob("*.*"):  # a lock of its own
        shutil.copy(each, root / "functions")
    subprocess.run([sys.executable, "-m", "ops", "release-schema", "--root", root], cwd=ROOT, check=True)
    assert [str(each) for each in gather(root, "live").violations] == []
    return root


@pytest.fixture
def root(released: Path, tmp_path: Path) -> Path:
    shutil.copytree(released, tmp_path / "project", symlinks=True)
    return tmp_path / "project"


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    """Fail what waits for a pipe, a device or itself."""
    with bounded(SECONDS):
        yield


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_file_is_one_sentence_at_its_place(root: Path, kind: str, spoil: str) -> None:
    SPOILS[spoil](root / kind)
    [found] = gather(root, "live").violations
    # the lock and what describes it are one thing in two files
    places = {kind, "functions/distributions.json"} if kind == "functions/requirements.lock" else {kind}
    assert found.at.file in places, found
    assert "Error" not in found.message
    assert "is missing;" not in found.message, "what is there is not absent"


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_is_no_text_beside_it_is_no_traceback(root: Path, kind: str) -> None:
    path = root / kind
    with open(os.fsencode(path.parent) + b"/caf\xe9" + os.fsencode(path.suffix), "wb") as stream:
        stream.write(b"x")
    found = gather(root, "live").violations
    assert len(found) <= 1, found
    assert all("caf\\xe9" in str(each) and "Error" not in each.message for each in found)


def test_others_keep_their_verdict(root: Path) -> None:
    """Everything that does not end the reading of the declaration is spoilt at once, and each is told."""
    spoilt = KINDS[3:]
    for kind in spoilt:
        pipe(root / kind)
    (root / "functions" / "intake_to_sorting" / "main.py").write_text("def (:\n")
    found = gather(root, "live").violations
    assert {each.at.file for each in found} == {*spoilt, "functions/intake_to_sorting/main.py"}
    assert len(found) == len(spoilt) + 1, found


@pytest.mark.parametrize("spoil", SPOILS)
def test_an_answer_is_refused_where_it_is_read(root: Path, spoil: str) -> None:
    if spoil not in ("NUL", "nested"):  # which are text, and BigQuery's to refuse
        (root / file_of("runs")).parent.mkdir()
        (root / file_of("runs")).write_text("SELECT 1")
        SPOILS[spoil](root / file_of("runs"))
        with pytest.raises(Refused) as refused:
            answer(root, "runs")
        assert [each.at.file for each in refused.value.findings] == [file_of("runs")]


@pytest.mark.parametrize("spoil", ["pipe", "folder", "not UTF-8", "nested", "device"])
@pytest.mark.parametrize("command", ["policy --config", "diff --from", "adopt --inventory"])
def test_a_file_that_is_named_on_the_command_line(root: Path, command: str, spoil: str) -> None:
    (root / "given.json").write_text("{}")
    SPOILS[spoil](root / "given.json")
    done = run(root, "-m", "ops", *command.split(), "given.json", *(() if "diff" in command else ("--stack", "live")))
    assert done.returncode == 1, done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "given.json" in done.stderr
