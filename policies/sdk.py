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
    PolicyResourceOptions,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policies.case import PolicyReport, Subject, Unjudged
from policies.declared import StackFacts
from policies.registry import CONFIGURED, PolicyRule, all_rules, configured, judge_among, judge_resource, say
from policies.values import UNKNOWN, plain, stated

Read = Callable[[str, str], StackFacts]


def policies(read: Read) -> list[Policy]:
    """Return every rule as a policy; `read` returns the declared facts for the project and stack of those names."""
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
                provider = args.provider.name if args.provider else None
                subject = Subject(
                    kind=args.resource_type,
                    name=args.name,
                    urn=args.urn,
                    props=inputs,
                    protect=bool(args.opts.protect),
                    provider=provider,
                    options=_options(args.opts),
                )
                facts = configured(self._read(*_names(args.urn)), rule.id, args.get_config())
                self._unjudged += _report(lambda: judge_resource(rule, subject, facts), report_violation)

        return ResourceValidationPolicy(rule.id, rule.title, validate, EnforcementLevel.MANDATORY)

    def of_stack(self, rule: PolicyRule) -> StackValidationPolicy:
        def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
            subjects = [self._subject(resource) for resource in args.resources]
            if not subjects:
                return
            facts = configured(self._read(*_names(subjects[0].urn)), rule.id, args.get_config())
            self._unjudged += _report(lambda: judge_among(rule, subjects, facts), report_violation)
            sys.stderr.write("".join(f"{line}\n" for line in say(self._unjudged)))
            self._unjudged.clear()

        keys = CONFIGURED.get(rule.id, {})
        schema = PolicyConfigSchema({key: {"type": "integer", "minimum": 0} for key in keys}) if keys else None
        return StackValidationPolicy(rule.id, rule.title, validate, EnforcementLevel.MANDATORY, schema)

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
            parent=resource.parent.urn if resource.parent else "",
            provider=resource.provider.name if resource.provider else None,
            dependencies=frozenset(other.urn for other in resource.dependencies),
            options=_options(resource.opts),
        )


def _names(urn: str) -> tuple[str, str]:
    """Return the project and the stack that a URN is in."""
    _, _, stack, _, project = urn.split(":")[:5]
    return project, stack


def _options(given: PolicyResourceOptions) -> Mapping[str, object]:
    """Return the options that the engine shows and that are set, by wire name."""
    timeouts = given.custom_timeouts
    found = {
        "additionalSecretOutputs": list(given.additional_secret_outputs),
        "aliases": list(given.aliases),
        "customTimeouts": any((timeouts.create_seconds, timeouts.update_seconds, timeouts.delete_seconds)),
        "deleteBeforeReplace": bool(given.delete_before_replace),
        "ignoreChanges": list(given.ignore_changes),
    }
    return {name: value for name, value in found.items() if value}


def _report(judge: Callable[[], PolicyReport], report_violation: ReportViolation) -> list[Unjudged]:
    try:
        report = judge()
    except UnknownValueError as error:
        report_violation(f"The rule itself is wrong: it read {error.message} without asking; read through Case.", None)
        return []
    for violation in report.violations:
        report_violation(violation.message, violation.urn or None)
    return report.unjudged
