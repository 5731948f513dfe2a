"""The glossary names classes that exist, and a class's name stands for one thing, or the page says why it stands twice."""

from __future__ import annotations

import ast
import re
from pathlib import Path

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


def test_every_class_of_the_glossary_exists() -> None:
    known = set().union(*public().values())
    nouns, _, twice = PAGE.read_text(encoding="utf-8").partition(TWICE)
    named = {name for row in rows(nouns) for name in re.findall(r"`([\w.]+)`", row[2])}
    assert len(named) > 50
    assert named - known == set()
    assert {name for row in rows(twice) for name in re.findall(r"`([\w.]+)`", row[1])} - known == set()


def test_a_noun_is_explained_once() -> None:
    nouns = [row[0] for row in rows(PAGE.read_text(encoding="utf-8").partition(TWICE)[0])]
    assert sorted(set(nouns)) == sorted(nouns)


def test_a_name_stands_for_one_class_or_the_page_says_why() -> None:
    repeated = {name: places for name, places in public().items() if len(places) > 1}
    listed = {
        row[0].strip("`"): set(re.findall(r"`([\w.]+)`", row[1]))
        for row in rows(PAGE.read_text(encoding="utf-8").partition(TWICE)[2])
    }
    assert listed == repeated, "give the new class a name of its own, or list it with the reason"
    reasons = [row[2] for row in rows(PAGE.read_text(encoding="utf-8").partition(TWICE)[2])]
    assert all(len(reason) > 20 for reason in reasons)
