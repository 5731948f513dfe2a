"""Audit a tree of function folders: what is missing, and what that would do in production."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from analysis.audit.tree import Audit, AuditedFunction, AuditFinding, audit_tree
from analysis.cache import Cache
from analysis.python.impact import Impact
from blueprint.findings import Finding, Location, Severity
from ops import exitcodes
from ops.arguments import add_format_argument
from ops.findings import FindingsReport, write
from ops.progress import stage

PROJECT = Path(__file__).resolve().parents[1]


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
    cache = Cache(None if args.no_cache else PROJECT / ".cache" / "archive")
    with stage(f"Reading {args.tree}"):
        audit = audit_tree(args.tree, roots=args.root, target_python=target, cache=cache)
    if not audit.functions:
        print(f"No folder in {args.tree} has a main.py.", file=sys.stderr)
        return exitcodes.USAGE
    report = FindingsReport("audit", args.tree, list(_as_findings(audit)))
    write(args.format, report, as_json(audit), as_text(audit))
    if audit.sound:
        return exitcodes.SOUND
    return exitcodes.REFUSED if audit.known else exitcodes.UNKNOWN


def _as_findings(audit: Audit) -> Iterator[Finding]:
    """Yield each finding once, at the first line that shows it; what is at most latent is a warning."""
    seen = set()
    for each in (finding for function in audit.functions for finding in function.findings):
        site = each.sites[0] if each.sites else None
        at = Location(site.file, site.line or None) if site else Location(".")
        severity: Severity = "warning" if each.consequence >= Impact.NOT_KNOWN else "violation"
        found = Finding(each.kind, f"{each.consequence.words}: {each.message}", at, severity)
        if found not in seen:
            seen.add(found)
            yield found


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
    told = {"sound": audit.sound, "known": audit.sound or audit.known, "roots": roots, "copied": copied}
    return {**told, "left_out": list(audit.left_out), "functions": functions}


def as_text(audit: Audit) -> list[str]:
    """Return a table of the functions, then every finding with its places."""
    heads = ("function", "verdict", "modules", "missing", "dangling", "silent", "unpinned", "KiB")
    rows = [heads, *(_row(each) for each in audit.functions)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = []
    for row in rows:
        padded = [(cell.ljust if column < 2 else cell.rjust)(widths[column]) for column, cell in enumerate(row)]
        lines.append("  ".join(padded).rstrip())
    if audit.copied:
        steps = ", ".join(f"{step.name} ({step.file}:{step.line})" for step in audit.copied)
        lines += ["", f"Copied beside every function, as these lines say (--root decides): {steps}"]
    if audit.left_out:
        lines += ["", "Not looked into:", *(f"  {each}" for each in audit.left_out)]
    for each in audit.functions:
        lines += _findings(each)
    return lines


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
