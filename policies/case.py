"""What a rule sees of a resource or a stack, and how it reads values that may not be known yet.

During a preview an input computed from another resource has no value. The policy SDK raises as soon as code
touches such a value (`in`, `get` and `[]` alike), drops the rest of that policy and downgrades the result to
advice. Rules therefore read through `Case` only: the rule goes on with everything else, and the result stays
mandatory. A value that a rule must judge and cannot see is refused, unless the rule says that it may be computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.declared import StackFacts
from policies.values import CONFIGURATION, UNKNOWN, known
from provider.rules import defaults_of


@dataclass(frozen=True)
class Subject:
    """One resource as the engine registers it.

    `kind` is the type token, `props` what the program states, under wire (camelCase) names; `UNKNOWN` as a whole where
    nobody saw it. `outputs` is what the provider makes of it: what is left out may be filled in, during a preview with
    `UNKNOWN`, and values are spelled as the provider spells them. `references` tells from which resources (URNs) each
    top-level property was computed, `protect` whether the engine refuses to delete it. `dependencies` are the URNs that
    it waits for, and `options` what else its program asks of the engine, by wire name; None where nobody saw them.
    """

    kind: str
    name: str
    urn: str
    props: Any
    outputs: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    references: Mapping[str, frozenset[str]] = field(default_factory=dict)
    parent: str = ""
    provider: str | None = None
    dependencies: frozenset[str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def adds(self, name: str) -> bool:
        """Say whether an input is what the provider adds where the program leaves it out."""
        default = defaults_of(self.kind).get(name)
        return default is not None and self.props is not UNKNOWN and self.props.get(name) == default


@dataclass(frozen=True)
class Violation:
    """One sentence about one resource, or about the whole stack where `urn` is empty."""

    rule: str
    message: str
    urn: str = ""


@dataclass(frozen=True)
class Unjudged:
    """A value that the rule would have judged, had it been known."""

    rule: str
    urn: str
    path: str


@dataclass
class PolicyReport:
    """What one rule found; `filled_in` says that it judges what the provider makes of a resource, unknowns and all."""

    rule: str
    filled_in: bool = False
    violations: list[Violation] = field(default_factory=list)
    unjudged: list[Unjudged] = field(default_factory=list)

    def refuse(self, message: str, urn: str = "") -> None:
        """Take down a violation, once."""
        violation = Violation(self.rule, message, urn)
        if violation not in self.violations:
            self.violations.append(violation)


class Case:
    """One resource before one rule: reads values, and takes down violations and values that are not known."""

    def __init__(self, subject: Subject, declared: StackFacts, report: PolicyReport) -> None:
        self.subject = subject
        self.declared = declared
        self._report = report

    def has(self, path: str) -> bool:
        """Say whether anything stands at `path`; a value that is not known yet stands there too."""
        return any(True for _ in known(self.subject.props, path))

    def states(self, path: str) -> bool:
        """Say whether the resource itself states something at `path`; for what it must not state.

        A value above `path` that is not known hides whether it does.
        """
        depth = path.count(".")
        found = [place for place, _ in known(self.subject.props, path)]
        for place in found:
            if place.count(".") < depth:
                self._not_known(place, computed=False)
        return any(place.count(".") == depth for place in found)

    def missing(self, path: str) -> bool:
        """Say whether nothing stands at `path`, or only an empty text; a value not known yet is not missing."""
        return all(value == "" for _, value in known(self.subject.props, path))

    def entries(self, path: str, *, computed: bool = False) -> list[tuple[str, Any]]:
        """Return every known `(path, value)` at `path`.

        One that is not known cannot be judged, and is refused; but for one that may be `computed`, since a stack rule
        judges what it is computed from, and for what a provider fills in: those are recorded as unjudged.
        """
        found = []
        for place, value in known(self.subject.props, path):
            if value is UNKNOWN:
                self._not_known(place, computed=computed)
            else:
                found.append((place, value))
        return found

    def _not_known(self, place: str, *, computed: bool) -> None:
        if self._report.filled_in or computed or not place:
            self._report.unjudged.append(Unjudged(self._report.rule, self.subject.urn, place))
        else:
            self.violation(f"{place} is not known before the update, so nobody can judge it; state a plain value.")

    def entries_of(self, paths: Iterable[str], *, computed: bool = False) -> list[tuple[str, Any]]:
        """Return the known entries at several paths."""
        return [entry for path in paths for entry in self.entries(path, computed=computed)]

    def values(self, *paths: str, computed: bool = False) -> list[Any]:
        """Return the known values at these paths; what is no text, number or truth value only by its shape."""
        return [_scalar(value) for _, value in self.entries_of(paths, computed=computed)]

    def value(self, path: str, *, computed: bool = False) -> Any:
        """Return the one value at `path`; None when it is absent or not known."""
        found = self.values(path, computed=computed)
        return found[0] if found else None

    def text(self, path: str, *, computed: bool = False) -> str:
        """Return the string at `path`; empty when it is absent, not known or no string."""
        value = self.value(path, computed=computed)
        return value if isinstance(value, str) else ""

    def configured(self, path: str) -> bool:
        """Say whether the value at `path` is a secret of the stack's configuration that is not known here."""
        return CONFIGURATION in self.subject.references.get(path.partition(".")[0], ())

    def number(self, path: str, default: float | None = None) -> float | None:
        """Return the number at `path`, also when it is written as a string; `default` when there is none."""
        value = self.value(path)
        if isinstance(value, bool) or value is None:
            return default
        try:
            return float(value)
        except (TypeError, ValueError):
            return default

    def violation(self, message: str) -> None:
        """Refuse this resource; `message` says what is wrong with it and what to do."""
        self._report.refuse(message, self.subject.urn)


class StackCase:
    """All resources of a stack before one rule."""

    def __init__(self, subjects: Iterable[Subject], declared: StackFacts, report: PolicyReport) -> None:
        self.subjects = tuple(subjects)
        self.declared = declared
        self._report = report
        self._by_urn = {subject.urn: subject for subject in self.subjects}

    def of(self, *kinds: str) -> list[Case]:
        """Return the cases of these kinds."""
        return [self.case(subject) for subject in self.subjects if subject.kind in kinds]

    def case(self, subject: Subject) -> Case:
        """Return the case of one resource of the stack, reporting into this rule's report."""
        return Case(subject, self.declared, self._report)

    def computed_from(self, case: Case, path: str, *kinds: str) -> list[Case]:
        """Return the resources of these kinds that the top-level property of `path` was computed from."""
        urns = case.subject.references.get(path.partition(".")[0], frozenset())
        return [self.case(self._by_urn[urn]) for urn in sorted(urns & self._by_urn.keys()) if self._kind(urn) in kinds]

    def referenced(self, case: Case, path: str, *kinds: str) -> list[Case]:
        """Return the resources of these kinds that the value at `path` speaks of.

        Either the property was computed from the resource, or the value names it: the last segment of
        `projects/p/topics/x` is the name of a resource of that kind.
        """
        found = self.computed_from(case, path, *kinds)
        if found:
            return found
        names = {_last_segment(value) for _, value in known(case.subject.props, path)} - {""}
        return [other for other in self.of(*kinds) if physical_name(other.subject) in names]

    def _kind(self, urn: str) -> str:
        return self._by_urn[urn].kind

    def violation(self, message: str, urn: str = "") -> None:
        """Refuse the stack, or one resource of it."""
        self._report.refuse(message, urn)


def physical_name(subject: Subject) -> str:
    """Return the name other systems use for the resource; the logical name while the physical one is not known."""
    for path in ("name", "accountId", "datasetId"):
        for _, value in known(subject.props, path):
            if isinstance(value, str):
                return _last_segment(value)
    return subject.name


def mentions(text: str, name: str) -> bool:
    """Say whether `text` names `name` as a whole, not as a part of a longer name."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _scalar(value: object) -> Any:
    if isinstance(value, str | int | float):
        return value
    return "an object" if isinstance(value, Mapping) else "a list"


def _last_segment(value: object) -> str:
    return value.rstrip("/").rpartition("/")[2] if isinstance(value, str) else ""
