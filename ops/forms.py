"""The part of docs/coverage.md that tells, incident by incident, in how many forms it was tried again and what became of each.

The forms that people wrote are those of tests/incidents, each of which a test holds to its refusal. The generated ones
are drawn and judged by `python -m tests.gauntlet forms --record`; docs/tried.json holds each with its outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ops import tried
from ops.incidents import Cover, Incident, records

FEWEST: Final = 6
"""Forms of an incident, of both sorts together."""
LAYERS: Final = {"pipeline.yaml": "declaration", "Pulumi": "stack", "schemas/messages": "messages", "schemas": "tables"}
"""Beginning of a file's path → what a mistake in it is made in, by the names of the gauntlet's parts."""


def section(root: Path, incidents: Iterable[Incident], known: Mapping[int, Sequence[Cover]]) -> Iterator[str]:
    """Yield the part of the page; nothing where no forms are recorded."""
    kept = tried.read(root)
    recorded, measured = kept.get("forms", {}).get("generated"), kept.get("reported", {})
    if not recorded:
        return
    yield "## Each incident in other forms"
    yield ""
    yield (
        f"*Written* are the forms of [tests/incidents](../tests/incidents/cases.yaml), each held to its refusal by a test; *generated* are mistakes that do what the incident did ([forms.yaml](../tests/gauntlet/forms.yaml)), drawn by their names and judged at {recorded['commit']}: each with its outcome is in [tried.json](tried.json). *Prevented* means that every form tried is refused; *told* that the others are told by `ops diff` before a release; *harmless* that a reason is recorded why the rest do no harm. *Reported* is what is measured to report it first once it is deployed: an alert on metrics after the minutes that promtool counts from the fault in the replay, the slowest of its scenarios; an alert on logs at the first entry; the first alert of a [day](../days) that the local run plays, by its clock. What only commands see is seen when they run: `verify` ends each release."
    )
    yield ""
    yield "| # | What broke | Written | Generated | Made in | Refused | Told | Harmless | Left | So it is | Reported |"
    yield "|---:|---|---:|---:|---|---:|---:|---:|---:|---|---|"
    written = _written(root)
    for incident in incidents:
        forms = [*written.get(incident.number, ()), *recorded["of"].get(str(incident.number), ())]
        counts = Counter(_outcome(each["verdict"]) for each in forms)
        layers = ", ".join(sorted({each["layer"] for each in forms}))
        cells = (
            incident.number,
            incident.what,
            len(written.get(incident.number, ())),
            len(forms) - len(written.get(incident.number, ())),
            layers,
            *(counts[name] for name in ("refused", "told", "harmless", "left")),
            _so(counts),
            _reported(incident.number, known.get(incident.number, ()), measured),
        )
        yield "| " + " | ".join(map(str, cells)) + " |"
    yield ""


def _written(root: Path) -> Mapping[int, Sequence[Mapping[str, Any]]]:
    """Return incident → the forms that people wrote, as the generated ones are recorded."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for case in records(root):
        verdict = "warned" if case.get("severity") == "warning" else "refused"
        found.setdefault(case["incident"], []).append({"layer": _layer(case), "verdict": verdict})
    return found


def _layer(case: Mapping[str, Any]) -> str:
    if "edits" not in case:
        return "plan"
    file = str(case["edits"][0]["file"])
    known = next((layer for beginning, layer in LAYERS.items() if file.startswith(beginning)), "")
    return known or ("queries" if file.endswith(".sql") else "code")


def _outcome(verdict: str) -> str:
    return {"refused": "refused", "told": "told", "warned": "told", "benign": "harmless"}.get(verdict, "left")


def _so(counts: Counter[str]) -> str:
    if counts.total() < FEWEST:
        return "**tried too little**"
    if counts["left"]:
        return "**not all seen**"
    words = {"prevented": counts["refused"], "told": counts["told"], "harmless": counts["harmless"]}
    return " or ".join(word for word, applies in words.items() if applies)


def _reported(incident: int, checks: Sequence[Cover], measured: Mapping[str, Any]) -> str:
    """Return the alert that is measured to fire first, what reported it on a local run, or else the commands."""
    from blueprint.alerts import cases

    times: list[tuple[int, str]] = []
    for check in checks:
        if check.sort == "alert" and (replayed := measured.get("replay", {}).get("of", {}).get(check.id)):
            times.append((max(replayed.values()), check.id))
        elif check.sort == "alert" and any(each.name in cases.entries() for each in cases.load(check.id).fires):
            times.append((0, check.id))
    told = []
    if times:
        minutes, kind = min(times)
        told.append(f"`{kind}`, " + (f"{minutes} min in the replay" if minutes else "at its first log entry"))
    for day, one in measured.get("days", {}).get("of", {}).items():
        if incident in one["incidents"]:
            told.append(f"`{one['alert']}`, {one['minutes']} min in the day {day}")
    commands = [f"`{check.id}`, when it runs" for check in checks if check.sort == "command"]
    return "; ".join(told or commands) or "–"
