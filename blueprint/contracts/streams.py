"""Contracts on streams: completions are recorded without the orchestrator, and mapping, message and table
agree.
"""

from __future__ import annotations

from blueprint.contracts import Inspection, contract
from blueprint.model import Blueprint
from blueprint.schemas.streams import load_streams


@contract("streams-map", "Every stream's mapping fits its message and its table", incidents=(41, 67, 69))
def streams_map(plan: Blueprint, report: Inspection) -> None:
    """A row that does not fit waits in the backlog, or is dropped, while the table looks merely quiet."""
    unread = plan.schemas.unread | plan.unread_messages
    transforms, findings = load_streams(plan.manifest, plan.messages, plan.schemas.tables, unread)
    report.check(sum(len(transform.columns) for transform in transforms.values()))
    for finding in findings:
        report.violation(finding.message, finding.at)


@contract("completions-recorded", "Every completion reaches the completions table", incidents=(64, 69, 76))
def completions_recorded(plan: Blueprint, report: Inspection) -> None:
    """The record that shows what an orchestrator missed must not depend on the orchestrator."""
    table = plan.manifest.tables.get("completions")
    streamed = {topic for stream in plan.manifest.streams.values() if stream.table == table for topic in stream.topics}
    for phase in plan.manifest.phases.values():
        report.check()
        if phase.completion_topic not in streamed:
            report.violation(
                f"Completions of '{phase.name}' do not reach the completions table; add '{phase.completion_topic}' to the topics of a stream into `{table}`.",
                phase.at,
            )
