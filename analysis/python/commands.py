"""Programs that code starts: the words of each command, however it is started, and what it makes Python run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from analysis.python.call_sites import CodePlace, argument
from analysis.python.events import Call
from analysis.python.program import Program
from analysis.python.text_values import shown
from analysis.python.values import Constant, SequenceValue, Text, Thing, Unknown, Value, possible

_SUBPROCESS = ("run", "Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput")
_SHELL = "asyncio.create_subprocess_shell"
_GIVEN: Mapping[str, tuple[int, str]] = {
    **{f"subprocess.{name}": (0, "cmd" if name.startswith("get") else "args") for name in _SUBPROCESS},
    "os.system": (0, "command"),
    "os.popen": (0, "cmd"),
    _SHELL: (0, "cmd"),
    **{f"os.exec{name}": (1, "args") for name in ("v", "ve", "vp", "vpe")},
    **{f"os.spawn{name}": (2, "args") for name in ("v", "ve", "vp", "vpe")},
    **{f"os.posix_spawn{name}": (1, "argv") for name in ("", "p")},
}
_SPREAD: Mapping[str, int] = {
    "asyncio.create_subprocess_exec": 0,
    **{f"os.execl{name}": 1 for name in ("", "e", "p", "pe")},
    **{f"os.spawnl{name}": 2 for name in ("", "e", "p", "pe")},
}
STARTS = {*_GIVEN, *_SPREAD}
_BETWEEN = re.compile(r"&&|\|\||[;|&\n]")
_BEFORE = re.compile(r"\w+=|(?:exec|env|nohup|nice|sudo)$")
_PYTHON = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")
_WITH_VALUE = ("-W", "-X")


class PythonRun(NamedTuple):
    """What a command makes Python run: by `-m`, by `-c`, or a script."""

    option: str
    what: Value


def commands(
    program: Program, callee: str, call: Call, place: CodePlace
) -> Iterator[tuple[tuple[Value, ...], CodePlace]]:
    """Yield the words of each command that a call of one of `STARTS` may start, and the place that says which."""
    if callee in _SPREAD:
        given: Value = SequenceValue(call.arguments[_SPREAD[callee] :])
    else:
        given = argument(call, *_GIVEN[callee]) or Unknown()
    for found, where in program.reached(given, place):
        for each in possible(found):
            if isinstance(each, SequenceValue):
                yield each.items, where
            else:
                for words in _commands_in(each):
                    yield words, where


def _commands_in(line: Value) -> Iterator[tuple[Value, ...]]:
    """Yield the commands of a shell's line; of one that is not known, that alone."""
    text = shown(line) if isinstance(line, Constant | Text) else ""
    for part in _BETWEEN.split(text):
        try:
            words = shlex.split(part)
        except ValueError:
            words = part.split()
        while words and _BEFORE.match(words[0]):
            del words[0]
        if words:
            yield tuple(map(Constant, words))
    if not text:
        yield (line,)


def is_python(word: Value | None) -> bool:
    """Return whether the first word of a command starts Python."""
    if word == Thing("sys.executable"):
        return True
    return isinstance(word, Constant) and isinstance(word.value, str) and bool(_PYTHON.fullmatch(word.value))


def python_run(words: tuple[Value, ...]) -> PythonRun | None:
    """Return what a command makes Python run; None for another program, and for one without a script."""
    if not words or not is_python(words[0]):
        return None
    rest = iter(words[1:])
    for word in rest:
        text = word.value if isinstance(word, Constant) else None
        if text in ("-m", "-c"):
            return PythonRun(str(text), next(rest, Unknown()))
        if text in _WITH_VALUE:
            next(rest, None)
        elif not isinstance(text, str) or not text.startswith("-"):
            return PythonRun("", word)
    return None
