"""What a broken place is called, and the remedy, by its kind."""

from __future__ import annotations

import os
from collections.abc import Callable

from analysis.python.graph import ImportProblem
from blueprint.archive.model import ArchiveSource


def _module(problem: ImportProblem, source: ArchiveSource) -> str:
    if problem.detail.startswith("link:"):
        link = os.path.basename(problem.detail.removeprefix("link:"))
        return f"'{problem.subject}' is imported, but the link '{link}' leads nowhere. Repair the link."
    if problem.detail.startswith("neither:"):
        package, _, name = problem.subject.rpartition(".")
        hint = f" '{package}' has no __init__.py." if problem.detail == "neither:namespace" else ""
        return (
            f"'{name}' is neither a submodule of '{package}' nor a name in it.{hint} Create it or correct the import."
        )
    absent = problem.detail.removeprefix("absent:")
    part = "" if absent == problem.subject else f" ('{absent}' does not exist)"
    return f"'{problem.subject}' is imported, but no module of that name is in reach of '{source.name}'{part}, and no locked distribution provides it. Create it, correct the import, or add the distribution to requirements.in."


def _simple(text: str) -> Callable[[ImportProblem, ArchiveSource], str]:
    return lambda problem, source: text.format(subject=problem.subject, detail=problem.detail, function=source.name)


def _name(problem: ImportProblem, source: ArchiveSource) -> str:
    module, _, name = problem.subject.rpartition(".")
    return f"'{module}' has no name '{name}'. Correct the import, or define it there."


def _arguments(problem: ImportProblem, source: ArchiveSource) -> str:
    name = problem.subject.replace(":", ".")
    return f"'{name}' does not take these arguments: {problem.detail}. Correct the call, or what it takes."


def _member(problem: ImportProblem, source: ArchiveSource) -> str:
    owner, _, name = problem.subject.replace(":", ".").rpartition(".")
    return f"Objects of '{owner}' have no attribute '{name}'. Correct the name, or define it there."


SENTENCES: dict[str, tuple[str, Callable[[ImportProblem, ArchiveSource], str]]] = {
    "module": ("archive-missing-module", _module),
    "distribution": (
        "archive-missing-module",
        _simple(
            "'{subject}' is imported, but no module of that name is in reach of '{function}', and no locked distribution provides it. Create it, correct the import, or add the distribution to requirements.in and run `make lock`."
        ),
    ),
    "name": ("archive-missing-name", _name),
    "arguments": ("archive-arguments", _arguments),
    "member": ("archive-missing-attribute", _member),
    "syntax": ("archive-syntax", _simple("The file does not compile on the runtime: {detail}.")),
    "syntax-unknown": (
        "archive-syntax",
        _simple("It is not known whether the file compiles on the runtime: {detail}."),
    ),
    "anchor": (
        "archive-resource",
        _simple(
            "'{subject}' needs the package as its argument before Python 3.12. Name the package that holds the file."
        ),
    ),
    "unreadable": ("archive-syntax", _simple("The file cannot be read. Make it a readable file of source code.")),
    "relative": (
        "archive-relative-import",
        _simple("The relative import of '{subject}' leaves its top-level package. Import by the absolute name."),
    ),
    "unbound": (
        "archive-unbound-name",
        _simple("The name '{subject}' is defined nowhere: this line raises NameError. Import or define it."),
    ),
    "deleted": (
        "archive-unbound-name",
        _simple(
            "The name '{subject}' is deleted before this line reads it, by `del` or at the end of the handler that binds it: it raises NameError. Keep the value under another name."
        ),
    ),
    "order": (
        "archive-missing-name",
        _simple(
            "'{subject}' is asked for while its module is being loaded: {detail}. Import it where it is used, or move what both need into a module of its own."
        ),
    ),
    "hint": (
        "archive-unbound-name",
        _simple(
            "The annotation names '{subject}', which its module does not have, and {detail} evaluates it: it raises NameError. Import it outside of `TYPE_CHECKING`, or define it."
        ),
    ),
    "recursion": (
        "archive-missing-name",
        _simple(
            "`__getattr__` imports '{subject}' from its own package, which asks `__getattr__` again and never ends. Import it by `importlib.import_module`."
        ),
    ),
    "search-path": (
        "archive-computed-import",
        _simple(
            "'{subject}' is looked for in folders that its package adds to `__path__`, which is not followed. List it under dynamic_imports of '{function}', and its file under resources."
        ),
    ),
    "computed": (
        "archive-computed-import",
        _simple("A module is imported by a computed name. List what it can be under dynamic_imports of '{function}'."),
    ),
    "computed-resource": (
        "archive-resource",
        _simple(
            "A file beside the code is opened by a computed name. List what it can be under resources of '{function}'."
        ),
    ),
    "resource": (
        "archive-resource",
        _simple("'{subject}' is read, but is no file beside the code. Create it or correct the path."),
    ),
}
