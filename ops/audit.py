"""Audit a tree of function folders: what is missing, and what that would do in production.

The same command is installed alone as `audit-functions` (`audit/`), so nothing here may need more than that has.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from analysis.audit.deployment import Deploy
from analysis.audit.model import Audit, AuditedFunction, AuditFinding
from analysis.audit.scripts import UnreadStep
from analysis.audit.tree import audit_tree
from analysis.cache import Cache
from analysis.python.impact import Impact
from blueprint.findings import Finding, Location, Severity
from ops import exitcodes
from ops.arguments import add_format_argument
from ops.findings import FindingsReport, write
from ops.progress import stage
from ops.terminal import columns

PROJECT = Path(__file__).resolve().parents[1]
WAYS = {
    Deploy.FOLDER: "the folder as it lies, links followed (cp -rL, zip -r)",
    Deploy.RSYNC: "by rsync -aL, which fails at a link that leads nowhere",
    Deploy.GCLOUD: "by gcloud functions deploy --source: .gcloudignore counts, linked folders stay behind",
    Deploy.SCRIPTS: "what scripts, Cloud Build files and Dockerfiles of the tree copy beside it",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("tree", metavar="TREE", type=Path, help="folder of function folders; it is only read")
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="a folder copied beside every function when it is deployed; repeatable, in order",
    )
    told = "; ".join(f"{way}: {text}" for way, text in WAYS.items())
    parser.add_argument(
        "--deploy",
        choices=[str(way) for way in Deploy],
        metavar="WAY",
        help=f"how a folder is deployed. {told}. Default: scripts where they copy something, else folder; with --root, folder",
    )
    parser.add_argument(
        "--generated",
        metavar="FILE",
        action="append",
        default=[],
        help="a file that a build writes into every function's folder, by its path in it; repeatable",
    )
    parser.add_argument("--python", metavar="X.Y", default="3.11", help="the runtime's version (default: 3.11)")
    add_format_argument(parser)
    parser.add_argument("--no-cache", action="store_true", help="use and write no results of earlier runs")


def run(args: argparse.Namespace) -> int:
    """Print the audit; 1 when a function cannot start, breaks or degrades, 4 when that is not known, 2 without functions."""
    target = _version(args.python)
    unknown = [str(path) for path in (args.tree, *args.root) if not path.is_dir()]
    if unknown or target is None:
        what = f"No such folder: {', '.join(unknown)}." if unknown else f"'{args.python}' is no version such as 3.11."
        print(what, file=sys.stderr)
        return exitcodes.USAGE
    cache = Cache(None if args.no_cache else _cache_folder())
    with stage(f"Reading {args.tree}"):
        audit = audit_tree(
            args.tree,
            roots=args.root,
            target_python=target,
            cache=cache,
            way=Deploy(args.deploy) if args.deploy else None,
            generated=args.generated,
        )
    if not audit.functions:
        print(f"No folder in {args.tree} has a main.py.", file=sys.stderr)
        return exitcodes.USAGE
    report = FindingsReport("audit", args.tree, list(_as_findings(audit)))
    write(args.format, report, as_json(audit), as_text(audit))
    if audit.sound:
        return exitcodes.SOUND
    return exitcodes.REFUSED if audit.known else exitcodes.UNKNOWN


def command(argv: Sequence[str] | None = None) -> int:
    """Run the audit as a command of its own."""
    from ops.__main__ import guarded

    return guarded(argv, _alone)


def _alone(argv: Sequence[str] | None) -> int:
    from ops.commands import Parser

    parser = Parser(prog="audit-functions", description=__doc__.partition("\n")[0], epilog=exitcodes.HELP)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version")
    add_arguments(parser)
    logging.basicConfig(stream=sys.stderr, format="%(message)s", level=logging.WARNING)
    return run(parser.parse_args(argv))


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib import metadata

        print(f"audit-functions {metadata.version('audit-functions')}")
        parser.exit()


def _cache_folder() -> Path:
    """Return the project's cache in a checkout, the user's for an installed command."""
    if (PROJECT / "pyproject.toml").is_file():
        return PROJECT / ".cache" / "archive"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "audit-functions"


def _as_findings(audit: Audit) -> Iterator[Finding]:
    """Yield each finding once, at the first line that shows it; what is at most latent is a warning."""
    seen = set()
    for each in (finding for function in audit.functions for finding in function.findings):
        site = each.sites[0] if each.sites else None
        at = Location(site.file, site.line or None) if site else Location(".")
        severity: Severity = "warning" if each.consequence >= Impact.NOT_KNOWN else "violation"
        found = Finding(each.kind, f"{each.consequence.words}: '{each.subject}': {each.message}", at, severity)
        if found not in seen:
            seen.add(found)
            yield found
    for step in audit.lost:
        yield Finding("copy", _lost(step), Location(step.file, step.line))
    for step in audit.unread:
        yield Finding("copy-unread", _unread(step), Location(step.file, step.line), "warning")
    for named in audit.references:
        yield Finding("reference", named.sentence, Location(named.file, named.line), "warning")


def _lost(step: UnreadStep) -> str:
    return f"'{step.text}' is copied here and is not there: the deployment stops, or goes on without it."


def _unread(step: UnreadStep) -> str:
    return (
        f"What '{step.text}' copies is not to be told from here, so what it brings is not known; name it with --root."
    )


def _version(text: str) -> tuple[int, int] | None:
    major, _, minor = text.removeprefix("python").partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


def as_json(audit: Audit) -> dict[str, object]:
    """Return the audit as JSON: `functions`, each with verdict, figures and findings, worst first."""
    functions = [
        {
            "function": each.name,
            "verdict": each.verdict,
            "modules": each.modules,
            "missing": list(each.missing),
            "dangling": each.dangling,
            "silent": each.silent,
            "unpinned": list(each.unpinned),
            "size": each.size,
            "findings": [
                {
                    "consequence": finding.consequence.words,
                    "kind": finding.kind,
                    "subject": finding.subject,
                    "message": finding.message,
                    "sites": [{"file": site.file, "line": site.line} for site in finding.sites],
                }
                for finding in each.findings
            ],
        }
        for each in audit.functions
    ]
    roots = [{"path": root.path, "only": root.only} for root in audit.roots]
    copied = [step._asdict() for step in audit.copied]
    told: dict[str, object] = {
        "sound": audit.sound,
        "known": audit.sound or audit.known,
        "roots": roots,
        "copied": copied,
    }
    told |= {"unread": [step._asdict() for step in audit.unread], "lost": [step._asdict() for step in audit.lost]}
    told["references"] = [{**each._asdict(), "message": each.sentence} for each in audit.references]
    return {**told, "left_out": list(audit.left_out), "functions": functions}


def as_text(audit: Audit) -> list[str]:
    """Return a table of the functions, then every finding with its places."""
    heads = ("function", "verdict", "modules", "missing", "dangling", "silent", "unpinned", "KiB")
    lines = columns([heads, *map(_row, audit.functions)], right=range(2, len(heads)))
    if audit.copied:
        steps = ", ".join(f"{step.name} ({step.file}:{step.line})" for step in audit.copied)
        lines += ["", f"Copied beside every function, as these lines say (--root decides): {steps}"]
    if audit.left_out:
        lines += ["", "Not looked into:", *(f"  {each}" for each in audit.left_out)]
    for each in audit.functions:
        lines += _findings(each)
    told = [(step, _lost(step)) for step in audit.lost] + [(step, _unread(step)) for step in audit.unread]
    lines += ["", "Copy steps:", *(f"  {step.file}:{step.line}: {text}" for step, text in told)] if told else []
    named = [f"  {each.file}:{each.line}: {each.sentence}" for each in audit.references]
    return lines + (["", "Folders that are named and not there:", *named] if named else [])


def _row(each: AuditedFunction) -> tuple[str, ...]:
    figures = (each.modules, len(each.missing), each.dangling, each.silent, len(each.unpinned), -(-each.size // 1024))
    return (each.name, each.verdict, *map(str, figures))


def _findings(each: AuditedFunction) -> list[str]:
    lines = ["", each.name] if each.findings else []
    heading = ""
    for finding in each.findings:
        if finding.consequence.words != heading:
            heading = finding.consequence.words
            lines.append(f"  {heading}")
        lines.append(f"    {finding.kind} '{finding.subject}': {finding.message}")
        lines += [f"      {place}" for place in _places(finding)]
    return lines


def _places(finding: AuditFinding) -> list[str]:
    """Return one row per file: the first line the way editors link it, then the others."""
    files: dict[str, list[int]] = {}
    for site in finding.sites:
        files.setdefault(site.file, []).append(site.line)
    return [f"{file}:{', '.join(map(str, lines))}" if any(lines) else file for file, lines in files.items()]
