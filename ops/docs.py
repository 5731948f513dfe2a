"""Write every generated page of docs/, or tell which are not up to date.

A module that makes pages has `pages(root)`, which returns their text by path; it is listed here.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ops.arguments import add_root_argument
from ops.invocation import pasteable

COMMANDS: Final = ("alerts", "coverage", "picture", "reference", "rules")
"""The modules of this package that make pages."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_root_argument(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; tell which pages are not up to date")


def run(args: argparse.Namespace) -> int:
    """Write the pages and print which changed; with `--check`, 3 when any is not up to date."""
    made = pages(args.root)
    changed = [path for path, text in made.items() if _read(args.root / path) != text]
    if args.check:
        stale = [pasteable(f"{path} is not up to date; run `make docs`.") for path in changed]
        print("\n".join(stale) or "Every page is up to date.")
        return 3 if changed else 0
    for path in changed:
        (args.root / path).parent.mkdir(parents=True, exist_ok=True)
        (args.root / path).write_text(made[path], encoding="utf-8")
    print("\n".join(f"wrote {path}" for path in changed) or "Every page was up to date.")
    return 0


def pages(root: Path) -> Mapping[str, str]:
    """Return every generated page by its path."""
    made: dict[str, str] = {}
    for name in COMMANDS:
        if importlib.util.find_spec(f"ops.{name}"):
            module = importlib.import_module(f"ops.{name}")
            made |= module.pages(root) if hasattr(module, "pages") else {}
    return made


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
