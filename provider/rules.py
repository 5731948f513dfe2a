"""Check inputs against what the provider refuses beyond types: allowed values, ranges, patterns, groups.

The rules are data, one file of `facts/` for each service. A kind has a `source` (the provider file or API
page that states its rules), `spellings` (PATH to the comparison of `spellings` that the provider makes), `sets` (lists
without an order) and `rules`. A rule is one of

    {"at": PATH, "values": [...]}           only these values
    {"at": PATH, "range": [LOW, HIGH]}      a number between two bounds, inclusive; null is unbounded
    {"at": PATH, "length": [LOW, HIGH]}     characters of a string
    {"at": PATH, "bytes": [LOW, HIGH]}      UTF-8 bytes of a string
    {"at": PATH, "items": [LOW, HIGH]}      elements of a list or map
    {"at": PATH, "pattern": RE, "say": TEXT}  a string that matches entirely; TEXT completes "must be ..."
    {"at": PATH, "not": RE, "say": TEXT}    a string in which RE is not found
    {"at": PATH, "keys": RE, "say": TEXT}   a map whose keys match entirely
    {"at": PATH, "format": NAME}            a string of one of `formats.FORMATS`
    {"at": PATH, "seconds": [LOW, HIGH]}    a duration such as "60s"; `"step": N` asks for multiples
    {"conflicts": [PATH, ...]}              at most one is set
    {"exactlyOne": [PATH, ...]}             exactly one is set
    {"atLeastOne": [PATH, ...]}             one or more are set
    {"at": PATH, "requires": [PATH, ...]}   all of them are set when PATH is
    {"required": PATH}                      set, although the SDK leaves it optional

with an optional `within` (all paths are relative to each value there), an optional `when` (a map of PATH to
known values for which alone the rule holds; null is absent, "*" is anything) and an optional `source` of its
own. PATHs are those of `values.select`. `good` and `bad` are examples, which the tests hold the rule to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from provider import shapes
from provider.formats import FORMATS, seconds
from provider.values import UNKNOWN, is_number, select

FACTS = Path(__file__).with_name("facts")
ProviderRule = Mapping[str, Any]
Sentences = Iterator[str]


@cache
def facts(package: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the facts of one package of the provider (`pubsub`), by type token; empty without any."""
    path = FACTS / f"{package}.json"
    return cast("Mapping[str, Mapping[str, Any]]", json.loads(path.read_bytes()) if path.is_file() else {})


def facts_of(type_token: str) -> Mapping[str, Any]:
    """Return the facts of one kind; empty when it has none."""
    package = type_token.split(":")[1].split("/")[0] if type_token.count(":") == 2 else ""
    return facts(package).get(type_token, {})


@cache
def immutable(type_token: str) -> frozenset[str]:
    """Return the paths of a kind whose change replaces the resource."""
    return frozenset(shapes.plugin()["kinds"].get(type_token, {}).get("replacing", ()))


def defaults_of(type_token: str) -> Mapping[str, Any]:
    """Return what the provider sets where an input is left out, by path."""
    return cast("Mapping[str, Any]", shapes.plugin()["kinds"].get(type_token, {}).get("defaults", {}))


def check(type_token: str, inputs: Mapping[str, object]) -> Sentences:
    """Yield a sentence for each rule of the kind that the inputs break; unknown values break none."""
    for rule in facts_of(type_token).get("rules", ()):
        yield from check_rule(rule, inputs)


def check_rule(rule: ProviderRule, inputs: Mapping[str, object]) -> Sentences:
    """Yield a sentence for each place where the inputs break one rule."""
    for scope, prefix in _scopes(rule, inputs):
        if not _holds(rule.get("when", {}), scope):
            continue
        for name, judge in _GROUPS.items():
            if name in rule:
                yield from judge(rule, scope, prefix)
        if "at" in rule:
            yield from _check_values(rule, scope, prefix)


def _scopes(rule: ProviderRule, inputs: Mapping[str, object]) -> Iterator[tuple[Mapping[str, object], str]]:
    if "within" not in rule:
        yield inputs, ""
        return
    for place, value in select(inputs, rule["within"]):
        if isinstance(value, Mapping):
            yield value, f"{place}."


def _holds(conditions: Mapping[str, Sequence[object]], inputs: Mapping[str, object]) -> bool:
    for path, allowed in conditions.items():
        found = [value for _, value in select(inputs, path)]
        if not ("*" in allowed and found) and not any(value in allowed for value in found or [None]):
            return False
    return True


def _check_values(rule: ProviderRule, inputs: Mapping[str, object], prefix: str) -> Sentences:
    for place, value in select(inputs, rule["at"]):
        if value == UNKNOWN:
            continue
        for name, judge in _JUDGES.items():
            if name in rule and (must := judge(rule, value)):
                yield f"Property `{prefix}{place}` must {must}."


def _shown(value: object) -> str:
    return json.dumps(value, default=str)[:80]


def _one_of(rule: ProviderRule, value: object) -> str | None:
    if value in rule["values"]:
        return None
    return f"be one of {', '.join(_shown(v) for v in rule['values'])}; it is {_shown(value)}"


def _in_range(rule: ProviderRule, value: object) -> str | None:
    if not is_number(value) or _between(cast(float, value), rule["range"]):
        return None
    return f"be {_bounds(rule['range'])}; it is {_shown(value)}"


def _length(rule: ProviderRule, value: object) -> str | None:
    if not isinstance(value, str) or _between(len(value), rule["length"]):
        return None
    return f"have {_bounds(rule['length'])} characters; it has {len(value)}"


def _bytes(rule: ProviderRule, value: object) -> str | None:
    if not isinstance(value, str) or _between(len(value.encode()), rule["bytes"]):
        return None
    return f"have {_bounds(rule['bytes'])} bytes; it has {len(value.encode())}"


def _items(rule: ProviderRule, value: object) -> str | None:
    if not isinstance(value, list | tuple | Mapping) or _between(len(value), rule["items"]):
        return None
    return f"have {_bounds(rule['items'])} elements; it has {len(value)}"


def _pattern(rule: ProviderRule, value: object) -> str | None:
    if not isinstance(value, str) or re.fullmatch(rule["pattern"], value):
        return None
    return f"be {rule['say']}; it is {_shown(value)}"


def _absent_pattern(rule: ProviderRule, value: object) -> str | None:
    if not isinstance(value, str) or not re.search(rule["not"], value):
        return None
    return f"be {rule['say']}; it is {_shown(value)}"


def _keys(rule: ProviderRule, value: object) -> str | None:
    bad = [key for key in value if not re.fullmatch(rule["keys"], key)] if isinstance(value, Mapping) else []
    return f"have keys that are {rule['say']}; {_shown(bad[0])} is not" if bad else None


def _requires(rule: ProviderRule, inputs: Mapping[str, object], prefix: str) -> Sentences:
    if not any(True for _ in select(inputs, rule["at"])):
        return
    for path in _missing(rule["requires"], inputs):
        yield f"Property `{prefix}{rule['at']}` needs `{prefix}{path}` beside it; set it."


def _required(rule: ProviderRule, inputs: Mapping[str, object], prefix: str) -> Sentences:
    if _missing([rule["required"]], inputs):
        yield f"Property `{prefix}{rule['required']}` is required{_because(rule)}; set it."


def _conflicts(rule: ProviderRule, inputs: Mapping[str, object], prefix: str) -> Sentences:
    given = [path for path in rule["conflicts"] if path not in _missing([path], inputs)]
    if len(given) > 1:
        yield f"Properties {_listed(given, prefix)} exclude each other; keep one."


def _exactly_one(rule: ProviderRule, inputs: Mapping[str, object], prefix: str) -> Sentences:
    missing = _missing(rule["exactlyOne"], inputs)
    if len(rule["exactlyOne"]) - len(missing) != 1:
        count = len(rule["exactlyOne"]) - len(missing)
        yield f"Exactly one of {_listed(rule['exactlyOne'], prefix)} must be set; {count} are."


def _at_least_one(rule: ProviderRule, inputs: Mapping[str, object], prefix: str) -> Sentences:
    if len(_missing(rule["atLeastOne"], inputs)) == len(rule["atLeastOne"]):
        yield f"At least one of {_listed(rule['atLeastOne'], prefix)} must be set; none is."


def _missing(paths: Sequence[str], inputs: Mapping[str, object]) -> list[str]:
    return [path for path in paths if not any(True for _ in select(inputs, path))]


def _because(rule: ProviderRule) -> str:
    return "".join(f" when `{path}` is {_shown(values[0])}" for path, values in rule.get("when", {}).items())


def _listed(paths: Sequence[str], prefix: str) -> str:
    return ", ".join(f"`{prefix}{path}`" for path in paths)


def _between(value: float, bounds: Sequence[float | None]) -> bool:
    low, high = bounds
    return (low is None or value >= low) and (high is None or value <= high)


def _bounds(bounds: Sequence[float | None]) -> str:
    low, high = bounds
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"between {low} and {high}"


def _format(rule: ProviderRule, value: object) -> str | None:
    accepts, description = FORMATS[rule["format"]]
    if not isinstance(value, str) or accepts(value):
        return None
    return f"be {description}; it is {_shown(value)}"


def _seconds(rule: ProviderRule, value: object) -> str | None:
    if not isinstance(value, str):
        return None
    duration, step = seconds(value), rule.get("step", 0)
    if duration is not None and _between(duration, rule["seconds"]) and not (step and duration % step):
        return None
    multiple = f" and a multiple of {step}" if step else ""
    return f'be a number of seconds such as "60s", {_bounds(rule["seconds"])}{multiple}; it is {_shown(value)}'


_JUDGES: Mapping[str, Callable[[ProviderRule, object], str | None]] = {
    "values": _one_of,
    "range": _in_range,
    "length": _length,
    "bytes": _bytes,
    "items": _items,
    "pattern": _pattern,
    "not": _absent_pattern,
    "keys": _keys,
    "format": _format,
    "seconds": _seconds,
}
_GROUPS: Mapping[str, Callable[[ProviderRule, Mapping[str, object], str], Sentences]] = {
    "requires": _requires,
    "required": _required,
    "conflicts": _conflicts,
    "exactlyOne": _exactly_one,
    "atLeastOne": _at_least_one,
}
