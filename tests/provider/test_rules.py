"""Each rule of the provider accepts and refuses what it should, and speaks of properties that exist."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from provider import check_inputs, kinds, shapes
from provider.formats import FORMATS
from provider.rules import _GROUPS, _JUDGES, check_rule, facts_of, immutable
from provider.spellings import SPELLINGS
from provider.values import UNKNOWN

Inputs = dict[str, Any]
RULES: list[tuple[str, dict[str, Any]]] = [
    (token, rule) for token in sorted(kinds()) for rule in facts_of(token).get("rules", ())
]


def put(inputs: Inputs, path: str, value: object) -> Inputs:
    """Set `value` at a rule's path, making the objects, lists and maps on the way."""
    target: Any = inputs
    steps = path.replace("[]", ".[]").replace("{}", ".{}").split(".")
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        fresh: Any = value if following is None else [] if following == "[]" else {}
        if step == "[]":
            if not target or following is None:
                target.append(fresh)
            target = target[-1]
        else:
            key = "key" if step == "{}" else step
            target[key] = fresh if following is None else target.get(key, fresh)
            target = target[key]
    return inputs


def scaffold(rule: dict[str, Any]) -> Inputs:
    """Return inputs under which the rule applies: its scope is there and its conditions are met."""
    inputs: Inputs = {}
    if "within" in rule:
        put(inputs, rule["within"], {})
    for path, values in rule.get("when", {}).items():
        if values[0] is not None:
            put(inputs, _scoped(rule, path), "x" if values[0] == "*" else values[0])
    return inputs


def _scoped(rule: dict[str, Any], path: str) -> str:
    return f"{rule['within']}.{path}" if "within" in rule else path


def judged_values(rule: dict[str, Any]) -> tuple[list[object], list[object]]:
    """Return values the rule must accept and values it must refuse."""
    if "values" in rule:
        return list(rule["values"]), ["NO_SUCH_VALUE"]
    if "good" in rule:
        return [rule["good"]], [rule["bad"]]
    kind = next(key for key in ("range", "length", "bytes", "items", "seconds", "pattern") if key in rule)
    if kind == "pattern":
        return ["a" * 6, "a" * 30], ["a" * 5, "a" * 31, "A" * 8]
    low, high = rule[kind]
    step = rule.get("step", 1)
    good = [bound for bound in (low, high) if bound is not None]
    bad = ([low - step] if low else []) + ([] if high is None else [high + step])
    extra = ["5 minutes"] if kind == "seconds" else []
    extra += [f"{good[0] + 1}s"] if "step" in rule else []
    return [_shaped(kind, n) for n in good], [*[_shaped(kind, n) for n in bad], *extra]


def _shaped(kind: str, size: int) -> object:
    """Return a value that has the size a rule of this kind judges."""
    if kind == "range":
        return size
    if kind == "seconds":
        return f"{size}s"
    return [{}] * size if kind == "items" else "x" * size


def cases(rule: dict[str, Any]) -> Iterator[tuple[Inputs, bool]]:
    """Yield inputs, and whether the rule must accept them."""
    base = scaffold(rule)

    def having(*paths: str) -> Inputs:
        inputs = copy.deepcopy(base)
        for path in paths:
            if path not in rule.get("when", {}):
                put(inputs, _scoped(rule, path), "x")
        return inputs

    if "conflicts" in rule:
        first, *others = rule["conflicts"]
        yield having(first), True
        yield from ((having(first, other), False) for other in others)
    elif "exactlyOne" in rule:
        yield from ((having(path), True) for path in rule["exactlyOne"])
        yield having(), False
        yield having(*rule["exactlyOne"][:2]), False
    elif "atLeastOne" in rule:
        yield from ((having(path), True) for path in rule["atLeastOne"])
        yield having(), False
    elif "requires" in rule:
        yield having(rule["at"], *rule["requires"]), True
        yield having(rule["at"]), False
    elif "required" in rule:
        yield having(rule["required"]), True
        yield having(), False
    else:
        accepted, refused = judged_values(rule)
        for value, good in [(v, True) for v in accepted] + [(v, False) for v in refused]:
            inputs = copy.deepcopy(base)
            if isinstance(value, list):
                value = [*inputs.get(rule["at"], []), *value][: len(value)]
            yield put(inputs, _scoped(rule, rule["at"]), value), good


@pytest.mark.parametrize(("token", "rule"), RULES)
def test_a_rule_accepts_and_refuses(token: str, rule: dict[str, Any]) -> None:
    tried = list(cases(rule))
    assert {good for _, good in tried} == {True, False}
    for inputs, good in tried:
        sentences = list(check_rule(rule, inputs))
        assert (sentences == []) is good, (inputs, sentences)
        assert all(sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize(("token", "rule"), RULES)
def test_a_rule_speaks_of_properties_that_exist(token: str, rule: dict[str, Any]) -> None:
    paths = [rule.get("within"), *rule.get("when", {})]
    scope = rule.get("within")
    own = [rule.get("at"), rule.get("required")]
    for group in ("conflicts", "exactlyOne", "atLeastOne", "requires"):
        own += rule.get(group, [])
    paths += [f"{scope}.{path}" if scope else path for path in own if path]
    for path in filter(None, paths):
        assert _type_at(token, path), f"{token} has no {path}"


@pytest.mark.parametrize("token", sorted(kinds()))
def test_facts_have_a_source_and_speak_of_what_exists(token: str) -> None:
    facts = facts_of(token)
    assert facts["source"]
    assert all(
        _type_at(token, path) for path in (*immutable(token), *facts.get("spellings", ()), *facts.get("sets", ()))
    )
    assert set(facts.get("spellings", {}).values()) <= set(SPELLINGS)


def test_every_way_to_judge_and_every_format_is_used() -> None:
    words = {word for _, rule in RULES for word in rule}
    assert {*_JUDGES, *_GROUPS} <= words
    assert {rule["format"] for _, rule in RULES if "format" in rule} == set(FORMATS)


def test_no_rule_judges_an_unknown() -> None:
    for token, rule in RULES:
        if "at" in rule and "requires" not in rule:
            inputs = put(scaffold(rule), _scoped(rule, rule["at"]), UNKNOWN)
            assert list(check_rule(rule, inputs)) == [], (token, rule)


def test_a_condition_limits_its_rule() -> None:
    rule = {"at": "a", "values": [1], "when": {"b": ["x"]}}
    assert list(check_rule(rule, {"a": 2, "b": "x"})) == ["Property `a` must be one of 1; it is 2."]
    assert list(check_rule(rule, {"a": 2, "b": "y"})) == []
    assert list(check_rule(rule, {"a": 2, "b": UNKNOWN})) == []


@pytest.mark.parametrize("line", ["*/30 * * * *", "45 12 * * *", "0 7 * * mon-fri", "0,30 1-5/2 1 jan *"])
def test_schedules_that_the_platform_takes(line: str) -> None:
    assert check_inputs(JOB, {"schedule": line, "pubsubTarget": {"topicName": "t", "data": "e30="}}) == []


@pytest.mark.parametrize("line", ["61 * * * *", "0 7 * *", "5-1 * * * *", "*/0 * * * *", "daily", "a * * * *"])
def test_schedules_that_the_platform_refuses(line: str) -> None:
    inputs = {"schedule": line, "pubsubTarget": {"topicName": "t", "data": "e30="}}
    assert len(check_inputs(JOB, inputs)) == 1


JOB = "gcp:cloudscheduler/job:Job"


def _type_at(token: str, path: str) -> str | None:
    """Return the encoded type at a path of a kind, or None."""
    shape: Any = shapes.table()["kinds"][token]
    encoded: str | None = None
    for step in path.replace("[]", ".[]").replace("{}", ".{}").split("."):
        if step in ("[]", "{}"):
            if not encoded or encoded[0] != step[0]:
                return None
            encoded = encoded[1:]
        else:
            encoded = (shape or {"properties": {}})["properties"].get(step)
        if encoded is None:
            return None
        shape = shapes.table()["objects"][encoded[1:]] if encoded.startswith("#") else None
    return encoded
