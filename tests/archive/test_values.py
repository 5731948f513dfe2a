"""What the reader says a value is, against what Python makes of it: what it names is what it is, or one of a few."""

from __future__ import annotations

import itertools
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis.python.record import read_record
from analysis.python.values import UNKNOWN, Constant, DictValue, SequenceValue, SomeOf, Value, possible
from tests.archive.programs import FOLLOWED, OTHERS

TARGET = (3, 11)
MOST = 400
"""How many combinations of parts are compared."""


def claims(value: Value) -> list[object] | None:
    """Return every value that the reader names; None where it leaves any of it open."""
    found: list[object] = []
    for one in possible(value):
        if isinstance(one, Constant):
            found.append(one.value)
        elif isinstance(one, SequenceValue) and not isinstance(one, SomeOf):
            inner = together(one.items)
            if inner is None:
                return None
            found += inner
        elif isinstance(one, DictValue):
            inner = together((*one.keys, *one.values))
            if inner is None:
                return None
            found += [dict(zip(each[: len(one.keys)], each[len(one.keys) :], strict=True)) for each in inner]
        else:
            return None
    return found


def together(values: tuple[Value, ...]) -> list[tuple[object, ...]] | None:
    inner = [each for each in map(claims, values) if each is not None]
    return [*itertools.islice(itertools.product(*inner), MOST)] if len(inner) == len(values) else None


def plain(value: object) -> object:
    """Return a value of Python's as the reader names it: lists, tuples and what is iterated over are one."""
    if isinstance(value, list | tuple):
        return tuple(map(plain, value))
    if isinstance(value, dict):
        return {plain(key): plain(inner) for key, inner in value.items()}
    return str(value) if isinstance(value, PurePosixPath) else value


def same(claim: object, actual: object) -> bool:
    if isinstance(actual, set | frozenset):
        return isinstance(claim, tuple) and set(claim) == actual
    return type(plain(claim)) is type(plain(actual)) and plain(claim) == plain(actual)


def compared(text: str) -> tuple[list[object] | None, object]:
    """Return what the reader names as the value of `V`, and what it is; a program that fails says nothing to compare."""
    names: dict[str, object] = {}
    exec(compile(text, "program", "exec"), names)
    record = read_record(text.encode(), TARGET)
    assert record.fault is None
    return claims(record.values.get("V", UNKNOWN)), names["V"]


@pytest.mark.parametrize("text", FOLLOWED)
def test_it_is_known(text: str) -> None:
    claimed, actual = compared(text)
    assert claimed is not None
    assert len(claimed) == 1, claimed
    assert same(claimed[0], actual), (claimed, actual)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_not_known_is_not_claimed(text: str) -> None:
    claimed, actual = compared(text)
    assert claimed is None or any(same(each, actual) for each in claimed), (claimed, actual)


@pytest.mark.parametrize(
    "name", ["enumerate", "zip", "sorted", "reversed", "list", "dict", "os.path.dirname", "textwrap.dedent"]
)
def test_a_call_that_is_given_nothing_is_read(name: str) -> None:
    record = read_record(f"import os, textwrap\ndef f():\n    return {name}()\n".encode(), TARGET)
    assert record.fault is None


TEXTS: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["'a'", "'b.sql'", "'c/d'", "''", "'x, y'"]),
        st.builds("({} + {})".format, TEXTS, TEXTS),
        st.builds("f'{{{}}}-{{{}}}'".format, TEXTS, TEXTS).filter(lambda text: text.count("'") == 2),
        st.builds(
            "({}){}".format, TEXTS, st.sampled_from([".upper()", ".strip()", "[1:]", "[::-1]", ".replace('a', 'z')"])
        ),
        st.builds("', '.join({})".format, LISTS),
        st.builds("'%s/%s' % ({}, {})".format, TEXTS, TEXTS),
        st.builds("'{{}}.{{}}'.format({}, {})".format, TEXTS, TEXTS),
        st.builds("os.path.{}({})".format, st.sampled_from(["basename", "dirname", "normpath"]), TEXTS),
        st.builds("os.path.join({}, {})".format, TEXTS, TEXTS),
        st.builds("({} if {} else {})".format, TEXTS, TEXTS, TEXTS),
        st.builds("({} or {})".format, TEXTS, TEXTS),
        st.builds("{}.get({}, {})".format, TABLES, TEXTS, TEXTS),
        st.builds("[*{}, {}][{}]".format, LISTS, TEXTS, st.sampled_from(["0", "-1"])),
    )
)
LISTS: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.builds("[{}, {}]".format, TEXTS, TEXTS),
        st.builds("({},)".format, TEXTS),
        st.builds("list({})".format, TABLES),
        st.builds("{}({})".format, st.sampled_from(["sorted", "list", "tuple", "sorted", "[*reversed"]), LISTS).map(
            lambda text: f"{text}]" if text.startswith("[*") else text
        ),
        st.builds("[x + {} for x in {}]".format, TEXTS, LISTS),
        st.builds("[x for x in {} if x > {}]".format, LISTS, TEXTS),
        st.builds("[x + y for x in {} for y in {}]".format, LISTS, LISTS),
        st.builds("[*{}, *{}]".format, LISTS, LISTS),
        st.builds("[*{}] + [*{}]".format, LISTS, LISTS).map("({})".format),
        st.builds("{}[{}]".format, LISTS, st.sampled_from(["1:", ":1", "::-1"])),
        st.builds("[*{}.{}()]".format, TABLES, st.sampled_from(["keys", "values"])),
        st.builds("({}).split({})".format, TEXTS, st.sampled_from(["', '", "'/'"])),
        st.builds("[y for _, y in zip({}, {})]".format, LISTS, LISTS),
    )
)
TABLES: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.builds("{{{}: {}, {}: {}}}".format, TEXTS, TEXTS, TEXTS, TEXTS),
        st.builds("{{x: {} for x in {}}}".format, TEXTS, LISTS),
        st.builds("{{**{}, {}: {}}}".format, TABLES, TEXTS, TEXTS),
        st.builds("({} | {})".format, TABLES, TABLES),
    )
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.one_of(TEXTS, LISTS, TABLES))
@example("[x for x in ['a', 'b'] if x > 'a'][0]")
def test_no_program_is_told_a_value_that_it_has_not(text: str) -> None:
    claimed, actual = compared(f"import os\nV = {text}")
    assert claimed is None or len(claimed) >= MOST or any(same(each, actual) for each in claimed), (claimed, actual)
