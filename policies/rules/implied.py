"""Every resource is one that the declaration implies, input by input and option by option, and none is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from blueprint.inventory.compare import of_inputs, refers_to, waits_for
from blueprint.inventory.resource import Expected, Joined, KnownValue, Ref, UploadedFile
from policies.case import Case, StackCase, Subject
from policies.declared import Implied
from policies.kinds import PROVIDER, STACK
from policies.registry import stack_rule
from policies.rules.allowed import COMPONENTS
from policies.values import CONFIGURATION, UNKNOWN, known

THE_PROVIDER: Final = "gcp"


class EngineReader:
    """Reads values as an engine shows them: what only a deployment knows is `UNKNOWN`, or what the state holds of it.

    What is not known is told apart by what it is computed from, which is compared besides.
    """

    def __init__(self, outputs: Mapping[str, Mapping[str, Any]], root: Path) -> None:
        self._outputs, self._root = outputs, root

    def refers(self, value: object, expected: Ref) -> bool | None:
        """Say whether a value is this property of this resource; nothing while one of the two is not known."""
        return self._same(value, self._property(expected))

    def joins(self, value: object, expected: Joined) -> bool | None:
        """Say whether a value is this text with these properties inside."""
        parts = [self._property(part) if isinstance(part, Ref) else part for part in expected.parts]
        return self._same(value, None if None in parts else "".join(map(str, parts)))

    def equals(self, value: object, expected: KnownValue) -> bool | None:
        """Say whether a value is this input of another resource."""
        return self._same(value, expected.value)

    def holds(self, value: object, expected: UploadedFile) -> bool | None:
        """Say whether a value is the file with this content; nothing where the file is no longer there."""
        if isinstance(value, Mapping) and isinstance(asset := value.get("$asset"), Mapping):
            return asset.get("sha256") == expected.sha256
        path = getattr(value, "path", None)
        if path is None:
            return False
        file = self._root / path
        return hashlib.sha256(file.read_bytes()).hexdigest() == expected.sha256 if file.is_file() else None

    def hides(self, value: object) -> bool | None:
        """Say whether a value is a secret of the configuration; whoever has no key for it cannot say more."""
        return None

    def _property(self, reference: Ref) -> object:
        found = [each for _, each in known(self._outputs.get(reference.resource, {}), reference.property)]
        return found[0] if found and found[0] is not UNKNOWN else None

    def _same(self, value: object, expected: object) -> bool | None:
        return None if value is UNKNOWN or expected is None else value == expected


@stack_rule(
    "declared-as-implied",
    "Components declare what the model implies, and nothing else",
    incidents=(20, 21, 24, 36, 38, 52, 55),
)
def declared_as_implied(stack: StackCase) -> None:
    """Refuse a resource, an input or an option that the declaration does not imply, and one that it implies and is not there.

    What is implied is worked out from the blueprint and not by the components, so that the two hold each other.
    """
    implied = stack.declared.implied
    if implied is None:
        return
    cases = [stack.case(subject) for subject in stack.subjects]
    there = {case.subject.name: case for case in cases if _expected(implied, case.subject) is not None}
    reader = EngineReader({name: case.subject.outputs for name, case in there.items()}, implied.root)
    for name in sorted(implied.resources.keys() - there.keys()):
        expected = implied.resources[name]
        stack.violation(
            f"'{name}' ({expected.kind}) is implied by the declaration and the program does not declare it; declare it in the component {expected.component[0]}."
        )
    components = {f"{COMPONENTS}{kind}::{name}" for kind, name in (e.component for e in implied.resources.values())}
    for case in cases:
        expected_here = _expected(implied, case.subject)
        if case.subject.kind == PROVIDER:
            _provider(case, implied)
        elif expected_here is not None:
            for sentence in _differences(expected_here, case, reader):
                case.violation(sentence)
        elif case.subject.kind != STACK and f"{case.subject.kind}::{case.subject.name}" not in components:
            case.violation("Nothing implies this; add it to `blueprint.inventory`, or remove it.")


def _expected(implied: Implied, subject: Subject) -> Expected | None:
    found = implied.resources.get(subject.name)
    return found if found is not None and found.kind == subject.kind else None


def _provider(case: Case, implied: Implied) -> None:
    if case.subject.name != THE_PROVIDER:
        case.violation(f"Nothing implies a second provider; declare everything with '{THE_PROVIDER}'.")
    for name, wanted in implied.provider.items():
        if [str(value).lower() for value in case.values(name)] != [wanted]:
            case.violation(f"`{name}` of the provider must be {wanted}, which the stack implies.")


def _differences(expected: Expected, case: Case, reader: EngineReader) -> Iterator[str]:
    subject = case.subject
    if subject.props is not UNKNOWN:
        stated = {
            name: value for name, value in subject.props.items() if name in expected.inputs or not subject.adds(name)
        }
        yield from (difference.sentence for difference in of_inputs(expected, stated, reader))
    if subject.protect is not expected.protect:
        yield f"`protect` is {subject.protect}, the declaration implies {expected.protect}."
    if subject.provider not in (None, THE_PROVIDER):
        yield f"Its provider is '{subject.provider}', the stack's is '{THE_PROVIDER}'."
    implied_references = refers_to(expected)
    for name in sorted({*subject.references, *implied_references}):
        urns = subject.references.get(name, frozenset()) - {CONFIGURATION}
        found, wanted = _named(urns), implied_references.get(name, frozenset())
        if found != wanted:
            yield f"`{name}` is computed from {_listed(found)} instead of {_listed(wanted)}."
    if subject.dependencies is None:
        return
    component = f"{COMPONENTS}{expected.component[0]}::{expected.component[1]}"
    if not subject.parent.endswith(component):
        yield f"Its parent is {subject.parent.rpartition('::')[2] or 'the stack'}, the declaration implies {expected.component[1]}."
    waiting, wanted = _named(subject.dependencies), waits_for(expected)
    if lacking := wanted - waiting:
        yield f"`depends_on` lacks {_listed(lacking)}."
    if extra := waiting - wanted:
        yield f"`depends_on` has {_listed(extra)}, which nothing implies."


def _named(urns: frozenset[str]) -> frozenset[str]:
    return frozenset(urn.rpartition("::")[2] for urn in urns)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names)) or "no other resource"
