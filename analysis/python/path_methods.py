"""What methods of a path beside the code return."""

from __future__ import annotations

import posixpath

from analysis.python.text_values import concat, join
from analysis.python.values import (
    FILE,
    STEM,
    UNKNOWN,
    Arguments,
    CodePath,
    Constant,
    SequenceValue,
    Unknown,
    Value,
    member,
    text_of,
)


def not_followed(owner: Value) -> Value:
    """Return what is not known: of a path beside the code with the reason, so that nobody takes it for nothing."""
    return Unknown("it is made of a path in a way that is not followed") if isinstance(owner, CodePath) else UNKNOWN


_OF_TEXTS = {"split", "rsplit", "partition", "rpartition", "replace", "removesuffix", "removeprefix", "strip", "rstrip"}


_OF_TEXTS |= {"lstrip", "lower", "upper", "format", "join", "casefold", "translate", "relative_to"}


def path_method(owner: CodePath, name: str, arguments: Arguments) -> Value | None:
    """Return what a method of a path returns; None where only running tells."""
    known = owner.path is not None and not owner.pattern
    first = arguments[0] if arguments else UNKNOWN
    text = text_of(first)
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
