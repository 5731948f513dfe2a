"""Contracts on what declarations mean together: rules that decide in time, labels translated, nothing left over."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.contracts import Inspection, contract
from blueprint.manifest import ColumnSource, Stream
from blueprint.model import Blueprint
from blueprint.stack import hidden


@contract("rules-decide", "Every rule can decide before the deadline, and tells which it was", incidents=(42, 43, 47))
def rules_decide(plan: Blueprint, report: Inspection) -> None:
    """A rule that comes after its deadline, or shares its reason with another, explains nothing."""
    for boundary in plan.manifest.boundaries.values():
        for mode in boundary.modes.values():
            seen: set[str] = set()
            for rule in mode.rules:
                report.check()
                if rule.reason in seen:
                    message = f"Two rules of mode '{mode.name}' give the reason '{rule.reason}'; tell them apart."
                    report.violation(message, rule.at)
                seen.add(rule.reason)
                if rule.after is not None and rule.after > boundary.deadline:
                    report.violation(
                        f"Rule '{rule.reason}' holds only after the deadline of '{boundary.name}'; shorten `after` or lengthen `deadline`.",
                        rule.at,
                    )
                if rule.batch is not None and rule.batch.min_percent <= 0:
                    message = f"Rule '{rule.reason}' holds for an empty batch; set `min_percent` above 0."
                    report.violation(message, rule.at)


@contract("channels-own", "Alerts go to channels of this stack's project", incidents=(72, 74))
def channels_own(plan: Blueprint, report: Inspection) -> None:
    """A policy may only notify channels of its own project; one under another name is never used."""
    stack = plan.stack
    for name, channel in stack.channels.items() if stack.named else ():
        report.check()
        if name not in plan.manifest.alerts.channels:
            report.violation(
                f"`notificationChannels` names '{name}', which no alert uses; correct the name or remove it.",
                stack.where(f"notificationChannels.{name}"),
            )
        elif not hidden(channel) and not channel.startswith(
            (f"projects/{stack.project}/", f"projects/{stack.project_number}/")
        ):
            report.violation(
                f"The channel '{name}' is in another project, where alerts of '{stack.project}' cannot notify it; give one of this project.",
                stack.where(f"notificationChannels.{name}"),
            )


@contract("labels-translated", "Streams translate what messages and tables call differently", incidents=(41, 67))
def labels_translated(plan: Blueprint, report: Inspection) -> None:
    """Messages name a phase by its label, tables by its name: untranslated rows are found by no query."""
    labels = {phase.label for phase in plan.manifest.phases.values()} - set(plan.manifest.phases)
    for stream in plan.manifest.streams.values():
        for name, column in _columns(stream):
            report.check()
            field = _enumeration(plan, stream, column)
            if column.lookup is None and labels & field:
                report.violation(
                    f"Stream '{stream.name}' writes the messages' labels of phases into `{name}`, where the declaration's names are expected; add `lookup: phases`.",
                    column.at,
                )


def _columns(stream: Stream) -> Iterator[tuple[str, ColumnSource]]:
    if not isinstance(stream.columns, str):
        yield from stream.columns.items()


def _enumeration(plan: Blueprint, stream: Stream, column: ColumnSource) -> set[str]:
    """Return the texts that the column's field may hold, where its messages name them."""
    found: set[str] = set()
    for topic in stream.topics:
        message = plan.messages.get(plan.manifest.topics[topic].message)
        field = message.field(column.field) if message is not None and column.field else None
        found |= {value for value in (field.schema.get("enum", ()) if field else ()) if isinstance(value, str)}
    return found


@contract("declared-used", "Nothing is declared that nothing uses", incidents=(42, 56))
def declared_used(plan: Blueprint, report: Inspection) -> None:
    """What is left over looks as if it worked."""
    manifest = plan.manifest
    consumers = {consumer.service for topic in manifest.topics.values() for consumer in topic.consumers}
    publishers = {name for topic in manifest.topics.values() for name in topic.publishers}
    services = {phase.service for phase in manifest.phases.values()} | consumers | publishers
    for name, service in manifest.services.items():
        report.check()
        if name not in services:
            report.warning(f"Nothing uses the service '{name}'; remove it.", service.at)
    mounted = {secret for function in manifest.functions.values() for secret in function.secrets}
    for name, secret in manifest.secrets.items():
        report.check()
        if name not in mounted:
            report.warning(f"No function mounts the secret '{name}'; remove it.", secret.at)


@contract("processors-expected", "Every processor is expected by a mode", incidents=(42, 43))
def processors_expected(plan: Blueprint, report: Inspection) -> None:
    """A processor that no mode expects completes without any effect; most often its name was changed in one place."""
    for boundary in plan.manifest.boundaries.values():
        phase = plan.manifest.phases[boundary.upstream]
        if phase.batch:  # its rules look at the numbers of any declared sender
            continue
        expected = {name for mode in boundary.modes.values() for name in mode.expected}
        for name, processor in phase.processors.items():
            report.check()
            if name not in expected:
                report.violation(
                    f"No mode of '{boundary.name}' expects the processor '{name}' of phase '{phase.name}', so its completion changes nothing; add it to `expected` of a mode, or remove it.",
                    processor.at,
                )
