"""The blueprint: one frozen value that holds everything the program will declare, and the way to it.

`check(root, stack)` is what every evaluator calls: `pulumi preview`, the offline plan, tests. It loads
every source, derives what follows, runs every contract, and returns all of it with all findings; it raises
nothing for a user's mistake. Parts that do not depend on a broken one are still read, so that one run
reports everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from blueprint.alerts.types import Alert, Covers, CoversKind
from blueprint.contracts import Result, check_all
from blueprint.findings import Finding, Refused
from blueprint.iam import Grant, grants
from blueprint.manifest import Manifest, read_manifest
from blueprint.names import Names
from blueprint.sources import build_archives
from blueprint.stack import StackSettings, check_stack

if TYPE_CHECKING:
    from blueprint.archive import Archive
    from blueprint.schemas.firestore import Firestore
    from blueprint.schemas.loader import Schemas
    from blueprint.schemas.messages import Message
    from blueprint.schemas.streams import Transform

Item = TypeVar("Item")
Key = TypeVar("Key")


@dataclass(frozen=True)
class Blueprint:
    """Everything the program declares, derived and typed; no resource, no network, no Pulumi."""

    root: Path
    stack: StackSettings
    manifest: Manifest
    names: Names
    archives: Mapping[str, Archive]
    schemas: Schemas
    grants: tuple[Grant, ...]
    messages: Mapping[str, Message]
    firestore: Firestore
    streams: Mapping[str, Transform]
    alerts: tuple[Alert, ...]
    dashboard: Mapping[str, object]

    @cached_property
    def _alerts_by_cover(self) -> Mapping[Covers, list[Alert]]:
        return _grouped(self.alerts, lambda alert: alert.covers)

    @cached_property
    def _grants_by_function(self) -> Mapping[str, list[Grant]]:
        return _grouped(self.grants, lambda grant: grant.function)

    def alerts_covering(self, kind: CoversKind, name: str) -> Sequence[Alert]:
        """Return the alerts that watch the thing of this kind and name."""
        return self._alerts_by_cover.get(Covers(kind, name), ())

    def grants_of(self, function: str) -> Sequence[Grant]:
        """Return the grants that the identity of this function needs."""
        return self._grants_by_function.get(function, ())


@dataclass(frozen=True)
class Checked:
    """What `check` found: the blueprint where one could be built, contract results, and all findings."""

    blueprint: Blueprint | None
    results: tuple[Result, ...]
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
    from blueprint.schemas.messages import load_messages
    from blueprint.schemas.placeholders import view_values
    from blueprint.schemas.streams import load_streams

    manifest, findings = read_manifest(root)
    declaration_is_sound = manifest is not None and not findings
    values = view_values(manifest) if manifest is not None and declaration_is_sound else None
    schemas, schema_findings = load_schemas(root, project=stack.project, values=values)
    messages, message_findings = load_messages(root)
    findings += [*schema_findings, *message_findings]
    if manifest is None:
        return Checked(None, (), tuple(findings))
    findings += check_stack(stack, manifest)
    if not declaration_is_sound:
        return Checked(None, (), tuple(findings))
    firestore, firestore_findings = load_firestore(root, manifest)
    streams, _ = load_streams(manifest, messages, schemas.tables)  # its findings are a contract's
    findings += firestore_findings
    names = Names(manifest.pipeline, stack.project, stack.project_number, stack.region)
    archives, archive_findings = build_archives(root, manifest, names, firestore)
    findings += archive_findings
    blueprint = Blueprint(
        root=root,
        stack=stack,
        manifest=manifest,
        names=names,
        archives=archives,
        schemas=schemas,
        grants=grants(manifest, names, archives),
        messages=messages,
        firestore=firestore,
        streams=streams,
        alerts=catalogue(manifest, names),
        dashboard=dashboard(manifest, names),
    )
    results = check_all(blueprint)
    findings += [finding for result in results for finding in result.findings]
    return Checked(blueprint, results, tuple(findings))


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> Mapping[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
