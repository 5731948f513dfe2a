"""Write the archive of a function to a folder, with its manifest, for inspection."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from blueprint.archive import Archive
from blueprint.findings import Refused
from blueprint.view import FILE
from ops.arguments import add_project_arguments, declared
from ops.report.gather import gather


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    names: Any = parser.add_argument("names", metavar="NAME", nargs="*", help="function; all where none is named")
    names.completer = declared("functions")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, default=Path("build"), help="default: build")
    add_project_arguments(parser, "whose settings the view in the archive has")


def run(args: argparse.Namespace) -> int:
    """Write `NAME-HASH.zip` and `NAME.json` for each function; 1 when one of them must not be deployed."""
    plan = gather(args.root, args.stack)
    archives = {archive.function: archive for archive in plan.archives}
    unknown = [name for name in args.names if name not in archives]
    if unknown and plan.violations:
        raise Refused(plan.violations)
    if unknown:
        print(f"No such function: {', '.join(unknown)}. There are: {', '.join(sorted(archives))}.", file=sys.stderr)
        return 2
    for name in args.names or sorted(archives):
        print(write(archives[name], args.output))
    return 1 if plan.violations else 0


def write(archive: Archive, folder: Path) -> Path:
    """Write an archive and its manifest, which also shows the view inside; return the path of the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / archive.object_name
    target.write_bytes(archive.content)
    (folder / f"{archive.function}.json").write_text(json.dumps(manifest(archive), indent=2) + "\n", encoding="utf-8")
    return target


def manifest(archive: Archive) -> dict[str, Any]:
    """Return what is in an archive and what it costs, as plain values."""
    return {
        "function": archive.function,
        "sha256": archive.sha256,
        "size": archive.size,
        "files": [asdict(file) for file in archive.files],
        "modules": list(archive.modules),
        "distributions": [
            {"name": each.name, "version": each.version, "bytes": each.installed_bytes, "modules": each.import_modules}
            for each in archive.distributions
        ],
        "installed_bytes": sum(each.installed_bytes for each in archive.distributions),
        "view": json.loads(ZipFile(BytesIO(archive.content)).read(FILE)),
        "uses": asdict(archive.uses),
        "findings": [asdict(finding) for finding in archive.findings],
    }
