"""The glossary names classes that exist, and a class's name stands for one thing, or the page says why it stands twice."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "glossary.md"
PACKAGES = ("analysis", "blueprint", "components", "functions", "ops", "policies", "provider")
TWICE = "## Names that stand twice"


def public() -> dict[str, set[str]]:
    """Return each public class's name and where it is defined, as `package.module.Name`."""
    found: dict[str, set[str]] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found.setdefault(node.name, set()).add(f"{module}.{node.name}")
    return found


def rows(text: str) -> list[list[str]]:
    """Return the cells of each row of the tables, their headings apart."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] not in ("Noun", "Name")]


def named(text: str) -> set[str]:
    """Return the classes that the nouns stand for."""
    return {name for row in rows(text.partition(TWICE)[0]) for name in re.findall(r"`([\w.]+)`", row[2])}


def faults(text: str, known: dict[str, set[str]]) -> list[str]:
    """Return what is wrong with a page, given each public class's name and where it is defined."""
    nouns, _, twice = text.partition(TWICE)
    every = set().union(*known.values())
    explained = [row[0] for row in rows(nouns)]
    listed = {row[0].strip("`"): set(re.findall(r"`([\w.]+)`", row[1])) for row in rows(twice)}
    repeated = {name: places for name, places in known.items() if len(places) > 1}
    return [
        *(f"{name} is no class" for name in sorted(named(text) - every)),
        *(f"{noun} is explained twice" for noun in sorted({each for each in explained if explained.count(each) > 1})),
        *(
            f"{name} stands for {sorted(repeated.get(name, ()))}, and the page lists {sorted(listed.get(name, ()))}"
            for name in sorted(repeated.keys() | listed.keys())
            if repeated.get(name) != listed.get(name)
        ),
        *(f"{row[0]} stands twice for no reason" for row in rows(twice) if len(row[2]) <= 20),
    ]


def test_the_page_and_the_classes_agree() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(named(text)) > 50
    assert faults(text, public()) == [], "give a new class a name of its own, or list it with the reason"


HEADING = "| Noun | What it is | Class | Whose word |\n"
MODE = "| mode | what is expected | `a.Mode` | ours |\n"
REPEATED = f"{TWICE}\n| Name | Places | Why |\n| `Mode` | `a.Mode`, `b.Mode` | one is what functions know of it |\n"


@pytest.mark.parametrize(
    ("text", "places", "said"),
    [
        (HEADING + MODE, {"a.Mode"}, []),
        (HEADING + MODE + REPEATED, {"a.Mode", "b.Mode"}, []),
        (HEADING + MODE.replace("a.Mode", "a.Moed"), {"a.Mode"}, ["a.Moed is no class"]),
        (HEADING + MODE + MODE, {"a.Mode"}, ["mode is explained twice"]),
        (
            HEADING + MODE,
            {"a.Mode", "b.Mode"},
            ["Mode stands for ['a.Mode', 'b.Mode'], and the page lists []"],
        ),
        (
            HEADING + MODE + REPEATED,
            {"a.Mode"},
            ["Mode stands for [], and the page lists ['a.Mode', 'b.Mode']"],
        ),
        (
            HEADING + MODE + REPEATED.replace("one is what functions know of it", "why not"),
            {"a.Mode", "b.Mode"},
            ["`Mode` stands twice for no reason"],
        ),
    ],
)
def test_what_the_page_may_say(text: str, places: set[str], said: list[str]) -> None:
    assert faults(text, {"Mode": places}) == said
