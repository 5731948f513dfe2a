"""Keep the SDK's event loop turning while the program declares resources.

A program of declarations is one long synchronous call: without help, every registration waits until it has ended,
and the unfinished work of all resources is in memory at once. Here the loop is turned between declarations, the way
the SDK itself does where it has to wait, so that only a few registrations are ever open.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pulumi.resource
from pulumi.runtime.settings import _get_rpc_manager

BATCH: Final = 64
"""Registrations that may be open at once; larger batches cost memory, smaller ones turns of the loop."""


@contextmanager
def turning() -> Iterator[None]:
    """Turn the loop after every `BATCH` resources that are registered meanwhile."""
    original = pulumi.resource.register_resource  # type: ignore[attr-defined]  # imported there, called there
    registered = itertools.count(1)

    def register(*arguments: Any) -> None:
        original(*arguments)
        if next(registered) % BATCH == 0:
            _turn()

    _set(register)
    try:
        yield
    finally:
        _set(original)


def _set(register: Callable[..., None]) -> None:
    pulumi.resource.register_resource = register  # type: ignore[attr-defined]  # the same


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
    manager.rpcs[:] = [rpc for rpc in manager.rpcs if not rpc.done() or rpc.exception()]  # type: ignore[attr-defined]  # untyped


class _Ready(deque[Any]):
    """A loop's queue that never runs dry: the outer turn counted its work before the inner turns did some of it."""

    def popleft(self) -> Any:
        return super().popleft() if self else _DONE


class _Done:
    _cancelled = True


_DONE: Final = _Done()
