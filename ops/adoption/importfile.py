"""Write the file that `pulumi import --file` takes: the provider, the components above, and what exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.provider import shapes
from ops.adoption.compare import Adopted
from ops.embedded.record import Registration

_PROVIDER = "pulumi:providers:gcp"


def import_file(registrations: Sequence[Registration], adopted: Sequence[Adopted]) -> dict[str, Any]:
    """Return the document; names in it are unique although a component may share one with its child."""
    by_urn = {each.urn: each for each in registrations}
    wanted = {each.declared.urn: each for each in adopted}
    needed = {urn for each in adopted for urn in _ancestors(each.declared, by_urn)}
    version = shapes.table()["sdk"].rpartition(" ")[2]
    provider = next(each for each in registrations if each.type == _PROVIDER)
    names = {urn: f"{by_urn[urn].name}@{number}" for number, urn in enumerate(sorted(needed))}
    resources: list[dict[str, Any]] = [
        {"type": _PROVIDER, "name": provider.name, "inputs": {**provider.inputs, "version": version}}
    ]
    for each in registrations:
        place: dict[str, Any] = {"parent": names[each.parent]} if each.parent in names else {}
        if each.urn in needed:
            resources.append(
                {"type": each.type, "name": names[each.urn], "logicalName": each.name, "component": True, **place}
            )
        elif each.urn in wanted:
            resources.append(
                {
                    "type": each.type,
                    "name": f"{each.name}@{each.type}",
                    "logicalName": each.name,
                    "id": wanted[each.urn].existing.id,
                    "provider": provider.name,
                    "version": version,
                    **place,
                }
            )
    return {"resources": resources}


def _ancestors(registration: Registration, by_urn: Mapping[str, Registration]) -> Iterator[str]:
    """Yield the components above a resource, nearest first; the stack is not among them."""
    above = by_urn.get(registration.parent)
    while above is not None and above.type != "pulumi:pulumi:Stack":
        yield above.urn
        above = by_urn.get(above.parent)
