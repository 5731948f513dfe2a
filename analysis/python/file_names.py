"""Which files the code of one module names: beside the code, in the working folder, as templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analysis.python.call_sites import CodePlace, argument
from analysis.python.events import Call
from analysis.python.imports import Around
from analysis.python.loads import SEARCH_PATH
from analysis.python.opened import from_working_folder, opened, opening
from analysis.python.program import Program
from analysis.python.templates import TAKES_PAGE
from analysis.python.text_values import shown
from analysis.python.values import CallResult, CodePath, Constant, SequenceValue, Text, Value, parts_of, possible

_TEMPLATES = {"flask.Flask", "flask.Blueprint", "flask.render_template"}
MOST_NAME = 200
"""How long a text may be to be the name of a file."""


class FileMention(NamedTuple):
    """A value that may be a path, where it stands; `first` is what decides, None where that is decided."""

    value: Value
    line: int
    around: Around
    first: Value | None = None


class FileMentions(NamedTuple):
    """What may name a file in one module: paths, texts given to calls, and calls that look for templates, pages, or read."""

    paths: tuple[FileMention, ...] = ()
    texts: tuple[FileMention, ...] = ()
    templates: tuple[tuple[str, Call], ...] = ()
    pages: tuple[tuple[str, Call], ...] = ()
    opening: tuple[tuple[str, Call], ...] = ()


def named_files(program: Program, module: str) -> Iterator[tuple[Value, CodePlace]]:
    """Yield the paths that one module names: beside the code, or from the working folder on."""
    found_here = mentions(program, module)
    for each in found_here.paths:
        if each.first is None or program.may_be("path", _is_path, each.first, module):
            yield from program.reached(each.value, CodePlace(module, each.line, each.around))
    for found in opened(program, module, found_here.opening):
        yield from_working_folder(found.path), found.place


def mentions(program: Program, module: str) -> FileMentions:
    """Return what may name a file in a module; asked once for all that share the module."""
    return program.once("file names", module, "", lambda: _mentions(program, module), FileMentions())


def _mentions(program: Program, module: str) -> FileMentions:
    paths, texts = list(_said(program, module)), []
    templates = program.calls_of(module, _TEMPLATES)
    for callee, call in program.calls(module):
        if ":" in callee and not call.inside and program.may_return_path(callee, call):
            paths.append(FileMention(CallResult(call.function, call.arguments, call.keywords), call.line, call.around))
        for value in (*call.arguments, *[each for _, each in call.keywords]):
            texts += [FileMention(each, call.line, call.around) for each in _listed(value) if _is_file_name(each)]
    pages = program.calls_of(module, TAKES_PAGE)
    return FileMentions(tuple(paths), tuple(texts), tuple(templates), tuple(pages), tuple(opening(program, module)))


def _listed(value: Value) -> Iterator[Value]:
    """Yield what a value can be, and of a list each item."""
    for each in possible(value):
        yield from each.items if isinstance(each, SequenceValue) else (each,)


def _said(program: Program, module: str) -> Iterator[FileMention]:
    searched = _searched(program, module)
    for said in program.said(module):
        first = said.value.parts[0] if isinstance(said.value, Text) else said.value
        if said.value in searched or isinstance(first, Constant):
            continue
        if program.linked(first, module).given:
            yield FileMention(said.value, said.line, said.around, first)
        elif program.may_be("path", _is_path, first, module):
            yield FileMention(said.value, said.line, said.around)


def _searched(program: Program, module: str) -> set[Value]:
    """Return the paths that a module puts on the search path, which are no data files."""
    return {
        path
        for _, call in program.calls_of(module, SEARCH_PATH)
        for value in call.arguments
        for path in paths_in(value)
    }


def template_folders(callee: str, call: Call) -> Iterator[tuple[str, bool]]:
    """Yield the folders and pages that Flask looks for, and whether one is a page that must be there."""
    if callee == "flask.render_template":
        for value in possible(call.arguments[0]) if call.arguments else ():
            yield (shown(value) if isinstance(value, Constant) else ""), True
        return
    for name in ("templates", "static"):
        given = argument(call, 99, f"{name.removesuffix('s')}_folder")
        yield str(given.value) if isinstance(given, Constant) else name, False


def _is_file_name(value: Value) -> bool:
    text = value.value if isinstance(value, Constant) else None
    if not isinstance(text, str) or not ("." in text or "/" in text):
        return False
    return (
        len(text) <= MOST_NAME and text.isprintable() and not text.startswith((".", "/")) and not text.endswith(".py")
    )


def _is_path(value: Value) -> bool:
    return isinstance(value, CodePath)


def paths_in(value: Value) -> Iterator[CodePath]:
    """Yield the paths beside the code that a value is made of."""
    for each in parts_of(value):
        if isinstance(each, CodePath):
            yield each
