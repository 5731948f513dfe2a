"""What the repository must never hold: secrets, names of machines, traces of a merge, unreadable files."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAX_BYTES = 1_000_000
SECRETS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "service account key": r'"private_key_id"\s*:',
    "Google API key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "Google OAuth token": r"\bya29\.[0-9A-Za-z_-]{20,}",
    "AWS key": r"\bAKIA[0-9A-Z]{16}\b",
    "GitHub token": r"\bgh[pousr]_[0-9A-Za-z]{36}\b",
    "Slack token": r"\bxox[abprs]-[0-9A-Za-z-]{10,}",
    "Slack webhook": r"hooks\.slack\.com/services/T[0-9A-Z]{6,}/B[0-9A-Z]{6,}/[0-9A-Za-z]{16,}",
    "Pulumi token": r"\bpul-[0-9a-f]{40}\b",
    "JSON web token": r"\beyJ[0-9A-Za-z_-]{20,}\.eyJ[0-9A-Za-z_-]{20,}\.",
    "URL with a password": r"\b[a-z][a-z0-9+]*://[^\s/:@'\"{}<>$]+:[^\s/@'\"{}<>$]+@",
}
MACHINES = {
    "home folder": r"(?<![\w.])/(?:root|home/[a-z][\w-]*|Users/[A-Za-z][\w-]*)/",
    "working folder": r"(?<![\w.*/])/(?:work|mnt|opt/pulumi)/",
    "private address": r"\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2}\b(?![.\d/])",
    "package index": r"(?i)\bindex-url\b|extra-index-url|\bartifactory\b|devpi",
}
MERGES = {"conflict": r"(?m)^(?:<{7} |={7}$|>{7} )"}
GENERATED = re.compile(r"(?:^|/)(?:trees|golden)/|requirements[^/]*\.(?:lock|txt)$")


def tracked() -> Iterator[Path]:
    """Yield the files of the repository, new ones that are not ignored included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in sorted(filter(None, listed.decode().split("\0"))):
        if (ROOT / name).exists() or (ROOT / name).is_symlink():
            yield ROOT / name


def hits(text: str, patterns: dict[str, str]) -> list[str]:
    """Return `line: what` for each pattern found."""
    return [
        f"{text[: match.start()].count(chr(10)) + 1}: {what}"
        for what, pattern in patterns.items()
        for match in re.finditer(pattern, text)
    ]


def scan(patterns: dict[str, str]) -> list[str]:
    found = []
    for path in tracked():
        if path == Path(__file__) or path.is_symlink():
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}:{hit}" for hit in hits(text, patterns)]
    return found


@pytest.fixture(autouse=True)
def _in_a_repository() -> None:
    if subprocess.run(["git", "rev-parse"], cwd=ROOT, capture_output=True, check=False).returncode:
        pytest.skip("not a git checkout; hygiene is about what is committed")


def test_no_secrets() -> None:
    assert scan(SECRETS) == []


def test_no_machine_is_named() -> None:
    assert scan(MACHINES) == []


def test_no_merge_is_left_open() -> None:
    assert scan(MERGES) == []


@pytest.mark.parametrize(
    ("patterns", "text"),
    [
        (SECRETS, "-----BEGIN RSA " + "PRIVATE KEY-----"),
        (SECRETS, "token = 'xoxb-" + "1234567890-abcdef'"),
        (SECRETS, "https://hooks.slack.com/services/" + "T0000AAAA/B0000BBBB/abcdefghijklmnop1234"),
        (SECRETS, "postgres://me:" + "pass@host/db"),
        (SECRETS, "AIza" + "x" * 35),
        (MACHINES, "see /home/" + "someone/project"),
        (MACHINES, "at 10.0" + ".0.7"),
        (MERGES, "<" * 7 + " HEAD"),
    ],
)
def test_the_scan_sees(patterns: dict[str, str], text: str) -> None:
    assert hits(f"first line\n{text}\n", patterns)[0].startswith("2: ")


def test_service_urls_are_configuration() -> None:
    """A service's URL written into code outlives the service (incident 51)."""
    literal = {"URL of a service": r"https://[a-z0-9-]+-(?:\d{12}|[a-z0-9]{10}-[a-z]{2})\.[a-z0-9.-]*run\.app"}
    allowed = ("tests/", "Pulumi.", "docs/", "ops/scaffolding/pipeline/Pulumi.")
    assert [hit for hit in scan(literal) if not hit.startswith(allowed)] == []


def test_files_are_regular_small_and_text() -> None:
    wrong = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        if GENERATED.search(name):
            continue
        if path.is_symlink():
            wrong.append(f"{name} is a link")
        elif path.stat().st_size > MAX_BYTES:
            wrong.append(f"{name} is larger than {MAX_BYTES:,} bytes")
        elif b"\r\n" in (data := path.read_bytes()) or b"\0" in data:
            wrong.append(f"{name} is no plain text with Unix line ends")
        elif data and not data.endswith(b"\n"):
            wrong.append(f"{name} does not end with a line end")
    assert wrong == []


@pytest.mark.parametrize("folder", [ROOT, ROOT / "ops" / "scaffolding" / "pipeline"])
def test_a_checkout_has_the_bytes_of_the_commit_whatever_git_is_set_to(folder: Path, tmp_path: Path) -> None:
    """Archives and locks are known by their hashes, which other line ends would change."""

    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=tmp_path, capture_output=True, check=True).stdout

    git("init", "--quiet")
    for name in (".gitattributes", "pipeline.yaml"):
        if (folder / name).exists():
            shutil.copy(folder / name, tmp_path)
    (tmp_path / "binary").write_bytes(b"\x00\r\n")
    git("add", "--all")
    for name in ("pipeline.yaml", "binary"):
        before = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        git("-c", "core.autocrlf=true", "checkout", "--", name)
        assert (tmp_path / name).read_bytes() == before, name


def test_nothing_generated_by_a_machine_is_committed() -> None:
    forbidden = re.compile(
        r"(?:^|/)(?:__pycache__|\.venv|node_modules|\.DS_Store|\.idea|\.vscode|build|dist)(?:/|$)|\.pyc$"
    )
    names = [path.relative_to(ROOT).as_posix() for path in tracked()]
    assert [name for name in names if forbidden.search(name) and not GENERATED.search(name)] == []
