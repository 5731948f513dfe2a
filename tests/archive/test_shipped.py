"""What archives ship: the modules their function needs, and requirements that install where it runs and nowhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from blueprint.archive import Archive, read_distributions
from blueprint.archive.distributions import normalise
from blueprint.check import check
from blueprint.stack import StackSettings

ROOT = Path(__file__).resolve().parents[2]
TARGET, GLIBC = (3, 11), 35
PLATFORMS = [
    *(f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC, 4, -1)),
    "manylinux2014_x86_64",
    "manylinux2010_x86_64",
    "manylinux1_x86_64",
]
UV = (sys.executable, "-m", "uv", "pip", "install", "--python-platform", f"x86_64-manylinux_2_{GLIBC}")
PIP = (sys.executable, "-m", "pip", "install", *(f"--platform={each}" for each in PLATFORMS), "--implementation=cp")


@pytest.fixture(scope="module")
def archives() -> dict[str, Archive]:
    services = dict.fromkeys(
        ("nba-phase3-analytics-processors", "nba-phase4-precompute-processors", "prediction-coordinator"),
        "https://one.example.com",
    )
    stack = StackSettings("prod", "a-project", "123456789012", "us-west2", "production", services, {})
    blueprint = check(ROOT, stack).blueprint
    assert blueprint is not None
    return dict(blueprint.archives)


@pytest.mark.parametrize(
    ("functions", "unneeded"),
    [
        (("phase2-to-phase3-orchestrator",), "scheduled sweep repeat slack replay warehouse gates"),
        (("phase3-to-phase4-orchestrator", "phase5-to-phase6-orchestrator"), "scheduled sweep repeat slack replay"),
        (("self-heal-predictions",), "orchestrator message names replay"),
        (("auto-backfill-orchestrator",), "orchestrator message attempt protocol transition gates replay"),
        (("daily-health-summary",), "orchestrator message attempt protocol transition records plan gates replay"),
    ],
)
def test_no_function_ships_the_parts_of_another(
    archives: dict[str, Archive], functions: tuple[str, ...], unneeded: str
) -> None:
    """A type borrowed from the engine once put all of it into the morning summary."""
    for name in functions:
        assert {f"shared.{each}" for each in unneeded.split()} & set(archives[name].modules) == set()


def supported() -> set[Tag]:
    interpreter = f"cp{TARGET[0]}{TARGET[1]}"
    return {*cpython_tags(TARGET, [interpreter], PLATFORMS), *compatible_tags(TARGET, interpreter, PLATFORMS)}


def test_every_hash_is_of_a_wheel_that_the_runtime_takes(archives: dict[str, Archive]) -> None:
    locked, _ = read_distributions(ROOT / "functions", ROOT, TARGET)
    known = {value: file for files in locked.files.values() for file, value in files.items()}
    tags = supported()
    for archive in archives.values():
        rows = [row.split() for row in archive.requirements.splitlines()]
        assert len({row[0].partition("[")[0].partition("==")[0] for row in rows}) == len(archive.distributions) > 30
        for requirement, *hashes in rows:
            name, version = re.sub(r"\[.*\]", "", requirement).split("==")
            assert hashes, requirement
            for value in hashes:
                found = parse_wheel_filename(known[value.removeprefix("--hash=")])
                assert (found[0], found[1]) == (canonicalize_name(name), Version(version))
                assert found[3] & tags, known[value.removeprefix("--hash=")]


def test_requirements_hold_nothing_for_other_platforms(archives: dict[str, Archive]) -> None:
    lock = (ROOT / "functions" / "requirements.lock").read_text(encoding="utf-8")
    for archive in archives.values():
        assert archive.requirements.count("--hash=") < len(archive.distributions) + 20
        assert archive.requirements.count("--hash=") < lock.count("--hash=") / 8


@pytest.mark.slow
@pytest.mark.parametrize("installer", [UV, PIP], ids=["uv", "pip"])
def test_installers_find_everything_by_hash(
    archives: dict[str, Archive], installer: tuple[str, ...], tmp_path: Path
) -> None:
    """With dependencies, as a build does it: one that is not listed is refused. Asks the package index."""
    file = tmp_path / "requirements.txt"
    options = ("--dry-run", "--require-hashes", "--only-binary=:all:", f"--target={tmp_path / 'site'}", "-r", str(file))
    for requirements in sorted({archive.requirements for archive in archives.values()}):
        file.write_text(requirements, encoding="utf-8")
        version = f"--python-version={TARGET[0]}.{TARGET[1]}"
        result = subprocess.run((*installer, version, *options), capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr[-2000:]
        told = normalise(result.stdout + result.stderr)
        missing = [row for row in requirements.splitlines() if normalise(re.split(r"[\[=]", row)[0]) not in told]
        assert missing == []
