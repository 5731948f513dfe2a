"""`OPTIONS(...)` lists; an option nobody acts on is refused rather than ignored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlglot import exp

from analysis.sql.lexical import NotUnderstoodError
from analysis.sql.record import Reading
from analysis.sql.text import Tree, start_of

OptionHolder = Literal["table", "view", "dataset", "column"]

ALLOWED: dict[OptionHolder, frozenset[str]] = {
    "table": frozenset(
        {"description", "friendly_name", "labels", "partition_expiration_days", "require_partition_filter"}
    ),
    "view": frozenset({"description", "friendly_name", "labels"}),
    "dataset": frozenset({"description", "friendly_name", "labels"}),
    "column": frozenset({"description"}),
}

MAX_DESCRIPTION = {"column": 1024, "table": 16384, "view": 16384, "dataset": 16384}
"""Characters of a description (BigQuery quotas and limits)."""

LABEL_KEY = re.compile(r"[^\W\d_A-Z][\w-]{0,62}\Z")
LABEL_VALUE = re.compile(r"[\w-]{0,63}\Z")
MAX_LABELS = 64


@dataclass(kw_only=True)
class Options:
    """The values of one options list; `offsets` says which were written, and where."""

    description: str | None = None
    friendly_name: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    partition_expiration_days: float | None = None
    require_partition_filter: bool = False
    offsets: dict[str, int] = field(default_factory=dict)


def read_options(record: Reading, nodes: Sequence[Tree], subject: OptionHolder) -> Options:
    """Read `(name = value, ...)`; refuses unknown, repeated and ill-typed options."""
    options = Options()
    for node in nodes:
        name, start = node.name.lower(), start_of(node)
        if name == "location":
            raise NotUnderstoodError("The location is the stack's and is not written here; remove it.", start)
        if name not in ALLOWED[subject]:
            known = ", ".join(sorted(ALLOWED[subject]))
            raise NotUnderstoodError(f"Option `{name}` of a {subject} is not understood; use one of: {known}.", start)
        if name in options.offsets:
            raise NotUnderstoodError(f"Option `{name}` is written twice; keep one.", start)
        options.offsets[name] = start
        _read_value(record, options, node, name, subject)
    return options


def _read_value(record: Reading, options: Options, node: Tree, name: str, subject: OptionHolder) -> None:
    value, start = node.args["value"], start_of(node)
    if name in ("description", "friendly_name"):
        text = _text(value, f"a string for `{name}`", start)
        if len(text) > MAX_DESCRIPTION[subject]:
            record.fault(node, f"A {subject}'s {name} has at most {MAX_DESCRIPTION[subject]} characters; shorten it.")
        setattr(options, name, text)
    elif name == "labels":
        options.labels = _labels(value, start)
    elif name == "partition_expiration_days":
        days = float(value.name) if isinstance(value, exp.Literal) and not value.is_string else 0
        if not 1 <= days * 86_400_000 < 2**63:  # counted in milliseconds, of which none would be never
            found = value.sql("bigquery")[:40]
            record.fault(node, f"Partitions expire after a positive number of days, not `{found}`; correct it.")
        options.partition_expiration_days = days
    elif isinstance(value, exp.Boolean):
        options.require_partition_filter = bool(value.this)
    else:
        raise NotUnderstoodError(f"Expected TRUE or FALSE for `{name}`, found `{value.sql('bigquery')[:40]}`.", start)


def _text(node: Tree, what: str, start: int) -> str:
    if isinstance(node, exp.RawString) or (isinstance(node, exp.Literal) and node.is_string):
        return str(node.name)
    raise NotUnderstoodError(f"Expected {what}, found `{node.sql('bigquery')[:40]}`.", start)


def _labels(node: Tree, start: int) -> tuple[tuple[str, str], ...]:
    if not isinstance(node, exp.Array):
        raise NotUnderstoodError('Expected labels such as [("key", "value")]; correct them.', start)
    labels: dict[str, str] = {}
    for pair in node.expressions:
        values = pair.expressions
        if not isinstance(pair, exp.Tuple | exp.Struct | exp.Anonymous) or len(values) != 2:
            raise NotUnderstoodError('A label is a pair such as ("key", "value"); correct it.', start)
        key, value = (_text(each, "a label's text", start) for each in values)
        if not LABEL_KEY.match(key) or not LABEL_VALUE.match(value) or (key + value).lower() != key + value:
            raise NotUnderstoodError(
                f"Label `{key}`: `{value}` is not allowed; use at most 63 lower-case letters, digits, `_`, `-`, and begin the key with a letter.",
                start,
            )
        if key in labels:
            raise NotUnderstoodError(f"Label `{key}` is written twice; keep one.", start)
        labels[key] = value
    if len(labels) > MAX_LABELS:
        raise NotUnderstoodError(f"A resource has at most {MAX_LABELS} labels, here {len(labels)}; drop some.", start)
    return tuple(sorted(labels.items()))
