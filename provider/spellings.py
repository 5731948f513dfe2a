"""Two ways to write one value, as the provider compares them: what differs in spelling alone is no change.

Which property is compared how is data, in `facts/` under `spellings`; what each comparison does is here, after the
`DiffSuppressFunc` or `StateFunc` of the same name in the file that the kind names as its source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from provider.formats import seconds
from provider.tables import same_columns

_CASE_MATTERS = re.compile(r"allUsers|allAuthenticatedUsers|^principal(Set|Hierarchy)?:")


def _case(old: str, new: str) -> bool:
    return old.upper() == new.upper()


def _member(old: str, new: str) -> bool:
    """Compare two principals: only those of workload pools, and the two words for everybody, mind the case."""
    return old == new if any(map(_CASE_MATTERS.search, (old, new))) else _case(old, new)


def _last_segment(old: str, new: str) -> bool:
    return old.rpartition("/")[2] == new.rpartition("/")[2]


def _name_or_path(old: str, new: str) -> bool:
    """Compare a full resource name with another, or with the short name, which is taken for any project's."""
    if "/" in new and "/" in old:
        return _path(old) == _path(new)
    return _last_segment(old, new)


def _path(name: str) -> str:
    return re.sub(r"^https?://[^/]+/([a-z0-9]+/)?(?=projects/)", "", name)


def _duration(old: str, new: str) -> bool:
    times = [seconds(text) for text in (old, new)]
    return None not in times and times[0] == times[1]


def _idle_time(old: str, new: str) -> bool:
    return _trimmed(old) == _trimmed(new)


def _trimmed(text: str) -> str:
    """Return a duration without zeros that say nothing; `1.s` stays another text than `1s`, as the provider has it."""
    text = text.lstrip("0")
    return text.removesuffix("s").rstrip("0") + "s" if "." in text else text


def _last_slash(old: str, new: str) -> bool:
    return old.removesuffix("/") == new.removesuffix("/")


def _json(old: str, new: str) -> bool:
    """Compare two JSON texts; what only the old one has was filled in by the service."""
    try:
        before, after = json.loads(old), json.loads(new)
    except ValueError:
        return False
    return bool(_without_absent(before, after) == after)


def _without_absent(old: object, new: object) -> object:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {key: _without_absent(value, new[key]) for key, value in old.items() if new.get(key) is not None}
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [_without_absent(*pair) for pair in zip(old, new, strict=True)]
    return old


SPELLINGS: Mapping[str, Callable[[str, str], bool]] = {
    "case": _case,
    "columns": same_columns,
    "duration": _duration,
    "idle-time": _idle_time,
    "json": _json,
    "last-segment": _last_segment,
    "last-slash": _last_slash,
    "member": _member,
    "name-or-path": _name_or_path,
}


def same(spelling: str | None, old: object, new: object) -> bool:
    """Tell whether two values are one to the provider; without a `spelling` only equal ones are."""
    if old == new:
        return True
    return spelling is not None and isinstance(old, str) and isinstance(new, str) and SPELLINGS[spelling](old, new)
