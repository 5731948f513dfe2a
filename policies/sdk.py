"""The rules as policies of the policy SDK, which the engine calls.

The SDK shows a resource policy the inputs, with the provider's defaults among them, and a stack policy the outputs,
with what the provider fills in. A rule says which it judges, so the pack keeps the inputs that it was shown: when the
stack as a whole is judged, both are there. Inputs that it was not shown are not known, and never taken for absent.

The SDK wraps every input in a proxy that raises when a value not known yet is touched, abandons the policy and
downgrades it to advice. `Case` reads around that; should a rule touch such a value all the same, it is a violation
here, so that nothing mandatory ever becomes advice.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policies.case import UNKNOWN, PolicyReport, Subject, Unjudged, plain, stated
from policies.declared import StackFacts
from policies.registry import CONFIGURED, PolicyRule, all_rules, configured, judge_among, judge_resource, say

Read = Callable[[str], StackFacts]


def policies(read: Read) -> list[Policy]:
    """Return every rule as a policy; `read` returns the declared facts for a stack, by its name."""
    pack = _Pack(read)
    return [
        pack.of_resource(rule) if rule.judge and rule.judges == "inputs" else pack.of_stack(rule)
        for rule in all_rules()
    ]


class _Pack:
    """What the policies share: the declared facts, and the values no resource rule could judge.

    Those are said once, when the stack as a whole is judged, so that a preview is not flooded.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._unjudged: list[Unjudged] = []
        self._inputs: dict[str, Mapping[str, Any]] = {}

    def of_resource(self, rule: PolicyRule) -> ResourceValidationPolicy:
        def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
            inputs = self._inputs[args.urn] = stated(plain(args.props))
            if rule.applies(args.resource_type):
                subject = Subject(args.resource_type, args.name, args.urn, inputs, protect=bool(args.opts.protect))
                facts = configured(self._read(_stack(args.urn)), rule.id, args.get_config())
                self._unjudged += _report(lambda: judge_resource(rule, subject, facts), report_violation)

        return ResourceValidationPolicy(rule.id, rule.title, validate, EnforcementLevel(rule.enforcement))

    def of_stack(self, rule: PolicyRule) -> StackValidationPolicy:
        def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
            subjects = [self._subject(resource) for resource in args.resources]
            if not subjects:
                return
            facts = configured(self._read(_stack(subjects[0].urn)), rule.id, args.get_config())
            self._unjudged += _report(lambda: judge_among(rule, subjects, facts), report_violation)
            sys.stderr.write("".join(f"{line}\n" for line in say(self._unjudged)))
            self._unjudged.clear()

        keys = CONFIGURED.get(rule.id, {})
        schema = PolicyConfigSchema({key: {"type": "integer", "minimum": 0} for key in keys}) if keys else None
        return StackValidationPolicy(rule.id, rule.title, validate, EnforcementLevel(rule.enforcement), schema)

    def _subject(self, resource: PolicyResource) -> Subject:
        references = {
            name: frozenset(other.urn for other in others) for name, others in resource.property_dependencies.items()
        }
        return Subject(
            kind=resource.resource_type,
            name=resource.name,
            urn=resource.urn,
            props=self._inputs.get(resource.urn, UNKNOWN),
            outputs=plain(resource.props),
            protect=bool(resource.opts.protect),
            references=references,
        )


def _stack(urn: str) -> str:
    return urn.split(":")[2]


def _report(judge: Callable[[], PolicyReport], report_violation: ReportViolation) -> list[Unjudged]:
    try:
        report = judge()
    except UnknownValueError as error:
        report_violation(f"The rule itself is wrong: it read {error.message} without asking; read through Case.", None)
        return []
    for violation in report.violations:
        report_violation(violation.message, violation.urn or None)
    return report.unjudged
