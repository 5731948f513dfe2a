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
from blueprint.loader import load_manifest
from ops import exitcodes
from ops.arguments import add_format_argument, add_project_arguments
from ops.findings import FindingsReport, as_json, write
from ops.terminal import Style, columns, count, style_for

if TYPE_CHECKING:
    from ops.embedded.record import Registration
    from ops.report.gather import Plan
    from policies.case import Subject
    from policies.declared import StackFacts
    from policies.registry import Judgement

COMPUTED = frozenset({"$ref", "$concat", "$unknown"})
JUDGED_APART = frozenset({"component", "dependencies", "propertyDependencies", "protect", "provider", "providers"})
"""Options that a rule reads by a name of their own, or that say nothing."""


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
    judgement = judge(plan, facts(plan, today, args.config))
    found = findings(plan, judgement)
    lines = _lines(judgement, found, style_for(sys.stdout), unknown=args.unknown)
    write(args.format, FindingsReport("policy", plan.root, found, _titles()), _as_json(judgement, found), lines)
    return exitcodes.REFUSED if found else exitcodes.SOUND


def facts(plan: Plan, today: date, config: Path | None = None) -> StackFacts:
    """Return what a sound plan's program is held to, and what the pack's configuration file sets."""
    from policies.declared import declared
    from policies.registry import configured

    if plan.blueprint is None:
        load_manifest(plan.root)  # which says what is wrong with the declaration, or that there is none
        message = (
            "The program checks no declaration, so there is nothing that it could be held to; let it call `check`."
        )
        raise Refused([Finding("policy", message, Location("__main__.py"))])
    found = declared(plan.blueprint, today)
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
    from policies.case import Subject
    from policies.values import UNKNOWN
    from provider.changes import planned
    from provider.values import UNKNOWN as NOT_KNOWN

    options = registration.options
    stated = {**registration.inputs, **registration.opened}
    inputs = {name: _before_deployment(value, NOT_KNOWN) for name, value in stated.items()}
    return Subject(
        kind=registration.type,
        name=registration.name,
        urn=registration.urn,
        props=_before_deployment(inputs, UNKNOWN),
        outputs=_before_deployment(planned(registration.type, inputs), UNKNOWN),
        protect=bool(options.get("protect")),
        references=dict(_references(registration, stated)),
        parent=registration.parent,
        provider=str(options["provider"]).rpartition("::")[2] if "provider" in options else None,
        dependencies=_urns(options.get("dependencies")),
        options={name: value for name, value in options.items() if name not in JUDGED_APART},
    )


def _references(registration: Registration, stated: Mapping[str, object]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what each input is computed from; a secret of the configuration counts as a source of its own."""
    from policies.values import CONFIGURATION

    computed = registration.options.get("propertyDependencies")
    dependencies = computed if isinstance(computed, Mapping) else {}
    for name, value in stated.items():
        sources = _urns(dependencies.get(name)) | ({CONFIGURATION} if _holds_secret(value) else set())
        if sources:
            yield name, sources


def _urns(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list | tuple) else frozenset()


def _holds_secret(value: object) -> bool:
    from ops.embedded.record import SECRET

    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return value == SECRET or any(map(_holds_secret, items))


def _before_deployment(value: object, unknown: object) -> Any:
    """Return a value with `unknown` for what only a deployment knows, or whoever has the key of a secret."""
    from ops.embedded.record import SECRET
    from provider.values import UNKNOWN

    if value in (UNKNOWN, SECRET) or (isinstance(value, Mapping) and COMPUTED & value.keys()):
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
        "violations": as_json(FindingsReport("policy", Path(), found))["violations"],
        "unknown": [{"rule": each.rule, "urn": each.urn, "path": each.path} for each in judgement.unjudged],
    }


def _list_rules() -> int:
    from policies.registry import all_rules

    rows = [(rule.id, rule.title, ", ".join(map(str, rule.incidents))) for rule in all_rules()]
    print("\n".join(columns([("Rule", "What must hold", "Incidents"), *rows])))
    return 0
