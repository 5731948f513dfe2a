"""The vocabulary of the inventory: one expected resource, and values that only a deployment knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from blueprint.model import Blueprint


@dataclass(frozen=True)
class Ref:
    """A property of another resource that only a deployment knows; `resource` is its logical name."""

    resource: str
    property: str


@dataclass(frozen=True)
class KnownValue:
    """A property of another resource that is an input there, so that its value is known beforehand."""

    value: object
    resource: str


@dataclass(frozen=True)
class Joined:
    """Text made of literal parts and references."""

    parts: tuple[str | Ref, ...]


@dataclass(frozen=True)
class UploadedFile:
    """A file that is uploaded, known by its content: the SHA-256 of its bytes in hexadecimal digits."""

    sha256: str


@dataclass(frozen=True)
class Expected:
    """One resource as it must be declared.

    Attributes:
        kind: the type token, such as `gcp:pubsub/topic:Topic`.
        name: the logical name, unique in the program.
        component: kind and logical name of the component that owns it, such as `("Topic", "orders")`.
        inputs: every input by its name in the provider's schema (camelCase).
        waits_for: logical names of what it waits for beside what its inputs refer to and the services of its kind.
        replaced_with: logical names of what takes it along when it is replaced.
        protect: whether the engine must refuse to delete it.
    """

    kind: str
    name: str
    component: tuple[str, str]
    inputs: Mapping[str, object]
    waits_for: tuple[str, ...] = ()
    replaced_with: tuple[str, ...] = ()
    protect: bool = False


@dataclass(frozen=True)
class Owner:
    """A component as the owner of resources: hands its own kind and name to each."""

    kind: str
    name: str

    def owns(
        self,
        kind: str,
        name: str,
        inputs: Mapping[str, object],
        *,
        waits_for: tuple[str, ...] = (),
        replaced_with: tuple[str, ...] = (),
        protect: bool = False,
    ) -> Expected:
        """Return the expected resource; inputs of value None are inputs that must not be there."""
        stated = {key: value for key, value in inputs.items() if value is not None}
        return Expected(kind, name, (self.kind, self.name), stated, waits_for, replaced_with, protect)


def referred(value: object) -> Iterator[str]:
    """Yield the logical names of the resources that an expected value refers to."""
    match value:
        case Ref(resource=name) | KnownValue(resource=name):
            yield name
        case Joined(parts=parts):
            yield from (part.resource for part in parts if isinstance(part, Ref))
        case Mapping():
            for item in value.values():
                yield from referred(item)
        case list() | tuple():
            for item in value:
                yield from referred(item)
        case _:
            pass


def labels(plan: Blueprint) -> dict[str, object]:
    """Return the labels of everything that takes labels."""
    return {**plan.manifest.labels, "pipeline": plan.manifest.pipeline, "environment": plan.stack.environment}
