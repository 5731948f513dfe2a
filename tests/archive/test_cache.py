"""A cache may be lost or damaged at any time; results do not change, and an unchanged function is not analysed again."""

from __future__ import annotations

import hashlib
import io
import random
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest

from analysis.audit.tree import audit_tree
from analysis.python import reader
from bench.archives import declared
from blueprint.archive import (
    Archive,
    ArchiveSource,
    Cache,
    SourceRoot,
    analyse_function,
    analyse_functions,
    package,
    read_distributions,
)
from blueprint.archive import build as building
from blueprint.sources import function_source
from tests.archive.test_trees import CASES, LOCKED, TREES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(TREES / "plain", tmp_path / "project", symlinks=True)
    return tmp_path / "project"


def analyse(project: Path, **changes: object) -> Archive:
    fields = {"name": "f", "folder": project / "functions" / "f", "entry_point": "handle", "signature": "http"}
    fields |= {"project": project, "roots": (SourceRoot(project / "functions", only=("shared",)),), **changes}
    source = ArchiveSource(**fields)  # type: ignore[arg-type]
    return analyse_function(source, locked=LOCKED, cache=Cache(project / ".cache"))


def test_a_second_run_analyses_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = analyse(project)
    monkeypatch.setattr(reader, "record_of", None)
    monkeypatch.setattr(building, "Builder", None)
    assert analyse(project) == first


def test_every_change_is_seen(project: Path) -> None:
    first = analyse(project)
    helper = project / "functions" / "f" / "helper.py"
    helper.write_text(helper.read_text() + "# changed\n")
    second = analyse(project)
    assert second.sha256 != first.sha256
    (project / "functions" / "f" / "shared").mkdir()
    (project / "functions" / "f" / "shared" / "__init__.py").write_text("")
    assert [finding.rule for finding in analyse(project).findings] == ["archive-missing-module", "archive-two-owners"]
    assert analyse(project, extra_files={"pipeline.json": b"{}"}).files != second.files
    assert "archive-size" in [finding.rule for finding in analyse(project, size_budget=10).findings]


def test_an_unrelated_file_changes_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = analyse(project)
    (project / "elsewhere.py").write_text("")
    (project / "functions" / "shared" / "unused.py").write_text("changed = 1\n")
    monkeypatch.setattr(building, "Builder", None)
    assert analyse(project) == first


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_cache_is_as_good_as_none(project: Path, seed: int) -> None:
    first = analyse(project)
    chance = random.Random(seed)
    for pack in (project / ".cache").iterdir():
        content = bytearray(pack.read_bytes())
        for _ in range(chance.randrange(1, 40)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        pack.write_bytes(content[: chance.randrange(len(content))] if seed % 3 == 0 else content)
    again = analyse(project)
    assert again == first
    assert hashlib.sha256(again.content).hexdigest() == first.sha256


def test_a_cache_that_cannot_be_written_costs_nothing_else(project: Path) -> None:
    (project / ".cache").write_text("in the way")
    first = analyse(project)
    assert analyse(project) == first
    assert hashlib.sha256(first.content).hexdigest() == first.sha256


def test_an_archive_lies_in_a_file_named_by_its_content(project: Path) -> None:
    first = analyse(project)
    [stored] = (project / ".cache").glob("*.zip")
    assert first.packed == stored == first.saved_in(project / ".cache")
    assert stored.name == f"{first.sha256}.zip"
    assert first.length == stored.stat().st_size == len(first.content)
    stored.unlink()
    assert analyse(project).packed == stored
    assert stored.exists()


def test_old_archives_are_dropped_and_those_of_this_run_are_kept(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = project / "functions" / "f" / "helper.py"
    made = []
    for number in range(4):
        helper.write_text(f"{helper.read_text()}# change {number}\n")
        made.append(analyse(project).packed)
    assert all(Path(each).exists() for each in made)  # type: ignore[arg-type]  # with a cache it is a path
    monkeypatch.setattr("analysis.cache._KEEP", 1)
    helper.write_text(f"{helper.read_text()}# one more\n")
    last = analyse(project)
    assert list((project / ".cache").glob("*.zip")) == [last.packed]


def test_packs_do_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.cache._KEEP", 1000)
    for number in range(50):
        cache = Cache(tmp_path)
        cache.put("results", f"key{number}", b"x" * 100)
        cache.flush()
    assert (tmp_path / "results.pack").stat().st_size < 2000
    assert Cache(tmp_path).get("results", "key49") == b"x" * 100
    assert Cache(tmp_path).get("results", "key0") is None


def test_more_files_than_a_zip_holds_are_refused_in_a_sentence(project: Path) -> None:
    most = {f"data/{number}": b"" for number in range(package.MOST_FILES)}
    archive = analyse(project, extra_files=most)
    assert [finding.rule for finding in archive.findings] == ["archive-size"]
    assert "more than a plain zip holds" in archive.findings[0].message
    assert archive.content == b""
    with zipfile.ZipFile(io.BytesIO(package.pack(most))) as packed:
        assert packed.testzip() is None
        assert len(packed.namelist()) == package.MOST_FILES


def corpus() -> list[ArchiveSource]:
    """Return every case of the trees as a function of its own name."""
    found = []
    for case in CASES:
        root = TREES / case
        told = tomllib.loads((root / "case.toml").read_text(encoding="utf-8")).get("source", {})
        fields = {"entry_point": "handle", "signature": "http", **told}
        for name in ("resources", "dynamic_imports"):
            fields[name] = tuple(fields.get(name, ()))
        roots = (SourceRoot(root / "functions", only=("shared",)),)
        found.append(ArchiveSource(case, root / "functions" / "f", project=root, roots=roots, **fields))
    return found


def test_no_cache_knows_less_than_the_reader(tmp_path: Path) -> None:
    """Each alone and without any; all at once, which share what was found out; and with what earlier runs kept."""
    sources = corpus()
    alone = {each.name: analyse_function(each, locked=LOCKED) for each in sources}
    assert len(alone) > 50
    assert analyse_functions(sources, locked=LOCKED) == alone
    assert analyse_functions(reversed(sources), locked=LOCKED) == alone
    assert analyse_functions(sources, locked=LOCKED, cache=Cache(tmp_path)) == alone
    assert analyse_functions(sources, locked=LOCKED, cache=Cache(tmp_path)) == alone
    (tmp_path / "results.pack").unlink()
    assert analyse_functions(sources, locked=LOCKED, cache=Cache(tmp_path)) == alone


def test_what_our_functions_share_is_read_the_same_for_each() -> None:
    manifest, names, firestore = declared()
    sources = [function_source(ROOT, manifest, names, each, firestore) for each in manifest.functions.values()]
    locked, _ = read_distributions(ROOT / "functions", ROOT, manifest.python)
    together = analyse_functions(sources, locked=locked)
    assert together == {each.name: analyse_function(each, locked=locked) for each in sources}
    assert analyse_functions(reversed(sources), locked=locked) == together


def test_the_audit_says_the_same_of_each_folder_alone(tmp_path: Path) -> None:
    functions = TREES / "messy" / "functions"
    together = audit_tree(functions, target_python=(3, 11)).functions
    for cache in (Cache(tmp_path), Cache(tmp_path)):
        assert audit_tree(functions, target_python=(3, 11), cache=cache).functions == together
    (tmp_path / "audits.pack").unlink()
    assert audit_tree(functions, target_python=(3, 11), cache=Cache(tmp_path)).functions == together
