"""JSON that nobody vouches for, read as frozen values by the types of their fields: bounded, with nothing else in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from analysis.files import Unreadable, read_bytes
from blueprint.findings import Finding, Location, Refused

MAX_TEXT: Final = 2_000
MAX_NUMBERS: Final = 20
_FORMS: Final = {
    str: f"is a text of at most {MAX_TEXT:,} characters",
    int: "holds whole numbers",
    bool: "is true or false",
}
_fields: Final = cache(get_type_hints)

T = TypeVar("T")


class Malformed(ValueError):
    """JSON that is not what was asked for; the text says what it would have to be."""


def read_file(path: Path, rule: str, what: str, from_json: Callable[[object], T], most: int) -> T:
    """Return what a file of at most so many bytes holds; raises `Refused` where that is no `what`."""
    try:
        return from_json(json.loads(read_bytes(path, most)))
    except Unreadable as problem:
        told = f"The file holds no {what}. {problem}"
    except (ValueError, RecursionError) as problem:
        told = f"The file holds no {what}: {str(problem)[:200].rstrip('.')}."
    raise Refused([Finding(rule, told, Location(path.name))])


def read(kind: type[T], document: object, most: int) -> T:
    """Return the value that `document` holds, its lists of at most `most` items; raises `Malformed` for anything else."""
    hints = _fields(cast(Any, kind))
    if not isinstance(document, dict) or document.keys() != hints.keys():
        raise Malformed(f"expected an object with {', '.join(hints)} and nothing else")
    return kind(**{name: _value(hint, document[name], name, most) for name, hint in hints.items()})


def _value(kind: Any, value: Any, name: str, most: int) -> Any:
    origin, arguments, nested = get_origin(kind), get_args(kind), is_dataclass(kind)
    if nested:
        return read(kind, value, most)
    if origin is tuple:
        if not isinstance(value, list | tuple) or len(value) > most:
            raise Malformed(f"`{name}` is a list of at most {most:,} items")
        return tuple(_value(arguments[0], each, name, most) for each in value)
    if origin is Mapping:
        if not isinstance(value, dict) or len(value) > MAX_NUMBERS:
            raise Malformed(f"`{name}` is an object of at most {MAX_NUMBERS} numbers")
        return {_value(str, key, name, most): _value(arguments[1], each, name, most) for key, each in value.items()}
    if origin is Literal and value not in arguments:
        raise Malformed(f"`{name}` is one of {', '.join(arguments)}")
    if origin is not Literal and (type(value) is not kind or (kind is str and len(value) > MAX_TEXT)):
        raise Malformed(f"`{name}` {_FORMS[kind]}")
    return value
