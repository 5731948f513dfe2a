"""What makes a message a whole sentence."""

from __future__ import annotations

import re

SLIPS = re.compile(r"[,;] ?\.(?!\w|\.)|(?<![.'])\.\.(?!\.|/)|(?<=\S)  (?=\S)|(?<=\w) [,;](?= )|\n")
"""What a sentence shows where a piece of it, or a space, was lost."""


def problem(text: str) -> str | None:
    """Return what keeps `text` from being a whole sentence, or None; `{}` stands for a value."""
    if not text.strip():
        return "it says nothing"
    if not text.rstrip().endswith((".", "?", "{}")):
        return f"it has no end: …{text[-40:]!r}"
    slip = SLIPS.search(text)
    return f"it lost something: …{text[max(0, slip.start() - 30) : slip.end() + 10]!r}" if slip else None
