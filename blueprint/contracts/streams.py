"""Contracts on streams: completions are recorded without the orchestrator, and mapping, message and table agree."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint import causes
from blueprint.contracts import Inspection, contract
from blueprint.findings import Location
from blueprint.manifest import Manifest, Stream
from blueprint.model import Blueprint
from blueprint.schemas.streams import load_streams


@contract("streams-map", "Every stream's mapping fits its message and its table", incidents=(41, 67, 69))
def streams_map(plan: Blueprint, report: Inspection) -> None:
    """A row that does not fit waits in the backlog, or is dropped, while the table looks merely quiet."""
    unread = plan.schemas.unread | plan.unread_messages
    transforms, findings = load_streams(plan.manifest, plan.messages, plan.schemas.tables, unread)
    report.check(sum(len(transform.columns) for transform in transforms.values()))
    report.read(findings)
    for stream in plan.manifest.streams.values():
        if stream.columns != "same" and any(each.lookup == "processors" for each in stream.columns.values()):
            for message, at in _ambiguous(plan.manifest, stream):
                report.violation(message, at)


def _ambiguous(manifest: Manifest, stream: Stream) -> Iterator[tuple[str, Location]]:
    """Yield each name that stands for two processors: the translation knows the name alone, not the phase."""
    meaning: dict[str, tuple[str, str]] = {}
    for phase in manifest.phases.values():
        if phase.completion_topic in stream.topics:
            for processor in phase.processors.values():
                for name in (processor.name, *processor.aliases):
                    first, where = meaning.setdefault(name, (processor.name, phase.name))
                    if first != processor.name:
                        yield (
                            f"'{name}' stands for '{first}' in phase '{where}' and for '{processor.name}' in phase '{phase.name}', and the stream '{stream.name}' translates it without regard to the phase, so that one would be recorded as the other; keep one.",
                            processor.where("aliases"),
                        )


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
                causes.stream(phase.completion_topic),
                at_cause=True,
            )
