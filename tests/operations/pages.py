"""The pages of docs/operations as data: the commands that they show, line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "operations"
PAGES = sorted(FOLDER.glob("*.md"))


def commands(page: Path) -> Iterator[str]:
    """Yield the commands of a page's console blocks."""
    for block in re.findall(r"(?ms)^```console\n(.*?)^```", page.read_text(encoding="utf-8")):
        yield from (line[2:] for line in block.splitlines() if line.startswith("$ "))


def mentioned(page: Path) -> Iterator[str]:
    """Yield the commands that a page mentions within a sentence."""
    prose = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8"))
    for span in re.findall(r"`([^`]+)`", prose):
        if re.match(r"(make|pulumi|\.venv/bin/python -m ops|gcloud|gh|git) [a-z]", span):
            yield span
