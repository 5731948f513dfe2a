"""Write the golden inventory of a stack: every resource with every input, as the tests compare it.

A file for each component, so that a change is read where it happens; `stack.json` has what belongs to none, the counts,
and the options that all resources have in common. Content hashes of archives stand as `{sha256 of FUNCTION}`, so that
editing a function's code does not touch them, and resources are called `Kind name`; the plan shows both in full.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from blueprint.findings import Refused
from ops.arguments import add_project_arguments
from ops.invocation import pasteable

if TYPE_CHECKING:
    from ops.embedded.record import Registration
    from ops.report.gather import Plan

FOLDER: Final = Path("tests/golden")
STACK: Final = "stack"
"""The file of what belongs to no component."""
_URN = re.compile(r"urn:pulumi:[^:]+::[^:]+::(?:[^\s]*?:)?(\w+)::(\S+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project_arguments(parser, "whose inventory it is")
    parser.add_argument("--check", action="store_true", help="write nothing; 3 when the files are not up to date")


def run(args: argparse.Namespace) -> int:
    """Write or compare the files; 1 when the plan is refused, 3 when `--check` finds a difference."""
    from ops.report.gather import gather

    plan = gather(args.root, args.stack)
    if plan.violations:
        raise Refused(plan.violations)
    folder, made = args.root / FOLDER / args.stack, files(plan)
    if args.check:
        current = stored(folder) == made
        print(pasteable(f"{folder} is {'up to date' if current else 'not up to date; run `make golden`'}."))
        return 0 if current else 3
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")
    print(f"{folder}: {sum(plan.kinds.values())} resources in {len(made)} files")
    return 0


def stored(folder: Path) -> dict[str, str]:
    """Return the text of each file of an inventory, by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}


def files(plan: Plan) -> dict[str, str]:
    """Return the text of each file of the plan's inventory, by name."""
    hashes = {archive.sha256: archive.function for archive in plan.archives}
    common = _common(plan)
    resources: dict[str, dict[str, Any]] = {STACK: {}}
    for each in plan.resources:
        options = {name: value for name, value in _options(each.options).items() if common.get(name) != value}
        entry = {"type": each.type, "parent": each.parent, "inputs": each.inputs, "options": options}
        held = resources.setdefault(_component(plan, each), {})
        name = called(each.urn)
        if name in held:
            raise ValueError(f"Two resources of a component are called {name}.")
        held[name] = {key: _timeless(value, hashes) for key, value in entry.items() if value}
    shared = {"counts": plan.kinds, "options": _timeless(common, hashes), "outputs": _timeless(plan.outputs, hashes)}
    return {
        f"{component}.json": dump({**(shared if component == STACK else {}), "resources": held})
        for component, held in sorted(resources.items())
    }


def dump(value: object) -> str:
    """Return a file's text."""
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def called(urn: str) -> str:
    """Return what a resource is called in the files: its kind and its name."""
    return _URN.sub(r"\1 \2", urn)


def _component(plan: Plan, resource: Registration) -> str:
    """Return the name of the component that a resource belongs to, which stands directly below the stack."""
    current, above = resource, plan.by_urn.get(resource.parent)
    while above is not None and above.parent:
        current, above = above, plan.by_urn.get(above.parent)
    return STACK if current.custom or above is None else current.name


def _common(plan: Plan) -> Mapping[str, Any]:
    """Return the options that every resource of a provider has alike."""
    each = [resource.options for resource in plan.resources if resource.custom and resource.parent]
    each = [options for options in each if "provider" in options]
    first = _options(each[0]) if each else {}
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in each)}


def _options(options: Any) -> dict[str, Any]:
    """Return the options without what follows from the inputs."""
    return {name: value for name, value in options.items() if name != "propertyDependencies"}


def _timeless(value: Any, hashes: dict[str, str]) -> Any:
    """Return `value` with every content hash of an archive, whole or shortened, named by its function, and short URNs."""
    if isinstance(value, str):
        for digest, function in hashes.items():
            for length in (64, 16, 12):
                value = value.replace(digest[:length], f"{{sha256 of {function}}}")
        return called(value)
    if isinstance(value, list):
        return [_timeless(item, hashes) for item in value]
    if isinstance(value, dict):
        for mark in ("$archive", "$asset"):
            if isinstance(content := value.get(mark), dict) and "path" in content:
                return {mark: {"path": _timeless(content["path"], hashes)}}
        return {name: _timeless(item, hashes) for name, item in value.items()}
    return value
