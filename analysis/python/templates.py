"""Which pages code takes from folders of templates by Jinja, and what these pages take in turn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from analysis.python.call_sites import CodePlace
from analysis.python.events import SET_FIELD, Call
from analysis.python.opened import from_working_folder
from analysis.python.program import Program
from analysis.python.text_values import join
from analysis.python.values import (
    CallResult,
    CodePath,
    Constant,
    Member,
    SequenceValue,
    Thing,
    Value,
    possible,
    text_of,
    together,
)

TAKES_PAGE = {".get_template", ".select_template", ".get_or_select_template"}
_TAKEN = re.compile(rb"""\{%-?\s*(?:extends|include|import|from)\s+(["'])([^"'\n]+)\1(?!\s+ignore\s+missing)""")


class TakenPage(NamedTuple):
    """A page that is taken: where it may lie, in order; one of these must be there."""

    paths: tuple[CodePath, ...]
    folders: tuple[CodePath, ...]
    place: CodePlace


def pages(program: Program, module: str, calls: tuple[tuple[str, Call], ...]) -> Iterator[TakenPage]:
    """Yield the pages that calls in a module take, as far as their folders and names are known."""
    for _, call in calls:
        owner = call.function.owner if isinstance(call.function, Member) else call.function
        if isinstance(owner, Thing):  # the method of a name
            owner = program.linked(owner, module)
            owner = owner.owner if isinstance(owner, Member) and owner is not call.function else owner
        asked = SequenceValue((owner, *call.arguments[:1]))
        for given, place in program.reached(asked, CodePlace(module, call.line, call.around)):
            for each in together(given.items) if isinstance(given, SequenceValue) else ():
                made = program.returned(each[0]) if isinstance(each[0], CallResult) else []
                environment = made[0] if len(made) == 1 else each[0]
                loader = _loader(environment) or _loader_set_later(program, module, environment)
                folders = tuple(_folders(loader))
                names = _names(each[1]) if len(each) > 1 else ()
                if folders and names and all(folders):
                    known = tuple(folder for folder in folders if folder is not None)
                    found = [join(folder, Constant(name)) for name in names for folder in known]
                    yield TakenPage(tuple(path for path in found if isinstance(path, CodePath)), known, place)


def taken_by(content: bytes) -> list[str]:
    """Return the names of the pages that a page cannot be shown without."""
    return [name.decode("utf-8", "replace") for _, name in _TAKEN.findall(content)]


def _loader(environment: Value) -> Value | None:
    if isinstance(environment, CallResult) and isinstance(environment.function, Thing):
        name = environment.function.name
        if name.startswith("jinja2.") and name.endswith("Environment"):
            return dict(environment.keywords).get("loader")
    return None


def _loader_set_later(program: Program, module: str, environment: Value) -> Value | None:
    """Return the loader that a module gives to an environment after it is made; None where there is none or several."""
    field = Member(environment, "loader")
    found = [
        program.linked(call.arguments[0], module)
        for _, call in program.calls_of(module, {f".{SET_FIELD}"})
        if isinstance(call.function, Member) and program.linked(call.function.owner, module) == field
    ]
    return found[0] if len(found) == 1 else None


def _folders(loader: Value | None) -> Iterator[CodePath | None]:
    """Yield the folders that a loader looks in; None for what is not known, or no folder."""
    if isinstance(loader, CodePath):  # of a package
        yield loader
        return
    name = loader.function.name if isinstance(loader, CallResult) and isinstance(loader.function, Thing) else ""
    given = loader.arguments[0] if isinstance(loader, CallResult) and loader.arguments else None
    inner = given.items if isinstance(given, SequenceValue) else (given,)
    if name.endswith(".ChoiceLoader"):
        for each in inner:
            yield from _folders(each)
    elif name.endswith(".FileSystemLoader"):
        for each in inner:
            path = from_working_folder(each) if each is not None else None
            yield path if isinstance(path, CodePath) and path.path is not None else None
    else:
        yield None


def _names(value: Value) -> tuple[str, ...]:
    """Return the names of which the first page that is there is taken; none where any is not known."""
    each = value.items if isinstance(value, SequenceValue) else (value,)
    names = [text_of(name) for one in each for name in possible(one)]
    return tuple(name for name in names if name) if all(names) else ()
