"""Contracts on what was released: the names that others rely on stay, and so does what guards rest on."""

from __future__ import annotations

from blueprint.baseline import lost_evidence, lost_names
from blueprint.contracts import Inspection, contract, contracts
from blueprint.model import Blueprint


@contract("names-kept", "Released names keep their meaning", incidents=(31, 34, 42, 52))
def names_kept(plan: Blueprint, report: Inspection) -> None:
    """A name that went is still sent by senders and stands in documents; nobody would be told that it counts no more."""
    checked, findings = lost_names(plan.root, plan.manifest, plan.names)
    report.check(checked)
    report.findings.extend(findings)


@contract(
    "guards-kept", "Fixtures, alert cases and contracts that were released are still there", incidents=(19, 71, 73)
)
def guards_kept(plan: Blueprint, report: Inspection) -> None:
    """A check whose evidence is deleted passes for ever."""
    checked, findings = lost_evidence(plan.root, [each.id for each in contracts()])
    report.check(checked)
    report.findings.extend(findings)
