"""What a plan file is bound to: its own hash, the commit and stack that it was made for, and the release before it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Final

from blueprint.findings import Finding, Location, Refused

PLAN: Final = "plan.json"
RECORD: Final = "release.json"
NOTES: Final = "notes.md"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class ReleaseRecord:
    """The content of `release.json`.

    Attributes:
        stack: the stack that the plan is for.
        commit: the full hash of the commit whose program made the plan.
        released: the commit that ran when the plan was made; empty before the first release.
        plan_sha256: the hash of the plan file.
    """

    stack: str
    commit: str
    released: str
    plan_sha256: str

    def write(self, folder: Path) -> None:
        """Write the record next to its plan."""
        (folder / RECORD).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def digest(folder: Path) -> str:
    """Return the hash of the plan file in `folder`; raises `Refused` where there is none."""
    try:
        return sha256((folder / PLAN).read_bytes()).hexdigest()
    except OSError:
        raise refused(f"{folder} holds no {PLAN}; make one with `make release-plan`.") from None


def read(folder: Path, stack: str) -> ReleaseRecord:
    """Return the record in `folder`; raises `Refused` unless it fits the plan beside it and the stack."""
    try:
        given = json.loads((folder / RECORD).read_bytes())
        record = ReleaseRecord(**{each.name: given[each.name] for each in fields(ReleaseRecord)})
    except (OSError, ValueError, KeyError, TypeError):
        raise refused(f"{folder} holds no {RECORD} that can be read; make one with `make release-plan`.") from None
    if not _COMMIT.fullmatch(str(record.commit)):
        raise refused(f"{RECORD} names no commit; make the plan again.")
    if record.plan_sha256 != digest(folder):
        raise refused(
            f"The plan is not the one that was made for commit {record.commit[:12]}: its hash differs from the recorded one. Make the plan again; a plan is never edited."
        )
    if record.stack != stack:
        raise refused(f"The plan was made for the stack '{record.stack}', not for '{stack}'.")
    return record


def refused(*messages: str) -> Refused:
    """Return the refusal with these sentences."""
    return Refused([Finding("release", message, Location("release")) for message in messages])
