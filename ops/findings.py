"""Findings in the formats that others read: text, JSON, GitHub's annotations, and SARIF 2.1.0 for code scanning.

One implementation for every command with findings. A place in a report is relative to the project; outside readers want it
relative to the repository, which may hold the project in a folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from blueprint.findings import Finding, Severity
from ops.invocation import pasteable
from ops.terminal import clean

FORMATS: Final = ("text", "json", "github", "sarif")
SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
PAGES: Final = Path(__file__).resolve().parents[1] / "docs" / "rules"
_LEVELS: Final[Mapping[Severity, str]] = {"violation": "error", "warning": "warning"}


@dataclass(frozen=True)
class FindingsReport:
    """What a command found.

    Attributes:
        command: its name.
        root: the folder that places are relative to.
        findings: what it found.
        rules: what is known of rules, by id; a rule without a title is named by its id.
    """

    command: str
    root: Path
    findings: Sequence[Finding]
    rules: Mapping[str, str] = field(default_factory=dict)


def write(form: str, report: FindingsReport, content: object, lines: Iterable[str]) -> None:
    """Print a command's result: its `lines` as text, its `content` as JSON, or its findings in another format."""
    if form == "json":
        print(json.dumps(content, indent=2, ensure_ascii=False))
    elif form == "text":
        for line in lines:
            print(pasteable(line))
    else:
        print_findings(form, report)


def print_findings(form: str, report: FindingsReport) -> None:
    """Print findings alone: one JSON object, annotations, or SARIF."""
    if form == "github":
        for line in github(report):
            print(line)
    else:
        print(json.dumps(sarif(report) if form == "sarif" else as_json(report), indent=2, ensure_ascii=False))


def as_json(report: FindingsReport) -> dict[str, Any]:
    """Return the findings as every command writes them that has nothing more to tell."""
    shown: dict[str, list[dict[str, Any]]] = {"violations": [], "warnings": []}
    for each in report.findings:
        entry = {"rule": each.rule, "message": each.message, "file": each.at.file, "line": each.at.line}
        shown[f"{each.severity}s"].append(entry)
    return shown


def github(report: FindingsReport) -> Iterator[str]:
    """Yield each finding as a workflow command, which GitHub shows at the line of a pull request."""
    above = _above(report.root)
    for each in report.findings:
        place = {"file": str(above / each.at.file), "line": each.at.line, "col": each.at.column, "title": each.rule}
        told = ",".join(f"{name}={_property(str(value))}" for name, value in place.items() if value is not None)
        yield f"::{_LEVELS[each.severity]} {told}::{_data(each.message)}"


def _data(text: str) -> str:
    return clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(report: FindingsReport) -> dict[str, Any]:
    """Return the findings as a SARIF log of one run."""
    ids = sorted({each.rule for each in report.findings})
    above = _above(report.root)
    driver = {
        "name": f"ops {report.command}",
        "rules": [
            {"id": each, "shortDescription": {"text": report.rules.get(each, each)}, **_help(each)} for each in ids
        ],
    }
    results = [
        {
            "ruleId": each.rule,
            "ruleIndex": ids.index(each.rule),
            "level": _LEVELS[each.severity],
            "message": {"text": each.message},
            "locations": [{"physicalLocation": _physical(above, each)}],
        }
        for each in report.findings
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _help(rule: str) -> dict[str, Any]:
    """Return where a rule is explained, if it has a page."""
    page = PAGES / f"{rule}.md"
    text = f"{page.relative_to(PAGES.parents[1])} says what it holds and why, with examples."
    return {"help": {"text": text}} if page.is_file() else {}


def _physical(above: PurePosixPath, finding: Finding) -> dict[str, Any]:
    uri = quote(str(above / finding.at.file), errors="surrogateescape")
    place: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}}
    if finding.at.line:
        columns = {"startColumn": finding.at.column} if finding.at.column else {}
        place["region"] = {"startLine": finding.at.line, **columns}
    return place


def _above(root: Path) -> PurePosixPath:
    """Return the project's folder within its repository."""
    root = root.resolve()
    repository = next((each for each in (root, *root.parents) if (each / ".git").exists()), root)
    return PurePosixPath(root.relative_to(repository).as_posix())


def chosen(argv: Sequence[str] | None = None) -> str:
    """Return the format that a command line asks for, before it is parsed: for what a refusal is written in."""
    words = list(sys.argv[1:] if argv is None else argv)
    for word, after in zip(words, [*words[1:], ""], strict=True):
        given = word.removeprefix("--format=") if word.startswith("--format=") else after if word == "--format" else ""
        if word == "--json" or given in FORMATS:
            return given or "json"
    return "text"
