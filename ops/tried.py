"""The part of docs/coverage.md that is counted, not claimed: what became of generated mistakes and of bad inputs.

`make gauntlet`, `make mutants` and `make fuzz` record what they found with `--record`; the page shows the record.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

RECORD: Final = "docs/tried.json"
OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "Refused": ("refused",),
    "Told by `ops diff`": ("told", "warned"),
    "Benign": ("benign",),
    "Unexplained": ("survivor", "refused elsewhere", "crash"),
}
"""Column → the verdicts that it counts."""
CODE_TOLD: Final = "Told as changed code"


def read(root: Path) -> dict[str, Any]:
    """Return the record; an empty one where there is none."""
    path = root / RECORD
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def record(root: Path, tool: str, name: str, row: Mapping[str, object]) -> None:
    """Keep one row of what a tool found."""
    kept = read(root)
    kept.setdefault(tool, {})[name] = row
    text = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (root / RECORD).write_text(text, encoding="utf-8")


def section(root: Path) -> Iterator[str]:
    """Yield the part of the page."""
    kept = read(root)
    if mistakes := kept.get("gauntlet"):
        yield "## Mistakes that nobody wrote down"
        yield ""
        yield (
            "`make gauntlet` makes one small mistake after the other in a copy of the project and looks what becomes of it. A benign one has its reason in [benign.yaml](../tests/gauntlet/benign.yaml), or is an edit that must pass. *Told as changed code* counts those of which `ops diff` says no more than that an archive holds other files: whether the code still does what it should is asked of the tests of the functions, not here. Where fewer were tried than are possible, they are a sample that is drawn by their names. Where several commits stand, what the later ones explained was kept, and what they left was judged once more at the first, after its cure."
        )
        yield ""
        refused, told, *others = OUTCOMES
        columns = ("Made in", "Possible", "Tried", refused, told, CODE_TOLD, *others, "Judged at")
        yield from _table(columns, _mistakes(mistakes))
    if mutants := kept.get("mutants"):
        yield "## Changes of our own code that tests must see"
        yield ""
        yield (
            "`make mutants` changes one thing at a time in our own rules, readers and engine (an operator, a number, a condition, a statement that is left out), and runs the tests that call the function. One that no test sees is explained in [survivors.yaml](../tests/mutants/survivors.yaml) where it does no harm."
        )
        yield ""
        columns = ("possible", "tried", "killed", "explained")
        rows = [(name, *(each[column] for column in columns)) for name, each in sorted(mutants.items())]
        yield from _table(("Group", "Possible", "Tried", "Seen by a test", "Explained"), rows)
    if inputs := kept.get("fuzz"):
        yield "## Inputs that nobody wrote down"
        yield ""
        yield (
            "`make fuzz` gives broken texts to everything that reads text from outside. A fault is an exception, an answer that is late, or one that moves a terminal or leaves its code span."
        )
        yield ""
        yield from _table(
            ("Reader", "Inputs", "Faults"),
            [(name, each["inputs"], each["faults"]) for name, each in sorted(inputs.items())],
        )


def _mistakes(parts: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    for name, part in sorted(parts.items()):
        verdicts = Counter[str]()
        for counts in part["kinds"].values():
            verdicts.update(counts)
        refused, told, *others = (sum(verdicts[each] for each in meant) for meant in OUTCOMES.values())
        code = part.get("told_as_code", "not counted")
        told -= code if isinstance(code, int) else 0
        at = " and ".join(part["commits"])
        yield (name, part["possible"], sum(verdicts.values()), refused, told, code, *others, at)


def _table(head: Sequence[str], rows: Sequence[tuple[object, ...]] | Iterator[tuple[object, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
    yield ""
