"""Keep the SDK's event loop turning while the program declares resources.

A program of declarations is one long synchronous call: without help, every registration waits until it has ended,
and the unfinished work of all resources is in memory at once. Here the loop is turned between declarations, the way
the SDK itself does where it has to wait, so that only a few registrations are ever open. What is registered is let go:
of a resource that nothing in the program holds, its parent keeps the URN.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pulumi.resource
from pulumi import ComponentResource, Resource, ResourceOptions
from pulumi.resource import DependencyResource
from pulumi.runtime.resource_cycle_breaker import _DEPENDENCIES_PROPERTY
from pulumi.runtime.settings import _get_rpc_manager

BATCH: Final = 64
"""Registrations that may be open at once; larger batches cost memory, smaller ones turns of the loop."""
OPTIONS: Final = 6
"""Where the SDK passes a resource's options to its registration, counted after the resource."""


@contextmanager
def turning() -> Iterator[None]:
    """Turn the loop after every `BATCH` resources that are registered meanwhile."""
    original = pulumi.resource.register_resource  # type: ignore[attr-defined]  # imported there, called there
    batch: list[tuple[Resource, Resource | None]] = []

    def register(resource: Resource, *args: Any) -> None:
        original(resource, *args)
        options: ResourceOptions | None = args[OPTIONS]
        batch.append((resource, options.parent if options else None))
        if len(batch) == BATCH:
            _turn()
            for child, parent in batch:
                _let_go(child, parent)
            batch.clear()

    _set(register)
    try:
        yield
    finally:
        _set(original)


def _set(register: Callable[..., None]) -> None:
    pulumi.resource.register_resource = register  # type: ignore[attr-defined]


def _turn() -> None:
    """Run what is ready until every open registration is answered; those that failed are left for the end."""
    loop: Any = asyncio.get_running_loop()
    manager = _get_rpc_manager()
    if not isinstance(loop._ready, _Ready):
        loop._ready = _Ready(loop._ready)
    task = asyncio.current_task(loop)
    if task is None:
        return
    asyncio.tasks._leave_task(loop, task)
    try:
        while loop._ready:
            loop._run_once()
    finally:
        asyncio.tasks._enter_task(loop, task)
    manager.rpcs[:] = [rpc for rpc in manager.rpcs if not rpc.done() or rpc.exception()]  # type: ignore[attr-defined]


def _let_go(child: Resource, parent: Resource | None) -> None:
    """Have `parent` hold the URN of a registered child in place of the child with all its outputs.

    What the child waited for is forgotten too: the SDK keeps it to find cycles, and what is registered closes none.
    """
    urn = child.urn._data
    if not urn.done() or urn.exception():
        return
    child.__dict__.pop(_DEPENDENCIES_PROPERTY, None)
    if parent is None or isinstance(child, ComponentResource):
        return
    if not isinstance(parent._childResources, _Children):
        parent._childResources = _Children(parent._childResources)
    parent._childResources.let_go(child, urn.result().value)


class _Children(set[Resource]):
    """The children of a component, as the SDK asks for them: to depend on each where something depends on it."""

    def __init__(self, children: set[Resource]) -> None:
        super().__init__(children)
        self._gone: list[str] = []

    def let_go(self, child: Resource, urn: str) -> None:
        self.discard(child)
        self._gone.append(urn)

    def copy(self) -> set[Resource]:
        return {*self, *map(DependencyResource, self._gone)}


class _Ready(deque[Any]):
    """A loop's queue that never runs dry: the outer turn counted its work before the inner turns did some of it."""

    def popleft(self) -> Any:
        return super().popleft() if self else _DONE


class _Done:
    _cancelled = True


_DONE: Final = _Done()
