"""Write the golden inventory of a stack: every resource with every input, as the tests compare it.

Review it as a diff. Content hashes of archives stand as `{sha256 of FUNCTION}`, so that editing a function's code
does not touch it; the plan shows them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprint.findings import Refused
from ops.arguments import add_project_arguments

if TYPE_CHECKING:
    from ops.report.gather import Plan

FOLDER = Path("tests/golden")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project_arguments(parser, "whose inventory it is")
    parser.add_argument("--check", action="store_true", help="write nothing; 3 when the file is not up to date")


def run(args: argparse.Namespace) -> int:
    """Write or compare the file; 1 when the plan is refused, 3 when `--check` finds a difference."""
    from ops.report.gather import gather

    plan = gather(args.root, args.stack)
    if plan.violations:
        raise Refused(plan.violations)
    path = args.root / FOLDER / f"{args.stack}.json"
    text = dump(inventory(plan))
    if args.check:
        return 0 if path.is_file() and path.read_text(encoding="utf-8") == text else 3
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {sum(plan.kinds.values())} resources")
    return 0


def inventory(plan: Plan) -> dict[str, Any]:
    """Return what the file holds: counts per kind, and every resource by URN."""
    hashes = {archive.sha256: archive.function for archive in plan.archives}
    resources = {}
    for each in plan.resources:
        entry = {"parent": each.parent, "inputs": each.inputs, "options": _options(each.options)}
        resources[each.urn] = {name: _timeless(value, hashes) for name, value in entry.items() if value}
    return {"counts": dict(sorted(plan.kinds.items())), "outputs": plan.outputs, "resources": resources}


def dump(value: dict[str, Any]) -> str:
    """Return the file's text."""
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _options(options: Any) -> dict[str, Any]:
    """Return the options without what follows from the inputs."""
    return {name: value for name, value in options.items() if name != "propertyDependencies"}


def _timeless(value: Any, hashes: dict[str, str]) -> Any:
    """Return `value` with every content hash of an archive, whole or shortened, named by its function."""
    if isinstance(value, str):
        for digest, function in hashes.items():
            for length in (64, 16, 12):
                value = value.replace(digest[:length], f"{{sha256 of {function}}}")
        return value
    if isinstance(value, list):
        return [_timeless(item, hashes) for item in value]
    if isinstance(value, dict):
        for mark in ("$archive", "$asset"):
            if isinstance(content := value.get(mark), dict) and "path" in content:
                return {mark: {"path": _timeless(content["path"], hashes)}}
        return {name: _timeless(item, hashes) for name, item in value.items()}
    return value
