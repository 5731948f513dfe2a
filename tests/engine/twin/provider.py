"""The twin as the gRPC service that the engine attaches to through `PULUMI_DEBUG_PROVIDERS=gcp:PORT`."""

# ruff: noqa: N802  # the protocol names the methods

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from provider import check_inputs, kinds
from provider.changes import changes, planned
from provider.values import SECRET, SIGNATURE, UNKNOWN, is_asset, plain, select
from tests.engine.twin.cloud import Cloud, CloudError, Resource
from tests.engine.twin.kinds import SPECS, digest, identify
from tests.engine.twin.settled import settled

NUMBER = "756957797294"
NUMBERS = {"parcels-live": "112233445566"}
"""Projects that have another number, which the addresses of their service agents carry."""
State = dict[str, Any]


class Twin(provider_pb2_grpc.ResourceProviderServicer):
    """Serves the kinds of `SPECS` from a cloud. Everything else is refused."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.stopped = threading.Event()
        self.setting = {"project": "", "region": "", "number": NUMBER}

    # ── The life of the provider ──────────────────────────────────────────────────────────────────────────────

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version="10.2.0")

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        given = to_state(request.args)
        for name in ("project", "region"):
            self.setting[name] = str(plain(given.get(name)) or "")
        self.setting["number"] = NUMBERS.get(self.setting["project"], NUMBER)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.stopped.set()
        return empty_pb2.Empty()

    # ── The life of a resource ────────────────────────────────────────────────────────────────────────────────

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, name = request.urn.split("::")[2].rpartition("$")[2], request.urn.rpartition("::")[2]
        inputs, old = to_state(request.news), to_state(request.olds)
        if token not in SPECS or token not in kinds():
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"The twin does not know the kind {token}.")
        autonamed = SPECS[token].autonamed
        if autonamed and plain(inputs.get(autonamed)) is None:
            inputs[autonamed] = old.get(autonamed) or f"{name}-{digest(request.urn, length=7)}"
        failures = [provider_pb2.CheckFailure(property="", reason=sentence) for sentence in check_inputs(token, inputs)]
        return provider_pb2.CheckResponse(inputs=to_struct(inputs), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        token = _token(request.urn)
        old, new, state = (to_state(each) for each in (request.old_inputs, request.news, request.olds))
        detailed = {}
        for change in changes(token, _marked_like(old, state), new):
            if change.effect == "kept" or re.split(r"[.[]", change.place)[0] in request.ignoreChanges:
                continue
            suffix = "_REPLACE" if change.effect == "replaces" else ""
            kind = getattr(provider_pb2.PropertyDiff, change.kind.upper() + suffix)
            detailed[change.place] = provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
        replacing = [place for place, diff in detailed.items() if diff.kind % 2]
        named = SPECS[token].name
        same_name = bool(named and old.get(named) is not None and old.get(named) == new.get(named))
        return provider_pb2.DiffResponse(
            replaces=replacing,
            deleteBeforeReplace=bool(replacing) and same_name,
            changes=provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=list(detailed),
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, given = _token(request.urn), to_state(request.properties)
        if request.preview:
            state = self._planned(token, request.urn, given, {})
            return provider_pb2.CreateResponse(properties=to_struct(state))
        with self._reporting(context):
            inputs = _plain_deep(given)
            computed = SPECS[token].computed(self._setting(request.urn, inputs), inputs)
            id_ = identify(token, self.setting, inputs, computed)
            self._meet_fault("create", token, id_)
            self._require_references(token, inputs)
            if self.cloud.get(token, id_) and not SPECS[token].upsert:
                raise CloudError(f"Error 409: {id_} already exists.")
            settings = settled(token, self.setting, inputs, {}, self._made(computed))
            self.cloud.put(Resource(token, id_, settings, computed))
            state = self._state(_marked_like(given, settings), computed)
            return provider_pb2.CreateResponse(id=id_, properties=to_struct(state))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        token = _token(request.urn)
        with self._reporting(context):
            self._meet_fault("read", token, request.id)
            found = self.cloud.get(token, _without_spaces(request.id))
            if found is None:
                return provider_pb2.ReadResponse()
            inputs = _marked_like(to_state(request.inputs), found.inputs)
            state = self._state(inputs, found.outputs)
            return provider_pb2.ReadResponse(id=found.id, inputs=to_struct(inputs), properties=to_struct(state))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, given = _token(request.urn), to_state(request.news)
        if request.preview:
            state = self._planned(token, request.urn, given, to_state(request.olds))
            return provider_pb2.UpdateResponse(properties=to_struct(state))
        with self._reporting(context):
            self._meet_fault("update", token, request.id)
            found = self.cloud.get(token, request.id)
            if found is None:
                raise CloudError(f"Error 404: {request.id} does not exist.")
            inputs = _plain_deep(given)
            _refuse_update(token, found.inputs, inputs)
            self._require_references(token, inputs)
            computed = {**found.outputs, **SPECS[token].computed(self._setting(request.urn, inputs), inputs)}
            settings = settled(token, self.setting, inputs, found.inputs, self._made(computed))
            self.cloud.put(Resource(token, request.id, settings, computed))
            state = self._state(_marked_like(given, settings), computed)
            return provider_pb2.UpdateResponse(properties=to_struct(state))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        token, state = _token(request.urn), to_state(request.properties)
        with self._reporting(context):
            self._meet_fault("delete", token, request.id)
            policy = plain(state.get("deletionPolicy"))
            if policy == "PREVENT" or plain(state.get("deletionProtection")) is True:
                raise CloudError(f"{request.id} is protected against deletion; change that first, in its own update.")
            if token == "gcp:bigquery/table:Table" and "deletionProtection" not in state:
                raise CloudError(f"{request.id} is protected against deletion unless deletionProtection is false.")
            if policy != "ABANDON":
                self.cloud.remove(token, request.id)
        return empty_pb2.Empty()

    # ── Parts ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _setting(self, urn: str, inputs: State) -> dict[str, str]:
        region = str(inputs.get("location") or inputs.get("region") or self.setting["region"])
        return {**self.setting, "region": region.lower(), "urn": urn}

    def _made(self, computed: State) -> State:
        return {"project": self.setting["project"], "region": self.setting["region"], **computed}

    def _state(self, inputs: State, computed: State) -> State:
        """Return what the engine records: the inputs completed by what the cloud filled in."""
        state: State = {"project": self.setting["project"], **_labels(inputs)}
        return _merged(_merged(state, computed), inputs)

    def _planned(self, token: str, urn: str, given: State, old: State) -> State:
        """Return the state as far as it is known before the change: an update keeps what the cloud filled in."""
        inputs = _plain_deep(given)
        needed = _known(inputs)
        try:
            computed = SPECS[token].computed(self._setting(urn, needed), needed)
        except KeyError:
            computed = {}
        unfilled = computed if old else _unknown_leaves(computed)
        if token == "gcp:serviceaccount/account:Account" and not old:
            unfilled |= {name: computed[name] for name in ("email", "member") if name in computed}
        state = self._state(given, _merged(unfilled, _overlap(unfilled, old)))
        return planned(token, state, old or None)

    def _require_references(self, token: str, inputs: State) -> None:
        for path, (kind, form) in SPECS[token].references.items():
            for _, value in select(inputs, path):
                bucket = next((v for _, v in select(inputs, "buildConfig.source.storageSource.bucket")), "")
                short = str(value).rpartition("/")[2] if kind != "gcp:storage/bucketObject:BucketObject" else value
                id_ = form.format(
                    project=self.setting["project"], location=inputs.get("location"), value=short, bucket=bucket
                )
                if self.cloud.get(kind, id_) is None:
                    raise CloudError(f"Error 404: {path} names {id_}, which does not exist.")

    def _meet_fault(self, operation: str, token: str, id_: str) -> None:
        action = self.cloud.begin(operation, token, id_)
        if action == "hang":
            self.stopped.wait(60)
        if action is not None:
            raise CloudError(f"Error 503: the test made {operation} of {id_} fail.")

    @contextmanager
    def _reporting(self, context: grpc.ServicerContext) -> Iterator[None]:
        try:
            yield
        except CloudError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))


def _refuse_update(token: str, old: State, new: State) -> None:
    """Raise what the service refuses at run time although the provider plans it."""
    refused = [each.place for each in changes(token, old, new) if each.effect == "refused"]
    if refused:
        raise CloudError(f"Error 400: {', '.join(refused)} cannot be changed so.")


def _labels(inputs: State) -> State:
    if "labels" not in inputs:
        return {}
    return {"effectiveLabels": inputs["labels"], "pulumiLabels": inputs["labels"]}


def _merged(base: State, over: State) -> State:
    """Return `base` with `over` laid on it, nested objects merged."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        nested = isinstance(below, dict) and isinstance(value, dict) and SIGNATURE not in value
        merged[key] = _merged(below, value) if nested and isinstance(below, dict) else value
    return merged


def _unknown_leaves(computed: State) -> State:
    return {name: _unknown_leaves(value) if isinstance(value, dict) else UNKNOWN for name, value in computed.items()}


def _overlap(shape: State, state: State) -> State:
    """Return the part of `state` whose names `shape` has, at every depth."""
    return {
        name: _overlap(shape[name], value) if isinstance(value, dict) and isinstance(shape[name], dict) else value
        for name, value in state.items()
        if name in shape
    }


def _known(inputs: State) -> State:
    return {key: value for key, value in inputs.items() if value != UNKNOWN}


def _plain_deep(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, Mapping) and not is_asset(value):
        return {key: _plain_deep(element) for key, element in value.items()}
    return [_plain_deep(element) for element in value] if isinstance(value, list) else value


def _marked_like(old: Any, new: Any) -> Any:
    """Return `new` with what is a secret in `old` marked as one."""
    if isinstance(old, Mapping) and old.get(SIGNATURE) == SECRET:
        return {SIGNATURE: SECRET, "value": _marked_like(old["value"], new)}
    if isinstance(old, Mapping) and isinstance(new, Mapping) and not is_asset(new):
        return {key: _marked_like(old.get(key), value) for key, value in new.items()}
    return new


def _token(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _without_spaces(id_: str) -> str:
    """Return the id in state of a grant that is imported as `RESOURCE ROLE MEMBER`."""
    return id_.replace(" ", "/")


def to_state(struct: struct_pb2.Struct) -> State:
    """Return a protocol value as JSON, whole numbers as integers."""
    whole: Callable[[Any], Any] = lambda value: (  # noqa: E731
        {key: whole(element) for key, element in value.items()}
        if isinstance(value, dict)
        else [whole(element) for element in value]
        if isinstance(value, list)
        else int(value)
        if isinstance(value, float) and value.is_integer()
        else value
    )
    state: State = whole(json_format.MessageToDict(struct))
    return state


def to_struct(state: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return JSON as a protocol value; nulls are left out."""
    struct = struct_pb2.Struct()
    struct.update({key: value for key, value in state.items() if value is not None})
    return struct


@contextmanager
def serving(cloud: Cloud) -> Iterator[int]:
    """Serve a twin over `cloud` on a free local port while the context lasts."""
    twin = Twin(cloud)
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=32),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(twin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        twin.stopped.set()
        server.stop(grace=0).wait()
