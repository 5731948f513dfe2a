"""A program run to its end with the twin in the place of engine and provider: nothing but the SDK is needed.

The SDK's own mock monitor is asked for each resource and answers with what the twin made of it, so every value that exists only
after a deployment is there. What the engine decides itself (order of operations, plans, protection, state) is not tried here.
"""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import os
import runpy
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi.runtime
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks, test
from pulumi.runtime.proto import provider_pb2, resource_pb2

from ops.embedded import project
from ops.embedded.monitor import STACK_TYPE
from provider.values import is_asset
from tests.engine.twin.cloud import Cloud
from tests.engine.twin.provider import Twin, to_state, to_struct

State = dict[str, Any]
Record = dict[str, State]
"""URN → id, inputs and state of everything that was deployed."""


class Aborted(Exception):
    """The twin refused; the text is what the provider would report."""


class Call:
    """The context of a call to the twin."""

    def abort(self, code: object, details: str) -> None:
        raise Aborted(details)


def deploy(root: Path, stack: str, cloud: Cloud, before: Mapping[str, State] | None = None) -> Record:
    """Run the program at `root`, make `cloud` what it declares, and return what is there; `before` is what was."""
    settings = project.load(root, stack)
    monitor = _Monitor(cloud, before or {})

    def run() -> None:
        secrets = list(settings.secrets)
        pulumi.runtime.set_all_config({**settings.config, **dict.fromkeys(secrets, "a secret")}, secrets)
        set_mocks(monitor.mocks, settings.name, stack, preview=False, monitor=monitor)
        program: Any = test(lambda: _run(root))  # type: ignore[no-untyped-call]  # the SDK leaves it so
        program()

    with _inside(root), _loop():
        contextvars.copy_context().run(run)
    monitor.remove_the_rest()
    return monitor.after


def _run(root: Path) -> None:
    runpy.run_path(str(root / "__main__.py"), run_name="__main__")


class _Monitor(MockMonitor):
    def __init__(self, cloud: Cloud, before: Mapping[str, State]) -> None:
        super().__init__(_Unasked())
        self.before, self.after = before, Record()
        self._twin = Twin(cloud)

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN that the engine gives: with the types of all ancestors but the stack."""
        qualified = parent.split("::")[2] if parent else STACK_TYPE
        chain = type_ if qualified == STACK_TYPE else f"{qualified}${type_}"
        return "::".join((f"urn:pulumi:{pulumi.get_stack()}", pulumi.get_project(), chain, name))

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # the protocol's name
        urn = self.make_urn(request.parent, request.type, request.name)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if request.type.startswith("pulumi:providers:"):
            self._twin.Configure(provider_pb2.ConfigureRequest(args=request.object), _CALL)
            return resource_pb2.RegisterResourceResponse(urn=urn, id="provider")
        made = self.after[urn] = self._made(urn, _hashed(to_state(request.object)), self.before.get(urn))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=made["id"], object=to_struct(made["state"]))

    def _made(self, urn: str, given: State, old: State | None) -> State:
        known = to_struct(old["inputs"] if old else {})
        checked = self._twin.Check(provider_pb2.CheckRequest(urn=urn, news=to_struct(given), olds=known), _CALL)
        if checked.failures:
            raise Aborted(f"{urn}: {checked.failures[0].reason}")
        inputs = to_state(checked.inputs)
        if old is not None:
            asked = {"urn": urn, "id": old["id"], "olds": to_struct(old["state"]), "news": checked.inputs}
            diff = self._twin.Diff(provider_pb2.DiffRequest(**asked, old_inputs=known), _CALL)
            if diff.changes == provider_pb2.DiffResponse.DIFF_NONE:
                return {**old, "inputs": inputs}
            if not diff.replaces:
                changed = self._twin.Update(provider_pb2.UpdateRequest(**asked, old_inputs=known), _CALL)
                return {"id": old["id"], "inputs": inputs, "state": to_state(changed.properties)}
            self._delete(urn, old)
        created = self._twin.Create(provider_pb2.CreateRequest(urn=urn, properties=checked.inputs), _CALL)
        return {"id": created.id, "inputs": inputs, "state": to_state(created.properties)}

    def remove_the_rest(self) -> None:
        """Delete what is declared no more, the newest first."""
        for urn in reversed([urn for urn in self.before if urn not in self.after]):
            self._delete(urn, self.before[urn])

    def _delete(self, urn: str, old: State) -> None:
        request = provider_pb2.DeleteRequest(urn=urn, id=old["id"], properties=to_struct(old["state"]))
        self._twin.Delete(request, _CALL)


class _Unasked(Mocks):
    """Stands where the SDK wants mocks; the program calls no function, and resources are the monitor's."""

    def call(self, args: Any) -> Any:
        raise Aborted(f"the program calls {args.token}")

    def new_resource(self, args: Any) -> Any:
        raise Aborted(f"the program reads {args.name}")


_CALL: Any = Call()


def _hashed(value: Any) -> Any:
    """Return inputs with the hash of each asset, as the engine adds it."""
    if isinstance(value, list):
        return [_hashed(each) for each in value]
    if not isinstance(value, dict):
        return value
    if not is_asset(value):
        return {name: _hashed(each) for name, each in value.items()}
    content = Path(value["path"]).read_bytes() if "path" in value else str(value.get("text", "")).encode()
    return {**value, "hash": hashlib.sha256(content).hexdigest()}


@contextmanager
def _loop() -> Iterator[None]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@contextmanager
def _inside(root: Path) -> Iterator[None]:
    before, path = Path.cwd(), list(sys.path)
    os.chdir(root)
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        os.chdir(before)
        sys.path[:] = path
