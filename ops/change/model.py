"""The difference of two plans as values, and their JSON form, which is read back without trusting it.

A workflow without credentials writes the JSON of an outsider's change; one with the right to comment renders it. So
`from_json` accepts nothing but strings, of bounded number and length, in the places where they belong.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from ops.untrusted import read

Operation = Literal["added", "removed", "changed", "replaced", "kept"]
Weight = Literal["start", "stateful", "permission", "alert", "other"]
"""What a resource is for: it starts work, holds data, permits, watches, or none of these."""
Rank = Literal["start", "data", "permission", "alert", "rest"]
"""How much is at stake: work that starts wrongly or not at all, data, permissions, alerts, the rest."""
RANKS: Final = get_args(Rank)
WEIGHTS: Final = get_args(Weight)
MAX_ITEMS: Final = 5_000


@dataclass(frozen=True)
class Meaning:
    """What a change means for the people who run the pipeline, in one sentence."""

    rank: Rank
    sentence: str


@dataclass(frozen=True)
class PropertyChange:
    """One property; `before` or `after` is empty where it was or is not set.

    `replaces`: it cannot change in place. `note` says what else a deployment would make of it, if that is not the change.
    """

    path: str
    before: str
    after: str
    replaces: bool = False
    note: str = ""


@dataclass(frozen=True)
class Resource:
    """One resource that differs.

    Attributes:
        operation: what a deployment would do to it; `kept` is nothing, although it is declared otherwise.
        weight: what it is for.
        kind: the type as people write it, such as `pubsub.Topic`.
        name: the logical name.
        entity: the component it belongs to, as `Function start-next`.
        about: a permission in words, else what people call the resource.
        changes: the properties that differ; only for those that are on both sides.
    """

    operation: Operation
    weight: Weight
    kind: str
    name: str
    entity: str
    about: str
    changes: tuple[PropertyChange, ...] = ()


@dataclass(frozen=True)
class FileChange:
    """One file of an archive that differs."""

    operation: Operation
    path: str


@dataclass(frozen=True)
class ArchiveChange:
    """A function's archive that differs, by the files in it."""

    operation: Operation
    function: str
    files: tuple[FileChange, ...] = ()


@dataclass(frozen=True)
class Broken:
    """A finding of one side that the other does not have."""

    rule: str
    message: str
    at: str


@dataclass(frozen=True)
class PlanDifference:
    """Everything in which `head` differs from `base`.

    Where a side is refused its program declares nothing, so nothing is compared: `refused` names that side.
    """

    base: str
    head: str
    stack: str
    refused: str = ""
    broken: tuple[Broken, ...] = ()
    mended: tuple[Broken, ...] = ()
    meanings: tuple[Meaning, ...] = ()
    resources: tuple[Resource, ...] = ()
    archives: tuple[ArchiveChange, ...] = ()

    @property
    def empty(self) -> bool:
        """Tell whether `head` is to the pipeline, its people and its cloud what `base` is."""
        return not (self.broken or self.mended or self.meanings or self.resources or self.archives or self.refused)

    def meaning(self, rank: Rank) -> list[Meaning]:
        """Return what the change means, of one rank."""
        return [each for each in self.meanings if each.rank == rank]

    def weighing(self, weight: Weight) -> list[Resource]:
        """Return the resources of one weight."""
        return [each for each in self.resources if each.weight == weight]

    def as_json(self) -> dict[str, Any]:
        """Return the difference in plain JSON values; `from_json` reads it."""
        return asdict(self)


def from_json(document: object) -> PlanDifference:
    """Return the difference that `document` holds; raises `Malformed` for anything that `as_json` does not write."""
    return read(PlanDifference, document, MAX_ITEMS)
