"""Bad inputs: texts of this project with pieces doubled, lost, swapped, cut and overwritten with what breaks readers.

An input is known by its reader and number alone, so that a failure is found again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

HOSTILE: tuple[bytes, ...] = (
    b"\x00", b"\x1b[31m\x1b]0;x\x07", b"\r", b"\xff\xfe", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xf0\x9f\x92\xa9", b"\t",
    b"`" * 81, b"](http://x)", b"<img src=x>", b"@everyone", b"&a", b"*a", b"<<: *a", b"!!python/object:os.system",
    b"{" * 300, b"[" * 300, b"(" * 300, b"-- ", b"/*", b"'", b'"', b"\\", b"\\u0000", b"\\ud800", b"$", b"${x}", b"{x}",
    b"999999999999999999999999", b"-1", b"1e999", b"NaN", b"Infinity", b"-0", b"0x10", b"1_000", b"yes", b"null", b"true",
    b"2026-02-30", b"9999-12-31", b"0001-01-01T00:00:00Z", b"\n", b"\n\n  ", b",", b":", b"#", b";", b"@", b"%", b"..",
    b"\xc3\xa9", b"\xc7\x85", b"\xe0\xa5\xa5", b"A" * 3000, b" " * 200, b"lambda: ", b"import ", b"SELECT ", b"x" * 70 + b".y",
)  # fmt: skip
"""What readers stumble over: control and escape sequences, deep nesting, numbers without bounds, syntax of neighbours."""


def mutated(seeds: Sequence[bytes], name: str, number: int) -> bytes:
    """Return the input of a reader by its number: a seed with one to six edits."""
    choose = random.Random(f"{name} {number}")
    content = choose.choice(seeds)
    for _ in range(choose.choice((1, 1, 2, 3, 6))):
        content = _edited(content, choose, seeds)
    return content


def _edited(content: bytes, choose: random.Random, seeds: Sequence[bytes]) -> bytes:
    start = choose.randint(0, len(content))
    end = min(len(content), start + choose.choice((1, 1, 4, 20, 200)))
    match choose.randrange(7):
        case 0:
            return content[:start] + choose.choice(HOSTILE) + content[start:]
        case 1:
            return content[:start] + choose.choice(HOSTILE) + content[end:]
        case 2:
            return content[:start] + content[end:]
        case 3:
            return content[:start] + content[start:end] * choose.choice((2, 3, 50)) + content[end:]
        case 4:
            return content[:start]
        case 5:
            other = choose.choice(seeds)
            begin = choose.randint(0, len(other))
            return content[:start] + other[begin : begin + choose.choice((5, 50, 500))] + content[end:]
        case _:
            return content[:start] + bytes([choose.randrange(256)]) + content[start + 1 :]
