"""Write the JSON Schema that editors complete and check `pipeline.yaml` with."""

from __future__ import annotations

import argparse
import json

from blueprint.loader import SCHEMA_FILE, schema
from ops.arguments import add_root_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--root`, the project's folder."""
    add_root_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Write the schema beside the declaration."""
    path = args.root / SCHEMA_FILE
    path.write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"Wrote {path}.")
    return 0
