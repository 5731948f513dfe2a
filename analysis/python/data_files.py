"""The data files that code names, taken into the closure, or why that cannot be done: not there, or computed."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from collections.abc import Callable, Collection, Iterator

from analysis.python.budget import OverrunError
from analysis.python.call_sites import CodePlace
from analysis.python.file_names import FileMention, mentions, named_files, template_folders
from analysis.python.file_tree import EntryKind
from analysis.python.finder import ENTRY, Finder, SearchFolder
from analysis.python.graph import Closure
from analysis.python.imports import ImportFact
from analysis.python.opened import MOVES, from_working_folder, tested
from analysis.python.outside import Outside
from analysis.python.program import Program
from analysis.python.templates import TakenPage, pages, taken_by
from analysis.python.values import FILE, STEM, CodePath, Constant, Text, Unknown, Value, possible

MOST_PAGES = 1_000
"""How many pages one page may take others from."""
MOST_FILES = 66_000
"""How many names in folders one function may lead to; a few links to folders make any number of them."""


LoadModule = Callable[[str, str, ImportFact], object]


class DataFiles:
    """Finds the data files of one closure.

    Args:
        closure: takes the files, and what is not there.
        finder: finds the modules that files lie beside.
        outside: tells what is not ours.
        provided: paths of files in the archive that are generated.
        load: takes a module into the closure, for who imports it and by which import.
    """

    def __init__(
        self, closure: Closure, finder: Finder, outside: Outside, provided: Collection[str], load: LoadModule
    ) -> None:
        self._closure, self._finder, self._outside = closure, finder, outside
        self._trace, self._folders = finder.trace, finder.folders
        self._provided, self._load = provided, load
        self._seen: set[tuple[Value, str, int]] = set()
        self._moves = False
        self._looked = 0
        self._following: tuple[Program, str] | None = None
        self._tested: dict[tuple[Program, str], frozenset[Value]] = {}

    def follow(self, program: Program, module: str) -> None:
        """Take what one module names into the closure; each place once."""
        self._moves = self._moves or any(
            not self._is_top(each, module) for _, call in program.calls_of(module, MOVES) for each in call.arguments
        )
        self._following = program, module
        for path, place in self._named(program, module):
            key = (path, place.module, place.line)
            if key not in self._seen:
                self._seen.add(key)
                fact = place.around.fact(place.line)
                self._read_file(path, place.module, fact)

    def _is_top(self, value: Value, module: str) -> bool:
        """Return whether a path is that of the function's own folder, which the platform starts in."""
        inside = self._closure.modules[module].inside
        return isinstance(value, CodePath) and value.path == "." and not value.base and "/" not in inside

    def _named(self, program: Program, module: str) -> Iterator[tuple[Value, CodePlace]]:
        yield from named_files(program, module)
        found = mentions(program, module)
        for text in found.texts:
            if self._is_file(text):
                yield from_working_folder(text.value), CodePlace(module, text.line, text.around)
        for callee, call in found.templates:
            place = CodePlace(module, call.line, call.around)
            base = self._closure.modules[module]
            for path, needed in template_folders(callee, call):
                if needed:
                    yield CodePath(ENTRY, self._page(program, path)), place
                elif base.file and path in self._trace.entries(posixpath.dirname(base.file)):
                    yield CodePath(module, path), place
        for page in pages(program, module, found.pages):
            yield from ((path, page.place) for path in self._with_taken(page))

    def _with_taken(self, page: TakenPage) -> Iterator[CodePath]:
        """Yield where a page lies, and the pages that it takes from the same folders."""
        waiting, seen = [page.paths], set[tuple[CodePath, ...]]()
        while waiting:
            paths = waiting.pop()
            seen.add(paths)
            places = [(path, next(self._sources(self._inside(path) or ""), "")) for path in paths]
            path, source = next((each for each in places if each[1]), places[0])
            yield path
            content = self._trace.content(source) if source else None
            for name in taken_by(content[0]) if content else ():
                inner = tuple(CodePath(each.base, posixpath.join(each.path or "", name)) for each in page.folders)
                if inner not in seen and len(seen) < MOST_PAGES:
                    waiting.append(inner)

    def _page(self, program: Program, page: str) -> str | None:
        """Return where a page lies: in the first folder of templates that has it."""
        calls = [each for name in self._closure.modules for each in mentions(program, name).templates]
        folders = dict.fromkeys(path for each in calls for path, needed in template_folders(*each) if not needed)
        places = [f"{folder}/{page}" for folder in (*folders, "templates")] if page else []
        return next((each for each in places if any(self._sources(each))), f"templates/{page}" if page else None)

    def _is_file(self, text: FileMention) -> bool:
        """Return whether a text that is given to a call is the path of a data file in the function's folder."""
        path = posixpath.normpath(str(text.value.value)) if isinstance(text.value, Constant) else ""
        folder = f"{self._folders[0].path}/{posixpath.dirname(path)}".rstrip("/")
        return self._trace.entries(folder).get(posixpath.basename(path)) is EntryKind.FILE

    def _read_file(self, value: Value, importer: str, fact: ImportFact) -> None:
        """Take a data file into the closure, or say why that cannot be done."""
        first = value.parts[0] if isinstance(value, Text) and value.parts else value
        for path in possible(value):
            if isinstance(path, CodePath) and path.path is not None:
                self._data_file(path, importer, fact)
            elif (
                (isinstance(path, Unknown) and path.why)
                or isinstance(first, CodePath)
                or (isinstance(path, Text) and isinstance(first, Constant) and self._names_folder(str(first.value)))
            ):
                self._closure.fail("computed-resource", importer, importer, fact, "FileNotFoundError")

    def _names_folder(self, text: str) -> bool:
        """Return whether a text begins with a folder of the function."""
        folder = text.partition("/")[0]
        return "/" in text and self._trace.entries(self._folders[0].path).get(folder) is EntryKind.FOLDER

    def _inside(self, path: CodePath) -> str | None:
        """Return the place in the archive that a path leads to; None for a file of a distribution."""
        owner = self._closure.modules.get(path.base) or self._finder.locate(path.base)
        origin = owner.inside if owner.file else f"{owner.folders[0].inside}/" if owner.folders else None
        if origin is None:
            return None
        name = posixpath.basename(owner.file)
        told = (path.path or "").replace(STEM, posixpath.splitext(name)[0]).replace(FILE, name)
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(origin), told))
        return "." if inside == origin or told in (".", "./") else inside

    def _data_file(self, path: CodePath, importer: str, fact: ImportFact) -> None:
        if path.base not in self._closure.modules and not self._outside.owns(path.base):
            self._load(importer, path.base, fact)
        inside = self._inside(path)
        if inside is None or inside in self._provided or inside in (".", "..") or inside.endswith("/.."):
            return
        if path.pattern:
            self._matching(inside, importer, fact)
            return
        source = next(self._sources(inside), None)
        if inside.startswith("../") or source is None:
            program, module = self._following or (None, "")
            if program and any(path in self._asked_for(program, each) for each in {module, importer}):
                fact = fact._replace(catches=(*fact.catches, "FileNotFoundError"))
            moved = self._moves and path.base == ENTRY and importer in self._closure.modules
            subject = ("computed-resource", importer) if moved else ("resource", inside)
            self._closure.fail(*subject, importer, fact, "FileNotFoundError")
        elif source.endswith(".py"):
            self._code_file(source, inside, importer, fact)
        elif not self._is_search_folder(inside):
            self._closure.resources.update(self.files_at(source, inside))

    def _asked_for(self, program: Program, module: str) -> frozenset[Value]:
        """Return the paths that a module asks for before it reads them, or writes; found once."""
        key = (program, module)
        if key not in self._tested:
            self._tested[key] = tested(program, module)
        return self._tested[key]

    def _is_search_folder(self, inside: str) -> bool:
        return any(folder.inside == inside for folder in self._folders)

    def _matching(self, pattern: str, importer: str, fact: ImportFact) -> None:
        """Take every file that a pattern matches; a pattern that matches none is a file that is not there."""
        folder = pattern
        while any(sign in folder for sign in "*?["):
            folder = posixpath.dirname(folder)
        sources = [
            f"{each.path}/{_below(folder, each)}".rstrip("/") for each in self._folders if _reaches(folder, each)
        ]
        rule = re.compile(_translated(pattern))
        found = [
            (inside, source)
            for place in sources
            for inside, source in self.files_at(place, folder)
            if rule.fullmatch(inside) and (pattern.endswith(".py") or not inside.endswith(".py"))
        ]
        for inside, source in found:
            if inside.endswith(".py"):
                self._code_file(source, inside, importer, fact)
            else:
                self._closure.resources[inside] = source
        if not found and posixpath.basename(pattern) != "*":
            self._closure.fail("resource", pattern, importer, fact, "FileNotFoundError")

    def _sources(self, inside: str) -> Iterator[str]:
        """Yield the files or folders that may lie at a place of the archive, the first one first."""
        for folder in self._folders:
            if _reaches(inside, folder):
                source = f"{folder.path}/{_below(inside, folder)}"
                if self._trace.entries(posixpath.dirname(source)).get(posixpath.basename(source)) in (
                    EntryKind.FILE,
                    EntryKind.FOLDER,
                ):
                    yield source

    def _code_file(self, source: str, inside: str, importer: str, fact: ImportFact) -> None:
        """Follow a source file that is named by its path as the module that it is."""
        module = inside.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        if self._finder.locate(module).file == source:
            self._load(importer, module, fact)
        else:
            self._closure.resources[inside] = source

    def files_at(self, source: str, inside: str) -> Iterator[tuple[str, str]]:
        """Yield path in the archive and source of a data file, or of everything in a folder."""
        entries = self._trace.entries(posixpath.dirname(source))
        if entries.get(posixpath.basename(source)) is EntryKind.FILE:
            yield inside, source
            return
        yield from self._below(source, inside, frozenset())

    def _below(self, folder: str, inside: str, around: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Yield everything in a folder; a link to a folder around it is not followed, for it would never end."""
        real = os.path.realpath(folder)
        if real in around:
            return
        for name, kind in sorted(self._trace.entries(folder).items()):
            self._looked += 1
            if self._looked > MOST_FILES:
                raise OverrunError(f"what it reads leads to more than {MOST_FILES} files")
            if kind is EntryKind.FILE:
                yield posixpath.join(inside, name), f"{folder}/{name}"
            elif kind is EntryKind.FOLDER:
                yield from self._below(f"{folder}/{name}", posixpath.join(inside, name), around | {real})


def _reaches(inside: str, folder: SearchFolder) -> bool:
    """Return whether a place of the archive may come from a folder of the search path."""
    if folder.inside and inside != folder.inside and not inside.startswith(f"{folder.inside}/"):
        return False
    return folder.only is None or _below(inside, folder).partition("/")[0] in folder.only


def _below(inside: str, folder: SearchFolder) -> str:
    return posixpath.relpath(inside or ".", folder.inside or ".") if inside != folder.inside else ""


def _translated(pattern: str) -> str:
    """Return a pattern of paths as a regular expression; `**/` is any folder, a `*` no slash."""
    parts = []
    for part in pattern.split("/"):
        parts.append("(?:.*/)?" if part == "**" else fnmatch.translate(part)[4:-3].replace(".*", "[^/]*") + "/")
    return "".join(parts).removesuffix("/")
