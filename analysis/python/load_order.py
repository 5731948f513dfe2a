"""What fails by the order in which modules are loaded: a name that is asked of a module before the module has it.

Modules that import each other are loaded in the order that the entry module gives. While one of them waits for another,
it has no more than what stands above the line where it waits. Run here as Python would: imports, reads of attributes and
calls of our own functions, line by line, without what only running tells. What functions import later is not ordered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analysis.python.events import AttributeRead, Call
from analysis.python.finder import ENTRY
from analysis.python.graph import Closure, ImportEdge, caught
from analysis.python.imports import ImportFact
from analysis.python.program import Program

_DONE = 1 << 30
"""The line that a module has got to which is loaded whole."""


class _Code(NamedTuple):
    """What is run at once: a module, or one of its functions."""

    module: str
    function: str = ""


def check_load_order(closure: Closure, program: Program) -> None:
    """Note in the closure what modules ask of each other before it is there."""
    order = _LoadOrder(closure, program)
    if order.has_circle():
        order.run(_Code(ENTRY))


class _LoadOrder:
    def __init__(self, closure: Closure, program: Program) -> None:
        self._closure, self._program = closure, program
        self._edges: dict[str, list[ImportEdge]] = {}
        for edge in closure.edges:
            if edge.importer != edge.target and not edge.fact.perhaps:
                self._edges.setdefault(edge.importer, []).append(edge)
        self._lines: dict[str, int] = {}
        self._seen: set[_Code] = set()

    def has_circle(self) -> bool:
        """Return whether any module takes something of one that waits for it."""
        open_, done = {ENTRY: iter(self._edges.get(ENTRY, ()))}, set[str]()
        while open_:
            module, edges = next(reversed(open_.items()))
            edge = next((each for each in edges if not each.fact.lazy and each.target not in done), None)
            if edge is None:
                done.add(module)
                del open_[module]
            elif edge.target not in open_:
                open_[edge.target] = iter(self._edges.get(edge.target, ()))
            elif self._names(edge):
                return True
        return False

    def _names(self, edge: ImportEdge) -> bool:
        """Return whether an import names its target, which is not merely a package around."""
        module = self._closure.absolute(edge.importer, edge.fact)
        return edge.target in (module, *(f"{module}.{name}" for name in edge.fact.names or ()))

    def run(self, code: _Code) -> None:
        """Run a module or function, and what it loads and calls."""
        self._seen.add(code)
        module = code.module
        for line, event in sorted(self._events(code), key=lambda each: each[0]):
            if not code.function:
                self._lines[module] = line
            if isinstance(event, ImportEdge):
                self._load(event)
            elif isinstance(event, AttributeRead):
                self._read(module, event)
            else:
                for called in self._called(module, event):
                    if called not in self._seen:
                        self.run(called)
        if not code.function:
            self._lines[module] = _DONE

    def _events(self, code: _Code) -> Iterator[tuple[int, ImportEdge | AttributeRead | Call]]:
        record, lazy = self._closure.records[code.module], bool(code.function)
        last = code.function.rpartition(".")[2]
        for edge in self._edges.get(code.module, ()):
            if edge.fact.lazy == lazy and edge.fact.function == last:
                yield edge.fact.line, edge
        events: list[AttributeRead | Call] = [*record.reads, *record.calls]
        for each in events:
            if each.around.lazy == lazy and each.around.scope == code.function and not each.around.perhaps:
                yield each.line, each

    def _called(self, module: str, call: Call) -> Iterator[_Code]:
        """Yield the function of ours that a call runs at once, where it can be no other."""
        names = self._program.callees(module, call.function)
        owner, _, function = names[0].partition(":") if len(names) == 1 else ("", "", "")
        if function and "." not in function and owner in self._closure.records:
            yield _Code(owner, function)

    def _load(self, edge: ImportEdge) -> None:
        if edge.target not in self._lines:
            self._lines[edge.target] = 0
            self.run(_Code(edge.target))
        named = self._closure.absolute(edge.importer, edge.fact) == edge.target
        if named and not caught("ImportError", edge.fact.catches):
            for name in edge.fact.names or ():
                self._ask(edge.importer, edge.target, name, edge.fact, "ImportError")

    def _read(self, module: str, read: AttributeRead) -> None:
        parts = self._program.absolute(module, read.name).split(".")
        for count in range(len(parts) - 1, 0, -1):
            owner = ".".join(parts[:count])
            if owner in self._lines:
                fact = read.around.fact(read.line, owner)
                if not caught("AttributeError", read.around.catches):
                    self._ask(module, owner, parts[count], fact, "AttributeError")
                return

    def _ask(self, module: str, owner: str, name: str, fact: ImportFact, error: str) -> None:
        """Note a name of a module that is bound below the line where that module waits."""
        record, line = self._closure.records[owner], self._lines[owner]
        bound = record.names.get(name, 0)
        if owner == module or bound <= line or f"{owner}.{name}" in self._closure.modules or record.makes(name):
            return
        told = f"line {line} of it leads here, and binds the name in line {bound} only"
        self._closure.fail("order", f"{owner}.{name}", module, fact._replace(lazy=False), error, told)
