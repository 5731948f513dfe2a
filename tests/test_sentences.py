"""What the project says is said in whole sentences; the wrapping that once lost their ends is ruff's to refuse (ISC).

What only running shows is held by `tests/conftest.py`: every finding that any test provokes is a whole sentence.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sentences import problem

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("blueprint", "analysis", "provider", "components", "policies", "ops", "functions", "bootstrap")
SAYING = {"violation": 0, "refuse": 0, "report": 0, "_report": 0, "NotUnderstoodError": 0, "Finding": 1, "Fault": 1}
"""What takes a message, and as which argument."""
HOLE = "{}"


def text_of(node: ast.expr) -> str | None:
    """Return a literal with its holes as `{}`, or None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)


def messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of every literal that is said to somebody; what begins small goes on in another sentence."""
    for node in ast.walk(tree):
        said: ast.expr | None = None
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = SAYING.get(name, 9)
            said = node.args[place] if len(node.args) > place else None
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "message":
            said = node.value
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            said = node.value.elts[0]
        text = text_of(said) if said is not None else None
        if said is not None and text is not None and len(text.split()) > 3 and not text[0].islower():
            yield said.lineno, text


def lost(tree: ast.Module) -> Iterator[int]:
    """Yield the lines of strings that stand alone and describe nothing: the rest of a sentence that was cut."""
    for node in ast.walk(tree):
        for part in ("body", "orelse", "finalbody"):
            body = getattr(node, part, None)
            for before, statement in zip([None, *body], body, strict=False) if isinstance(body, list) else ():
                if isinstance(statement, ast.Expr) and text_of(statement.value) is not None:
                    described = isinstance(before, ast.Assign | ast.AnnAssign)
                    if before is None or (described and isinstance(node, ast.Module | ast.ClassDef)):
                        continue
                    yield statement.lineno


def test_no_piece_of_a_sentence_is_left_behind() -> None:
    assert [f"{path}:{line}" for path, tree in sources() for line in lost(tree)] == []


def test_every_message_is_a_whole_sentence() -> None:
    found = [(path, line, text) for path, tree in sources() for line, text in messages(tree)]
    assert len(found) > 300
    assert [f"{path}:{line}: {why}" for path, line, text in found if (why := problem(text))] == []


def sources() -> Iterator[tuple[str, ast.Module]]:
    names = subprocess.run(["git", "ls-files", *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        if name.endswith(".py") and (ROOT / name).is_file():
            yield name, ast.parse((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Table `a` is missing; add it.", True),
        ("Did you mean 'title'?", True),
        ("Alert 'x' cannot fire: {}", True),
        ("Table `a` is not named; write it with its dataset, .", False),
        ("Table `a` is missing; add it", False),
        ("Table `a` is missing;  add it.", False),
        ("Table `a` is missing ; add it.", False),
        ("Table `a` is\nmissing; add it.", False),
        ("The file cannot be read..", False),
        ("", False),
    ],
)
def test_what_a_whole_sentence_is(text: str, good: bool) -> None:
    assert (problem(text) is None) == good


def test_a_lost_end_is_seen() -> None:
    cut = ast.parse('def f(n):\n    w = "a, " if n else "b, "\n    "without c"\n    return w\n')
    whole = ast.parse('"""Doc."""\nX = 1\n"""Its meaning."""\n\n\ndef f():\n    """Doc."""\n    return 1\n')
    assert list(lost(cut)) == [3]
    assert list(lost(whole)) == []
