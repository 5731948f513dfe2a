"""Arguments that commands share: which project and stack are meant, and in which format findings are written."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ops.findings import FORMATS
from ops.invocation import MARKS, nearest, relative


class UnnamedStack(str):
    """The stack that is meant where none is named, until the project's folder is known: `commands` looks there."""


UNNAMED: Final = UnnamedStack("prod")


def add_project_arguments(parser: argparse.ArgumentParser, about: str = "to evaluate", *, needed: bool = True) -> None:
    """Add `--stack` and `--root`; without `--root` it is the nearest folder, this one or above, that holds a project.

    `about` ends the sentence "the stack ..."; a command that is of use outside a project has it not `needed`.
    """
    stack: Any = parser.add_argument(
        "--stack",
        default=UNNAMED,
        metavar="NAME",
        help=f"the stack {about} (default: prod, or the only one that there is)",
    )
    stack.completer = _stacks
    add_root_argument(parser, needed=needed)


def add_root_argument(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    """Add `--root` alone."""

    def folder(text: str) -> Path:  # argparse gives the default to it too, when the option is absent
        if text and needed and not Path(text).is_dir():
            raise argparse.ArgumentTypeError(f"there is no folder '{text}'; name the one that holds the project")
        return Path(text) if text else project_folder(needed=needed)

    help_ = "the project's folder (default: the nearest with Pulumi.yaml or pipeline.yaml, here or above)"
    parser.add_argument("--root", type=folder, default="", metavar="DIR", help=help_)


def project_folder(*, needed: bool = True) -> Path:
    """Return the nearest project's folder, relative to this one.

    Raises argparse.ArgumentTypeError with a sentence where there is none and one is `needed`.
    """
    here, found = Path.cwd(), nearest()
    if found is not None:
        return Path(relative(found)) if found != here else Path()
    if needed:
        marks = " nor ".join(MARKS)
        message = f"neither {here} nor a folder above it holds a project ({marks}); go to one, or name it"
        raise argparse.ArgumentTypeError(message)
    return Path()


def default_stack(root: Path) -> str:
    """Return the stack that is meant where none is named: the only one, else prod."""
    stacks = [path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml")]
    return stacks[0] if len(stacks) == 1 else "prod"


def declared(section: str) -> Callable[..., list[str]]:
    """Return what a shell completes with: the names in a section of the declaration, where it can be read."""

    def names(**_: object) -> list[str]:
        from blueprint.loader import read_manifest

        manifest, _problems = read_manifest(project_folder(needed=False))
        return sorted(getattr(manifest, section, ()))

    return names


def _stacks(**_: object) -> list[str]:
    try:
        root = project_folder()
    except argparse.ArgumentTypeError:
        return []
    return sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--format` and `--json` for a command without findings: text or JSON."""
    parser.add_argument("--format", choices=FORMATS[:2], default="text", help="how to write it (default: text)")
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")


def add_format_argument(parser: argparse.ArgumentParser, *more: str) -> None:
    """Add `--format`, with a command's own formats beside the common ones, and `--json` as its short form."""
    forms = (*FORMATS, *more)
    help_ = f"how to write what was found: {', '.join(forms)} (default: text)"
    parser.add_argument("--format", choices=forms, default="text", metavar="FORMAT", help=help_)
    parser.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
