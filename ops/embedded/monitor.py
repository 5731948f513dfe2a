"""The strict monitor: the resource monitor and engine that the SDK talks to while a plan is evaluated.

It answers as an engine does at preview, records every request in full, and reports what an engine or the provider
would refuse: a second resource of the same URN, a resource without its explicit provider, an input that is unknown,
missing or of another type. It calls nothing and looks nothing up; a program that tries to is reported too.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from google.protobuf import empty_pb2  # type: ignore[import-untyped]  # published without types
from pulumi.output import Unknown
from pulumi.runtime.proto import engine_pb2, resource_pb2

import provider
from blueprint.findings import Finding, Location
from ops.embedded.planned import Planned, PlannedReference, Planner
from ops.embedded.record import Registration, Shower
from provider import shapes, values

PROGRAM = "__main__.py"
STACK_TYPE: Final = "pulumi:pulumi:Stack"
_PROVIDER_PREFIX: Final = "pulumi:providers:"
_DEPTH: Final = 3
"""How deep computed outputs are planned inside nested objects; deeper ones are unknown."""
_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
)


class Monitor:
    """Serves one evaluation by the protocol's names; `registrations`, `outputs`, `findings` hold what it saw, in order."""

    def __init__(
        self, *, project: str, stack: str, root: Path, planner: Planner, disabled_providers: frozenset[str]
    ) -> None:
        self.project = project
        self.stack = stack
        self.root = root
        self.disabled_providers = disabled_providers
        self.registrations: dict[str, Registration] = {}
        self.outputs: dict[str, Mapping[str, object]] = {}
        self.findings: list[Finding] = []
        self.concerning: dict[Finding, str] = {}
        self._lists: dict[tuple[str, ...], list[str]] = {}
        self._files: dict[str, str] = {}
        self._planner = planner
        self._shower = Shower(planner, root)
        self._opener = Shower(planner, root, opened=True)

    # ── The requests of the SDK ───────────────────────────────────────────────────────────────────────────────

    def RegisterResource(self, request: Any) -> Any:
        """Record one resource and answer with its inputs and a planned value for everything else."""
        urn = self.urn(request.parent, request.type, request.name)
        wire = {sys.intern(name): _python(value) for name, value in request.object.fields.items()}
        sources = {name: tuple(found.urns) for name, found in request.propertyDependencies.items()}
        inputs = {name: self._shower.show(wire[name], sources.get(name, ())) for name in sorted(wire)}
        opened = {name: self._opener.show(wire[name], sources.get(name, ())) for name in sorted(wire)}
        registration = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=request.custom,
            inputs=inputs,
            options=dict(sorted(self._options(request))),
            source=self._source(request),
            opened={name: value for name, value in opened.items() if value != inputs[name]},
        )
        if urn in self.registrations:
            self._refuse(registration, "duplicate-urn", "is declared twice; give one of the two another name.")
        else:
            self.registrations[urn] = registration
            self._check(registration, wire, request)
        return SimpleNamespace(
            urn=urn,
            id=self._planner.plan(PlannedReference(urn, "id")) if request.custom else "",
            object=dict(self._answer(registration, wire)) if request.custom else {},
            propertyDependencies={},
            result=resource_pb2.Result.SUCCESS,
            unknown=False,
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:
        """Record the outputs of a component or of the stack."""
        shown = {name: self._shower.show(_python(value), ()) for name, value in request.outputs.fields.items()}
        self.outputs[request.urn] = dict(sorted(shown.items()))
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> Any:
        """Refuse: a plan has no cloud to read from."""
        raise LookedUp(f"Resource '{request.name}' ({request.type}) is read from the cloud; declare or configure it.")

    def Invoke(self, request: Any) -> Any:
        """Refuse: a plan has no cloud to ask."""
        raise LookedUp(f"The program calls {request.tok}; pass what it looks up as stack configuration.")

    def GetDeploymentInfo(self, _: Any) -> Any:
        """Tell the SDK what this engine can do; transforms are left out on purpose."""
        return resource_pb2.DeploymentInfo(supportedFeatures=list(_FEATURES))

    def SignalAndWaitForShutdown(self, _: Any) -> Any:
        """Let the program end."""
        return empty_pb2.Empty()

    def Log(self, request: Any) -> Any:
        """Take the program's log: an error refuses the plan as it fails an update, a warning is shown."""
        severity = {engine_pb2.ERROR: "violation", engine_pb2.WARNING: "warning"}.get(request.severity)
        if severity == "violation":
            self.findings.append(Finding("program", request.message.strip(), Location(PROGRAM)))
        elif severity == "warning":
            self.findings.append(Finding("program", request.message.strip(), Location(PROGRAM), "warning"))
        return empty_pb2.Empty()

    # ── What the engine knows ─────────────────────────────────────────────────────────────────────────────────

    def urn(self, parent: str, type_token: str, name: str) -> str:
        """Return the URN an engine gives: the types of all ancestors but the stack, then the name."""
        qualified = parent.split("::")[2] if parent else STACK_TYPE
        chain = type_token if qualified == STACK_TYPE else f"{qualified}${type_token}"
        return f"urn:pulumi:{self.stack}::{self.project}::{chain}::{name}"

    def _check(self, registration: Registration, wire: Mapping[str, object], request: Any) -> None:
        if not registration.custom or registration.type.startswith(_PROVIDER_PREFIX):
            return
        package = registration.type.split(":", 1)[0]
        if not request.provider and self.disabled_providers & {package, "*"}:
            self._refuse(
                registration, "explicit-provider", f"has no provider, and the default one of {package} is disabled."
            )
        checkable = {name: self._shower.checkable(value) for name, value in wire.items()}
        for sentence in provider.check_inputs(registration.type, checkable):
            self._refuse(registration, "provider-inputs", f"would be refused by the provider: {sentence}")

    def _refuse(self, registration: Registration, rule: str, verdict: str) -> None:
        message = f"Resource '{registration.name}' ({registration.type}) {verdict}"
        finding = Finding(rule, message, registration.source or Location(PROGRAM))
        self.findings.append(finding)
        self.concerning[finding] = registration.urn

    def _answer(self, registration: Registration, wire: Mapping[str, object]) -> Iterator[tuple[str, object]]:
        if registration.type.startswith(_PROVIDER_PREFIX):
            return
        kind = shapes.table()["kinds"].get(registration.type)
        if kind is None:
            return
        for name, encoded in kind["outputs"].items():
            yield (
                name,
                self._output(wire.get(name), kind["properties"].get(name, encoded), registration, name),
            )

    def _output(self, given: object, encoded: str, of: Registration, path: str, depth: int = 0) -> object:
        """Return a property as the SDK receives it: what was given, and planned values for what was not."""
        if isinstance(given, str):
            return _echo(given)
        if encoded.startswith("#") and depth < _DEPTH and (given is None or isinstance(given, Mapping)):
            known: Mapping[str, object] = given or {}
            if values.SIGNATURE in known:
                return known
            members = shapes.table()["objects"][encoded[1:]]["properties"]
            return {
                name: self._output(known.get(name), inner, of, sys.intern(f"{path}.{name}"), depth + 1)
                for name, inner in members.items()
                if name in known or inner == "string"
            }
        if given is not None:
            return _echoed(given)
        return self._planner.plan(PlannedReference(of.urn, path)) if encoded == "string" else _unknown()

    def _options(self, request: Any) -> Iterator[tuple[str, object]]:
        if not request.custom and request.type != STACK_TYPE:
            yield "component", True
        for name in ("protect", "retainOnDelete", "deletedWith", "version", "pluginDownloadURL", "importId"):
            if value := getattr(request, name):
                yield name, value
        for name in ("ignoreChanges", "replaceOnChanges", "additionalSecretOutputs"):
            if value := getattr(request, name):
                yield name, list(value)
        for name, field in (("dependencies", "dependencies"), ("replaceWith", "replace_with")):
            if value := getattr(request, field):
                yield name, self._urns(value)
        properties = sorted(request.propertyDependencies.items())
        if found := {sys.intern(name): self._urns(of.urns) for name, of in properties if of.urns}:
            yield "propertyDependencies", found
        if request.deleteBeforeReplaceDefined:
            yield "deleteBeforeReplace", request.deleteBeforeReplace
        if request.provider:
            yield "provider", _provider_urn(request.provider)
        if request.providers:
            yield "providers", {name: _provider_urn(ref) for name, ref in sorted(request.providers.items())}
        if request.aliases:
            yield "aliases", [_alias(alias) for alias in request.aliases]
        if request.HasField("replacement_trigger"):
            yield "replacementTrigger", self._shower.show(_python(request.replacement_trigger), ())
        if request.HasField("customTimeouts"):
            timeouts = request.customTimeouts
            yield (
                "customTimeouts",
                {n: getattr(timeouts, n) for n in ("create", "update", "delete") if getattr(timeouts, n)},
            )

    def _urns(self, urns: Iterable[str]) -> list[str]:
        """Return the URNs sorted; equal ones as one list, as most resources wait for the same services."""
        ordered = tuple(map(sys.intern, sorted(urns)))
        return self._lists.setdefault(ordered, list(ordered))

    def _source(self, request: Any) -> Location | None:
        for frame in request.stackTrace.frames:
            if file := self._file(frame.pc.uri):
                return Location(file, frame.pc.line)
        return None

    def _file(self, uri: str) -> str:
        """Return the file of the program that a frame is in, relative to the root; nothing for files elsewhere."""
        if uri not in self._files:
            path = Path(unquote(urlsplit(uri).path))
            inside = path.is_relative_to(self.root) and ".venv" not in path.parts
            self._files[uri] = path.relative_to(self.root).as_posix() if inside else ""
        return self._files[uri]


class LookedUp(Exception):
    """The program tried to read from the cloud; the text says what to do instead."""


def _unknown() -> object:
    return Unknown()  # type: ignore[no-untyped-call]  # the SDK leaves it so


def _python(value: Any) -> Any:
    """Return a protobuf value as plain Python; whole numbers as `int`."""
    match value.WhichOneof("kind"):
        case "string_value":
            return sys.intern(value.string_value)
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return {sys.intern(name): _python(item) for name, item in sorted(value.struct_value.fields.items())}
        case "list_value":
            return [_python(item) for item in value.list_value.values]
        case _:
            return None


def _echo(text: str) -> object:
    if text == values.UNKNOWN:
        return _unknown()
    return Planned(text) if "~" in text else text


def _echoed(value: object) -> object:
    if isinstance(value, str):
        return _echo(value)
    if isinstance(value, list):
        return [_echoed(item) for item in value]
    if isinstance(value, Mapping) and values.is_asset(value):
        return _unknown()
    if isinstance(value, Mapping):
        return {name: _echoed(item) for name, item in value.items()}
    return value


def _provider_urn(reference: str) -> str:
    return reference.rpartition("::")[0]


def _alias(alias: Any) -> object:
    if alias.urn:
        return alias.urn
    spec = alias.spec
    found = {name: getattr(spec, name) for name in ("name", "type", "stack", "project", "parentUrn")}
    return {name: value for name, value in found.items() if value} | ({"noParent": True} if spec.noParent else {})
