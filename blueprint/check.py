"""From a project's files to a checked blueprint: load every source, derive what follows, run every contract.

`check` is what every evaluator calls: `pulumi preview`, the offline plan, tests. It returns all of it with all
findings and raises nothing for a user's mistake.

Cause before consequence: what cannot be read is neither known nor absent, and nothing that depends on it is accused.
Parts that do not depend on it are still judged. Of a declaration that is not whole nothing is derived; the schemas and
the functions' code are looked at all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from blueprint.contracts import ContractResult, check_all
from blueprint.findings import Finding, Refused, once
from blueprint.iam import grants
from blueprint.loader import read_declaration
from blueprint.model import Blueprint
from blueprint.names import Names
from blueprint.sources import build_archives, read_code
from blueprint.stack import StackSettings, check_stack, placed


@dataclass(frozen=True)
class Checked:
    """What `check` found: the blueprint where one could be built, contract results, and all findings."""

    blueprint: Blueprint | None
    results: tuple[ContractResult, ...]
    findings: tuple[Finding, ...]

    @property
    def violations(self) -> tuple[Finding, ...]:
        """Return the findings that refuse the plan."""
        return tuple(finding for finding in self.findings if finding.severity == "violation")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return the findings that are worth a look."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    def sound(self) -> Blueprint:
        """Return the blueprint; raises `Refused` with every violation where there is one."""
        if self.blueprint is None or self.violations:
            raise Refused(self.findings)
        return self.blueprint


def check(root: Path, stack: StackSettings) -> Checked:
    """Load, derive and check the project in `root` for `stack`."""
    from blueprint.alerts.catalogue import catalogue
    from blueprint.alerts.dashboard import dashboard
    from blueprint.schemas.firestore import load_firestore
    from blueprint.schemas.loader import load_schemas
    from blueprint.schemas.messages import load_messages, unread_messages
    from blueprint.schemas.placeholders import view_values
    from blueprint.schemas.streams import load_streams

    stack = placed(stack, root)
    declaration = read_declaration(root)
    manifest, findings = declaration.manifest, list(declaration.findings)
    values = view_values(manifest) if manifest is not None and declaration.whole else None
    schemas, schema_findings = load_schemas(root, project=stack.project, values=values)
    messages, message_findings = load_messages(root, manifest.phase_labels() if manifest is not None else {})
    findings += [*schema_findings, *message_findings]
    findings += check_stack(stack, manifest) if manifest is not None else []
    if manifest is None or not declaration.whole:
        findings += read_code(root, manifest) if manifest is not None else []
        return Checked(None, (), once(findings))
    firestore, firestore_findings = load_firestore(root, manifest)
    findings += firestore_findings
    unread = unread_messages(root, messages)
    streams, _ = load_streams(
        manifest, messages, schemas.tables, unread | schemas.unread
    )  # a contract tells its findings
    names = Names(manifest.pipeline, stack.project, stack.project_number, stack.region, stack.dataset_location)
    archives, archive_findings = build_archives(root, manifest, names, firestore)
    told = {finding.at.file for finding in message_findings}
    findings += [finding for finding in archive_findings if finding.at.file not in told]
    blueprint = Blueprint(
        root=root,
        stack=stack,
        manifest=manifest,
        names=names,
        archives=archives,
        schemas=schemas,
        grants=grants(manifest, names, archives, schemas),
        messages=messages,
        firestore=firestore,
        streams=streams,
        alerts=catalogue(manifest, names),
        dashboard=dashboard(manifest, names),
        unread_messages=unread,
    )
    results = check_all(blueprint)
    findings += [finding for result in results for finding in result.findings]
    return Checked(blueprint, results, once(findings))
