"""Write the file that `pulumi import --file` takes: the provider, the components above, and what exists."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ops.adoption.compare import Adopted
from ops.embedded.record import Registration
from provider import shapes

_PROVIDER = "pulumi:providers:gcp"


def import_file(
    registrations: Sequence[Registration], adopted: Sequence[Adopted], recorded: Collection[str] = ()
) -> dict[str, Any]:
    """Return the document that imports what is `adopted`, of the `registrations` of the whole plan.

    Names in it are unique although a component may share one with its child. URNs that the state holds already (`recorded`)
    are referred to and not imported.
    """
    by_urn = {each.urn: each for each in registrations}
    wanted = {each.declared.urn: each for each in adopted if each.declared.urn not in recorded}
    needed = {urn for each in wanted.values() for urn in _ancestors(each.declared, by_urn)}
    version = shapes.table()["sdk"].rpartition(" ")[2]
    provider = next(each for each in registrations if each.type == _PROVIDER)
    names = {urn: f"{by_urn[urn].name}@{number}" for number, urn in enumerate(sorted(needed))}
    names[provider.urn] = provider.name
    resources: list[dict[str, Any]] = []
    for each in registrations:
        place: dict[str, Any] = {"parent": names[each.parent]} if each.parent in names else {}
        if each.urn in wanted:
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
        elif each.urn == provider.urn and each.urn not in recorded:
            inputs = {**each.inputs, "version": version}
            resources.insert(0, {"type": each.type, "name": each.name, "inputs": inputs})
        elif each.urn in needed and each.urn not in recorded:
            resources.append(
                {"type": each.type, "name": names[each.urn], "logicalName": each.name, "component": True, **place}
            )
    return {"nameTable": {name: urn for urn, name in names.items() if urn in recorded}, "resources": resources}


def _ancestors(registration: Registration, by_urn: Mapping[str, Registration]) -> Iterator[str]:
    """Yield the components above a resource, nearest first; the stack is not among them."""
    above = by_urn.get(registration.parent)
    while above is not None and above.type != "pulumi:pulumi:Stack":
        yield above.urn
        above = by_urn.get(above.parent)
