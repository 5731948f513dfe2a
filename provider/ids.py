"""The id that the provider gives a resource, from its inputs: what state records and `pulumi import` takes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from provider.rules import facts_of
from provider.values import UNKNOWN, plain

_MEMBER = "/{role}/{member}"


def resource_id(type_token: str, inputs: Mapping[str, object], defaults: Mapping[str, str]) -> str | None:
    """Return the id of the resource, or None when only the cloud can tell it.

    `inputs` go by wire name; `defaults` are the `project`, `region` and `location` of the provider's configuration.
    """
    form = facts_of(type_token).get("id")
    return None if form is None else _fill(form, inputs, defaults)


def import_id(type_token: str, inputs: Mapping[str, object], defaults: Mapping[str, str]) -> str | None:
    """Return the id under which `pulumi import` finds the resource: for a grant, `RESOURCE ROLE MEMBER`."""
    form = facts_of(type_token).get("id")
    if form is None:
        return None
    if form.endswith(_MEMBER):
        form = form.removesuffix(_MEMBER) + " {role} {member}"
    return _fill(form, inputs, defaults)


def _fill(form: str, inputs: Mapping[str, object], defaults: Mapping[str, str]) -> str | None:
    parts: list[str] = []
    for text, name in re.findall(r"([^{]*)(?:\{(\w+)\})?", form):
        value = plain(inputs.get(name)) if name else ""
        value = defaults.get(name) if value is None else value
        if not isinstance(value, str) or value == UNKNOWN:
            return None
        parts += [text, _last(value) if text.endswith("/") and "/" in value and name in _REFERENCES else value]
    return "".join(parts)


_REFERENCES = frozenset({"topic", "subscription", "datasetId", "secretId", "repository", "service", "name", "database"})


def _last(value: str) -> str:
    """Return the short name of a reference that may be given as a full resource name."""
    return value.rpartition("/")[2]
