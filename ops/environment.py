"""The Python environment these commands run in: whether it is the project's, and what to do where it lacks something.

Needs nothing but the standard library, because it speaks when the rest is absent or half installed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from ops.invocation import CODE, make, program, relative

FOLDER: Final = CODE / ".venv"
OWN: Final = frozenset(path.name for path in CODE.iterdir() if (path / "__init__.py").is_file())
"""The project's own packages."""


def ours() -> bool:
    """Return whether this process runs in the project's environment."""
    return FOLDER.exists() and Path(sys.prefix).resolve() == FOLDER.resolve()


def lack(error: ImportError) -> str | None:
    """Return the sentence for an import that failed, or None where the project's own code is what cannot be found."""
    package = (error.name or "").partition(".")[0]
    if package in OWN:
        return None
    what = f"the package '{package}' cannot be imported ({str(error).rstrip('.')})" if package else str(error)
    if not (CODE / "Makefile").is_file():
        return f"This Python ({sys.executable}) lacks what is needed: {what}. Install the tool again, with its requirements."
    if ours():
        return f"The environment {relative(FOLDER)} is incomplete: {what}. Run `{make()} setup`, which repairs it."
    if (FOLDER / "bin" / "python").exists():
        return f"This Python ({sys.executable}) lacks what is needed: {what}. Use the project's: `{_same_call()}`."
    return f"The environment is not built: {what}. Run `{make()} setup`, then `{_same_call()}`."


def _same_call() -> str:
    import shlex

    return f"{program()} {shlex.join(sys.argv[1:])}".strip()
