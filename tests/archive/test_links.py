"""A link that leads out of the project ships what nobody reviews: refused, whoever points there; one inside is fine."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.cache import Cache
from analysis.files import Unreadable, read_input
from blueprint.archive import Archive, ArchiveSource, SourceRoot, analyse_function
from tests.archive.test_trees import LOCKED

HANDLE = "\n\ndef handle(request):\n    return 'ok'\n"
FOREIGN = "'functions/f/{}' is reached by a link that leads out of the project. Copy the file into the project."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project" / "functions" / "f"
    made.mkdir(parents=True)
    outside = tmp_path / "outside" / "pkg"
    outside.mkdir(parents=True)
    for name in ("__init__.py", "secret.json", "x.sql", "part.py"):
        (outside / name).write_text("")
    inside = tmp_path / "project" / "common"
    inside.mkdir()
    (inside / "texts.json").write_text("{}")
    return made


def analysed(folder: Path, main: str, cache: Cache | None = None, **declared: object) -> Archive:
    (folder / "main.py").write_text(main + HANDLE)
    project = folder.parents[1]
    roots = (SourceRoot(project / "functions", only=("shared",)),)
    source = ArchiveSource("f", folder, "handle", "http", project, roots=roots, **declared)  # type: ignore[arg-type]
    return analyse_function(source, locked=LOCKED, cache=cache)


def messages(archive: Archive) -> list[str]:
    return [finding.message for finding in archive.findings]


@pytest.mark.parametrize(
    ("main", "link", "target", "resources", "named"),
    [
        ("import pkg.part", "pkg", "pkg", (), ["pkg/__init__.py", "pkg/part.py"]),
        ("open('secret.json')", "secret.json", "pkg/secret.json", (), ["secret.json"]),
        ("x = 1", "secret.json", "pkg/secret.json", ("secret.json",), ["secret.json"]),
        ("open('x.sql')", "x.sql", "pkg/x.sql", (), ["x.sql"]),
        ("import os\nopen(os.environ['NAME'])", "x.sql", "pkg/x.sql", ("x.sql",), ["x.sql"]),
        (
            "x = 1",
            "data",
            "pkg",
            ("data",),
            [f"data/{name}" for name in ("__init__.py", "part.py", "secret.json", "x.sql")],
        ),
    ],
)
def test_a_link_out_of_the_project_is_refused(
    folder: Path, main: str, link: str, target: str, resources: tuple[str, ...], named: list[str]
) -> None:
    (folder / link).symlink_to(folder.parents[2] / "outside" / target)
    assert messages(analysed(folder, main, resources=resources)) == [FOREIGN.format(name) for name in named]


@pytest.mark.parametrize("resources", [(), ("texts.json",)])
def test_a_link_inside_the_project_is_fine(folder: Path, resources: tuple[str, ...]) -> None:
    (folder / "texts.json").symlink_to("../../common/texts.json")
    archive = analysed(folder, "x = 1" if resources else "open('texts.json')", resources=resources)
    assert messages(archive) == []
    assert "texts.json" in {file.path for file in archive.files}


def test_a_root_outside_the_project_is_inside_what_is_declared(folder: Path, tmp_path: Path) -> None:
    (folder / "main.py").write_text("import pkg.part" + HANDLE)
    roots = (SourceRoot(tmp_path / "outside", only=("pkg",)),)
    source = ArchiveSource("f", folder, "handle", "http", folder.parents[1], roots=roots)
    assert messages(analyse_function(source, locked=LOCKED)) == []


def test_a_file_that_became_a_link_is_seen_through_the_cache(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    (folder / "secret.json").write_text("")
    assert messages(analysed(folder, "open('secret.json')", Cache(cache))) == []
    (folder / "secret.json").unlink()
    (folder / "secret.json").symlink_to(tmp_path / "outside" / "pkg" / "secret.json")
    assert messages(analysed(folder, "open('secret.json')", Cache(cache))) == [FOREIGN.format("secret.json")]


def test_what_else_a_project_reads_is_held_to_the_same(folder: Path, tmp_path: Path) -> None:
    """A gate's SQL, an operator's question, a table."""
    project = folder.parents[1]
    (project / "gate.sql").symlink_to(tmp_path / "outside" / "pkg" / "x.sql")
    (project / "own.sql").symlink_to("common/texts.json")
    with pytest.raises(Unreadable, match="leads out of the project; copy the file into the project"):
        read_input(project / "gate.sql", within=project)
    assert read_input(project / "own.sql", within=project) == "{}"
