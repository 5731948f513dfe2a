"""Date parts: which of them a function takes for a value of a type (GoogleSQL date, time and timestamp functions)."""

from __future__ import annotations

from analysis.sql.types import Type

_TIME = frozenset({"MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR"})
_DAYS = frozenset({"DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})
_ISO = frozenset({"ISOWEEK", "ISOYEAR"})
_NUMBERS = frozenset({"DAYOFWEEK", "DAYOFYEAR"})
PARTS = _TIME | _DAYS | _ISO | _NUMBERS | {"NANOSECOND", "DATE", "TIME", "DATETIME"}
"""Every word that names a part of a date or time."""


def refused_part(function: str, part: str, kind: Type) -> str:
    """Why the function does not take `part` of a value of this type; empty where it does or that is not known."""
    allowed = _allowed(function, kind.kind)
    if allowed is None or not part or part in allowed:
        return ""
    shown = function.lstrip("$")
    return f"`{shown}` of {kind} takes no part `{part}`; use one of {', '.join(sorted(allowed))}."


def _allowed(function: str, kind: str) -> frozenset[str] | None:
    if kind not in {"DATE", "DATETIME", "TIME", "TIMESTAMP"} or function == "LAST_DAY":
        return None
    what = function.rpartition("_")[2]
    if what == "EXTRACT":
        base = {"DATE": _DAYS | _ISO | _NUMBERS, "TIME": _TIME}
        return base.get(kind, _TIME | _DAYS | _ISO | _NUMBERS)
    if what in ("ADD", "SUB"):
        base = {"DATE": _DAYS, "TIME": _TIME, "TIMESTAMP": _TIME | {"DAY"}}
        return base.get(kind, _TIME | _DAYS)
    if what in ("DIFF", "TRUNC"):
        narrow = _TIME | {"DAY"} if what == "DIFF" else _TIME | _DAYS | _ISO
        base = {"DATE": _DAYS | _ISO, "TIME": _TIME, "TIMESTAMP": narrow}
        return base.get(kind, _TIME | _DAYS | _ISO)
    return None
