"""Gather one plan: what the program declared, what its archives hold, and what every contract found."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blueprint.findings import Finding, Location
from ops.embedded.record import Registration
from ops.findings import FindingsReport, as_json
from ops.progress import stage

if TYPE_CHECKING:
    from blueprint.archive import Archive
    from blueprint.check import Checked
    from blueprint.contracts import ContractResult
    from blueprint.model import Blueprint
    from ops.embedded.engine import Evaluation


@dataclass(frozen=True)
class Plan:
    """Everything there is to say about one stack of the project.

    Attributes:
        project: the project's name.
        stack: the stack's name.
        root: the project's folder.
        resources: what would exist, sorted by URN.
        outputs: what the stack exports.
        archives: the archives of functions, by name.
        results: what each contract looked at and found.
        findings: everything found, by place, without repeats.
        origins: logical name → the places of the declaration that ask for the resource.
        blueprint: what the program was made from; None where the declaration allows none.
    """

    project: str
    stack: str
    root: Path
    resources: tuple[Registration, ...]
    outputs: Mapping[str, object]
    archives: tuple[Archive, ...]
    results: tuple[ContractResult, ...]
    findings: tuple[Finding, ...]
    origins: Mapping[str, Sequence[Location]] = field(default_factory=dict)
    blueprint: Blueprint | None = None

    @property
    def violations(self) -> list[Finding]:
        """Return what refuses the plan."""
        return [finding for finding in self.findings if finding.severity == "violation"]

    @property
    def warnings(self) -> list[Finding]:
        """Return what is worth a look."""
        return [finding for finding in self.findings if finding.severity == "warning"]

    @property
    def kinds(self) -> Counter[str]:
        """Return how many resources there are of each type a provider manages."""
        return Counter(each.type for each in self.resources if each.custom)

    @cached_property
    def by_urn(self) -> Mapping[str, Registration]:
        """Return the resources by URN."""
        return {each.urn: each for each in self.resources}

    def reasons(self, resource: Registration) -> Sequence[Location]:
        """Return the places that ask for a resource: its own, or those of the nearest ancestor that has any."""
        return _reasons(resource, self.by_urn, self.origins)

    def as_json(self) -> dict[str, object]:
        """Return the plan as `--json` prints it; these names are a stable interface."""
        return {
            "project": self.project,
            "stack": self.stack,
            "resources": [each.as_json() for each in self.resources],
            "outputs": self.outputs,
            "archives": [_archive(archive) for archive in self.archives],
            "contracts": [
                {"id": each.contract.id, "title": each.contract.title, "checked": each.checked} for each in self.results
            ],
            **as_json(FindingsReport("plan", self.root, self.findings)),
        }


def gather(root: Path, stack: str, *, salt: int = 0, acceptance: bool = False) -> Plan:
    """Evaluate the program at `root` for `stack` and gather what it shows; raises nothing for a user's mistake."""
    from ops.embedded import engine
    from ops.embedded.inventory import held_to_inventory

    _forget_origins()
    with stage("Evaluating the program"):
        evaluation = engine.evaluate(root, stack, salt=salt)
    checked = _checked(evaluation.scope)
    model = checked.blueprint if checked else None
    found = {*_at_their_places(evaluation, root.resolve()), *(checked.findings if checked else ())}
    results = checked.results if checked else ()
    if model is not None and not any(each.severity == "violation" for each in found):
        held = held_to_inventory(model, evaluation.registrations)
        results, found = (*results, held), found | {*held.findings}
    if acceptance and model is not None and not any(each.severity == "violation" for each in found):
        found |= _accepted(model)
    return Plan(
        project=evaluation.project,
        stack=stack,
        root=root.resolve(),
        resources=tuple(sorted(evaluation.registrations, key=lambda each: each.urn)),
        outputs=engine.stack_outputs(evaluation),
        archives=tuple(model.archives[name] for name in sorted(model.archives)) if model else (),
        results=results,
        findings=tuple(sorted(found, key=_order)),
        origins=_origins(),
        blueprint=model,
    )


def _reasons(
    resource: Registration, by_urn: Mapping[str, Registration], origins: Mapping[str, Sequence[Location]]
) -> Sequence[Location]:
    current: Registration | None = resource
    while current is not None:
        if found := origins.get(current.name):
            return found
        current = by_urn.get(current.parent)
    return ()


def _at_their_places(evaluation: Evaluation, root: Path) -> Iterator[Finding]:
    """Yield what the evaluation found, what it found about resources where their user wrote it."""
    from ops.report.places import About, placed

    by_urn = {each.urn: each for each in evaluation.registrations}
    about: list[About] = []
    for finding in evaluation.findings:
        resource = by_urn.get(evaluation.concerning.get(finding, ""))
        if resource is None:
            yield finding
        else:
            about.append(About(finding, resource, _reasons(resource, by_urn, _origins())))
    yield from placed(about, root, evaluation.stack)


def _accepted(model: Blueprint) -> set[Finding]:
    from ops.acceptance import accept_all, another_python

    tried = {finding for acceptance in accept_all(model).values() for finding in acceptance.findings}
    return tried | set(another_python(model))


def _checked(scope: Mapping[str, Any]) -> Checked | None:
    """Return the checked model among the program's names."""
    from blueprint.check import Checked

    return next((value for value in scope.values() if isinstance(value, Checked)), None)


def _order(finding: Finding) -> tuple[object, ...]:
    return (finding.at.file, finding.at.line or 0, finding.at.column or 0, finding.rule, finding.message)


def _origins() -> Mapping[str, Sequence[Location]]:
    base = sys.modules.get("components.base")
    return dict(base.ORIGINS) if base else {}


def _forget_origins() -> None:
    if base := sys.modules.get("components.base"):
        base.ORIGINS.clear()


def _archive(archive: Archive) -> dict[str, object]:
    return {
        "function": archive.function,
        "sha256": archive.sha256,
        "bytes": archive.length,
        "files": [{"path": file.path, "sha256": file.sha256} for file in archive.files],
    }
