"""The operator's command: `ops COMMAND`, or `python -m ops COMMAND`.

Results go to standard output, everything else to standard error. What a user did wrong, a machine that lacks
something, a closed pipe and an interrupt end in a sentence and an exit code, never in a traceback.
"""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036  # whoever types `python3 -m ops` may have any
    sys.exit(
        f"Python 3.11 or newer is needed; use the project's: {Path(__file__).resolve().parents[1]}/.venv/bin/python"
    )

import json
import logging
import os
import signal
import warnings
from collections.abc import Callable, Sequence

from blueprint.findings import Finding, Location, Refused
from ops import commands, environment, exitcodes, findings, invocation, terminal
from ops.answers import Answer, Unseen


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; raises `SystemExit` as argparse does for help and wrong usage."""
    if "_ARGCOMPLETE" in os.environ:
        commands.complete()
    given = commands.parse(sys.argv[1:] if argv is None else argv)
    # Google's libraries warn of old Pythons when they are imported, which is at first use.
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\.")
    level = logging.DEBUG if given.verbose else logging.WARNING
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=level)
    root = getattr(given, "root", None)
    invocation.about(root if isinstance(root, Path) else None)
    return int(given.run(given))


def guarded(argv: Sequence[str] | None = None, called: Callable[[Sequence[str] | None], int] = main) -> int:
    """Run `main`, or what is `called` in its place; no traceback for what a user did wrong.

    That, a closed pipe and an interrupt become exit codes.
    """
    with terminal.guarded_streams(invocation.pasteable):
        return _guarded(argv, called)


def _guarded(argv: Sequence[str] | None, called: Callable[[Sequence[str] | None], int]) -> int:
    try:
        code = called(argv)
        sys.stdout.flush()
    except Refused as refused:
        _tell(refused, argv)
        return exitcodes.REFUSED
    except Unseen as unseen:
        _tell_unseen(str(unseen), argv)
        return exitcodes.UNKNOWN
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exitcodes.SOUND
    except KeyboardInterrupt:
        warnings.simplefilter("ignore", RuntimeWarning)  # of what was begun and is not awaited any more
        return 128 + signal.SIGINT
    except ImportError as error:
        sentence = environment.lack(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
        return exitcodes.REFUSED
    except OSError as error:
        print(_told(error), file=sys.stderr)
        return exitcodes.REFUSED
    return code


def _told(error: OSError) -> str:
    """Return what the system refuses as a sentence."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return "The folder that this was started in is gone; go to one that is there."
    return f"{error.filename or 'The system'}: {error.strerror or error}."


def _tell(refused: Refused, argv: Sequence[str] | None) -> None:
    """Print why a command refuses to begin, in the format that it was asked for."""
    form = findings.chosen(argv)
    if form != "text":
        findings.print_findings(form, findings.FindingsReport("refused", Path(), refused.findings))
    for finding in refused.findings:
        print(finding, file=sys.stderr)


def _tell_unseen(reason: str, argv: Sequence[str] | None) -> None:
    """Print why nothing is known, once, in the format that was asked for."""
    form = findings.chosen(argv)
    if form == "json":
        print(json.dumps({"verdict": Answer.NOT_KNOWN.value, "sentence": reason}, indent=2, ensure_ascii=False))
    elif form != "text":
        finding = Finding("not-known", reason, Location("pipeline.yaml"), "warning")
        findings.print_findings(form, findings.FindingsReport("refused", Path(), [finding]))
    end = "" if reason.endswith(".") else "."
    print(invocation.pasteable(f"{Answer.NOT_KNOWN.value}  {reason}{end}"), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(guarded())
