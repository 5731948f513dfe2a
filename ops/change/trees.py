"""Commits as folders, and the plan that each commit's own program makes of itself.

A commit is unpacked once into `.cache/trees/<tree>` and evaluated there by its own code, in a process that is given
no credentials: neither variables nor a home folder of the caller's reach it. The folder shares the project's cache of
analyses, whose entries are keyed by content, so that a commit near the present one costs little.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

from analysis.files import write_whole
from blueprint.findings import Finding, Location, Refused
from ops.progress import stage

WORKTREE = "WORKTREE"
KEPT = 8
"""How many unpacked commits are kept; the one used longest ago goes first."""
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "PYTHONDONTWRITEBYTECODE")


def commit_of(root: Path, revision: str) -> str:
    """Return the full hash of the commit that `revision` names; raises `Refused` where there is none."""
    named = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if named.returncode:
        if (found := _git(root, "rev-parse", "--git-dir")).returncode:
            why = found.stderr.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ")
            raise Refused([_finding(f"'{revision}' is not looked up, since git finds no repository here: {why}.")])
        shallow = _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        hint = " The clone is shallow; fetch the whole history." if shallow else ""
        raise Refused([_finding(f"'{revision}' names no commit of this repository.{hint}")])
    return named.stdout.decode().strip()


def unpack(root: Path, commit: str) -> Path:
    """Return a folder with the files of `commit`; the same tree is unpacked once."""
    tree = _git(root, "rev-parse", f"{commit}^{{tree}}").stdout.decode().strip()
    trees = root.resolve() / ".cache" / "trees"
    folder = trees / tree
    if not folder.is_dir():
        trees.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=trees, prefix=".partial-"))
        archive = _git(root, "archive", "--format=tar", commit)
        if archive.returncode:
            raise Refused([_finding(f"Commit {commit[:12]} cannot be read: {archive.stderr.decode().strip()}.")])
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            # Python before 3.11.4, such as Debian 12's, has no filters and takes no argument for one.
            tar.extraction_filter = getattr(tarfile, "tar_filter", None)
            tar.extractall(partial)
        shutil.rmtree(partial / ".cache", ignore_errors=True)
        (partial / ".cache").symlink_to("../..")
        try:
            partial.rename(folder)
        except OSError:  # another process was faster
            shutil.rmtree(partial, ignore_errors=True)
    os.utime(folder)
    _prune(trees, keep=folder)
    return folder


def folder_of(root: Path, revision: str) -> Path:
    """Return the folder with the files of a revision."""
    return root if revision == WORKTREE else unpack(root, commit_of(root, revision))


def plans(root: Path, revisions: tuple[str, str], stack: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the plans of two revisions as `plan --json` prints them; `WORKTREE` is the files as they are now."""
    with stage(f"Planning {revisions[0]} and {revisions[1]}"), ThreadPoolExecutor(2) as pool:
        base, head = pool.map(lambda revision: _plan(root, revision, stack), revisions)
    return base, head


def _plan(root: Path, revision: str, stack: str) -> Mapping[str, Any]:
    """Return the plan of a revision; a commit's is kept, since it depends on its files and the environment only."""
    if revision == WORKTREE:
        return plan_of(root, revision, stack)
    folder = unpack(root, commit_of(root, revision))
    kept = folder.parent / f"{folder.name}-{_environment_hash(stack)}.json"
    try:
        plan: Mapping[str, Any] = json.loads(kept.read_bytes())
    except (OSError, ValueError):
        plan = plan_of(folder, revision, stack)
        write_whole(kept, json.dumps(plan).encode())
    return plan


def _environment_hash(stack: str) -> str:
    """Return a hash of all that a plan depends on beside the commit's files."""
    installed = sorted(f"{each.name}=={each.version}" for each in metadata.distributions())
    return sha256("\0".join([stack, sys.version, *installed]).encode()).hexdigest()[:16]


def plan_of(folder: Path, revision: str, stack: str) -> Mapping[str, Any]:
    """Return the plan that the program in `folder` makes; raises `Refused` where it makes none."""
    if not (folder / "ops" / "plan.py").is_file():
        raise Refused(
            [_finding(f"{revision} has no offline plan (`python -m ops plan`); compare with a later commit.")]
        )
    with tempfile.TemporaryDirectory() as home:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "ops", "plan", "--stack", stack, "--json", "--no-acceptance"],
            cwd=folder,
            env=environment | {"HOME": home, "PYTHONHASHSEED": "0"},
            capture_output=True,
            check=False,
        )
    try:
        plan = json.loads(done.stdout)
    except ValueError:
        plan = None
    if not isinstance(plan, dict) or "resources" not in plan:
        words = done.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise Refused([_finding(f"{revision} cannot be planned: {words[-1][:400].rstrip('.')}.")])
    return plan


def _prune(trees: Path, keep: Path) -> None:
    kept = sorted((each for each in trees.iterdir() if each.is_dir()), key=lambda each: each.stat().st_mtime)
    for old in kept[: max(len(kept) - KEPT, 0)]:
        if old != keep:
            shutil.rmtree(old, ignore_errors=True)
            for plan in trees.glob(f"{old.name}-*.json"):
                plan.unlink(missing_ok=True)


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise Refused([_finding("Commits are compared with the git command, which is not on PATH.")]) from None


def _finding(message: str) -> Finding:
    return Finding("diff", message, Location("diff"))
