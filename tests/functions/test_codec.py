"""Types to JSON and back: what is written is read, and what is not as the types say is refused with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from shared.declaration.codec import NamedIn, decode, encode


@dataclass(frozen=True)
class Item:
    name: str
    size: float | None
    kind: Literal["a", "b"] = "a"


@dataclass(frozen=True)
class Extended(Item):
    place: str = "here"


@dataclass(frozen=True)
class Whole:
    items: Mapping[str, Item]
    best: Annotated[Item, NamedIn("items")]
    other: Annotated[Item, NamedIn("items")] | None
    listed: tuple[Item, ...]
    from_: str
    count: int
    anything: object
    rest: Mapping[str, Any]
    flag: bool = False


ONE = Item("one", 1.5)
WHOLE = Whole({"one": ONE}, ONE, None, (Item("two", None, "b"),), "here", 3, [1, None], {"x": {"y": None}}, True)
WRITTEN: dict[str, Any] = {
    "items": {"one": {"size": 1.5, "kind": "a"}},
    "best": "one",
    "other": None,
    "listed": [{"name": "two", "size": None, "kind": "b"}],
    "from": "here",
    "count": 3,
    "anything": [1, None],
    "rest": {"x": {"y": None}},
    "flag": True,
}


def test_what_is_written_is_read() -> None:
    assert encode(Whole, WHOLE) == WRITTEN
    read = decode(Whole, WRITTEN)
    assert read == WHOLE
    assert read.best is read.items["one"]


def test_of_a_type_that_extends_another_what_the_other_knows_is_written() -> None:
    assert encode(Item, Extended("one", 2, place="there")) == {"name": "one", "size": 2, "kind": "a"}


def test_a_whole_number_is_a_number() -> None:
    size = decode(Item, {"name": "one", "size": 2, "kind": "a"}).size
    assert size == 2.0
    assert isinstance(size, float)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"count": "3"}, r"^it\.count is '3'$"),
        ({"count": True}, r"^it\.count is True$"),
        ({"count": None}, r"^it\.count is null$"),
        ({"flag": 1}, r"^it\.flag is 1$"),
        ({"listed": {}}, r"^it\.listed is not a list$"),
        ({"listed": [None]}, r"^it\.listed\[0\] is null$"),
        ({"rest": []}, r"^it\.rest is not an object$"),
        ({"items": {"one": {"size": 1}}}, r"^it\.items\.one lacks kind$"),
        ({"items": {"one": {"size": 1, "kind": "c"}}}, r"^it\.items\.one\.kind is 'c'$"),
        ({"items": {"one": 1}}, r"^it\.items\.one is not an object$"),
        ({"best": "two"}, r"^it\.best is 'two', which is not in items$"),
        ({"best": ["one"]}, r"^it\.best is \['one'\], which is not in items$"),
        ({"more": 1, "most": 2}, r"^it has more, most, which nothing reads$"),
    ],
)
def test_what_is_not_as_the_types_say_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        decode(Whole, WRITTEN | change)


@pytest.mark.parametrize("key", WRITTEN)
def test_a_key_that_is_missing_is_refused_even_where_a_type_has_a_default(key: str) -> None:
    with pytest.raises(ValueError, match=f"^it lacks {key}$"):
        decode(Whole, {name: value for name, value in WRITTEN.items() if name != key})
