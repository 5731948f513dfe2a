"""Where code loads or runs other code by a call rather than by an import statement: by what is called."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from analysis.python.call_sites import PASSES_ON, CodePlace, argument
from analysis.python.commands import STARTS, commands, python_run
from analysis.python.events import Call
from analysis.python.program import Program
from analysis.python.record import read_record
from analysis.python.values import (
    KEYWORDS,
    CallResult,
    Choice,
    CodePath,
    Constant,
    DictValue,
    SequenceValue,
    Thing,
    Unknown,
    Value,
    parts_of,
    possible,
    text_of,
    together,
)


class Load(NamedTuple):
    """A module that a call loads.

    Attributes:
        module: its name, None where only running tells.
        names: what is taken from it.
        place: where that is said.
        how: as it is; as a name whose last parts may be inside the module (`object`); or only if it is there (`probe`).
        instead: the modules of which it may be any other.
    """

    module: str | None
    names: tuple[str, ...] | None
    place: CodePlace
    how: Literal["module", "object", "probe"] = "module"
    instead: tuple[str, ...] = ()


_FIND, _FROM_SPEC = "importlib.util.find_spec", "importlib.util.module_from_spec"
_BY_NAME: Mapping[str, tuple[int, str]] = {
    "importlib.import_module": (0, "name"),
    "importlib.__import__": (0, "name"),
    "builtins.__import__": (0, "name"),
    "runpy.run_module": (0, "mod_name"),
    "pkgutil.resolve_name": (0, "name"),
    "pydoc.locate": (0, "path"),
    "unittest.mock.patch": (0, "target"),
    "werkzeug.utils.import_string": (0, "import_name"),
    "django.utils.module_loading.import_string": (0, "dotted_path"),
    ".from_object": (0, "obj"),
    _FIND: (0, "name"),
    _FROM_SPEC: (0, "name"),
    "importlib.find_loader": (0, "name"),
    "pkgutil.find_loader": (0, "fullname"),
    "pkgutil.get_loader": (0, "module_or_name"),
}
_PROBES = {"importlib.util.find_spec", "importlib.find_loader", "pkgutil.find_loader", "pkgutil.get_loader"}
_BY_OBJECT = {"pkgutil.resolve_name", "pydoc.locate", "unittest.mock.patch", ".from_object"}
_BY_MEMBER = {"werkzeug.utils.import_string", "django.utils.module_loading.import_string"}
_COMPUTED = {"importlib.metadata.entry_points", "pkg_resources.iter_entry_points", "pkg_resources.load_entry_point"}
_RUNS_TEXT = {"builtins.exec", "builtins.eval"}
_CONFIGURES = "logging.config.dictConfig"
_MAKERS = (Constant("()"), Constant("class"), Constant("factory"))
SEARCH_PATH = {"sys.path.insert", "sys.path.append", "sys.path.extend", "sys.path.__set__", "site.addsitedir"}
_LOADING = {*_BY_NAME, *_COMPUTED, *STARTS, *_RUNS_TEXT, _CONFIGURES} - {".from_object"}


def loads(program: Program, module: str) -> Iterator[Load]:
    """Yield the modules that calls in `module` load, at the place that says which."""
    nothing: list[tuple[str, Call]] = []
    for callee, call in program.once("loading calls", module, "", lambda: list(_loading(program, module)), nothing):
        place = CodePlace(module, call.line, call.around)
        if callee == _FROM_SPEC:
            yield from _by_spec(program, call, place)
        elif callee in _BY_NAME:
            yield from _by_name(program, callee, call, place)
        elif callee in STARTS:
            yield from _started(program, callee, call, place)
        elif callee in _RUNS_TEXT:
            yield from _run(program, callee, call, place)
        elif callee == _CONFIGURES:
            yield from _configured(program, call, place)
        else:
            yield Load(None, None, place)


def registered(program: Program, module: str) -> Iterator[tuple[str, int, str]]:
    """Yield the names that a module puts into `sys.modules`, which can be imported then, each with the place that says it."""
    for callee, call in program.calls_of(module, {"sys.modules.__set__", "sys.modules.setdefault"}):
        key = argument(call, 1 if callee.endswith("__set__") else 0, "key") or Unknown()
        for found, place in program.reached(key, CodePlace(module, call.line, call.around)):
            yield from ((str(text_of(each)), place.line, place.module) for each in possible(found) if text_of(each))


def _loading(program: Program, module: str) -> Iterator[tuple[str, Call]]:
    """Yield the calls that load code, or give the function that does so away: whoever gets it decides what is loaded."""
    for callee, call in program.calls(module):
        given = (*call.arguments, *(value for _, value in call.keywords))
        if (
            callee in _LOADING
            or (callee == ".from_object" and given and isinstance(given[0], Constant))
            or (callee not in _PASSES_ON and any(_is_loader(program, module, each) for each in given))
        ):
            yield callee, call


_PASSES_ON = {*PASSES_ON, "threading.Thread", "multiprocessing.Process", "builtins.getattr"}


def _is_loader(program: Program, module: str, value: Value) -> bool:
    return isinstance(value, Thing) and program.callee(module, value) in _BY_NAME


def _by_name(program: Program, callee: str, call: Call, place: CodePlace) -> Iterator[Load]:
    given_name = argument(call, *_BY_NAME[callee])
    if given_name is None and KEYWORDS not in dict(call.keywords):
        return  # of `partial`, which is given the name later
    name = given_name or Unknown()
    package = argument(call, 1, "package") if callee == "importlib.import_module" else None
    taken = argument(call, 3, "fromlist") if callee.endswith("__import__") else None
    level = argument(call, 4, "level") if callee.endswith("__import__") else None
    for given, where in program.reached(
        SequenceValue((name, package or Constant(None), taken or Constant(None), level or Constant(0))), place
    ):
        if not isinstance(given, SequenceValue):
            yield Load(None, None, where)
            continue
        found = [(each[2], _load(program, callee, each, where)) for each in together(given.items)]
        chosen = isinstance(given.items[0], Choice) and not given.items[0].turns
        instead = tuple(load.module for _, load in found if load.module) if chosen else ()
        for listed, load in found:
            how: Literal["module", "object", "probe"] = "probe" if callee in _PROBES else load.how
            yield load._replace(how=how, instead=instead)
            for part in map(text_of, listed.items if isinstance(listed, SequenceValue) and load.module else ()):
                # `__import__` takes the parts that are there, and passes over the others
                yield load._replace(module=f"{load.module}.{part}", how="probe")
            if callee == "runpy.run_module" and load.module is not None:
                yield from list(_main_of(load.module, where))[1:]


def _by_spec(program: Program, call: Call, place: CodePlace) -> Iterator[Load]:
    """Yield the modules that are made of what `find_spec` finds: now, or by `LazyLoader` when they are used."""
    for given, where in program.reached(argument(call, 0, "spec") or Unknown(), place):
        for each in possible(given):
            if isinstance(each, CallResult) and each.function == Thing(_FIND):
                yield from _by_name(program, _FROM_SPEC, call._replace(arguments=each.arguments), where)


def _load(program: Program, callee: str, given: tuple[Value, ...], place: CodePlace) -> Load:
    name, package, _, level = given
    if not isinstance(name, Constant) or not isinstance(name.value, str) or not name.value:
        return Load(None, None, place)
    text = name.value
    names: tuple[str, ...] | None = None
    if callee in _BY_OBJECT and ":" not in text:
        return Load(text, None, place, "object")
    if callee in _BY_OBJECT:
        text, names = text.partition(":")[0], (text.partition(":")[2].partition(".")[0],)
    elif callee in _BY_MEMBER:
        text, _, last = text.replace(":", ".").rpartition(".")
        names = (last,) if text else None
        text = text or last
    dots = level.value if isinstance(level, Constant) and isinstance(level.value, int) else 0
    if text.startswith("."):
        anchor = package.value if isinstance(package, Constant) else None
        if isinstance(package, Thing):
            anchor = package.name  # `__package__`, of the module that says it
        if not isinstance(anchor, str):
            return Load(None, None, place)
        rest = text.lstrip(".")
        parts = anchor.split(".")
        return Load(".".join([*parts[: len(parts) - (len(text) - len(rest)) + 1], rest]), names, place)
    return Load(program.absolute(place.module, "." * dots + text) if dots else text, names, place)


def _run(program: Program, callee: str, call: Call, place: CodePlace) -> Iterator[Load]:
    """Yield what a text loads that is run as code; one from a file beside the code is that file's."""
    if _cannot_import(argument(call, 1, "globals")):
        return
    for given, where in program.reached(argument(call, 0, "source") or Unknown(), place):
        for text in possible(given):
            if isinstance(text, Constant):
                yield from _in_text(text, where)
            elif not any(isinstance(each, CodePath) or _is_opened(each) for each in parts_of(text)):
                yield Load(None, None, where)


def _cannot_import(names: Value | None) -> bool:
    """Return whether code that is run with these global names has no built-in function, so no `import` either."""
    pairs = zip(names.keys, names.values, strict=True) if isinstance(names, DictValue) else ()
    return any(key == Constant("__builtins__") and value in (DictValue((), ()), Constant(None)) for key, value in pairs)


def _is_opened(value: Value) -> bool:
    return isinstance(value, CallResult) and value.function == Thing("builtins.open")


def _in_text(text: Constant, place: CodePlace) -> Iterator[Load]:
    """Yield what the code in a text imports and loads."""
    record = read_record(str(text.value).encode("utf-8", "replace"), sys.version_info[:2], "names")
    yield from (Load(fact.module, fact.names, place) for fact in record.imports if not fact.level)
    for load in loads(Program({"": record}, ()), ""):
        yield load._replace(place=place)


def _started(program: Program, callee: str, call: Call, place: CodePlace) -> Iterator[Load]:
    """Yield the modules that `python -m` or `python -c` loads."""
    for words, where in commands(program, callee, call, place):
        run = python_run(words)
        known = run is not None and isinstance(run.what, Constant) and "{" not in str(run.what.value)
        if run is not None and run.option == "-m":
            yield from _main_of(str(run.what.value) if known else None, where)  # type: ignore[union-attr]
        elif run is not None and run.option == "-c":
            if isinstance(run.what, Constant):
                yield from _in_text(run.what, where)
            else:
                yield Load(None, None, where)


def _main_of(module: str | None, place: CodePlace) -> Iterator[Load]:
    """Yield a module that is run, and what is run of it where it is a package."""
    yield Load(module, None, place)
    if module is not None:
        yield Load(f"{module}.__main__", None, place, "probe")


def _configured(program: Program, call: Call, place: CodePlace) -> Iterator[Load]:
    """Yield what a logging configuration names: classes, factories and things outside."""
    for given, where in program.reached(argument(call, 0, "config") or Unknown(), place):
        if not any(isinstance(each, DictValue) for each in possible(given)):
            yield Load(None, None, where)
        for table in parts_of(given):
            for key, value in zip(table.keys, table.values, strict=True) if isinstance(table, DictValue) else ():
                text = value.value if isinstance(value, Constant) else None
                named = isinstance(text, str) and (key in _MAKERS or text.startswith("ext://"))
                if named and "." in str(text):
                    yield Load(str(text).removeprefix("ext://"), None, where, "object")
