"""What a change of schemas means that no resource shows: how long documents are kept, and what messages may say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from blueprint.schemas.firestore import Firestore
from blueprint.schemas.messages import MessageSchema
from ops.change.model import Meaning
from ops.change.phrases import seconds, shown

_SETS: Final = ("required", "type", "enum", "x-attributes")
"""Keywords whose values are sets, told by what comes and goes."""


def expiries(before: Firestore, after: Firestore) -> Iterator[Meaning]:
    """Yield how much longer or shorter documents are kept: the functions write the day, so that no resource says it."""
    for now in after.ttls:
        was = before.ttl_of(now.collection)
        if was is not None and was.after != now.after:
            yield Meaning(
                "data",
                f"Documents of '{now.collection}' expire after {seconds(now.after)} instead of {seconds(was.after)}.",
            )


def contents(before: Mapping[str, MessageSchema], after: Mapping[str, MessageSchema]) -> Iterator[Meaning]:
    """Yield what a message must or may say otherwise: who sends or takes it by the old schema is not asked."""
    for name in sorted(before.keys() & after.keys()):
        old, new = (dict(_leaves(side[name].compact())) for side in (before, after))
        for path in sorted(old.keys() | new.keys()):
            was, now = old.get(path), new.get(path)
            if was != now:
                yield Meaning("start", f"The message '{name}' has {path} {shown(now)} instead of {shown(was)}.")


def _leaves(schema: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(schema, Mapping) and schema:
        for key, value in schema.items():
            yield from _leaves(value, f"{path}.{key}".lstrip("."))
    elif isinstance(schema, list) and path.rpartition(".")[2] in _SETS:
        yield path, sorted(map(str, schema))
    else:
        yield path, schema
