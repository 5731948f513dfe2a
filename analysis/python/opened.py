"""Which files calls read by a path that begins in the working folder, or name as folders of templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from analysis.python.call_sites import CodePlace, argument
from analysis.python.commands import STARTS, commands, python_run
from analysis.python.events import Call
from analysis.python.finder import ENTRY
from analysis.python.path_methods import join_pattern
from analysis.python.program import Program
from analysis.python.values import (
    CallResult,
    CodePath,
    Constant,
    Member,
    Parameter,
    SequenceValue,
    Text,
    Thing,
    Unknown,
    Value,
    parts_of,
    possible,
)


class Opened(NamedTuple):
    """A file or folder that a call reads: a path beside the code, or one that begins in the working folder."""

    path: Value
    place: CodePlace


_OPENERS: Mapping[str, tuple[int, str]] = {
    "builtins.open": (0, "file"),
    "io.open": (0, "file"),
    "io.FileIO": (0, "file"),
    "os.open": (0, "path"),
    "codecs.open": (0, "filename"),
    "tokenize.open": (0, "filename"),
    "fileinput.input": (0, "files"),
    "linecache.getline": (0, "filename"),
    "linecache.getlines": (0, "filename"),
    **{f"shutil.{name}": (0, "src") for name in ("copy", "copy2", "copyfile", "copytree")},
    "os.listdir": (0, "path"),
    "os.scandir": (0, "path"),
    "os.walk": (0, "top"),
    "sqlite3.connect": (0, "database"),
    "zipfile.ZipFile": (0, "file"),
    "tarfile.open": (0, "name"),
    "configparser.ConfigParser.read": (0, "filenames"),
    "logging.config.fileConfig": (0, "fname"),
    "flask.send_file": (0, "path_or_file"),
    "flask.send_from_directory": (0, "directory"),
    "jinja2.FileSystemLoader": (0, "searchpath"),
    "pandas.read_csv": (0, "filepath_or_buffer"),
    "pandas.read_json": (0, "path_or_buf"),
    **{f"pathlib.Path.{name}": (0, "self") for name in ("read_text", "read_bytes", "open")},
    "runpy.run_path": (0, "path_name"),
    "importlib.util.spec_from_file_location": (1, "location"),
    "importlib.machinery.SourceFileLoader": (1, "path"),
    "imp.load_source": (1, "pathname"),
}
_PATH_READS = (".read_text", ".read_bytes", ".open", ".iterdir", ".glob", ".rglob")
_PURE = {"base64", "builtins", "collections", "functools", "itertools", "json", "operator", "random", "re", "string"}
"""Modules whose functions make what they return of what they are given."""
_TESTS = {"os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.lexists", "os.access", "os.stat"}
_PATH_TESTS = {".exists", ".is_file", ".is_dir", ".stat"}
MOVES = {"os.chdir", "contextlib.chdir"}
_OPENING = {*_OPENERS, *_PATH_READS, *STARTS}


def opening(program: Program, module: str) -> list[tuple[str, Call]]:
    """Return the calls that read files."""
    return program.calls_of(module, _OPENING)


def opened(program: Program, module: str, calls: Iterable[tuple[str, Call]]) -> Iterator[Opened]:
    """Yield the files that `calls` in `module` read by a path that begins in the working folder."""
    for callee, call in calls:
        place = CodePlace(module, call.line, call.around)
        if callee in STARTS:
            yield from _scripts(program, callee, call, place)
            continue
        path = _path_of(callee, call)
        for given, where in program.reached(path, place) if path is not None else ():
            for each in _texts(given):
                if callee in (".iterdir", ".glob", ".rglob") and _begins_in_working_folder(each):
                    yield Opened(_below(each, callee, call), where)
                elif _begins_in_working_folder(each) or (isinstance(each, Unknown) and each.why):
                    yield Opened(each, where)
                elif _is_made_of_path(each) or _is_made_of_constants(each):
                    yield Opened(Unknown("it is made in a way that is not followed"), where)


def _path_of(callee: str, call: Call) -> Value | None:
    if callee not in _OPENERS:
        return call.function.owner if isinstance(call.function, Member) else None
    return None if _writes(callee, call) else argument(call, *_OPENERS[callee])


def _writes(callee: str, call: Call) -> bool:
    mode = argument(call, 1, "mode") if callee.endswith("open") else None
    return isinstance(mode, Constant) and isinstance(mode.value, str) and bool(set("wax+") & set(mode.value))


def _texts(value: Value) -> Iterator[Value]:
    """Yield each path that a value names, a list's one by one; bytes are as good as text."""
    for each in possible(value):
        if isinstance(each, SequenceValue):
            for inner in each.items:
                yield from _texts(inner)
        elif isinstance(each, Constant) and isinstance(each.value, bytes):
            yield Constant(each.value.decode("utf-8", "surrogateescape"))
        else:
            yield each


def _is_made_of_path(value: Value) -> bool:
    """Return whether a value comes of a path beside the code by a call that is not followed and opens nothing itself."""
    if not isinstance(value, CallResult):
        return False
    name = value.function.name if isinstance(value.function, Thing | Member) else ""
    opens = name in _OPENERS if isinstance(value.function, Thing) else f".{name}" in _PATH_READS
    return not opens and any(isinstance(each, CodePath) and not each.pattern for each in parts_of(value))


def _is_made_of_constants(value: Value) -> bool:
    """Return whether nothing but the code decides about a value, which is not followed all the same."""
    leaves = [each for each in parts_of(value) if isinstance(each, Constant | Thing | Parameter | Unknown | CodePath)]
    texts = any(isinstance(each, Constant) and isinstance(each.value, str) for each in leaves)
    return texts and all(isinstance(each, Constant) or _is_pure(each) for each in leaves) and value.size > 1


def _is_pure(value: Value) -> bool:
    name = value.name if isinstance(value, Thing) else ""
    return name.partition(".")[0] in _PURE and name not in ("builtins.open", "builtins.input")


def _below(folder: Value, callee: str, call: Call) -> Value:
    """Return what is read of a folder."""
    pattern = call.arguments[0] if callee != ".iterdir" and call.arguments else Constant("*")
    if not isinstance(folder, Constant) or not isinstance(pattern, Constant):
        return Unknown("which files it matches is not followed")
    return CodePath(ENTRY, join_pattern(str(folder.value), str(pattern.value), callee == ".rglob"), pattern=True)


def _scripts(program: Program, callee: str, call: Call, place: CodePlace) -> Iterator[Opened]:
    for words, where in commands(program, callee, call, place):
        run = python_run(words)
        if run is not None and not run.option and _begins_in_working_folder(run.what):
            yield Opened(run.what, where)
    folder = argument(call, 99, "cwd")
    for given, where in program.reached(folder, place) if folder is not None else ():
        yield from (Opened(each, where) for each in _texts(given) if _begins_in_working_folder(each))


def tested(program: Program, module: str) -> frozenset[Value]:
    """Return the paths that a module asks for before it reads them, or writes."""
    asked = [(call, argument(call, 0, "path")) for _, call in program.calls_of(module, _TESTS)]
    for _, call in program.calls_of(module, _PATH_TESTS):
        asked.append((call, call.function.owner if isinstance(call.function, Member) else None))
    for callee, call in program.calls_of(module, _OPENERS.keys()):
        if _writes(callee, call):
            asked.append((call, argument(call, *_OPENERS[callee])))
    return frozenset(
        from_working_folder(each)
        for call, value in asked
        if value is not None
        for given, _ in program.reached(value, CodePlace(module, call.line, call.around))
        for each in _texts(given)
    )


def from_working_folder(value: Value) -> Value:
    """Return a relative path as one beside `main`: the platform starts in the source folder."""
    return CodePath(ENTRY, value.value) if isinstance(value, Constant) else value  # type: ignore[arg-type]


def _begins_in_working_folder(value: Value) -> bool:
    text = value.parts[0] if isinstance(value, Text) and value.parts else value
    whole = text.value if isinstance(text, Constant) else None
    return (
        isinstance(whole, str)
        and whole not in ("", ":memory:")
        and not whole.startswith(("/", "~", "-"))
        and "://" not in whole
    )
