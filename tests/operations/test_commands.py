"""Every command of ours in a page of `docs/` or in an alert's documentation is parsed by the real parser, and each is tried.

`TRIED` names for each command the test that executes it in the state that calls for it; the few of `PARSED` cost too
much, or change what is outside this project, and are parsed only.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from blueprint.alerts.kinds import KINDS, AlertKind
from ops import commands
from ops.verification.checks import CHECKS
from ops.verify import SYNTHETIC
from tests.operations.pages import ROOT

DOCS = sorted((ROOT / "docs").rglob("*.md"))
CALL = re.compile(r"(?:\.venv/bin/)?python3? -m ops (?P<rest>[^`\n|>]*)")
VALUES = {
    "DATE": "2026-01-29",
    "COMMIT": "a" * 40,
    "PROCESSOR": "player_game_summary",
    "‹date›": "2026-01-29",
    "‹boundary›": "phase2_to_phase3",
    "‹subscription›": "phase2-to-phase3-orchestrator--nba-phase2-raw-complete",
    "‹function›": "phase2-to-phase3-orchestrator",
}
TRIED = {
    "status": "tests/operators/test_status.py",
    "validate": "tests/operators/test_validate.py",
    "repair": "tests/operators/test_repair.py",
    "redrive": "tests/operators/test_redrive.py",
    "verify": "tests/ops/verification/test_command.py",
    "drift": "tests/engine/test_drift.py",
    "release": "tests/ops/test_release.py",
    "adopt": "tests/engine/test_adopt.py",
    "local": "tests/ops/local/test_replay.py",
    "report": "tests/ops/page/test_document.py",
    "drill": "tests/ops/test_drill.py",
}
PARSED = {
    "audit",
    "build",
    "provider-types",
    "doctor",
    "plan",
    "completion",
    "docs",
    "golden",
    "schema",
    "lock",
    "diff",
    "policy",
    "coverage",
}


def understood(words: Sequence[str]) -> bool:
    """Return whether the real parser takes the words, and what they choose from exists."""
    given = commands.parse(list(words))
    known = {*(check.id for check in CHECKS), SYNTHETIC}
    return callable(given.run) and (words[0] != "verify" or set(given.only or ()) <= known)


def calls(text: str) -> Iterator[list[str]]:
    """Yield the words of each call of ours in a text, with a page's stand-ins filled in."""
    for match in CALL.finditer(text):
        rest = re.sub(r"[\[\]]", "", match["rest"]).strip().rstrip(".,;:)")
        for name, value in VALUES.items():
            rest = rest.replace(name, value)
        if rest and "…" not in rest and not rest.startswith("COMMAND"):
            yield shlex.split(rest, comments=True)


@cache
def told() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return where each call stands, and its words; equal calls of a page once."""
    found: dict[tuple[str, tuple[str, ...]], None] = {}
    for page in DOCS:
        for words in calls(page.read_text(encoding="utf-8")):
            found[str(page.relative_to(ROOT)), tuple(words)] = None
    return tuple(found)


@pytest.mark.parametrize(
    ("where", "words"), told(), ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_a_command_of_a_page_is_understood_and_tried(where: str, words: tuple[str, ...]) -> None:
    assert understood(words)
    assert words[0] in {*TRIED, *PARSED}, f"{where}: nothing executes `ops {words[0]}`"


@pytest.mark.parametrize("test", sorted(set(TRIED.values())))
def test_what_tries_a_command_is_there(test: str) -> None:
    assert (ROOT / test).is_file()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kind_of_alert_names_commands_that_are_understood(kind: AlertKind) -> None:
    texts = [kind.command, *kind.steps]
    general = [re.sub(r"\{(\w+)\}", r"‹\1›", text) for text in texts]
    for words in (words for text in general for words in calls(text)):
        assert understood(words)


def test_a_page_that_is_wrong_is_seen() -> None:
    (words,) = calls("Run `python -m ops validate DATE --bondary x`.")
    with pytest.raises(SystemExit):
        understood(words)
    assert not understood(["verify", "--only", "nothing"])


def test_every_runbook_begins_with_its_command() -> None:
    for page in sorted((ROOT / "docs" / "runbooks").glob("*.md")):
        lines = page.read_text(encoding="utf-8").splitlines()
        if page.stem == "README":
            continue
        assert re.match(r"    (python -m ops|gcloud) ", lines[4]), page.name
        assert "(../operations/on-call.md)" in "\n".join(lines)
        folded = lines.index("<details>")
        assert lines.index("## Proof") > folded > lines.index("## Alerts")
