"""What on-call's commands ask of the data: a question is the code's, the SQL that answers it is the pipeline's.

Each answer is a file of `schemas/operators/`. A contract resolves it against the schemas and holds it against its
question, so that a renamed column is found at preview and not at night (incidents 65, 66, 68).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.files import Unreadable, read_input
from blueprint.findings import Finding, Location, Refused

FOLDER = "schemas/operators"


@dataclass(frozen=True)
class Question:
    """A query by name: the parameters that it may use and the columns that it must return; a write returns none.

    A `date` is a DATE, a text where the `key` of the pipeline is another; `date_text` is the same as text. `phases` and
    `processors` are arrays of texts.
    """

    parameters: tuple[str, ...]
    columns: tuple[str, ...] = ()


PARAMETERS: Mapping[str, str] = {
    **dict.fromkeys(("boundary", "date_text", "phase", "notes"), "STRING"),
    **dict.fromkeys(("phases", "processors"), "ARRAY<STRING>"),
    "attempt": "INT64",
    "date": "DATE",
}
"""The GoogleSQL type of every parameter."""

QUESTIONS: Mapping[str, Question] = {
    "attempts": Question(("boundary", "date", "date_text"), ("attempts",)),
    "completions": Question(
        ("phase", "date"),
        ("processor_name", "status", "record_count", "correlation_id", "execution_id", "completed_at", "metadata"),
    ),
    "data": Question(("date",), ("title", "number", "gaps", "gap")),
    "due": Question(("date",), ("number", "thing", "is_known")),
    "errors": Question(("date",), ("severity", "error_type", "errors", "example")),
    "health": Question((), ("phase", "processor_name", "is_expected", "last_success_at", "failures_24h", "state")),
    "record_attempt": Question(("boundary", "date", "date_text", "attempt", "notes")),
    "runs": Question(("date", "phases", "processors"), ("started_by", "first_started_at")),
    "stalled": Question((), ("date", "phase", "idle_minutes")),
}
"""attempts: how often a boundary's date was started again. completions: what a phase completed for a date, each execution
once. data: how much there is of a date, and how much of it lacks something. due: how many things a date's work is for, what
they are called, and whether the schedule says anything at all. errors: what functions reported about a date. health: each
processor's last success and failures. record_attempt: a write of one attempt by a person. runs: what started a phase's runs
for a date. stalled: phases that started and went silent."""


def file_of(name: str) -> str:
    """Return the file of the answer, from the project root."""
    return f"{FOLDER}/{name}.sql"


def answer(root: Path, name: str) -> str:
    """Return the SQL that answers a question; raises `Refused` where the pipeline has none."""
    file = file_of(name)
    try:
        return read_input(root / file, within=root)
    except Unreadable as error:
        message = f"It answers a question of `ops validate` and `ops repair`. {error}"
        raise Refused([Finding("operators-answered", message, Location(file))]) from None
