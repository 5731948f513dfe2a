"""The registry of rules: what each is called, which incidents it prevents, and the function that judges."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from policies.case import Case, PolicyReport, StackCase, Subject, Unjudged, Violation
from policies.declared import StackFacts

Judges = Literal["inputs", "outputs"]
"""What a rule looks at: what the program states, or what the provider makes of it (unknown, filled in, normalised)."""
PolicyJudge = Callable[[Case], None]
StackJudge = Callable[[StackCase], None]


@dataclass(frozen=True)
class PolicyRule:
    """One rule: `id` is its stable name, `kinds` the type tokens it looks at (none: every kind).

    A resource rule judges one resource, a stack rule all of them together; `judges` says what it sees of each.
    """

    id: str
    title: str
    description: str
    incidents: tuple[int, ...]
    kinds: tuple[str, ...] = ()
    judge: PolicyJudge | None = None
    judge_stack: StackJudge | None = None
    judges: Judges = "inputs"

    def sees(self, subject: Subject) -> Subject:
        """Return a resource as this rule sees it."""
        return replace(subject, props=subject.outputs) if self.judges == "outputs" else subject

    @property
    def module(self) -> str:
        """Return the module in which the rule is written."""
        judge = self.judge or self.judge_stack
        return judge.__module__ if judge else ""

    def applies(self, kind: str) -> bool:
        """Say whether the rule looks at resources of this type."""
        return not self.kinds or kind in self.kinds


CONFIGURED: Final[Mapping[str, Mapping[str, str]]] = {"always-on-budget": {"instances": "always_on"}}
"""Rule -> key of the pack's configuration -> the declared fact that it sets."""


def configured(facts: StackFacts, rule: str, config: Mapping[str, Any]) -> StackFacts:
    """Return the facts with what the pack's configuration sets for this rule."""
    keys = CONFIGURED.get(rule, {})
    return replace(facts, **{name: config[key] for key, name in keys.items() if key in config})


_RULES: dict[str, PolicyRule] = {}


def resource_rule(
    rule: str,
    title: str,
    *,
    incidents: tuple[int, ...],
    kinds: tuple[str, ...] = (),
    judges: Judges = "inputs",
) -> Callable[[PolicyJudge], PolicyJudge]:
    """Register a function that judges one resource; its docstring becomes the description.

    Args:
        rule: stable id, words joined by hyphens.
        title: the rule as one short sentence without a full stop.
        incidents: numbers of the recorded incidents (docs/incidents.yaml) that it prevents.
        kinds: the type tokens it looks at; none means every kind.
        judges: what it sees of a resource.
    """

    def register(judge: PolicyJudge) -> PolicyJudge:
        _add(PolicyRule(rule, title, _description(judge), incidents, kinds, judge=judge, judges=judges))
        return judge

    return register


def stack_rule(rule: str, title: str, *, incidents: tuple[int, ...]) -> Callable[[StackJudge], StackJudge]:
    """Register a function that judges all resources together; arguments as for `resource_rule`."""

    def register(judge: StackJudge) -> StackJudge:
        _add(PolicyRule(rule, title, _description(judge), incidents, judge_stack=judge))
        return judge

    return register


def _add(rule: PolicyRule) -> None:
    if rule.id in _RULES:
        raise ValueError(f"Two rules are called {rule.id}.")
    _RULES[rule.id] = rule


def _description(judge: Callable[..., None]) -> str:
    return " ".join((judge.__doc__ or "").split())


def all_rules() -> tuple[PolicyRule, ...]:
    """Return every rule, ordered by id."""
    from policies import rules

    rules.load()
    return tuple(_RULES[rule] for rule in sorted(_RULES))


def judge_resource(rule: PolicyRule, subject: Subject, declared: StackFacts) -> PolicyReport:
    """Run one resource rule over one resource; a rule for other kinds, or for stacks, finds nothing."""
    report = PolicyReport(rule.id, filled_in=rule.judges == "outputs")
    if rule.judge is not None and rule.applies(subject.kind):
        rule.judge(Case(rule.sees(subject), declared, report))
    return report


def judge_among(rule: PolicyRule, subjects: Iterable[Subject], declared: StackFacts) -> PolicyReport:
    """Run a rule over all resources of a stack: a stack rule once, a resource rule over each."""
    report = PolicyReport(rule.id)
    if rule.judge_stack is not None:
        rule.judge_stack(StackCase(map(rule.sees, subjects), declared, report))
        return report
    for subject in subjects:
        found = judge_resource(rule, subject, declared)
        report.violations += found.violations
        report.unjudged += found.unjudged
    return report


@dataclass(frozen=True)
class Judgement:
    """What the whole pack found in a set of resources."""

    violations: tuple[Violation, ...]
    unjudged: tuple[Unjudged, ...]
    rules: int
    resources: int


def judge_all(subjects: Iterable[Subject], declared: StackFacts) -> Judgement:
    """Run every rule over these resources, as the engine would."""
    subjects = tuple(subjects)
    rules = all_rules()
    reports = [judge_among(rule, subjects, declared) for rule in rules]
    return Judgement(
        tuple(violation for report in reports for violation in report.violations),
        tuple(unjudged for report in reports for unjudged in report.unjudged),
        len(rules),
        len(subjects),
    )


def say(unjudged: Iterable[Unjudged]) -> list[str]:
    """Return one sentence per rule about the values it would have judged, had they been known."""
    by_rule: dict[str, list[Unjudged]] = {}
    for each in unjudged:
        by_rule.setdefault(each.rule, []).append(each)
    return [
        f"{rule}: {len(found)} value{'s are' if len(found) > 1 else ' is'} known only after the update, such as {found[0].path} of {found[0].urn.rpartition('::')[2]}; everything else was judged."
        for rule, found in sorted(by_rule.items())
    ]
