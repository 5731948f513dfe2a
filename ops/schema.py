"""Write the JSON Schema that editors complete and check `pipeline.yaml` with."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from blueprint.loader import SCHEMA_FILE, schema


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--root`, the project's folder."""
    parser.add_argument("--root", type=Path, default=Path(), help="the project's folder (default: here)")


def run(args: argparse.Namespace) -> int:
    """Write the schema beside the declaration."""
    path = args.root / SCHEMA_FILE
    path.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"Wrote {path}.")
    return 0
