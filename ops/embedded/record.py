"""What the program registered: one `Registration` for each request, in the forms that checks and readers need.

Inputs are kept in a form that is stable and holds no secret and no path of this machine:

    {"$ref": URN, "property": "email"}      a property of another resource, known after the deployment
    {"$ref": URN}                           another resource itself
    {"$concat": ["serviceAccount:", REF]}   text around such references
    {"$unknown": [URN, ...]}                computed from these resources in a way that only a deployment can
    {"$archive": {...}}, {"$asset": {...}}  a file, by path relative to the root, size and sha256
    "[secret]"                              a secret
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from blueprint.findings import Location
from ops.embedded.planned import PlannedReference, PlannedSecret, Planner
from provider import values

SECRET = "[secret]"


@dataclass(frozen=True, slots=True)
class Registration:
    """One resource as the program registered it.

    Attributes:
        urn: the resource's URN.
        type: the type token.
        name: the logical name.
        parent: the parent's URN; empty for the stack.
        custom: whether a provider manages it (and not a component).
        inputs: the inputs as shown, see the module.
        options: resource options that are set, by wire name, as shown.
        source: the program line that declared it, relative to the root, where it is inside the root.
        opened: inputs in which the program itself hides a known value, as shown with that value; for rules, never printed.
    """

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: Mapping[str, object]
    options: Mapping[str, object]
    source: Location | None = None
    opened: Mapping[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return the resource as `plan --json` prints it."""
        shown: dict[str, object] = {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "inputs": self.inputs,
        }
        if self.options:
            shown["options"] = self.options
        return shown


@dataclass(frozen=True)
class Shower:
    """Turns wire values into what is shown; `root` is the project root that paths are relative to.

    With `opened`, a secret that the program made of a known value is shown as that value.
    """

    planner: Planner
    root: Path
    opened: bool = False

    def show(self, value: object, sources: Sequence[str]) -> Any:
        """Return the shown form of a wire value; `sources` are the resources it may depend on, for unknowns."""
        if isinstance(value, str):
            return self._text(value, sources)
        if isinstance(value, list):
            return [self.show(item, sources) for item in value]
        if isinstance(value, Mapping):
            signature = value.get(values.SIGNATURE)
            if signature is not None:
                return self._marked(str(signature), value, sources)
            return {str(name): self.show(item, sources) for name, item in value.items()}
        return value

    def checkable(self, value: object) -> Any:
        """Return a wire value for the provider's checks: whatever a deployment decides is unknown."""
        if isinstance(value, str):
            parts = self.planner.decode(value)
            return value if parts is not None and all(isinstance(part, str) for part in parts) else values.UNKNOWN
        if isinstance(value, list):
            return [self.checkable(item) for item in value]
        if isinstance(value, Mapping):
            if values.is_asset(value):
                return value
            return {name: self.checkable(item) for name, item in value.items()}
        return value

    def references(self, value: object) -> set[PlannedReference]:
        """Return the planned values in a wire value."""
        if isinstance(value, str):
            return {part for part in self.planner.decode(value) or () if isinstance(part, PlannedReference)}
        items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        return set().union(*(self.references(item) for item in items))

    def _text(self, text: str, sources: Sequence[str]) -> object:
        parts = None if text == values.UNKNOWN else self.planner.decode(text)
        if parts is None:
            return {"$unknown": sorted(sources)}
        if any(isinstance(part, PlannedSecret) for part in parts):
            return SECRET
        shown = [_part(part) for part in parts]
        return shown[0] if len(shown) == 1 else {"$concat": shown}

    def _marked(self, signature: str, value: Mapping[str, object], sources: Sequence[str]) -> object:
        match signature:
            case values.SECRET:
                return self.show(value.get("value"), sources) if self.opened else SECRET
            case values.OUTPUT:
                return self.show(value["value"], sources) if "value" in value else {"$unknown": sorted(sources)}
            case values.RESOURCE:
                return {"$ref": value["urn"]}
            case values.ASSET:
                return {"$asset": self._asset(value)}
            case values.ARCHIVE:
                return {"$archive": self._asset(value)}
            case _:
                return {"$unknown": sorted(sources)}

    def _asset(self, value: Mapping[str, object]) -> object:
        if isinstance(assets := value.get("assets"), Mapping):
            return {"assets": {name: self.show(item, ()) for name, item in sorted(assets.items())}}
        if isinstance(text := value.get("text"), str):
            data = text.encode()
            return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        if isinstance(path := value.get("path"), str):
            return self._file(self.root / path)
        return {"uri": value.get("uri")}

    def _file(self, path: Path) -> dict[str, object]:
        shown: dict[str, object] = {
            "path": path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.name
        }
        if path.is_file():
            shown |= dict(zip(("sha256", "bytes"), _digest(path, path.stat().st_mtime_ns), strict=True))
        return shown


def _part(part: str | PlannedReference | PlannedSecret) -> object:
    return {"$ref": part.urn, "property": part.property} if isinstance(part, PlannedReference) else part


@cache
def _digest(path: Path, _: int) -> tuple[str, int]:
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest(), len(data)
