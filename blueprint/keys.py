"""What a completion is for, as commands take it: the value type of the functions' library, which other layers do not import."""

from __future__ import annotations

from shared.declaration.keys import EXAMPLES, Key, KeyKind

__all__ = ["EXAMPLES", "Key", "KeyKind"]
