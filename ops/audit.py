"""Audit a tree of function folders: what is missing, and what that would do in production."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from analysis.audit.tree import Audit, AuditedFunction, AuditFinding, audit_tree
from analysis.cache import Cache

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
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--no-cache", action="store_true", help="use and write no results of earlier runs")


def run(args: argparse.Namespace) -> int:
    """Print the audit; 1 when a function cannot start, breaks or degrades, 2 when there is nothing to audit."""
    target = _version(args.python)
    unknown = [str(path) for path in (args.tree, *args.root) if not path.is_dir()]
    if unknown or target is None:
        what = f"No such folder: {', '.join(unknown)}." if unknown else f"'{args.python}' is no version such as 3.11."
        print(what, file=sys.stderr)
        return 2
    cache = Cache(None if args.no_cache else PROJECT / ".cache" / "archive")
    audit = audit_tree(args.tree, roots=args.root, target_python=target, cache=cache)
    if not audit.functions:
        print(f"No folder in {args.tree} has a main.py.", file=sys.stderr)
        return 2
    print(as_json(audit) if args.json else as_text(audit))
    return 0 if audit.sound else 1


def _version(text: str) -> tuple[int, int] | None:
    major, _, minor = text.removeprefix("python").partition(".")
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


def as_json(audit: Audit) -> str:
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
    return json.dumps({"sound": audit.sound, "roots": roots, "functions": functions}, indent=2)


def as_text(audit: Audit) -> str:
    """Return a table of the functions, then every finding with its places."""
    heads = ("function", "verdict", "modules", "missing", "dangling", "silent", "unpinned", "KiB")
    rows = [heads, *(_row(each) for each in audit.functions)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = []
    for row in rows:
        padded = [(cell.ljust if column < 2 else cell.rjust)(widths[column]) for column, cell in enumerate(row)]
        lines.append("  ".join(padded).rstrip())
    for root in audit.roots:
        if root.only is not None:
            lines += ["", f"Assumed to be copied beside every function (--root decides): {', '.join(root.only)}"]
    for each in audit.functions:
        lines += _findings(each)
    return "\n".join(lines)


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
