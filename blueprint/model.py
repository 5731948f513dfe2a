"""The blueprint: one frozen value that holds everything the program will declare; `check` makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from blueprint.alerts.types import Alert, Covers, CoversKind
from blueprint.iam import Grant
from blueprint.manifest import Manifest
from blueprint.names import Names
from blueprint.stack import StackSettings

if TYPE_CHECKING:
    from blueprint.archive import Archive
    from blueprint.schemas.bigquery import Schemas
    from blueprint.schemas.firestore import Firestore
    from blueprint.schemas.messages import MessageSchema
    from blueprint.schemas.streams import Transform

Item = TypeVar("Item")
Key = TypeVar("Key")


@dataclass(frozen=True)
class Blueprint:
    """Everything the program declares, derived and typed; no resource, no network, no Pulumi."""

    root: Path
    stack: StackSettings
    manifest: Manifest
    names: Names
    archives: Mapping[str, Archive]
    schemas: Schemas
    grants: tuple[Grant, ...]
    messages: Mapping[str, MessageSchema]
    firestore: Firestore
    streams: Mapping[str, Transform]
    alerts: tuple[Alert, ...]
    dashboard: Mapping[str, object]
    unread_messages: frozenset[str] = frozenset()
    """Messages whose schema is there and cannot be read: neither known nor absent."""

    @cached_property
    def code_is_whole(self) -> bool:
        """True when every function's code was read, so that what it does not use is used by none."""
        return {name for name, archive in self.archives.items() if archive.sound} == set(self.manifest.functions)

    @cached_property
    def _alerts_by_cover(self) -> Mapping[Covers, list[Alert]]:
        return _grouped(self.alerts, lambda alert: alert.covers)

    @cached_property
    def _grants_by_function(self) -> Mapping[str, list[Grant]]:
        return _grouped(self.grants, lambda grant: grant.function)

    def alerts_covering(self, kind: CoversKind, name: str) -> Sequence[Alert]:
        """Return the alerts that watch the thing of this kind and name."""
        return self._alerts_by_cover.get(Covers(kind, name), ())

    def grants_of(self, function: str) -> Sequence[Grant]:
        """Return the grants that the identity of this function needs."""
        return self._grants_by_function.get(function, ())


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> Mapping[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
