"""Holds an offline plan to the inventory: every resource, input and option that was declared is one that is implied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from blueprint.contracts import Contract, ContractResult
from blueprint.findings import Finding, Location
from blueprint.inventory import inventory
from blueprint.inventory.compare import of_inputs, refers_to, shown, waits_for
from blueprint.inventory.resource import Expected, Joined, KnownValue, Ref, UploadedFile
from blueprint.model import Blueprint
from components.base import PACKAGE
from ops.embedded.record import SECRET, Registration
from ops.terminal import some

RULE = "declared-as-implied"
TITLE = "Components declare what the model implies, and nothing else"
PROGRAM = Location("__main__.py")
PROVIDER = "gcp"
"""The one provider of the stack, by its logical name."""

_BY_THE_SDK = frozenset({"version", "additionalSecretOutputs", "propertyDependencies", "component", "providers"})
"""Options that the SDK sets by itself, or that are judged apart."""
_SECRET_OUTPUTS = frozenset({"effectiveLabels", "pulumiLabels", "content", "customerEncryption"})
"""Outputs that the SDK itself marks as secret, of whatever kind."""
_RENAMED_MODULES = {"gcp:serviceaccount/": "gcp:serviceAccount/"}
"""Modules that the SDK has renamed; it gives each resource of them an alias of its former type."""


class Shown:
    """Reads the forms in which `ops.embedded.record` shows what only a deployment knows."""

    def refers(self, value: object, expected: Ref) -> bool:
        """Say whether a shown value is this property of this resource."""
        return (
            isinstance(value, Mapping)
            and value.get("property") == expected.property
            and _name(value.get("$ref")) == expected.resource
        )

    def joins(self, value: object, expected: Joined) -> bool:
        """Say whether a shown value is this text with these properties inside."""
        parts = value.get("$concat") if isinstance(value, Mapping) else None
        if not isinstance(parts, Sequence) or len(parts) != len(expected.parts):
            return False
        pairs = zip(parts, expected.parts, strict=True)
        return all(self.refers(part, one) if isinstance(one, Ref) else part == one for part, one in pairs)

    def equals(self, value: object, expected: KnownValue) -> bool:
        """Say whether a shown value is this input of another resource."""
        return value == expected.value

    def hides(self, value: object) -> bool:
        """Say whether a shown value is a secret that the plan has no key for."""
        return value == SECRET

    def holds(self, value: object, expected: UploadedFile) -> bool:
        """Say whether a shown value is the file with this content."""
        asset = value.get("$asset") if isinstance(value, Mapping) else None
        return isinstance(asset, Mapping) and asset.get("sha256") == expected.sha256


def held_to_inventory(
    plan: Blueprint, registered: Sequence[Registration], expected: Mapping[str, Expected] | None = None
) -> ContractResult:
    """Return what a sound plan's program declared beside, or instead of, what `plan` implies.

    `expected` is what is implied of `registered`, where these are not all: each resource is held to its own.
    """
    expected = inventory(plan) if expected is None else expected
    custom = {each.name: each for each in registered if each.custom}
    places = {(each.type.removeprefix(f"{PACKAGE}:"), each.name): each for each in registered if not each.custom}
    deviations = (found for name, each in custom.items() for found in _judged(expected.get(name), each, plan))
    findings = [*_missing(expected, custom, places), *_by_cause(deviations), *_components(expected, places)]
    return ContractResult(Contract(RULE, TITLE, (20, 21, 24, 36, 38, 52, 55), _never), len(expected), tuple(findings))


def _never(_: object, __: object) -> None:
    """Stand for the check of a contract that runs after the program instead of before it."""


def _missing(
    expected: Mapping[str, Expected],
    custom: Mapping[str, Registration],
    components: Mapping[tuple[str, str], Registration],
) -> Iterator[Finding]:
    if PROVIDER not in custom:
        yield Finding(
            RULE, f"The program declares no provider '{PROVIDER}'; make it, as every resource has it.", PROGRAM
        )
    for name, each in expected.items():
        if name not in custom:
            owner = components.get(each.component)
            message = f"'{name}' ({each.kind}) is implied by the declaration and the program does not declare it; declare it in the component {each.component[0]}."
            yield Finding(RULE, message, (owner.source if owner else None) or PROGRAM)


@dataclass(frozen=True)
class _Deviation:
    """How one resource is not as implied; `part` is the input or option that differs, empty for the whole resource."""

    declared: Registration
    part: str
    sentence: str

    @property
    def at(self) -> Location:
        return self.declared.source or PROGRAM


def _by_cause(deviations: Iterable[_Deviation]) -> Iterator[Finding]:
    """Yield a finding for each line and part: one line of a component declares a resource for each function."""
    alike: dict[tuple[Location, str, str], list[_Deviation]] = {}
    for each in deviations:
        alike.setdefault((each.at, each.declared.type, each.part), []).append(each)
    for (at, _, _), (first, *others) in alike.items():
        message = f"Of '{first.declared.name}' ({first.declared.type}): {first.sentence}"
        if others:
            names = [f"'{each.declared.name}'" for each in others]
            message += (
                f" The same line declares {some(names)}, which {'differs' if len(others) == 1 else 'differ'} there too."
            )
        yield Finding(RULE, message, at)


def _judged(expected: Expected | None, declared: Registration, plan: Blueprint) -> Iterator[_Deviation]:
    def deviation(part: str, sentence: str) -> _Deviation:
        return _Deviation(declared, part, sentence)

    if declared.type.startswith("pulumi:providers:"):
        wanted = {"project": plan.stack.project, "region": plan.stack.region, "addPulumiAttributionLabel": "false"}
        if dict(declared.inputs) != wanted:
            yield deviation("", f"It is not {wanted}, which the stack implies.")
    elif expected is None:
        yield deviation("", "Nothing implies it; add it to `blueprint.inventory`, or remove it.")
    elif expected.kind != declared.type:
        yield deviation("", f"It must be of the kind {expected.kind}.")
    else:
        differing = [*of_inputs(expected, declared.inputs, Shown())]
        told = {re.split(r"[.\[]", each.path)[0] for each in differing}
        for difference in differing:
            yield deviation(difference.path, difference.sentence)
        for option, sentence in _options(expected, declared):
            if option not in told:  # what an input is computed from follows from the input
                yield deviation(option, sentence)


def _options(expected: Expected, declared: Registration) -> Iterator[tuple[str, str]]:
    """Yield the options that differ, each with its sentence."""
    options = declared.options
    parent = f"{PACKAGE}:{expected.component[0]}::{expected.component[1]}"
    if not declared.parent.endswith(f"::{parent}"):
        yield (
            "parent",
            f"Its parent is {declared.parent.rpartition('::')[2]}, the model implies {expected.component[1]}.",
        )
    yield from _names("depends_on", waits_for(expected), options.get("dependencies"))
    yield from _names("replace_with", frozenset(expected.replaced_with), options.get("replaceWith"))
    if bool(options.get("protect")) is not expected.protect:
        yield "protect", f"`protect` is {bool(options.get('protect'))}, the model implies {expected.protect}."
    if options.get("provider") is None:
        yield "provider", "It has no explicit provider."
    elif _name(options["provider"]) != PROVIDER:
        yield "provider", f"Its provider is '{_name(options['provider'])}', the stack's is '{PROVIDER}'."
    yield from _property_dependencies(expected, options.get("propertyDependencies"))
    if options.get("aliases", []) != _sdk_aliases(expected.kind):
        yield "aliases", f"Its aliases are {shown(options.get('aliases', []))}, which nothing implies."
    secret_outputs = options.get("additionalSecretOutputs", [])
    if isinstance(secret_outputs, Sequence) and not set(secret_outputs) <= _SECRET_OUTPUTS:
        yield "additionalSecretOutputs", f"`additionalSecretOutputs` is {secret_outputs}, which nothing implies."
    judged = {"dependencies", "replaceWith", "protect", "provider", "aliases", *_BY_THE_SDK}
    for name in sorted(set(options) - judged):
        yield name, f"The option `{name}` is {shown(options[name])}, and nothing implies it."


def _names(option: str, expected: frozenset[str], urns: object) -> Iterator[tuple[str, str]]:
    found = {_name(urn) for urn in urns} if isinstance(urns, Sequence) else set()
    if lacking := sorted(expected - found):
        yield option, f"`{option}` lacks {_listed(lacking)}."
    if extra := sorted(found - expected):
        yield option, f"`{option}` has {_listed(extra)}, which nothing implies."


def _property_dependencies(expected: Expected, found: object) -> Iterator[tuple[str, str]]:
    declared = found if isinstance(found, Mapping) else {}
    implied = refers_to(expected)
    for name in sorted({*declared, *implied}):
        names = {_name(urn) for urn in declared.get(name, ())}
        if names != implied.get(name, frozenset()):
            wanted = _listed(sorted(implied.get(name, ()))) or "no other resource"
            yield (
                name,
                f"`{name}` is computed from {_listed(sorted(names)) or 'no other resource'} instead of {wanted}.",
            )


def _components(
    expected: Mapping[str, Expected], components: Mapping[tuple[str, str], Registration]
) -> Iterator[Finding]:
    implied = {each.component for each in expected.values()}
    for kind, name in sorted(set(components) - implied - {(_STACK, name) for _, name in components}):
        declared = components[kind, name]
        yield Finding(
            RULE, f"Component '{name}' ({kind}) is declared and nothing implies it.", declared.source or PROGRAM
        )


_STACK = "pulumi:pulumi:Stack"


def _sdk_aliases(kind: str) -> list[object]:
    return [{"type": kind.replace(new, old)} for new, old in _RENAMED_MODULES.items() if kind.startswith(new)]


def _name(urn: object) -> str:
    return str(urn).rpartition("::")[2]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
