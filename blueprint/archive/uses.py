"""What the code of one closure touches outside itself, read from the source: the basis of grants and env.

A value is followed through constants of any module of the closure. What only running the code tells is kept as
`{expression}`, so that nobody mistakes it for absent.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping

from blueprint.archive.closure import Closure
from blueprint.archive.constants import Value
from blueprint.archive.model import Uses
from blueprint.archive.program import Outline, Program, Source, read_outline
from blueprint.archive.touches import Found, read_module, touches_anything
from blueprint.findings import Location

_APIS = {
    "google.cloud.firestore": "firestore",
    "google.cloud.firestore_v1": "firestore",
    "google.cloud.pubsub": "pubsub",
    "google.cloud.pubsub_v1": "pubsub",
    "google.pubsub_v1": "pubsub",
    "google.cloud.bigquery": "bigquery",
    "google.cloud.bigquery_storage": "bigquery",
    "google.cloud.storage": "storage",
    "google.cloud.secretmanager": "secretmanager",
    "google.cloud.logging": "logging",
    "google.cloud.monitoring_v3": "monitoring",
    "google.cloud.tasks": "cloudtasks",
    "google.cloud.tasks_v2": "cloudtasks",
    "google.cloud.scheduler": "cloudscheduler",
    "google.cloud.scheduler_v1": "cloudscheduler",
    "google.cloud.run_v2": "run",
}


class UsesReader:
    """Reads the uses of closures that share modules; what a module touches is found once.

    Args:
        parse: text → tree, None where it does not compile.
    """

    def __init__(self, parse: Callable[[Source], ast.Module | None]) -> None:
        self._parse = parse
        self._known: dict[tuple[object, ...], tuple[Found, Mapping[str, Value]]] = {}
        self._outlines: dict[str, Outline | None] = {}
        self._touching: dict[str, bool] = {}

    def _outline(self, source: Source) -> Outline | None:
        if source.sha256 not in self._outlines:
            tree = self._parse(source)
            self._outlines[source.sha256] = None if tree is None else read_outline(tree, source.content)
        return self._outlines[source.sha256]

    def read(
        self, closure: Closure, sources: Mapping[str, Source], carried: Iterable[tuple[str, Location]] = ()
    ) -> Uses:
        """Return the uses of a closure.

        Args:
            closure: the finished graph.
            sources: module → text.
            carried: SQL in data files and generated files, with its place.
        """
        program = Program(closure, sources, self._outline)
        found = Found()
        helpers = [name.encode() for name in program.env_readers]
        for module, source in sources.items():
            if self._touches_anything(source) or any(name in source.content for name in helpers):
                found.merge(self._module(program, module, source))
        for imported in closure.third_party:
            api = next((api for prefix, api in _APIS.items() if f"{imported.module}.".startswith(f"{prefix}.")), None)
            if api and imported.importer in sources:
                found.add("apis", api, Location(sources[imported.importer].place, imported.fact.line))
        for text, at in carried:
            found.query(text, at)
        return found.uses()

    def _touches_anything(self, source: Source) -> bool:
        if source.sha256 not in self._touching:
            self._touching[source.sha256] = touches_anything(source.content)
        return self._touching[source.sha256]

    def _module(self, program: Program, module: str, source: Source) -> Found:
        """Return what one module touches; found before, if the constants it takes from others are the same."""
        key = (module, source.place, source.sha256, tuple(program.env_readers.items()))
        if key in self._known:
            found, lookups = self._known[key]
            if all(program.lookup(module, name) == value for name, value in lookups.items()):
                return found
        tree = self._parse(source)
        if tree is None:
            return Found()
        try:
            self._known[key] = read_module(program, module, source.place, tree)
        except RecursionError:  # its facts have said so already
            return Found()
        return self._known[key][0]
