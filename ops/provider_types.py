"""Write `provider/types.json`: the types of the resource kinds this project declares.

The SDK carries the provider's schema in its annotations, but reading them costs seconds of imports at every
plan. This module reads them once per SDK version and kind list, into a compact table:

    ops provider-types          write the table
    ops provider-types --check  exit 3 when the table on disk is not what the SDK says

To declare a new kind, add it to `KINDS` and run the first command. The table holds shapes only; what the
provider refuses beyond shapes is in `provider/rules`.
"""

from __future__ import annotations

import argparse
import collections.abc
import importlib
import importlib.metadata
import inspect
import json
import sys
import types
import typing
from pathlib import Path

import pulumi
from pulumi import _types as sdk_types

KINDS = (
    "artifactregistry.Repository", "artifactregistry.RepositoryIamMember",
    "bigquery.Dataset", "bigquery.DatasetIamMember", "bigquery.IamMember", "bigquery.Table",
    "cloudfunctionsv2.Function", "cloudrunv2.ServiceIamMember", "cloudscheduler.Job",
    "firestore.Database", "firestore.Field", "firestore.Index",
    "iam.WorkloadIdentityPool", "iam.WorkloadIdentityPoolProvider",
    "kms.CryptoKey", "kms.CryptoKeyIAMMember", "kms.KeyRing", "monitoring.AlertPolicy", "monitoring.Dashboard",
    "projects.IAMMember", "projects.Service", "projects.ServiceIdentity",
    "pubsub.Subscription", "pubsub.SubscriptionIAMMember", "pubsub.Topic", "pubsub.TopicIAMMember",
    "secretmanager.Secret", "secretmanager.SecretIamMember", "serviceaccount.Account", "serviceaccount.IAMMember",
    "storage.Bucket", "storage.BucketIAMMember", "storage.BucketObject",
)  # fmt: skip
TABLE = Path(__file__).resolve().parent.parent / "provider" / "types.json"
_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean", typing.Any: "any"}
_SDK_NAMES = {"Output": pulumi.Output, "T": typing.Any}  # forward references inside `pulumi.Input`
Objects = dict[str, dict[str, object]]


def encode(hint: object, objects: Objects) -> str:
    """Return the compact name of an annotated type; object types it meets are added to `objects`.

    `[T` is a list of T, `{T` a string map of T, `#Name` an object of the table, `asset` an asset or archive.
    """
    members = [member for member in _alternatives(hint) if not _is_carrier(member)]
    if any(member in (pulumi.Asset, pulumi.Archive) for member in members):
        return "asset"
    if len(members) != 1:
        raise TypeError(f"the SDK annotation {hint!r} has {len(members)} alternatives; teach encode() about it")
    (member,) = members
    origin = typing.get_origin(member)
    if origin in (collections.abc.Sequence, list):
        return "[" + encode(typing.get_args(member)[0], objects)
    if origin in (collections.abc.Mapping, dict):
        return "{" + encode(typing.get_args(member)[1], objects)
    if isinstance(member, type) and (sdk_types.is_input_type(member) or sdk_types.is_output_type(member)):
        return "#" + _object(member, objects)
    return _SCALARS[typing.cast(type, member)]


def _alternatives(hint: object) -> tuple[object, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def _is_carrier(member: object) -> bool:
    """Tell whether a union member only says how a value may arrive (awaitable, output) or be absent."""
    origin = typing.get_origin(member) or member
    return origin in (type(None), collections.abc.Awaitable, pulumi.Output)


def _object(cls: type, objects: Objects) -> str:
    package = cls.__module__.split(".")[1]
    name = f"{package}.{cls.__name__}"
    if name not in objects:
        objects[name] = {}
        objects[name].update(_shape(cls, objects))
    return name


def _shape(cls: type, objects: Objects) -> dict[str, object]:
    """Return the properties of an SDK argument or output class by wire name, and which are required."""
    initializer = vars(cls)["__init__"]
    hints = typing.get_type_hints(initializer, localns=_SDK_NAMES)
    wire_names = _wire_names(cls)
    parameters = [p for p in inspect.signature(initializer).parameters.values() if p.name != "__self__"]
    return {
        "properties": {wire_names[p.name]: encode(hints[p.name], objects) for p in parameters},
        "required": sorted(wire_names[p.name] for p in parameters if p.default is inspect.Parameter.empty),
    }


def _computed(resource: type, shape: dict[str, object]) -> list[str]:
    """Return the inputs that the provider fills in when they are left out, by wire name.

    The SDK says so by types: the input may be absent, the output never is.
    """
    needed = typing.cast("list[str]", shape["required"])
    inputs = typing.cast("dict[str, str]", shape["properties"]).keys() - set(needed)
    return sorted(inputs & {name for name, optional in _outputs(resource) if not optional})


def _outputs(resource: type) -> collections.abc.Iterator[tuple[str, bool]]:
    """Yield each output of a resource by wire name, and whether it may be absent."""
    for name, member in inspect.getmembers_static(resource, lambda found: isinstance(found, property)):
        hint = inspect.get_annotations(member.fget)["return"]
        held = typing.get_args(hint) or (typing.Any,)  # an unresolved annotation is a name or URN: always there
        yield getattr(member.fget, "_pulumi_name", name), type(None) in _alternatives(held[0])


def _wire_names(cls: type) -> dict[str, str]:
    if sdk_types.is_input_type(cls):
        return sdk_types.input_type_py_to_pulumi_names(cls)
    getters = {name: value for name, value in vars(cls).items() if isinstance(value, property)}
    return {name: getattr(value.fget, "_pulumi_name", name) for name, value in getters.items()}


def build() -> dict[str, object]:
    """Return the table for `KINDS`, from the installed SDK."""
    kinds: dict[str, dict[str, object]] = {}
    objects: Objects = {}
    for kind in KINDS:
        package, name = kind.split(".")
        module = importlib.import_module(f"pulumi_gcp.{package}")
        resource, arguments = getattr(module, name), getattr(module, f"{name}Args")
        shape = _shape(arguments, objects)
        kinds[resource.pulumi_type] = {
            **shape,
            "computed": _computed(resource, shape),
            "outputs": {
                wire: _SCALARS.get(hint, "any") for wire, hint in sorted(sdk_types.resource_types(resource).items())
            },
        }
    version = importlib.metadata.version("pulumi-gcp")
    return {"sdk": f"pulumi-gcp {version}", "kinds": kinds, "objects": dict(sorted(objects.items()))}


def render() -> str:
    """Return the table as the text of its file: one line for each kind and object, stable order."""
    table = build()
    lines = [f'{{"sdk": {json.dumps(table["sdk"])},']
    for section in ("kinds", "objects"):
        entries = typing.cast(dict[str, object], table[section])
        body = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in entries.items())
        lines.append(f'"{section}": {{\n{body}\n}}' + ("," if section == "kinds" else "}"))
    return "\n".join(lines) + "\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--check", action="store_true", help="write nothing; 3 when the table is stale")


def run(args: argparse.Namespace) -> int:
    """Write or check the table; return 0, or 3 when `--check` finds it stale."""
    text = render()
    if not args.check:
        TABLE.write_text(text, encoding="utf-8")
    elif TABLE.read_text(encoding="utf-8") != text:
        print("provider/types.json is stale; run `ops provider-types`.", file=sys.stderr)
        return 3
    return 0
