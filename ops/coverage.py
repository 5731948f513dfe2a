"""Write docs/coverage.md: which check prevents, and which alert reports, each recorded class of failure; and the reverse.

The numbers come from the checks themselves (contracts, policies, alerts), from the recreated failures in
tests/incidents, and from tests that name an incident in their text. What nothing covers stands first.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ops import forms, tried
from ops.arguments import add_root_argument
from ops.incidents import Cover, Incident, incidents, records
from ops.invocation import pasteable

PAGE: Final = "docs/coverage.md"
MECHANISMS: Final = {
    "A": "the package lacks what the code imports",
    "B": "one name written in two places",
    "C": "a redeploy reset what it did not mention",
    "D": "a fix went into one deploy path, production used another",
    "E": "an error swallowed",
    "F": "redundancy hid the failure",
}
NUMBERS: Final = re.compile(r"\b[Ii]ncidents? (\d+(?:(?:, | and | to |-)\d+)*)")


BEFORE: Final = ("contract", "policy", "loader")
"""Sorts of checks that refuse a change before it is deployed; `loader` is a rule of a reader of the declaration."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_root_argument(parser)
    parser.add_argument("--check", action="store_true", help="write nothing; tell whether the page is up to date")


def run(args: argparse.Namespace) -> int:
    """Write the page; with `--check`, 3 when it is not up to date."""
    path = args.root / PAGE
    text = pages(args.root)[PAGE]
    if args.check:
        current = path.is_file() and path.read_text(encoding="utf-8") == text
        print(pasteable(f"{PAGE} is {'up to date' if current else 'not up to date; run `ops coverage`'}."))
        return 0 if current else 3
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    for incident in uncovered(incidents(args.root), checks(args.root)):
        print(f"Nothing prevents or reports {incident.number}: {incident.what}.", file=sys.stderr)
    return 0


def pages(root: Path) -> Mapping[str, str]:
    """Return the generated page by its path."""
    return {PAGE: "\n".join(_page(incidents(root), checks(root), root)) + "\n"}


def checks(root: Path) -> tuple[Cover, ...]:
    """Return everything that names incidents."""
    return tuple(
        sorted(
            [*_contracts(), *_policies(), *_alerts(root), *_cases(root), *_commands(root), *_tests(root)],
            key=lambda check: (check.sort, check.id),
        )
    )


def _contracts() -> Iterator[Cover]:
    from blueprint.contracts import contracts

    for contract in contracts():
        yield Cover("contract", contract.id, contract.title, contract.incidents)


def _policies() -> Iterator[Cover]:
    from policies.registry import all_rules

    for rule in all_rules():
        yield Cover("policy", rule.id, rule.title, rule.incidents)


def _alerts(root: Path) -> Iterator[Cover]:
    """Yield the kinds of alerts that the declaration at `root` makes at least one of."""
    from blueprint.alerts.catalogue import catalogue
    from blueprint.alerts.kinds import KINDS
    from blueprint.loader import read_manifest
    from blueprint.names import Names

    manifest, _ = read_manifest(root)
    if manifest is None:
        return
    used = {alert.kind for alert in catalogue(manifest, Names(manifest.pipeline, "project", "1", "region-1"))}
    for kind in KINDS.values():
        if kind.id in used:
            title = re.sub(r"\{(\w+)\}", lambda found: f"the {found[1].replace('_', ' ')}", kind.title)
            yield Cover("alert", kind.id, title[0].upper() + title[1:], kind.incidents)


def _cases(root: Path) -> Iterator[Cover]:
    """Yield the recreated failures, and the loader rules that refuse them and are neither contract nor policy."""
    from blueprint.readers import READERS

    cases = records(root)
    named = {check.id for check in [*_contracts(), *_policies()]}
    loaders: dict[str, set[int]] = {}
    for case in cases:
        yield Cover("recreated", case["what"], case["rule"], (case["incident"],))
        if case["rule"] not in named:
            loaders.setdefault(case["rule"], set()).add(case["incident"])
    titles = {reader.id: reader.title for reader in READERS}
    for rule, numbers in loaders.items():
        yield Cover("loader", rule, titles.get(rule, rule), tuple(sorted(numbers)))


def _commands(root: Path) -> Iterator[Cover]:
    """Yield each module of the operator's commands whose text names incidents."""
    for path in sorted((root / "ops").rglob("*.py")):
        if path.stem not in ("coverage", "docs"):
            yield from _named("command", path, path.relative_to(root).as_posix())


def _tests(root: Path) -> Iterator[Cover]:
    """Yield each test module that names incidents in a docstring or comment."""
    for path in sorted((root / "tests").rglob("test_*.py")):
        yield from _named("test", path, path.relative_to(root / "tests").as_posix())


def _named(sort: str, path: Path, name: str) -> Iterator[Cover]:
    text = path.read_text(encoding="utf-8")
    numbers = {number for found in NUMBERS.findall(text) for number in expand(found)}
    if numbers:
        # A record of the reader has no docstrings, for they are no text that code says.
        summary = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0]
        yield Cover(sort, name, " ".join(summary.split()).rstrip("."), tuple(sorted(numbers)))


def expand(numbers: str) -> Iterator[int]:
    """Yield the numbers of a text such as `24, 25 and 31 to 33`."""
    for part in re.split(r", | and ", numbers):
        low, _, high = re.sub(r" to |-", "-", part).partition("-")
        yield from range(int(low), int(high or low) + 1)


def uncovered(recorded: Iterable[Incident], known: Iterable[Cover]) -> list[Incident]:
    """Return the incidents that are neither prevented where they could be, nor reported where they could be."""
    by_number = _by_number(known)
    return [each for each in recorded if not _gaps(each, by_number.get(each.number, ())) <= {"untested"}]


def _gaps(incident: Incident, found: Iterable[Cover]) -> set[str]:
    """Return what an incident lacks: a check before deployment, an alert or command after it, or else a test."""
    found = list(found)
    tested = any(check.sort in ("recreated", "test") for check in found)
    gaps = set()
    if incident.before and not any(check.sort in (*BEFORE, "test") for check in found):
        gaps.add("prevention")
    if (
        incident.after
        and not incident.before
        and not any(check.sort in ("alert", "command", "test") for check in found)
    ):
        gaps.add("report")
    return gaps or (set() if tested else {"untested"})


def _by_number(known: Iterable[Cover]) -> dict[int, list[Cover]]:
    found: dict[int, list[Cover]] = {}
    for check in known:
        for number in check.incidents:
            found.setdefault(number, []).append(check)
    return found


def _page(recorded: tuple[Incident, ...], known: tuple[Cover, ...], root: Path) -> Iterator[str]:
    by_number = _by_number(known)
    yield "<!-- Generated by `python -m ops coverage`; do not edit. -->"
    yield "# What covers which recorded failure"
    yield ""
    yield (
        "The numbers are those of [incidents.yaml](incidents.yaml). *Before* are contracts, policies and rules of the readers that refuse a change, *after* the alerts and commands that report it, *tested by* what recreates it: the number of failures recreated in [tests/incidents](../tests/incidents/cases.yaml) and the test modules that name it."
    )
    yield ""
    yield from _gap_list(recorded, by_number)
    yield from _mechanisms(recorded, by_number)
    yield from tried.section(root)
    yield from forms.section(root, recorded, by_number)
    yield from _by_incident(recorded, by_number)
    yield from _by_check(known)


def _gap_list(recorded: tuple[Incident, ...], by_number: Mapping[int, list[Cover]]) -> Iterator[str]:
    yield "## Not covered"
    yield ""
    lines = {
        "prevention": "could be refused before deployment, and nothing refuses it",
        "report": "shows only after deployment, and nothing reports it",
        "untested": "is covered, but no test recreates it",
    }
    count = 0
    for gap, text in lines.items():
        for incident in recorded:
            if gap in _gaps(incident, by_number.get(incident.number, ())):
                count += 1
                yield f"* **{incident.number}** {incident.what}: {text}."
    if not count:
        yield "Nothing: each incident is prevented or reported, and recreated in a test."
    yield ""


def _mechanisms(recorded: tuple[Incident, ...], by_number: Mapping[int, list[Cover]]) -> Iterator[str]:
    yield "## By mechanism"
    yield ""
    yield "| | Mechanism | Incidents | Prevented | Reported | Recreated |"
    yield "|---|---|---:|---:|---:|---:|"
    for letter, text in MECHANISMS.items():
        numbers = [each.number for each in recorded if each.mechanism == letter]
        sorts = [{check.sort for check in by_number.get(number, ())} for number in numbers]
        counts = [
            sum(bool(each & wanted) for each in sorts)
            for wanted in (set(BEFORE), {"alert", "command"}, {"recreated", "test"})
        ]
        yield f"| {letter} | {text} | {len(numbers)} | {counts[0]} | {counts[1]} | {counts[2]} |"
    yield ""


def _by_incident(recorded: tuple[Incident, ...], by_number: Mapping[int, list[Cover]]) -> Iterator[str]:
    yield "## From incident to checks"
    yield ""
    yield "| # | What broke | | Before | After | Tested by |"
    yield "|---:|---|---|---|---|---|"
    for incident in recorded:
        found = by_number.get(incident.number, [])
        before = _ids(check for check in found if check.sort in BEFORE) or ("–" if not incident.before else "**none**")
        after = _ids(check for check in found if check.sort in ("alert", "command")) or "–"
        recreated = sum(check.sort == "recreated" for check in found)
        tests = [f"{recreated} recreated"] if recreated else []
        tests += [f"`{check.id}`" for check in found if check.sort == "test"]
        cells = (incident.number, incident.what, incident.mechanism, before, after, ", ".join(tests) or "**none**")
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"
    yield ""


def _by_check(known: tuple[Cover, ...]) -> Iterator[str]:
    yield "## From check to incidents"
    titles = {
        "contract": "Contracts, before any resource is declared",
        "loader": "Rules of the readers of declaration, schemas and archives",
        "policy": "Policies, before the engine creates a resource",
        "alert": "Alerts, in the running system",
        "command": "Commands that look at the running system",
        "test": "Tests that name incidents",
    }
    for sort, title in titles.items():
        rows = [check for check in known if check.sort == sort]
        if rows:
            yield ""
            yield f"### {title}"
            yield ""
            yield "| Check | What it holds | Incidents |"
            yield "|---|---|---|"
            for check in rows:
                numbers = ", ".join(str(number) for number in sorted(check.incidents)) or "–"
                yield f"| `{check.id}` | {check.title} | {numbers} |"


def _ids(found: Iterable[Cover]) -> str:
    return ", ".join(f"`{check.id}`" for check in found)
