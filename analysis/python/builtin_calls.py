"""What calls of the standard library return, where reading tells: paths, texts, lists, and resources of packages."""

from __future__ import annotations

import posixpath
import shlex
import string
from collections.abc import Callable, Iterable, Mapping

from analysis.python.values import (
    FILE,
    MOST_ITEMS,
    STEM,
    UNKNOWN,
    Choice,
    CodePath,
    Constant,
    DictValue,
    Member,
    SequenceValue,
    Text,
    Thing,
    Unknown,
    Value,
    choose,
    concat,
    each,
    join,
    member,
    possible,
)

ENTRY = "main"
Arguments = tuple[Value, ...]
Keywords = Mapping[str, Value]
Fold = Callable[[Arguments, Keywords], Value | None]


def not_followed(owner: Value) -> Value:
    """Return what is not known: of a path beside the code with the reason, so that nobody takes it for nothing."""
    return Unknown("it is made of a path in a way that is not followed") if isinstance(owner, CodePath) else UNKNOWN


def _same(arguments: Arguments, keywords: Keywords) -> Value | None:
    return join(*arguments) if arguments and _is_path(arguments[0]) else None


def _path(arguments: Arguments, keywords: Keywords) -> Value | None:
    return _same(arguments, keywords) if arguments else Constant(".")


def _is_path(value: Value) -> bool:
    return any(
        isinstance(each, CodePath | Text) or _text(each) is not None or (isinstance(each, Unknown) and bool(each.why))
        for each in possible(value)
    )


def _text(value: Value) -> str | None:
    return value.value if isinstance(value, Constant) and isinstance(value.value, str) else None


def _parent(arguments: Arguments, keywords: Keywords) -> Value | None:
    return member(arguments[0], "parent") if arguments and _is_path(arguments[0]) else None


def _list(arguments: Arguments, keywords: Keywords) -> Value | None:
    if not arguments:
        return SequenceValue(())
    first = arguments[0]
    if isinstance(first, DictValue):
        return SequenceValue(first.keys)
    parents = isinstance(first, Member) and first.name == "parents"
    return first if parents or isinstance(first, SequenceValue | CodePath) else None


def _item_of(arguments: Arguments) -> Value | None:
    known = bool(arguments) and isinstance(arguments[0], SequenceValue | DictValue | Choice)
    return choose((each(arguments[0]), *arguments[1:])) if known else None


def _dict(arguments: Arguments, keywords: Keywords) -> Value | None:
    if arguments and not isinstance(arguments[0], DictValue):
        return None
    keys, values = (arguments[0].keys, arguments[0].values) if arguments else ((), ())  # type: ignore[union-attr]
    return DictValue((*keys, *map(Constant, keywords)), (*values, *keywords.values()))


def _package(value: Value | None) -> str | None:
    """Return the package that an argument names, by a text, a module, or `__package__` of the file itself."""
    if value is None or isinstance(value, Thing):
        return value.name if value else ""
    if isinstance(value, CodePath):
        return value.base
    return _text(value)


def _files(arguments: Arguments, keywords: Keywords) -> Value | None:
    anchor = _argument(arguments, keywords, 0, ("anchor", "package"))
    package = _package(anchor)
    return CodePath("", None) if package is None else CodePath(package, ".")


def _read_resource(arguments: Arguments, keywords: Keywords) -> Value | None:
    package = _package(arguments[0]) if arguments else None
    if package is None or len(arguments) < 2:
        return CodePath("", None) if arguments else None
    return join(CodePath(package, "."), *arguments[1:])


def _split_suffix(arguments: Arguments, keywords: Keywords) -> Value | None:
    first = arguments[0] if arguments else UNKNOWN
    if isinstance(first, CodePath) and first.path is not None:
        folder, name = posixpath.split(first.path)
        stem, suffix = (STEM, ".py") if name == FILE else posixpath.splitext(name)
        return SequenceValue((CodePath(first.base, posixpath.join(folder, stem)), Constant(suffix)))
    text = _text(first)
    return None if text is None else SequenceValue(tuple(map(Constant, posixpath.splitext(text))))


def _glob(arguments: Arguments, keywords: Keywords) -> Value | None:
    first = arguments[0] if arguments else UNKNOWN
    if "root_dir" in keywords:
        first = join(keywords["root_dir"], first)
    if isinstance(first, CodePath) and first.path is not None:
        return CodePath(first.base, first.path, pattern=True)
    if _text(first):
        return CodePath(ENTRY, posixpath.normpath(_text(first) or ""), pattern=True)
    return first if isinstance(first, CodePath) else None


def _words(arguments: Arguments, keywords: Keywords) -> Value | None:
    text = _text(arguments[0]) if arguments else None
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
    name = _text(arguments[1]) if len(arguments) > 1 else None
    return None if name is None else member(arguments[0], name)


_PATHS = "pathlib.Path pathlib.PurePath pathlib.PosixPath pathlib.PurePosixPath pathlib.Path.cwd os.getcwd"
_SAME = "builtins.str os.path.abspath os.path.realpath"
_SAME += " os.path.normpath os.path.expanduser os.path.expandvars os.fspath os.path.join os.fsdecode inspect.cleandoc"
_SAME += " textwrap.dedent upath.UPath"
_READS = "importlib.resources.read_text importlib.resources.read_binary importlib.resources.open_text"
_READS += " importlib.resources.open_binary importlib.resources.path importlib.resources.contents pkgutil.get_data"
_READS += " importlib.resources.is_resource"
FUNCTIONS: dict[str, Fold] = {
    **dict.fromkeys(_SAME.split(), _same),
    **dict.fromkeys(_PATHS.split(), _path),
    **dict.fromkeys(_READS.split(), _read_resource),
    **dict.fromkeys(
        ["builtins.list", "builtins.tuple", "builtins.set", "builtins.frozenset", "builtins.sorted"], _list
    ),
    "builtins.reversed": _list,
    "builtins.iter": _list,
    "builtins.next": lambda arguments, keywords: _item_of(arguments),
    "builtins.dict": _dict,
    "builtins.getattr": _attribute,
    "importlib.resources.files": _files,
    "importlib.resources.as_file": _same,
    "importlib_resources.files": _files,
    "inspect.getfile": _file_of,
    "inspect.getsourcefile": _file_of,
    "shlex.split": _words,
    "builtins.vars": _namespace,
    "builtins.compile": lambda arguments, keywords: arguments[0] if arguments else None,
    "os.path.dirname": _parent,
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
    """Return what a method of a constant, a path or a list returns; None where only running tells."""
    if isinstance(owner, CodePath):
        return _path_method(owner, name, arguments)
    if isinstance(owner, DictValue):
        return _table_method(owner, name, arguments)
    if isinstance(owner, SequenceValue) and name == "copy":
        return owner
    text = _text(owner)
    if text is not None:
        return _text_method(text, name, arguments, keywords)
    if isinstance(owner, Text) and name in ("strip", "rstrip", "lstrip"):
        return owner
    return None


def _table_method(owner: DictValue, name: str, arguments: Arguments) -> Value | None:
    if name in ("keys", "values"):
        return SequenceValue(owner.keys if name == "keys" else owner.values)
    if name == "items":
        return SequenceValue(tuple(SequenceValue(pair) for pair in zip(owner.keys, owner.values, strict=True)))
    if name in ("get", "pop") and arguments:
        found = [value for key, value in zip(owner.keys, owner.values, strict=True) if key == arguments[0]]
        return choose(found or (*owner.values, *arguments[1:]))
    return None


_OF_TEXTS = {"split", "rsplit", "partition", "rpartition", "replace", "removesuffix", "removeprefix", "strip", "rstrip"}
_OF_TEXTS |= {"lstrip", "lower", "upper", "format", "join", "casefold", "translate", "relative_to"}


def _path_method(owner: CodePath, name: str, arguments: Arguments) -> Value | None:
    known = owner.path is not None and not owner.pattern
    first = arguments[0] if arguments else UNKNOWN
    text = _text(first)
    if name == "iterdir" and owner.path == ".":
        return CodePath(owner.base, "*", pattern=True)
    if name in ("resolve", "absolute", "expanduser", "as_posix", "__str__", "__fspath__", "iterdir"):
        return owner
    if name in ("joinpath", "__truediv__"):
        return join(owner, *arguments)
    if name == "with_name":
        return join(member(owner, "parent"), *arguments)
    if name == "with_suffix":
        return concat((_without_suffix(owner), first)) if known else owner
    if name == "with_stem" and known and text is not None:
        return join(member(owner, "parent"), Constant(text + posixpath.splitext(owner.path or "")[1]))
    if name in ("glob", "rglob"):
        inner = join(owner, first if text is not None else UNKNOWN)
        if not isinstance(inner, CodePath) or inner.path is None:
            return inner
        return CodePath(owner.base, join_pattern(owner.path, text or "", name == "rglob"), pattern=True)
    if name == "with_segments":
        return join(*arguments) if arguments else Constant(".")
    if name in ("rpartition", "rsplit") and known and text == "/":
        return SequenceValue((member(owner, "parent"), *([first] if name == "rpartition" else []), UNKNOWN))
    if name in ("replace", "removesuffix") and known and posixpath.basename(owner.path or "") == FILE and text == ".py":
        return concat(
            (_without_suffix(owner), arguments[1] if name == "replace" and len(arguments) > 1 else Constant(""))
        )
    return not_followed(owner) if name in _OF_TEXTS else None


def join_pattern(folder: str | None, pattern: str, deep: bool) -> str:
    """Return the pattern for files below a folder."""
    return posixpath.normpath(posixpath.join(folder or ".", f"**/{pattern}" if deep else pattern))


def _without_suffix(path: CodePath) -> CodePath:
    folder, name = posixpath.split(path.path or "")
    return CodePath(path.base, posixpath.join(folder, STEM if name == FILE else posixpath.splitext(name)[0]))


def _text_method(owner: str, name: str, arguments: Arguments, keywords: Keywords) -> Value | None:
    if name in ("strip", "lstrip", "rstrip", "lower", "upper", "removeprefix", "removesuffix", "replace", "lstrip"):
        texts = [_text(each) for each in arguments]
        if None in texts or len(owner) * max((len(each or "") for each in texts), default=1) > MOST_ITEMS * 50:
            return UNKNOWN
        needed = {"removeprefix": 1, "removesuffix": 1, "replace": 2}.get(name)
        if (needed is None and len(texts) > 1) or (needed is not None and len(texts) != needed):
            return UNKNOWN
        return Constant(getattr(owner, name)(*texts))
    if name == "format":
        return formatted(owner, arguments, keywords)
    if name == "join" and arguments:
        items = arguments[0]
        return concat(_between(owner, items.items)) if isinstance(items, SequenceValue) else None
    if name in ("split", "splitlines") and all(_text(each) is not None for each in arguments) and len(arguments) < 2:
        separator = _text(arguments[0]) if arguments else None
        if arguments and not separator:
            return UNKNOWN
        words = owner.splitlines() if name == "splitlines" else owner.split(separator)
        return (
            SequenceValue(tuple(map(Constant, words))) if len(words) <= MOST_ITEMS else Unknown("the list is too long")
        )
    return None


def _between(separator: str, items: Iterable[Value]) -> list[Value]:
    parts: list[Value] = []
    for item in items:
        parts += [Constant(separator), item] if parts else [item]
    return parts


def formatted(template: str, arguments: Arguments, keywords: Keywords) -> Value:
    """Return `template.format(...)`, as far as its fields are plain names or positions."""
    parts: list[Value] = []
    try:
        number = 0
        for text, field, spec, conversion in string.Formatter().parse(template):
            parts.append(Constant(text))
            if field is None:
                continue
            place = int(field) if field.isdecimal() else number
            number += 1
            if field and not field.isdecimal():
                found = keywords.get(field, UNKNOWN)
            else:
                found = arguments[place] if place < len(arguments) else UNKNOWN
            parts.append(UNKNOWN if spec or conversion not in (None, "s") else found)
    except ValueError:
        return UNKNOWN
    return concat(parts)


def interpolated(template: str, right: Value) -> Value:
    """Return `template % right`, as far as it asks for plain texts and numbers."""
    arguments = right.items if isinstance(right, SequenceValue) else (right,)
    table = right if isinstance(right, DictValue) else None
    parts: list[Value] = []
    rest, position = template, 0
    while "%" in rest:
        text, _, rest = rest.partition("%")
        parts.append(Constant(text))
        if rest.startswith("%"):
            parts.append(Constant("%"))
        elif rest.startswith("(") and ")" in rest and table:
            name, _, rest = rest[1:].partition(")")
            found = [value for key, value in zip(table.keys, table.values, strict=True) if key == Constant(name)]
            parts.append(found[0] if found and rest[:1] in ("s", "d") else UNKNOWN)
        else:
            plain = rest[:1] in ("s", "d") and position < len(arguments)
            parts.append(arguments[position] if plain else UNKNOWN)
            position += 1
            if not plain:
                return concat([*parts, UNKNOWN])
        rest = rest[1:]
    return concat([*parts, Constant(rest)])


def _argument(arguments: Arguments, keywords: Keywords, position: int, names: tuple[str, ...]) -> Value | None:
    if len(arguments) > position:
        return arguments[position]
    return next((keywords[name] for name in names if name in keywords), None)
