"""Where code loads or runs other code by a call rather than by an import statement, and opens files: by what is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from analysis.python.events import Call
from analysis.python.program import CodePlace, Program
from analysis.python.values import (
    CallResult,
    CodePath,
    Constant,
    Member,
    SequenceValue,
    Text,
    Thing,
    Unknown,
    Value,
    parts_of,
    possible,
)


class Load(NamedTuple):
    """A module that a call loads: its name, None where only running tells; what is taken from it; and where."""

    module: str | None
    names: tuple[str, ...] | None
    place: CodePlace


class Opened(NamedTuple):
    """A file that a call reads: a path beside the code, or one that begins in the working folder."""

    path: Value
    place: CodePlace


_BY_NAME: Mapping[str, tuple[int, str]] = {
    "importlib.import_module": (0, "name"),
    "importlib.__import__": (0, "name"),
    "builtins.__import__": (0, "name"),
    "runpy.run_module": (0, "mod_name"),
    "pkgutil.resolve_name": (0, "name"),
    "pydoc.locate": (0, "path"),
    "pkgutil.get_loader": (0, "module_or_name"),
    "werkzeug.utils.import_string": (0, "import_name"),
    "django.utils.module_loading.import_string": (0, "dotted_path"),
}
_BY_OBJECT = {"pkgutil.resolve_name", "pydoc.locate"}
_BY_MEMBER = {"werkzeug.utils.import_string", "django.utils.module_loading.import_string"}
_COMPUTED = {"importlib.metadata.entry_points", "pkg_resources.iter_entry_points", "pkg_resources.load_entry_point"}
_BY_PATH: Mapping[str, tuple[int, str]] = {
    "runpy.run_path": (0, "path_name"),
    "importlib.util.spec_from_file_location": (1, "location"),
    "importlib.machinery.SourceFileLoader": (1, "path"),
    "imp.load_source": (1, "pathname"),
}
_STARTS = {"subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_call", "subprocess.check_output"}
_STARTS |= {"asyncio.create_subprocess_exec", "os.execv", "os.spawnv", "os.posix_spawn"}
_OPENERS: Mapping[str, tuple[int, str]] = {
    "builtins.open": (0, "file"),
    "io.open": (0, "file"),
    "codecs.open": (0, "filename"),
    "tokenize.open": (0, "filename"),
    "sqlite3.connect": (0, "database"),
    "zipfile.ZipFile": (0, "file"),
    "tarfile.open": (0, "name"),
    "configparser.ConfigParser.read": (0, "filenames"),
    "pandas.read_csv": (0, "filepath_or_buffer"),
    "pandas.read_json": (0, "path_or_buf"),
    **_BY_PATH,
}
_PATH_READS = (".read_text", ".read_bytes", ".open")
SEARCH_PATH = {"sys.path.insert", "sys.path.append", "sys.path.extend", "sys.path.__set__", "site.addsitedir"}
_PASSES_ON = {"builtins.map", "functools.partial", ".submit", "asyncio.to_thread", "builtins.getattr"}
PYTHONS = ("python", "python3")


_LOADING = {*_BY_NAME, *_COMPUTED, *_STARTS, "builtins.exec"}
_OPENING = {*_OPENERS, *_PATH_READS, *_STARTS}


def argument(call: Call, position: int, name: str) -> Value | None:
    """Return an argument by its place or its name."""
    if position < len(call.arguments):
        return call.arguments[position]
    return next((value for each, value in call.keywords if each == name), None)


def loads(program: Program, module: str) -> Iterator[Load]:
    """Yield the modules that calls in `module` load, at the place that says which."""
    nothing: list[tuple[str, Call]] = []
    for callee, call in program.once("loading calls", module, "", lambda: list(_loading(program, module)), nothing):
        place = CodePlace(module, call.line, call.around)
        if callee in _BY_NAME:
            yield from _by_name(program, callee, call, place)
        elif callee in _STARTS or callee == "builtins.exec":
            yield from _started(program, callee, call, place)
        else:
            yield Load(None, None, place)


def _loading(program: Program, module: str) -> Iterator[tuple[str, Call]]:
    """Yield the calls that load code, or give the function that does so away: whoever gets it decides what is loaded."""
    for callee, call in program.calls(module):
        if callee in _LOADING or (
            callee not in _PASSES_ON
            and any(isinstance(each, Thing) and program.callee(module, each) in _BY_NAME for each in call.arguments)
        ):
            yield callee, call


def _by_name(program: Program, callee: str, call: Call, place: CodePlace) -> Iterator[Load]:
    name = argument(call, *_BY_NAME[callee]) or Unknown()
    package = argument(call, 1, "package") if callee == "importlib.import_module" else None
    taken = argument(call, 3, "fromlist") if callee.endswith("__import__") else None
    level = argument(call, 4, "level") if callee.endswith("__import__") else None
    for given, where in program.reached(
        SequenceValue((name, package or Constant(None), taken or Constant(None), level or Constant(0))), place
    ):
        if not isinstance(given, SequenceValue):
            yield Load(None, None, where)
            continue
        for each in _flat(given.items[0]):
            yield _load(program, callee, (each, *given.items[1:]), where)


def _flat(value: Value) -> Iterator[Value]:
    for each in possible(value):
        yield from possible(each)


def _load(program: Program, callee: str, given: tuple[Value, ...], place: CodePlace) -> Load:
    name, package, taken, level = given
    if not isinstance(name, Constant) or not isinstance(name.value, str) or not name.value:
        return Load(None, None, place)
    text = name.value
    names: tuple[str, ...] | None = None
    if callee in _BY_OBJECT and ":" in text:
        text, names = text.partition(":")[0], (text.partition(":")[2].partition(".")[0],)
    elif callee in _BY_MEMBER:
        text, _, last = text.replace(":", ".").rpartition(".")
        names = (last,) if text else None
        text = text or last
    if isinstance(taken, SequenceValue):
        texts = [each.value for each in taken.items if isinstance(each, Constant)]
        names = tuple(str(each) for each in texts) if len(texts) == len(taken.items) else None
    dots = level.value if isinstance(level, Constant) and isinstance(level.value, int) else 0
    if text.startswith("."):
        anchor = package.value if isinstance(package, Constant) else None
        if package == Thing("."):
            return Load(program.absolute(place.module, text), names, place)
        if not isinstance(anchor, str):
            return Load(None, None, place)
        rest = text.lstrip(".")
        parts = anchor.split(".")
        return Load(".".join([*parts[: len(parts) - (len(text) - len(rest)) + 1], rest]), names, place)
    return Load(program.absolute(place.module, "." * dots + text) if dots else text, names, place)


def _started(program: Program, callee: str, call: Call, place: CodePlace) -> Iterator[Load]:
    """Yield the module that `python -m` or `exec` of a text runs."""
    first = argument(call, 0, "args") or Unknown()
    if callee == "builtins.exec":
        for given, where in program.reached(first, place):
            beside = any(isinstance(each, CodePath) for each in parts_of(given))
            opened = any(
                isinstance(each, CallResult) and each.function == Thing("builtins.open") for each in parts_of(given)
            )
            if not (beside or opened or isinstance(given, Constant)):
                yield Load(None, None, where)
        return
    for given, where in program.reached(first, place):
        for command in possible(given):
            words = command.items if isinstance(command, SequenceValue) else _split(command)
            for place_of, word in enumerate(words[:-1] if is_python(words[0] if words else None) else ()):
                if word == Constant("-m"):
                    module = words[place_of + 1]
                    known = isinstance(module, Constant) and isinstance(module.value, str)
                    yield Load(str(module.value) if known else None, None, where)  # type: ignore[union-attr]


def _split(command: Value) -> tuple[Value, ...]:
    text = command.value if isinstance(command, Constant) else None
    return tuple(map(Constant, text.split())) if isinstance(text, str) else ()


def is_python(word: Value | None) -> bool:
    """Return whether the first word of a command starts Python."""
    if word == Thing("sys.executable"):
        return True
    return isinstance(word, Constant) and str(word.value).rpartition("/")[2] in PYTHONS


def opening(program: Program, module: str) -> list[tuple[str, Call]]:
    """Return the calls that read files."""
    return program.calls_of(module, _OPENING)


def opened(program: Program, module: str, calls: Iterable[tuple[str, Call]]) -> Iterator[Opened]:
    """Yield the files that `calls` in `module` read by a path that begins in the working folder."""
    for callee, call in calls:
        place = CodePlace(module, call.line, call.around)
        if callee in _OPENERS:
            path, mode = argument(call, *_OPENERS[callee]), argument(call, 1, "mode")
            writes = isinstance(mode, Constant) and isinstance(mode.value, str) and bool(set("wax+") & set(mode.value))
            if path is None or (writes and callee.endswith("open")):
                continue
        elif callee in _PATH_READS and isinstance(call.function, Member):
            path = call.function.owner
        elif callee in _STARTS:
            yield from _scripts(program, call, place)
            continue
        else:
            continue
        for given, where in program.reached(path, place):
            for each in possible(given):
                if _begins_in_working_folder(each) or (isinstance(each, Unknown) and each.why):
                    yield Opened(each, where)


def _scripts(program: Program, call: Call, place: CodePlace) -> Iterator[Opened]:
    for given, where in program.reached(argument(call, 0, "args") or Unknown(), place):
        for command in possible(given):
            words = command.items if isinstance(command, SequenceValue) else _split(command)
            if words and is_python(words[0]):
                scripts = [each for each in words[1:] if isinstance(each, Constant) and str(each.value).endswith(".py")]
                yield from (Opened(each, where) for each in scripts[:1])


def _begins_in_working_folder(value: Value) -> bool:
    text = value.parts[0] if isinstance(value, Text) and value.parts else value
    whole = text.value if isinstance(text, Constant) else None
    return (
        isinstance(whole, str)
        and whole not in ("", ":memory:")
        and not whole.startswith(("/", "~"))
        and "://" not in whole
    )
