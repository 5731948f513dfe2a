"""Ask the real provider, without cloud, login or network: its schema, what it fills in, and what a change means to it.

    python -m ops.provider_plugin          write `provider/plugin.json`
    python -m ops.provider_plugin --check  exit 3 when the file is not what the provider on PATH says

The file holds what the Python SDK does not say: which properties of nested objects are computed, the defaults, and
which paths replace. Nobody types it. The provider is `pulumi-resource-gcp` on PATH; it judges with a token that is none.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2  # type: ignore[import-untyped]  # published without types
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

from provider import shapes
from provider.values import plain, whole_numbers

BINARY = "pulumi-resource-gcp"
FILE = Path(__file__).resolve().parent.parent / "provider" / "plugin.json"
CONFIGURATION = {
    "project": "a-project",
    "region": "us-west2",
    "skipRegionValidation": True,
    "addPulumiAttributionLabel": False,
}
_SEED = b"provider" * 4
_NAMED = "zzz"
_DEPTH = 6
ProviderState = dict[str, Any]


class _Engine(engine_pb2_grpc.EngineServicer):
    """The engine as far as a provider talks to it: it may log."""

    def Log(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()


@dataclass(frozen=True)
class ProviderVerdict:
    """What the provider says of a change: the paths that differ, and those that replace."""

    differs: frozenset[str]
    replaces: frozenset[str]

    @property
    def operation(self) -> str:
        """Return `same`, `update` or `replace`."""
        return "replace" if self.replaces else "update" if self.differs else "same"


class Plugin:
    """A running provider that is configured for no project in particular."""

    def __init__(self, stub: Any) -> None:
        self._stub = stub

    def schema(self) -> Mapping[str, Any]:
        """Return the package schema."""
        request = provider_pb2.GetSchemaRequest()
        loaded: Mapping[str, Any] = json.loads(self._stub.GetSchema(request).schema)
        return loaded

    def check(self, token: str, inputs: Mapping[str, Any], old: Mapping[str, Any]) -> tuple[ProviderState, list[str]]:
        """Return the inputs that follow `old` ones, with defaults filled in, and the reasons to refuse them."""
        request = provider_pb2.CheckRequest(
            urn=_urn(token), olds=_struct(old), news=_struct(inputs), randomSeed=_SEED, name=_NAMED
        )
        answer = self._stub.Check(request)
        return whole_numbers(json_format.MessageToDict(answer.inputs)), [each.reason for each in answer.failures]

    def planned(self, token: str, inputs: Mapping[str, Any]) -> ProviderState:
        """Return the state that a creation would bring, as far as the provider knows it before."""
        request = provider_pb2.CreateRequest(urn=_urn(token), properties=_struct(inputs), preview=True)
        state: ProviderState = whole_numbers(json_format.MessageToDict(self._stub.Create(request).properties))
        return state

    def created(self, token: str, inputs: Mapping[str, Any]) -> ProviderState:
        """Create a resource, by the calls that a deployment makes, and return its state; raises `grpc.RpcError`."""
        request = provider_pb2.CreateRequest(urn=_urn(token), properties=_struct(inputs), timeout=60)
        state: ProviderState = whole_numbers(json_format.MessageToDict(self._stub.Create(request).properties))
        return state

    def diff(
        self, token: str, id_: str, old: Mapping[str, Any], state: ProviderState, new: Mapping[str, Any]
    ) -> ProviderVerdict:
        """Return what a change from `old` inputs with their `state` to `new` inputs means."""
        request = provider_pb2.DiffRequest(
            urn=_urn(token), id=id_, olds=_struct(state), old_inputs=_struct(old), news=_struct(new)
        )
        answer = self._stub.Diff(request)
        replacing = {path for path, each in answer.detailedDiff.items() if each.kind % 2} | set(answer.replaces)
        changed = answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        differs = frozenset({*answer.detailedDiff, *answer.diffs}) if changed else frozenset()
        return ProviderVerdict(differs, frozenset(replacing) if changed else frozenset())


def available() -> str | None:
    """Return the path of the provider; None when it is not on PATH."""
    return shutil.which(BINARY)


@contextmanager
def running(binary: str, settings: Mapping[str, object] | None = None) -> Iterator[Plugin]:
    """Run the provider while the context lasts; `settings` are more of its configuration, such as where an API is."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GOOGLE_", "PULUMI_", "CLOUDSDK_"))}
    process = subprocess.Popen(
        [binary, f"127.0.0.1:{port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=kept | {"GOOGLE_OAUTH_ACCESS_TOKEN": "none"},
    )
    try:
        address = process.stdout.readline().strip() if process.stdout else ""
        channel = grpc.insecure_channel(f"127.0.0.1:{address}", options=[("grpc.max_receive_message_length", -1)])
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(
            provider_pb2.ConfigureRequest(
                args=_struct({**CONFIGURATION, **(settings or {})}), acceptSecrets=True, acceptResources=True
            )
        )
        yield Plugin(stub)
        channel.close()
    finally:
        process.kill()
        process.wait()
        server.stop(grace=0).wait()


def record(plugin: Plugin) -> str:
    """Return the text of `provider/plugin.json`."""
    schema = plugin.schema()
    computed = {name: found for name in shapes.table()["objects"] if (found := _computed(schema, name))}
    kinds: dict[str, dict[str, object]] = {}
    for token, kind in shapes.table()["kinds"].items():
        checked, _ = plugin.check(token, _every_block(kind), {})
        kinds[token] = {
            "defaults": dict(sorted(_defaults(checked, ""))),
            "replacing": sorted(_replacing(schema, token)),
        }
    body = ",\n".join(f"{json.dumps(token)}: {json.dumps(facts)}" for token, facts in kinds.items())
    objects = ",\n".join(f"{json.dumps(name)}: {json.dumps(found)}" for name, found in computed.items())
    return f'{{"kinds": {{\n{body}\n}},\n"computed": {{\n{objects}\n}}}}\n'


def _computed(schema: Mapping[str, Any], name: str) -> list[str]:
    """Return the properties of an argument object that the provider fills in when they are left out."""
    package, _, short = name.removesuffix("Args").partition(".")
    shape = shapes.table()["objects"][name]
    token = f"gcp:{package}/{short}:{short}"
    language = schema["types"].get(token, {}).get("language", {}).get("nodejs", {})
    filled = set(language.get("requiredOutputs", ()))
    return sorted(filled & shape["properties"].keys() - set(shape["required"]))


def _every_block(shape: shapes.Shape, depth: int = 0) -> ProviderState:
    """Return inputs with every nested object present once, so that its defaults are filled in."""
    inputs: ProviderState = {}
    for name, encoded in shape["properties"].items():
        element = encoded.lstrip("[")
        if element.startswith("#") and depth < _DEPTH:
            value: object = _every_block(shapes.table()["objects"][element[1:]], depth + 1)
            inputs[name] = [value] if encoded.startswith("[") else value
    return inputs


def _defaults(checked: object, place: str) -> Iterator[tuple[str, object]]:
    """Yield each default that the provider filled in; a name that it made up is none."""
    checked = plain(checked)
    if isinstance(checked, list):
        for item in checked:
            yield from _defaults(item, f"{place}[]")
    elif isinstance(checked, Mapping):
        for name in checked.get("__defaults", ()):
            if not str(checked[name]).startswith(f"{_NAMED}-"):
                yield f"{place}.{name}".lstrip("."), checked[name]
        for name, value in checked.items():
            if not name.startswith("__"):
                yield from _defaults(value, f"{place}.{name}")


def _replacing(schema: Mapping[str, Any], token: str) -> Iterator[str]:
    """Yield the paths of a kind whose change replaces it, as the schema tells."""
    yield from _replacing_below(schema, schema["resources"][token]["inputProperties"], "", 0)


def _replacing_below(schema: Mapping[str, Any], properties: Mapping[str, Any], place: str, depth: int) -> Iterator[str]:
    for name, spec in properties.items():
        here = f"{place}.{name}".lstrip(".")
        if spec.get("willReplaceOnChanges"):
            yield here
        element, suffix = (spec["items"], "[]") if "items" in spec else (spec, "")
        reference = element.get("$ref", "")
        if reference.startswith("#/types/") and depth < _DEPTH:
            nested = schema["types"][reference.removeprefix("#/types/").replace("%2F", "/")].get("properties", {})
            yield from _replacing_below(schema, nested, here + suffix, depth + 1)


def _urn(token: str) -> str:
    return f"urn:pulumi:s::p::{token}::{_NAMED}"


def _struct(state: Mapping[str, Any]) -> Any:
    struct = struct_pb2.Struct()
    struct.update(dict(state))
    return struct


def main(argv: list[str] | None = None) -> int:
    """Write or check the file; return 0, or 3 when `--check` finds it stale."""
    parser = argparse.ArgumentParser(prog="python -m ops.provider_plugin", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 3 when the file is stale")
    arguments = parser.parse_args(argv)
    binary = available()
    if binary is None:
        print(f"`{BINARY}` is not on PATH; `pulumi plugin install resource gcp` gets it.", file=sys.stderr)
        return 2
    with running(binary) as plugin:
        text = record(plugin)
    if not arguments.check:
        FILE.write_text(text, encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") == text:
        return 0
    print(
        "provider/plugin.json is not what the provider says; run `.venv/bin/python -m ops.provider_plugin`.",
        file=sys.stderr,
    )
    return 3


if __name__ == "__main__":
    raise SystemExit(main())
