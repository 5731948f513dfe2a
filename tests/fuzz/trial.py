"""One input given to one reader: no exception, an answer in time, and nothing in it that moves a terminal or ends a code span."""

from __future__ import annotations

from ops.change.render import code
from ops.terminal import clean
from tests.bounded import bounded
from tests.fuzz.readers import Reader

SECONDS = 10
"""An input is some kilobytes; a reader needs milliseconds."""
MOST = 200_000
"""Characters that an answer may have."""


def fault(reader: Reader, content: bytes) -> str:
    """Return what is wrong with how a reader takes an input, or nothing."""
    try:
        with bounded(SECONDS):
            said = [*reader.read(content)]
    except Exception as error:  # noqa: BLE001  # whatever a reader raises is what is looked for
        return f"{type(error).__name__}: {str(error)[:200]}"
    for line in said:
        if clean(line) != line:
            return f"it says what moves a terminal: {line[:200]!r}"
        if "`" in code(line)[1:-1]:
            return f"it leaves its code span: {line[:200]!r}"
    length = sum(map(len, said))
    return f"it says {length} characters" if length > MOST else ""
