"""What calls of the standard library return, where reading tells: paths, texts, lists, and resources of packages."""

from __future__ import annotations

import inspect
import posixpath
import shlex
import textwrap
from collections.abc import Callable

from analysis.python.finder import ENTRY
from analysis.python.path_methods import path_method
from analysis.python.text_methods import text_method
from analysis.python.text_values import join
from analysis.python.values import (
    FILE,
    LOOP,
    STEM,
    UNKNOWN,
    Arguments,
    CallResult,
    Choice,
    CodePath,
    Constant,
    DictValue,
    Keywords,
    Member,
    SequenceValue,
    SomeOf,
    Text,
    Thing,
    Unknown,
    Value,
    choose,
    each,
    entries,
    exact,
    listed,
    member,
    possible,
    sequence,
    table,
    text_of,
)

Fold = Callable[[Arguments, Keywords], Value | None]


def _same(arguments: Arguments, keywords: Keywords) -> Value | None:
    return join(*arguments) if arguments and _is_path(arguments[0]) else None


def _path(arguments: Arguments, keywords: Keywords) -> Value | None:
    return _same(arguments, keywords) if arguments else Constant(".")


def _is_path(value: Value) -> bool:
    return any(
        isinstance(each, CodePath | Text) or text_of(each) is not None or (isinstance(each, Unknown) and bool(each.why))
        for each in possible(value)
    )


def _parent(arguments: Arguments, keywords: Keywords) -> Value | None:
    return member(arguments[0], "parent") if arguments and _is_path(arguments[0]) else None


def _list(arguments: Arguments, keywords: Keywords) -> Value | None:
    if not arguments:
        return SequenceValue(())
    first = arguments[0]
    if isinstance(first, DictValue):
        return listed(first, first.keys)
    parents = isinstance(first, Member) and first.name == "parents"
    return first if parents or isinstance(first, SequenceValue | CodePath) else None


def _sorted(arguments: Arguments, keywords: Keywords) -> Value | None:
    found = _list(arguments, keywords)
    if not isinstance(found, SequenceValue):
        return found
    texts = [text for each in exact(found) or () if (text := text_of(each)) is not None]
    known = not keywords and len(texts) == len(found.items)
    return SequenceValue(tuple(map(Constant, sorted(texts)))) if known else SomeOf(found.items)


def _reversed(arguments: Arguments, keywords: Keywords) -> Value | None:
    found = _list(arguments, keywords)
    return found.__class__(found.items[::-1]) if isinstance(found, SequenceValue) else found


def _as_python(function: Callable[[str], str], path: Fold = _same) -> Fold:
    """Return what a function makes of a text, as Python makes it, and what it makes of a path beside the code."""

    def fold(arguments: Arguments, keywords: Keywords) -> Value | None:
        text = text_of(arguments[0]) if len(arguments) == 1 else None
        return path(arguments, keywords) if text is None else Constant(function(text))

    return fold


def _item_of(arguments: Arguments, keywords: Keywords) -> Value | None:
    known = bool(arguments) and isinstance(arguments[0], SequenceValue | DictValue | Choice)
    return choose((each(arguments[0], text_of(keywords.get(LOOP, UNKNOWN)) or ""), *arguments[1:])) if known else None


def _dict(arguments: Arguments, keywords: Keywords) -> Value | None:
    if arguments and not isinstance(arguments[0], DictValue):
        return None
    keys, values = (arguments[0].keys, arguments[0].values) if arguments else ((), ())  # type: ignore[union-attr]
    return table((*keys, *map(Constant, keywords)), (*values, *keywords.values()))


def _package(value: Value | None) -> str | None:
    """Return the package that an argument names, by a text, a module, or `__package__` of the file itself."""
    if value is None or isinstance(value, Thing):
        return value.name if value else ""
    return text_of(value)


def _files(arguments: Arguments, keywords: Keywords) -> Value | None:
    anchor = _argument(arguments, keywords, 0, ("anchor", "package"))
    package = _package(anchor)
    return CodePath("", None) if package is None else CodePath(package, ".")


def _read_resource(arguments: Arguments, keywords: Keywords) -> Value | None:
    package = _package(arguments[0]) if arguments else None
    if package is None or len(arguments) < 2:
        return CodePath("", None) if arguments else None
    return join(CodePath(package, "."), *arguments[1:])


def _template_folder(arguments: Arguments, keywords: Keywords) -> Value | None:
    package = _package(_argument(arguments, keywords, 0, ("package_name",)))
    path = text_of(_argument(arguments, keywords, 1, ("package_path",)) or Constant("templates"))
    return None if not package or path is None else CodePath(package, path)


def _split_suffix(arguments: Arguments, keywords: Keywords) -> Value | None:
    first = arguments[0] if arguments else UNKNOWN
    if isinstance(first, CodePath) and first.path is not None:
        folder, name = posixpath.split(first.path)
        stem, suffix = (STEM, ".py") if name == FILE else posixpath.splitext(name)
        return SequenceValue((CodePath(first.base, posixpath.join(folder, stem)), Constant(suffix)))
    text = text_of(first)
    return None if text is None else SequenceValue(tuple(map(Constant, posixpath.splitext(text))))


def _glob(arguments: Arguments, keywords: Keywords) -> Value | None:
    first = arguments[0] if arguments else UNKNOWN
    if "root_dir" in keywords:
        first = join(keywords["root_dir"], first)
    if isinstance(first, CodePath) and first.path is not None:
        return CodePath(first.base, first.path, pattern=True)
    if text_of(first):
        return CodePath(ENTRY, posixpath.normpath(text_of(first) or ""), pattern=True)
    return first if isinstance(first, CodePath) else None


def _words(arguments: Arguments, keywords: Keywords) -> Value | None:
    text = text_of(arguments[0]) if arguments else None
    try:
        return None if text is None else SequenceValue(tuple(map(Constant, shlex.split(text))))
    except ValueError:
        return None


def _file_of(arguments: Arguments, keywords: Keywords) -> Value | None:
    """Return the file of a module; of anything else, which file that is is not known."""
    if arguments and isinstance(arguments[0], Thing) and not arguments[0].name.startswith((":", "builtins.")):
        return CodePath(arguments[0].name, FILE)
    return Unknown("which file it is is not followed")


def _namespace(arguments: Arguments, keywords: Keywords) -> Value | None:
    one = arguments[0] if len(arguments) == 1 else None
    return member(one, "__dict__") if isinstance(one, Thing) else None


def _folder_list(arguments: Arguments, keywords: Keywords) -> Value | None:
    return arguments[0] if arguments and isinstance(arguments[0], CodePath) else None


def _attribute(arguments: Arguments, keywords: Keywords) -> Value | None:
    name = text_of(arguments[1]) if len(arguments) > 1 else None
    return None if name is None else member(arguments[0], name)


def _imported(arguments: Arguments, keywords: Keywords) -> Value | None:
    """Return the module that `__import__` returns: the one named where something is taken of it, else the topmost."""
    name = text_of(arguments[0]) if arguments else None
    taken = exact(arguments[3] if len(arguments) > 3 else keywords.get("fromlist", SequenceValue(())))
    if not name or taken is None or len(arguments) > 4 or "level" in keywords:
        return None
    return Thing(name if taken else name.partition(".")[0])


def _environment(arguments: Arguments, keywords: Keywords) -> Value | None:
    """Return what a variable may be: what is set, or the default that stands beside it."""
    read = CallResult(Thing("os.getenv"), arguments[:1])
    return choose((read, arguments[1])) if len(arguments) > 1 and text_of(arguments[1]) else None


def _numbered(arguments: Arguments, keywords: Keywords) -> Value | None:
    first = arguments[0] if arguments else UNKNOWN
    items = first.items if isinstance(first, SequenceValue) else ()
    pairs = (SequenceValue((UNKNOWN, each)) for each in items)
    return sequence(pairs, known=exact(first) is not None) if items else None


def _zipped(arguments: Arguments, keywords: Keywords) -> Value | None:
    if any(isinstance(each, SomeOf) for each in arguments):
        return SomeOf((SequenceValue(tuple(map(each, arguments))),))
    lists = [each.items for each in arguments if isinstance(each, SequenceValue)]
    return (
        SequenceValue(tuple(map(SequenceValue, zip(*lists, strict=False))))
        if 0 < len(lists) == len(arguments)
        else None
    )


_PATHS = "pathlib.Path pathlib.PurePath pathlib.PosixPath pathlib.PurePosixPath pathlib.Path.cwd os.getcwd"
_SAME = "builtins.str os.path.abspath os.path.realpath"
_SAME += " os.path.expanduser os.path.expandvars os.fspath os.path.join os.fsdecode upath.UPath"
_READS = "importlib.resources.read_text importlib.resources.read_binary importlib.resources.open_text"
_READS += " importlib.resources.open_binary importlib.resources.path importlib.resources.contents pkgutil.get_data"
_READS += " importlib.resources.is_resource"
FUNCTIONS: dict[str, Fold] = {
    **dict.fromkeys(_SAME.split(), _same),
    **dict.fromkeys(_PATHS.split(), _path),
    **dict.fromkeys(_READS.split(), _read_resource),
    **dict.fromkeys(["builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset"], _list),
    "builtins.sorted": _sorted,
    "builtins.reversed": _reversed,
    "os.path.normpath": _as_python(posixpath.normpath),
    "inspect.cleandoc": _as_python(inspect.cleandoc),
    "textwrap.dedent": _as_python(textwrap.dedent),
    "builtins.enumerate": _numbered,
    "builtins.zip": _zipped,
    "random.choice": _item_of,
    "os.environ.get": _environment,
    "os.getenv": _environment,
    "builtins.iter": _list,
    "builtins.next": _item_of,
    "builtins.dict": _dict,
    "builtins.getattr": _attribute,
    "builtins.__import__": _imported,
    "importlib.resources.files": _files,
    "importlib.resources.as_file": _same,
    "importlib_resources.files": _files,
    "jinja2.PackageLoader": _template_folder,
    "jinja2.loaders.PackageLoader": _template_folder,
    "inspect.getfile": _file_of,
    "inspect.getsourcefile": _file_of,
    "shlex.split": _words,
    "builtins.vars": _namespace,
    "builtins.compile": lambda arguments, keywords: arguments[0] if arguments else None,
    "os.path.dirname": _as_python(posixpath.dirname, _parent),
    "os.path.splitext": _split_suffix,
    "glob.glob": _glob,
    "glob.iglob": _glob,
    "os.listdir": _folder_list,
    "os.scandir": _folder_list,
    "os.walk": _folder_list,
    "typing.cast": lambda arguments, keywords: arguments[1] if len(arguments) > 1 else None,
}
"""Functions by their full name → what they make of arguments; None where only running tells."""
FUNCTIONS |= {
    name.replace("os.path.", "posixpath."): fold for name, fold in FUNCTIONS.items() if name.startswith("os.path.")
}


def method(owner: Value, name: str, arguments: Arguments, keywords: Keywords) -> Value | None:
    """Return what a method of a constant, a path, a list or an exit stack returns; None where only running tells."""
    if name == "enter_context" and arguments:
        return arguments[0]
    if isinstance(owner, CodePath):
        return path_method(owner, name, arguments)
    if isinstance(owner, DictValue):
        return _table_method(owner, name, arguments)
    if isinstance(owner, SequenceValue) and name == "copy":
        return owner
    text = text_of(owner)
    if text is not None:
        return text_method(text, name, arguments, keywords)
    if isinstance(owner, Text) and name in ("strip", "rstrip", "lstrip"):
        return owner
    return None


def _table_method(owner: DictValue, name: str, arguments: Arguments) -> Value | None:
    if name in ("keys", "values"):
        return listed(owner, owner.keys if name == "keys" else owner.values)
    if name == "items":
        return listed(owner, (SequenceValue(pair) for pair in zip(owner.keys, owner.values, strict=True)))
    if name in ("get", "pop") and arguments:
        found = entries(owner, arguments[0])
        absent = isinstance(arguments[0], Constant) and name == "get" and len(arguments) == 1
        return choose(found or (*owner.values, *arguments[1:], *([Constant(None)] if absent else [])))
    return None


def _argument(arguments: Arguments, keywords: Keywords, position: int, names: tuple[str, ...]) -> Value | None:
    if len(arguments) > position:
        return arguments[position]
    return next((keywords[name] for name in names if name in keywords), None)
