"""Whether a source compiles on the target runtime, whatever Python the builder runs on."""

from __future__ import annotations

import ast
import io
import re
import symtable
import sys
import tokenize
import warnings
from dataclasses import dataclass
from typing import Literal

PythonVersion = tuple[int, int]

_FSTRING = re.compile(rb"""(?i)\b(?:f|fr|rf)['"]""")


NOT_KNOWN = "not known: "
"""Begins the words about a source that cannot be read here: the target may."""

MOST_DEPTH = 4000
"""How deeply calls may be nested while a source is read: a chain of some two thousand `elif` still is."""

TOO_DEEP = f"{NOT_KNOWN}it is nested more deeply than this reader follows, which is {MOST_DEPTH} calls; nest it less"


@dataclass(frozen=True)
class SyntaxFault:
    """Why a source does not compile, or that this is `NOT_KNOWN`: 1-based line and the compiler's words."""

    line: int
    message: str


MOST_BYTES = 2_000_000
"""How large a source may be: one of two megabytes takes up to half of the time that a folder has."""

MOST_FIELDS = 20_000
"""How many braces a source with f-strings may have: compilers take the square of that time for the fields of one."""

Depth = Literal["names", "code"]
"""How far a source is read: its statements and whether every name is bound somewhere; or also whether code can be
generated, which refuses little (`return` outside a function) and takes a quarter of the time.
"""
_SCOPE_WORDS = (b"global", b"nonlocal", b"await", b":=")
_SCOPE_PATTERNS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        rb"import\s*\(?\s*\*",
        rb"__future__(?! import annotations\s*(?:#.*)?$)",
        *((rb"(?:def|class|type)\s+\w+\s*\[",) if sys.version_info >= (3, 12) else ()),
    )
)
_YIELD = re.compile(rb"\(\s*(?:#.*\s*)*yield\b")


def _scopes_may_be_refused(content: bytes) -> bool:
    """Return whether a text has anything that the compiler's symbol table can refuse: asking it costs another parse.

    Two parameters of one name are left out: the reading of scopes sees them.
    """
    return (
        any(word in content for word in _SCOPE_WORDS)
        or any(pattern.search(content) for pattern in _SCOPE_PATTERNS)
        or (b"yield" in content and _YIELD.search(content) is not None)
    )


def parse(content: bytes, target: PythonVersion, depth: Depth = "code") -> ast.Module | SyntaxFault:
    """Return the tree of `content`, or why the Python version `target` cannot compile it, looking no further than `depth`."""
    if len(content) > MOST_BYTES:
        why = f"it has {len(content)} bytes, more than the {MOST_BYTES} that this reader takes; keep data in data files"
        return SyntaxFault(1, NOT_KNOWN + why)
    if content.count(b"{") > MOST_FIELDS and _FSTRING.search(content):
        return SyntaxFault(
            1, f"{NOT_KNOWN}beside f-strings it has more than {MOST_FIELDS} braces; keep data in data files"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree: ast.Module = compile(content, "<source>", "exec", ast.PyCF_ONLY_AST, True, _feature_version=target[1])  # type: ignore[assignment]
            if depth == "code":
                compile(tree, "<source>", "exec", dont_inherit=True)
            elif _scopes_may_be_refused(content):
                symtable.symtable(content, "<source>", "exec")  # type: ignore[arg-type]
    except SyntaxError as error:
        return fault(error, target)
    except (ValueError, UnicodeDecodeError) as error:
        return SyntaxFault(1, str(error))
    except (RecursionError, MemoryError):
        return SyntaxFault(1, TOO_DEEP)
    if target < (3, 12) <= sys.version_info and _FSTRING.search(content):
        return _new_fstrings(content) or tree
    return tree


def fault(error: SyntaxError, target: PythonVersion) -> SyntaxFault:
    """Return a compiler's refusal as a fault."""
    words = error.msg or "invalid syntax"
    if sys.version_info[:2] < target:
        own, asked = (".".join(map(str, version[:2])) for version in (sys.version_info, target))
        words = f"{NOT_KNOWN}Python {own}, which looks at it, says '{words}'; only Python {asked} or newer can tell; let that one look at it"
    return SyntaxFault(error.lineno or 1, words)


def _new_fstrings(content: bytes) -> SyntaxFault | None:
    """Find f-strings that only Python 3.12 reads: reused quotes, backslashes, comments, line breaks."""
    open_quotes: list[str] = []
    middle = getattr(tokenize, "FSTRING_MIDDLE", -1)
    start = getattr(tokenize, "FSTRING_START", -1)
    for token in tokenize.tokenize(io.BytesIO(content).readline):
        if open_quotes and token.type != middle:
            inner = token.string.lstrip("rbfuRBFU") if token.type in (tokenize.STRING, start) else ""
            if inner and any(inner.startswith(quote) for quote in open_quotes):
                return SyntaxFault(token.start[0], "an f-string reuses its own quotes inside, new in Python 3.12")
            if "\\" in token.string:
                return SyntaxFault(token.start[0], "an f-string expression has a backslash, new in Python 3.12")
            if token.type == tokenize.COMMENT or (token.type == tokenize.NL and len(open_quotes[-1]) == 1):
                return SyntaxFault(token.start[0], "an f-string expression has a line break, new in Python 3.12")
        if token.type == start:
            open_quotes.append(token.string.lstrip("rbfuRBFU"))
        elif token.type == getattr(tokenize, "FSTRING_END", -1):
            open_quotes.pop()
    return None
