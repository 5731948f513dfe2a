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

from ops import exitcodes
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
    help_ = "where verification finds what runs wrong, release again what ran before"
    parser.add_argument("--roll-back", action="store_true", help=help_)
    steps = parser.add_mutually_exclusive_group()
    steps.add_argument("--prepare", type=Path, metavar="DIR", help="write plan, record and notes there; apply nothing")
    steps.add_argument("--apply", type=Path, metavar="DIR", help="apply what --prepare wrote there, and nothing else")


def run(args: argparse.Namespace) -> int:
    """Release; 0 applied and verified, 1 refused or wrong, 2 nobody can be asked, 4 applied and not known."""
    root = args.root.resolve()
    if args.apply:
        return apply(root, args.stack, args.apply.resolve(), verify=not args.no_verify, back=args.roll_back)
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
        return apply(root, args.stack, Path(folder), verify=not args.no_verify, back=args.roll_back)


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


def apply(root: Path, stack: str, folder: Path, *, verify: bool, back: bool = False) -> int:
    """Apply the plan in `folder` and verify; go `back` where that finds it wrong.

    Raises `Refused` unless the plan is what was made, and still fits.
    """
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
    return _verified(root, program, record, back=back) if verify else exitcodes.SOUND


def _verified(root: Path, program: Path, record: ReleaseRecord, *, back: bool) -> int:
    """Verify what runs, and say what to do where it is wrong; go `back` to the release before where that is wanted."""
    call = [sys.executable, "-m", "ops", "verify", "--stack", record.stack]
    code = subprocess.run(call, cwd=program, check=False).returncode
    before = record.released if record.released != record.commit else ""
    if code in (exitcodes.SOUND, exitcodes.DIFFERENCE):
        return exitcodes.SOUND
    if code == exitcodes.UNKNOWN:
        print(
            "The plan is applied; whether what runs is right is not known. `make verify` asks again.", file=sys.stderr
        )
        return code
    if not before:
        print("The plan is applied, and what runs is wrong; no other release is there to go back to.", file=sys.stderr)
    elif not back:
        again = f"`make release COMMIT={before}`"
        print(
            f"The plan is applied, and what runs is wrong. To go back to the release before: {again}.", file=sys.stderr
        )
    else:
        print(f"The plan is applied, and what runs is wrong; going back to {before[:12]}.", file=sys.stderr)
        with tempfile.TemporaryDirectory() as folder:
            prepare(root, record.stack, before, Path(folder))
            code = apply(root, record.stack, Path(folder), verify=True)
        done = "and is verified" if code == exitcodes.SOUND else "and is wrong too"
        print(f"The release before runs again, {before[:12]}, {done}.", file=sys.stderr)
    return exitcodes.REFUSED


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
