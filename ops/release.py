"""Release a commit: save a plan, ask, apply that plan and no other, verify, and tell what changed.

A release is made from a commit, never from files as they lie there. The plan is bound to its commit by a record of its
hash. `--to` takes the same way to an earlier commit; it is refused where that would lose data.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from ops.arguments import add_project_arguments
from ops.change import render
from ops.change.model import PlanDifference
from ops.change.trees import commit_of, unpack
from ops.rollout import engine, takeback
from ops.rollout.record import NOTES, PLAN, ReleaseRecord, digest, read, refused
from ops.setup.build import GROUPS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project_arguments(parser, "to release to")
    parser.add_argument("--to", metavar="COMMIT", help="the commit to release (default: HEAD of a clean tree)")
    parser.add_argument("--yes", action="store_true", help="apply without asking")
    parser.add_argument("--no-verify", action="store_true", help="do not verify what runs afterwards")
    steps = parser.add_mutually_exclusive_group()
    steps.add_argument("--prepare", type=Path, metavar="DIR", help="write plan, record and notes there; apply nothing")
    steps.add_argument("--apply", type=Path, metavar="DIR", help="apply what --prepare wrote there, and nothing else")


def run(args: argparse.Namespace) -> int:
    """Release; 0 when it is applied and verified, 1 when it is refused or fails, 2 when nobody can be asked."""
    root = args.root.resolve()
    if args.apply:
        return apply(root, args.stack, args.apply.resolve(), verify=not args.no_verify)
    if args.prepare:
        prepare(root, args.stack, args.to, args.prepare.resolve())
        return 0
    if not args.yes and not sys.stdin.isatty():
        print("There is nobody to ask; pass --yes, or --prepare and --apply.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        notes = prepare(root, args.stack, args.to, Path(folder))
        print(notes, file=sys.stderr)
        if not args.yes and input("Apply this plan? [y/N] ").strip().lower() not in ("y", "yes"):
            print("Nothing was applied.", file=sys.stderr)
            return 1
        return apply(root, args.stack, Path(folder), verify=not args.no_verify)


def prepare(root: Path, stack: str, to: str | None, folder: Path) -> str:
    """Write plan, record and notes for a commit to `folder`; return the notes. Raises `Refused` where it may not go."""
    commit = _commit(root, to)
    program = _program(root, commit)
    before = engine.released(program, stack)
    notes = _notes(root, stack, before, commit)
    folder.mkdir(parents=True, exist_ok=True)
    engine.save_plan(program, stack, folder / PLAN)
    ReleaseRecord(stack, commit, before, digest(folder)).write(folder)
    (folder / NOTES).write_text(notes, encoding="utf-8")
    return notes


def apply(root: Path, stack: str, folder: Path, *, verify: bool) -> int:
    """Apply the plan in `folder` and verify; raises `Refused` unless it is what was made, and still fits."""
    record = read(folder, stack)
    commit = _commit(root, record.commit)
    program = _program(root, commit)
    now = engine.released(program, stack)
    if now != record.released:
        raise refused(
            f"Since the plan was made, {now[:12] or 'another update'} was released in place of {record.released[:12] or 'nothing'}; make the plan again."
        )
    engine.apply_plan(program, stack, folder / PLAN, commit)
    sys.stdout.write((folder / NOTES).read_text(encoding="utf-8") if (folder / NOTES).is_file() else "")
    sys.stdout.flush()
    if not verify:
        return 0
    return subprocess.run(
        [sys.executable, "-m", "ops", "verify", "--stack", stack], cwd=program, check=False
    ).returncode


def _commit(root: Path, to: str | None) -> str:
    """Return the commit to release: of this branch's history, and exactly what lies here unless `to` names it."""
    commit = commit_of(root, to or "HEAD")
    if to is None and _git(root, "status", "--porcelain").stdout.strip():
        raise refused("Files differ from the last commit, and a release is made from a commit; commit or stash them.")
    if _git(root, "merge-base", "--is-ancestor", commit, "HEAD").returncode:
        raise refused(
            f"Commit {commit[:12]} is not in the history of what is checked out; only its history is released."
        )
    return commit


def _program(root: Path, commit: str) -> Path:
    """Return the commit's files with the environment that its lock asks for: this one where that is the same."""
    folder = unpack(root, commit)
    environment = folder / ".venv"
    if all(_same(folder / lock, root / lock) for lock in GROUPS["tools"]):
        if not environment.exists():
            environment.unlink(missing_ok=True)
            environment.symlink_to((root / ".venv").resolve())
        return folder
    if environment.is_symlink():  # from a time when this lock was that one
        environment.unlink()
    if subprocess.run(["make", "setup"], cwd=folder, stdout=sys.stderr, check=False).returncode:
        raise refused(f"The environment of commit {commit[:12]} cannot be built; its own words are above.")
    return folder


def _same(one: Path, other: Path) -> bool:
    return one.exists() and one.read_bytes() == other.read_bytes()


def _notes(root: Path, stack: str, before: str, commit: str) -> str:
    """Return the release notes; raises `Refused` for a contract newly broken, or a roll-back that loses data."""
    if not before:
        return f"{render.MARK}\n## Release {commit[:12]}\n\nThe first release of the stack {render.code(stack)}.\n"
    from ops.diff import difference

    _known(root, before)
    found = difference(root, before, commit, stack)
    if found.broken:
        raise refused(*(f"{each.at}: {each.message}" for each in found.broken))
    _check_rollback(root, before, commit, found)
    return render.markdown(found, f"Release {commit[:12]}")


def _known(root: Path, before: str) -> None:
    if _git(root, "cat-file", "-e", f"{before}^{{commit}}").returncode:
        raise refused(f"The stack runs commit {before[:12]}, which this clone does not have; fetch the whole history.")


def _check_rollback(root: Path, before: str, commit: str, found: PlanDifference) -> None:
    back = before != commit and not _git(root, "merge-base", "--is-ancestor", commit, before).returncode
    if not back:
        return
    lost = takeback.irreversible(unpack(root, before), unpack(root, commit), found)
    if lost:
        raise refused(*lost, takeback.advice(before, commit))


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
