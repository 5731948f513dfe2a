"""Judge the plan by the policy pack, offline: the rules that `pulumi preview --policy-pack policies` enforces.

Evaluates the program like `plan` and hands every resource to every rule, as it is stated and as the provider would plan
it, with what only a deployment knows as unknown. A violation names the line of the declaration that asks for the resource.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.files import Unreadable, read_input
from blueprint.findings import Finding, Location, Refused
from ops import exitcodes
from ops.arguments import add_format_argument, add_project_arguments
from ops.findings import FindingsReport, write
from ops.terminal import Style, columns, count, style_for

if TYPE_CHECKING:
    from ops.embedded.record import Registration
    from ops.report.gather import Plan
    from policies.case import Subject
    from policies.declared import StackFacts
    from policies.registry import Judgement

COMPUTED = frozenset({"$ref", "$concat", "$unknown"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_project_arguments(parser, "to judge")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the file given to --policy-pack-config (JSON)")
    parser.add_argument("--today", type=date.fromisoformat, metavar="DATE", help="judge ends of life as of this day")
    parser.add_argument("--rules", action="store_true", help="list the rules and judge nothing")
    parser.add_argument("--unknown", action="store_true", help="list each value that only a deployment knows")
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print what the rules found; 0 when nothing, 1 when something is refused."""
    if args.rules:
        return _list_rules()
    from ops.report.gather import gather

    plan = gather(args.root, args.stack)
    if plan.violations:
        print("The plan is refused before any policy is asked.", file=sys.stderr)
        raise Refused(plan.violations)
    today = args.today or datetime.now(UTC).date()
    judgement = judge(plan, facts(args.root, args.stack, today, args.config))
    found = findings(plan, judgement)
    lines = _lines(judgement, found, style_for(sys.stdout), unknown=args.unknown)
    write(args.format, FindingsReport("policy", plan.root, found, _titles()), _as_json(judgement, found), lines)
    return exitcodes.REFUSED if found else exitcodes.SOUND


def facts(root: Path, stack: str, today: date, config: Path | None = None) -> StackFacts:
    """Return what the project at `root` declares for `stack`, and what the pack's configuration file sets."""
    from blueprint.loader import read_manifest
    from ops.embedded import project
    from policies.declared import declared
    from policies.registry import configured

    manifest, problems = read_manifest(root)
    if manifest is None:
        raise Refused(problems)
    settings = project.stack_settings(project.load(root, stack))
    found = declared(manifest, settings.region, settings.service_urls.values(), today)
    for rule, values in _settings(config).items():
        if isinstance(values, dict):
            found = configured(found, rule, values)
    return found


def _settings(config: Path | None) -> dict[str, Any]:
    """Return what the file says that is given to `--policy-pack-config`; raises `Refused` where it says nothing."""
    try:
        content = json.loads(read_input(config)) if config else {}
    except (Unreadable, ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, Unreadable) else "It is not JSON; correct that."
        raise Refused([Finding("policy-config", reason, Location(str(config)))]) from None
    if not isinstance(content, dict):
        message = "It holds no JSON object; write each rule's name with its settings."
        raise Refused([Finding("policy-config", message, Location(str(config)))])
    return content


def judge(plan: Plan, declared: StackFacts) -> Judgement:
    """Run the whole pack over the plan's resources."""
    from policies.registry import judge_all

    return judge_all([subject(each) for each in plan.resources], declared)


def subject(registration: Registration) -> Subject:
    """Return the resource as the rules see it: computed values unknown, with the resources they come from."""
    from policies.case import UNKNOWN, Subject
    from provider.changes import planned
    from provider.values import UNKNOWN as NOT_KNOWN

    dependencies = registration.options.get("propertyDependencies")
    inputs = {name: _before_deployment(value, NOT_KNOWN) for name, value in registration.inputs.items()}
    return Subject(
        kind=registration.type,
        name=registration.name,
        urn=registration.urn,
        props=_before_deployment(inputs, UNKNOWN),
        outputs=_before_deployment(planned(registration.type, inputs), UNKNOWN),
        protect=bool(registration.options.get("protect")),
        references={name: frozenset(urns) for name, urns in dependencies.items()}
        if isinstance(dependencies, Mapping)
        else {},
    )


def _before_deployment(value: object, unknown: object) -> Any:
    """Return a value with `unknown` for what only a deployment knows."""
    from provider.values import UNKNOWN

    if value == UNKNOWN or (isinstance(value, Mapping) and COMPUTED & value.keys()):
        return unknown
    if isinstance(value, Mapping):
        return {name: _before_deployment(item, unknown) for name, item in value.items()}
    return [_before_deployment(item, unknown) for item in value] if isinstance(value, list) else value


def findings(plan: Plan, judgement: Judgement) -> list[Finding]:
    """Return the violations as findings at the lines of the declaration that ask for the resources."""
    by_urn = {each.urn: each for each in plan.resources}
    found = []
    for violation in judgement.violations:
        resource = by_urn.get(violation.urn)
        places = plan.reasons(resource) if resource else ()
        name = f"{resource.name}: " if resource else ""
        found.append(Finding(violation.rule, name + violation.message, places[0] if places else Location("policies")))
    return found


def _lines(judgement: Judgement, found: list[Finding], style: Style, *, unknown: bool) -> Iterator[str]:
    from policies.registry import say

    for finding in found:
        yield f"{style.cross} {finding}"
    if unknown:
        for each in judgement.unjudged:
            yield f"  {each.rule}: {each.path} of {each.urn.rpartition('::')[2]}"
    for line in say(judgement.unjudged):
        yield style.paint(line, "dim")
    verdict = f"{count(judgement.resources, 'resource')}, {count(judgement.rules, 'rule')}"
    if found:
        yield f"{style.cross} Refused: {count(len(found), 'violation')} in {verdict}."
    else:
        yield f"{style.tick} {verdict}, no violation."


def _titles() -> Mapping[str, str]:
    from policies.registry import all_rules

    return {rule.id: rule.title for rule in all_rules()}


def _as_json(judgement: Judgement, found: list[Finding]) -> dict[str, object]:
    return {
        "resources": judgement.resources,
        "rules": judgement.rules,
        "violations": [
            {"rule": each.rule, "message": each.message, "file": each.at.file, "line": each.at.line} for each in found
        ],
        "unknown": [{"rule": each.rule, "urn": each.urn, "path": each.path} for each in judgement.unjudged],
    }


def _list_rules() -> int:
    from policies.registry import all_rules

    rows = [(rule.id, rule.title, ", ".join(map(str, rule.incidents))) for rule in all_rules()]
    print("\n".join(columns([("Rule", "What must hold", "Incidents"), *rows])))
    return 0
