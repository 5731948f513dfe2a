"""Prints what the standard library of the Python that runs this has: a module a line, then its public names.

    python3.12 -S -E analysis/python/standard/listing.py > analysis/python/standard/3.12.txt

A `*` says that there may be more: a module that makes names when asked, cannot be imported here, or whose names depend
on how Python was built. Imports nothing of ours, for any Python runs it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import pkgutil
import sys
import warnings
from collections.abc import Iterator

LEFT_OUT = ("antigravity", "idlelib", "lib2to3", "this", "turtledemo")
"""Modules that do something when they are imported, or that nobody imports."""
BY_BUILD = (
    "socket os posix signal errno select ssl resource fcntl termios tty pty curses readline locale mmap time hashlib"
)
BY_BUILD += (
    " sqlite3 tkinter ossaudiodev nis spwd crypt dbm zlib bz2 lzma _ctypes ctypes multiprocessing platform pwd grp"
)

LATER = {"sys": {"last_traceback", "last_type", "last_value", "ps1", "ps2", "tracebacklimit"}}
"""Names that a module has at times; `sys.last_exc` is newer."""
if sys.version_info >= (3, 12):
    LATER["sys"].add("last_exc")


def modules(name: str) -> Iterator[str]:
    """Yield a module and those below it."""
    yield name
    for each in pkgutil.iter_modules(getattr(loaded(name), "__path__", ()), f"{name}."):
        last = each.name.rpartition(".")[2]
        if not last.startswith("_") and last not in ("test", "tests", "idle_test"):
            yield from modules(each.name)


def loaded(name: str) -> object:
    """Return a module, None where it cannot be imported here."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception, SystemExit):
        return importlib.import_module(name)
    return None


def line(name: str) -> str:
    """Return the line of one module."""
    module = loaded(name)
    if module is None:
        return f"{name} *"
    names = {*vars(module), *LATER.get(name, ())}
    more = "__getattr__" in names or name.partition(".")[0] in BY_BUILD.split()
    return " ".join([name, *sorted(each for each in names if not each.startswith("_")), *(["*"] if more else [])])


def main() -> None:
    """Print every module."""
    warnings.simplefilter("ignore")
    for top in sorted(sys.stdlib_module_names):
        if top.startswith("_") or top in LEFT_OUT:
            sys.stdout.write(f"{top} *\n")
            continue
        for name in list(modules(top)):
            sys.stdout.write(f"{line(name)}\n")


if __name__ == "__main__":
    main()
