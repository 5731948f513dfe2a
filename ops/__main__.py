"""The operator's command: `python -m ops COMMAND`.

Every command is one module of this package with `add_arguments(parser)` and `run(args) -> int`; it is imported only
when it is called, so that help is instant and one command's needs are not another's. Results go to standard output,
everything else to standard error.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from blueprint.findings import Refused
from ops import exitcodes

COMMANDS: Mapping[str, str] = {
    "plan": "Evaluate the program offline and show what would exist; --json, --explain NAME.",
    "build": "Write the archive of a function, and its manifest, to a folder.",
    "audit": "Judge a tree of function folders: what is missing, and what that would do.",
    "alerts": "Show alert rules, and test that each one fires.",
    "policy": "Judge the plan by the policy pack, offline.",
    "validate": "Check a date: verdict, each boundary, what is missing, what to do.",
    "repair": "Rebuild a date's document and publish its trigger again; --yes does it.",
    "redrive": "Show what waits in a dead letter, and publish it again; --yes does it.",
    "adopt": "Write the import file for what already exists in the cloud.",
    "drift": "Compare the cloud with the plan, undeclared resources included.",
    "diff": "Compare two plans, or a plan with a release.",
    "verify": "Check a deployment's effect: revisions, grants, deliveries.",
    "release": "Preview, apply and verify a release, constrained to the reviewed plan.",
    "local": "Run the functions on the emulators.",
    "lock": "Pin requirements with versions and hashes.",
    "schema": "Write the JSON Schema that editors check the declaration with.",
    "release_schema": "Record the tables and messages of schemas/ as released.",
    "golden": "Write the golden inventory of a stack that tests compare with.",
    "coverage": "Show which check prevents which recorded incident.",
    "docs": "Write the generated parts of the documentation.",
    "provider_types": "Write the table of provider types that inputs are checked against.",
}


def existing() -> dict[str, str]:
    """Return the commands whose modules are there, with their one line of help."""
    return {name: text for name, text in COMMANDS.items() if importlib.util.find_spec(f"ops.{name}")}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the part before the command's own arguments."""
    commands = existing()
    width = max(len(name) for name in commands) if commands else 0
    lines = "\n".join(f"  {name.replace('_', '-'):<{width}}  {text}" for name, text in commands.items())
    made = argparse.ArgumentParser(
        prog="python -m ops",
        usage="python -m ops [-v] COMMAND [ARGUMENTS]",
        description="Plan, check and operate the pipeline's orchestration.",
        epilog=f"commands:\n{lines}\n\n{exitcodes.HELP}\n`python -m ops COMMAND --help` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("-v", "--verbose", action="store_true", help="log what happens, tracebacks included")
    made.add_argument("command", metavar="COMMAND", help=argparse.SUPPRESS)
    made.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; raises `SystemExit` as argparse does for help and wrong usage."""
    top = parser()
    given = top.parse_args(argv)
    name = given.command.replace("-", "_")
    if name not in existing():
        top.error(f"there is no command '{given.command}'; it is one of: {', '.join(existing())}")
    logging.basicConfig(
        stream=sys.stderr, format="%(message)s", level=logging.DEBUG if given.verbose else logging.WARNING
    )
    module = importlib.import_module(f"ops.{name}")
    own = argparse.ArgumentParser(
        prog=f"python -m ops {given.command}",
        description=module.__doc__,
        epilog=exitcodes.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if not hasattr(module, "add_arguments"):  # a module with a `main` of its own
        return int(module.main(given.arguments) or 0)
    module.add_arguments(own)
    return int(module.run(own.parse_args(given.arguments)))


def guarded(argv: Sequence[str] | None = None) -> int:
    """Run `main`; turn what a user did wrong, a closed pipe and an interrupt into exit codes instead of tracebacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without our signs shows others instead of failing
            stream.reconfigure(errors="backslashreplace")
    try:
        code = main(argv)
        sys.stdout.flush()
    except Refused as refused:
        for finding in refused.findings:
            print(finding, file=sys.stderr)
        return exitcodes.REFUSED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exitcodes.SOUND
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except OSError as error:
        print(f"{error.filename or 'The system'}: {error.strerror or error}.", file=sys.stderr)
        return exitcodes.REFUSED
    return code


if __name__ == "__main__":
    sys.exit(guarded())
