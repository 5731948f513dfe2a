"""Attributes that are read of objects and classes of ours which do not have them: each raises an AttributeError when it runs."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.python.graph import Closure, expected
from analysis.python.imports import Around
from analysis.python.object_types import ObjectTypes
from analysis.python.program import Program
from analysis.python.record import FileRecord
from analysis.python.values import Thing


def check_members(closure: Closure, program: Program, types: ObjectTypes) -> None:
    """Note in the closure which attributes are read that no object has which may stand there."""
    for module, record in closure.records.items():
        for classes, name, line, around in _read(module, record, program, types):
            if all(types.lacks(each, name) for each in classes) and not expected("AttributeError", around.catches):
                closure.fail("member", f"{classes[0]}.{name}", module, around.fact(line), "AttributeError")


def _read(
    module: str, record: FileRecord, program: Program, types: ObjectTypes
) -> Iterator[tuple[list[str], str, int, Around]]:
    """Yield what a module reads of objects, or of classes, of ours: the classes, the attribute, line and what is around it."""
    for read in record.member_reads:
        if classes := types.classes(read.owner, module):
            yield classes, read.name, read.line, read.around
    for each in record.reads:
        owner, _, name = each.name.rpartition(".")
        of = program.thing(module, owner) if owner else None
        if isinstance(of, Thing) and ":" in of.name and (classes := types.classes(of, module)):
            yield classes, name, each.line, each.around
