"""Types to JSON and back, by their fields: nothing is translated by hand, so nothing is forgotten on one side.

What stands in a mapping has its key for a name. What is marked with `NamedIn` is written once, where the mark says, and by
its name elsewhere. Reading is strict: a key that is missing or that no field has, or a value of another type, is refused.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, Union

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class NamedIn:
    """Marks what is written in this mapping of the whole, and here by its name."""

    key: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Form:
    """What an annotation says: its plain type, and of that the items, the choices or the parts; whether it may be null."""

    type: Any
    optional: bool
    named_in: NamedIn | None
    item: Any = None
    choices: tuple[Any, ...] = ()
    parts: Mapping[str, tuple[str, Any]] = dataclasses.field(default_factory=dict)


def encode(annotation: Any, value: Any) -> Any:
    """Return a value as JSON; of a type that extends the annotated one, what the annotated one knows."""
    form = _form(annotation)
    if value is None:
        return None
    if form.named_in:
        return value.name
    if form.type is tuple:
        return [encode(form.item, each) for each in value]
    if form.type is Mapping:
        named = {name: encode(form.item, each) for name, each in value.items()}
        return {name: _without_name(form.item, each) for name, each in named.items()}
    if form.parts:
        return {key: encode(hint, getattr(value, name)) for key, (name, hint) in form.parts.items()}
    return _plain(value)


def decode(cls: type[T], value: Any) -> T:
    """Return JSON as a `cls`; raises `ValueError` with the place of what is wrong, and what it is."""
    whole: dict[str, Any] = {}  # filled field by field, so that a name can refer to what was read before
    return cls(**_arguments(cls, value, "it", whole, whole))


def _decoded(annotation: Any, value: Any, at: str, whole: Mapping[str, Any]) -> Any:
    form = _form(annotation)
    if value is None or form.type is Any:
        _require(value is not None or form.optional, f"{at} is null")
        return value
    if form.named_in:
        known: Mapping[str, Any] = whole[form.named_in.key]
        _require(isinstance(value, str) and value in known, f"{at} is {value!r}, which is not in {form.named_in.key}")
        return known[value]
    if form.type is tuple:
        _require(isinstance(value, list), f"{at} is not a list")
        return tuple(_decoded(form.item, each, f"{at}[{number}]", whole) for number, each in enumerate(value))
    if form.type is Mapping:
        _require(isinstance(value, dict), f"{at} is not an object")
        return {
            name: _decoded(form.item, _with_name(form.item, name, each), f"{at}.{name}", whole)
            for name, each in value.items()
        }
    if form.parts:
        return form.type(**_arguments(form.type, value, at, whole, {}))
    if isinstance(form.type, type) and issubclass(form.type, dict):
        _require(isinstance(value, dict), f"{at} is not an object")
        return form.type(value)
    if form.type is float and type(value) is int:
        return float(value)
    _require(type(value) is form.type and (not form.choices or value in form.choices), f"{at} is {value!r}")
    return value


def _arguments(cls: Any, value: Any, at: str, whole: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    _require(isinstance(value, dict), f"{at} is not an object")
    fields = _parts(cls)
    _require(value.keys() >= fields.keys(), f"{at} lacks {', '.join(sorted(fields.keys() - value.keys()))}")
    _require(
        value.keys() <= fields.keys(),
        f"{at} has {', '.join(sorted(value.keys() - fields.keys()))}, which nothing reads",
    )
    for key, (name, hint) in fields.items():
        found[name] = _decoded(hint, value[key], f"{at}.{key}", whole)
    return found


@functools.cache
def _parts(cls: Any) -> dict[str, tuple[str, Any]]:
    """Return key → name and annotation of each field; a name that Python reserves has a `_` that its key lacks."""
    if not dataclasses.is_dataclass(cls):
        return {}
    hints = typing.get_type_hints(cls, include_extras=True)
    return {each.name.rstrip("_"): (each.name, hints[each.name]) for each in dataclasses.fields(cls)}


@functools.cache
def _form(annotation: Any) -> _Form:
    optional, mark = annotation is Any, None
    if typing.get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = (each for each in typing.get_args(annotation) if each is not type(None))
        optional = True
    if annotation is object:
        annotation, optional = Any, True
    if typing.get_origin(annotation) is Annotated:
        annotation, *marks = typing.get_args(annotation)
        mark = next((each for each in marks if isinstance(each, NamedIn)), None)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return _Form(type(arguments[0]), optional, mark, choices=arguments)
    if origin in (tuple, Mapping):
        return _Form(origin, optional, mark, item=arguments[0 if origin is tuple else 1])
    return _Form(annotation, optional, mark, parts=_parts(annotation))


def _is_named(item: Any) -> bool:
    return "name" in _form(item).parts


def _without_name(item: Any, value: Any) -> Any:
    return {key: each for key, each in value.items() if key != "name"} if _is_named(item) else value


def _with_name(item: Any, name: str, value: Any) -> Any:
    return {**value, "name": name} if _is_named(item) and isinstance(value, dict) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)
