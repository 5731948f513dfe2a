"""What the real provider makes of every case: `python -m tests.provider.verdicts` writes it to `verdicts.json`."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from collections.abc import Mapping
from hashlib import md5
from typing import Any

from ops.provider_plugin import Plugin, available, running
from provider.ids import resource_id
from provider.values import UNKNOWN, plain
from tests.provider.cases import VERDICTS, Case, cases

DEFAULTS = {"project": "a-project", "region": "us-west2", "location": "us-west2"}
ORDER = ("same", "update", "replace")
ASKED = 12
"""How often a nested schema is asked about: the provider walks it in random order and may answer differently."""


class Judge:
    """The real provider, asked about cases."""

    def __init__(self, plugin: Plugin) -> None:
        self._plugin = plugin
        self._schema = plugin.schema()

    def verdict(self, case: Case) -> str:
        """Return `same`, `update` or `replace`, the worst that it answers; `refused` where it takes no such inputs."""
        old, unsound = self._plugin.check(case.kind, case.old, {})
        new, refused = self._plugin.check(case.kind, case.new, old)
        if refused or unsound:
            return "refused"
        id_ = str(resource_id(case.kind, old, DEFAULTS))
        state = self._created(case.kind, self._plugin.planned(case.kind, old)) | {"id": id_}
        if isinstance(content := plain(old.get("content")), str):
            state["md5hash"] = b64encode(md5(content.encode()).digest()).decode()
        times = ASKED if case.name.startswith("schema:") else 1
        answers = {self._plugin.diff(case.kind, id_, old, state, new).operation for _ in range(times)}
        return max(answers, key=ORDER.index)

    def _created(self, kind: str, planned: Mapping[str, Any]) -> dict[str, Any]:
        """Return a planned state with what was unknown filled in, as after a creation."""
        specs = self._schema["resources"][kind]["properties"]
        return {name: self._filled(value, specs.get(name, {})) for name, value in planned.items()}

    def _filled(self, value: Any, spec: Mapping[str, Any]) -> Any:
        value = plain(value)
        if "$ref" in spec and spec["$ref"].startswith("#/types/"):
            spec = self._schema["types"][spec["$ref"].removeprefix("#/types/").replace("%2F", "/")]
        if isinstance(value, Mapping):
            below = spec.get("properties", {})
            return {name: self._filled(each, below.get(name, {})) for name, each in value.items()}
        if isinstance(value, list):
            return [self._filled(each, spec.get("items", {})) for each in value]
        if value != UNKNOWN:
            return value
        if "properties" in spec:
            return {name: self._filled(UNKNOWN, below) for name, below in spec["properties"].items()}
        types = {"integer": 7, "number": 7, "boolean": False, "string": "[]", "array": [], "object": {}}
        return types.get(spec.get("type", ""))


def record(judge: Judge) -> dict[str, str]:
    """Return the verdict on every case, by its id."""
    return {case.id: judge.verdict(case) for case in cases()}


if __name__ == "__main__":
    binary = available()
    if binary is None:
        sys.exit("The provider is not on PATH.")
    with running(binary) as found:
        VERDICTS.write_text(json.dumps(record(Judge(found)), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
