"""What an alert is: frozen values that say when it fires, whom it tells and what to do then.

An alert that was written down but not deployed, sent nowhere, or looked at what gen2 never writes, is how
outages stayed unseen (incidents 71 to 73). So everything a policy needs is a required field here, and the
contracts judge the values before a resource exists. Nothing here knows Pulumi; `components` hands the values
on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from analysis.logfilter.expression import Filter
from analysis.logfilter.expression import render as as_filter
from analysis.promql.expression import Expression
from analysis.promql.expression import render as as_promql
from blueprint.findings import Location

Severity = Literal["critical", "error", "warning"]
CoversKind = Literal["function", "subscription", "topic", "stream", "boundary", "schedule"]

MINUTE = 60
MAX_FILTER = 2048
"""Longest condition text (Cloud Monitoring: filters of at most 2,048 characters)."""
MIN_AUTO_CLOSE, MAX_AUTO_CLOSE = 30 * MINUTE, 7 * 24 * 60 * MINUTE
"""An incident without news closes after 30 minutes at the earliest, 7 days at the latest (Cloud Monitoring)."""
MAX_LABEL_EXTRACTORS = 10
"""Labels that a log-match condition may extract (Cloud Monitoring)."""


@dataclass(frozen=True, order=True)
class Covers:
    """The thing an alert watches: its kind and its name, the declared one or the physical one of a subscription."""

    kind: CoversKind
    name: str

    def __str__(self) -> str:
        """Return `kind/name`, as the label `covers` carries it."""
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True)
class PromQL:
    """A condition over metrics: fires when it gives anything for `duration` seconds without a break.

    `evaluation_interval` is in seconds, a multiple of 30; `duration` is whole minutes (pitfall 66).
    """

    condition: Expression
    duration: int = 0
    evaluation_interval: int = MINUTE

    @property
    def query(self) -> str:
        """Return the condition as the platform takes it."""
        return as_promql(self.condition)


@dataclass(frozen=True)
class LogMatch:
    """A condition over logs: fires on each entry that it matches.

    `label_extractors` maps a label of the incident to `EXTRACT(path)`; entries with different labels are
    different incidents.
    """

    condition: Filter
    label_extractors: Mapping[str, str] = field(default_factory=dict)

    @property
    def filter(self) -> str:
        """Return the condition in the Logging query language."""
        return as_filter(self.condition)


@dataclass(frozen=True)
class Documentation:
    """What a responder reads first.

    `meaning` is what happened, `evidence` where it shows, `command` the one command that diagnoses it.
    """

    meaning: str
    evidence: str
    command: str


@dataclass(frozen=True)
class Alert:
    """One alerting policy.

    `name` is unique and made from what it covers and its `kind`; `channels` are names that stack
    configuration maps to ids; `rate_limit` (seconds between notifications) belongs to log matches, which need
    it, and to nothing else (pitfall 64); `auto_close` is in seconds; `runbook` is a page of this repository
    with an anchor; `values` are the names and numbers the condition was made from, under which its test cases
    address their series and log entries.
    """

    name: str
    kind: str
    title: str
    covers: Covers
    severity: Severity
    condition: PromQL | LogMatch
    channels: tuple[str, ...]
    auto_close: int
    documentation: Documentation
    incidents: tuple[int, ...]
    runbook: str
    at: Location
    rate_limit: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    def content(self, files: str = "") -> str:
        """Return the documentation block of the policy, in Markdown (Cloud Monitoring: at most 8 KiB).

        `files` is the address under which the repository's files are read, empty where nobody configured one.
        """
        said = self.documentation
        page = f"[{self.runbook}]({files.rstrip('/')}/{self.runbook})" if files else f"`{self.runbook}`"
        diagnosis = f"**Diagnose.**\n\n```\n{said.command}\n```"
        return f"{said.meaning}\n\n{diagnosis}\n\n**Runbook.** {page}\n\n**Evidence.** {said.evidence}\n"

    def labels(self) -> dict[str, str]:
        """Return the labels of the policy: its kind and what kind of thing it covers."""
        return {"alert": self.kind, "covers": self.covers.kind}


def seconds(value: int) -> str:
    """Return a duration the way the Monitoring API writes it: `300s`."""
    return f"{value}s"
