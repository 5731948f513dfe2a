"""The floor of a plan: import the SDK and register as many bare resources of the same kinds; nothing else.

Run as a process of its own with the resources (pairs of type and name) as JSON on standard input.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.runtime import mocks
from pulumi.runtime.stack import run_in_stack


class _Mocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> Any:
        return {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", args.inputs


def main() -> None:
    """Register what standard input lists."""
    resources = json.load(sys.stdin)
    for token, _ in resources:
        _, module, kind = token.split(":")
        getattr(importlib.import_module(f"pulumi_gcp.{module.split('/')[0]}"), kind)

    def program() -> None:
        for token, name in resources:
            pulumi.CustomResource(token, name, {})

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.configure(
        pulumi.runtime.Settings(project="floor", stack="floor", monitor=mocks.MockMonitor(_Mocks()), dry_run=True)
    )
    loop.run_until_complete(run_in_stack(program))


if __name__ == "__main__":
    main()
