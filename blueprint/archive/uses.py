"""What the code of one closure touches outside itself, read from the source: the basis of grants and env.

A value is followed through constants of any module of the closure. What only running the code tells is kept as
`{expression}`, so that nobody mistakes it for absent.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from analysis.python.closure import Closure
from analysis.python.constants import Value
from analysis.python.syntax import PythonVersion, SyntaxFault, parse
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


def _api(module: str) -> str | None:
    """Return the API that a client library is for."""
    while module and module not in _APIS:
        module = module.rpartition(".")[0]
    return _APIS.get(module)


class UsesReader:
    """Reads the uses of closures that share modules; what a module touches is found once."""

    def __init__(self, target: PythonVersion) -> None:
        self._target = target
        self._known: dict[tuple[object, ...], tuple[Found, Mapping[str, Value]]] = {}
        self._outlines: dict[str, Outline | None] = {}
        self._touching: dict[str, ast.Module] = {}

    def parsed(self, content: bytes, sha256: str, tree: ast.Module | SyntaxFault) -> None:
        """Take from a tree what any closure may ask, and keep it only if it touches something: most do not."""
        if isinstance(tree, SyntaxFault):
            self._outlines[sha256] = None
        else:
            self._outlines[sha256] = read_outline(tree, content)
            if touches_anything(content):
                self._touching[sha256] = tree

    def _outline(self, source: Source) -> Outline | None:
        if source.sha256 not in self._outlines:
            self.parsed(source.content, source.sha256, parse(source.content, self._target))
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
            if source.sha256 in self._touching or any(name in source.content for name in helpers):
                found.merge(self._module(program, module, source))
        for imported in closure.third_party:
            api = _api(imported.module)
            if api and imported.importer in sources:
                found.add("apis", api, Location(sources[imported.importer].place, imported.fact.line))
        for text, at in carried:
            found.query(text, at)
        return found.uses()

    def _module(self, program: Program, module: str, source: Source) -> Found:
        """Return what one module touches; found before, if the constants it takes from others are the same."""
        key = (module, source.place, source.sha256, tuple(program.env_readers.items()))
        if key in self._known:
            found, lookups = self._known[key]
            if all(program.lookup(module, name) == value for name, value in lookups.items()):
                return found
        tree = self._touching.get(source.sha256) or parse(source.content, self._target)
        if isinstance(tree, SyntaxFault):
            return Found()
        try:
            self._known[key] = read_module(program, module, source.place, tree)
        except RecursionError:  # its facts have said so already
            return Found()
        return self._known[key][0]
