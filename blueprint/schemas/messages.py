"""The messages on the topics: one JSON Schema each, used by publisher, consumer, streams and tests alike.

The schemas are JSON Schema draft 2020-12, restricted to the keywords in `KEYWORDS`: a validator for these
fits on two pages, so that a function can carry one without a third-party package. `format` is asserted. A
schema says in `x-attributes` which message attributes must be present. `schema_version` in a message names
the version of the contract; the schema's `const` refuses one that is newer than the consumer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from analysis.files import Unreadable, read_input
from blueprint import yamlsource
from blueprint.findings import Finding, Location

FOLDER = "schemas/messages"
RULE = "message-schema"

ANNOTATIONS = frozenset({"$schema", "$id", "title", "description", "examples"})
KEYWORDS = frozenset(
    {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "const",
        "pattern",
        "format",
        "minLength",
        "minItems",
        "minimum",
        "maximum",
    }
)
"""What every validator of ours understands; another keyword would be checked here and not there."""

TYPES = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?")
"""ISO 8601; the offset may be missing, because publishers write naive UTC times."""


@dataclass(frozen=True)
class Fault:
    """One reason why a value is not the message: a JSON pointer (`@name` for an attribute) and a sentence."""

    pointer: str
    message: str


@dataclass(frozen=True)
class MessageField:
    """What a schema says of one field: its types, and whether a valid message always has it."""

    types: frozenset[str]
    required: bool
    schema: Mapping[str, Any]

    @property
    def nullable(self) -> bool:
        """True when a valid message may lack the field or have null in it."""
        return not self.required or "null" in self.types


@dataclass(frozen=True)
class MessageSchema:
    """One kind of message."""

    name: str
    schema: Mapping[str, Any]
    at: Location = field(compare=False)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that a publication must carry."""
        return tuple(self.schema.get("x-attributes", ()))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the declared top-level fields."""
        return tuple(self.schema.get("properties", {}))

    def field(self, path: str) -> MessageField | None:
        """What the schema says of the field at the dotted `path`, or None when it does not name it."""
        schema: Mapping[str, Any] = self.schema
        required = True
        for part in path.split("."):
            if part not in schema.get("properties", {}):
                return None
            required = required and part in schema.get("required", ()) and "null" not in types_of(schema)
            schema = schema["properties"][part]
        return MessageField(types_of(schema), required, schema)

    def validate(self, value: object, attributes: Mapping[str, str] | None = None) -> tuple[Fault, ...]:
        """Everything that keeps `value` from being this message; `attributes` are looked at when given."""
        faults = list(_validate(self.schema, value, ""))
        for name in self.attributes if attributes is not None else ():
            if not (attributes or {}).get(name):
                faults.append(Fault(f"@{name}", f"The attribute `{name}` is missing; every publication carries it."))
        return tuple(faults)

    def compact(self) -> dict[str, Any]:
        """The schema without titles and descriptions: the form that travels in an archive."""
        compacted = _compact(self.schema)
        assert isinstance(compacted, dict)
        return compacted


def types_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The types a schema allows; all of them when it names none."""
    kind = schema.get("type", TYPES)
    return frozenset({kind} if isinstance(kind, str) else kind)


def load_messages(root: Path) -> tuple[dict[str, MessageSchema], tuple[Finding, ...]]:
    """Read every `schemas/messages/*.json` under `root`; a schema with findings is left out."""
    messages: dict[str, MessageSchema] = {}
    findings: list[Finding] = []
    for path in sorted((root / FOLDER).glob("*.json")):
        file = path.relative_to(root).as_posix()
        schema, faults = _read(path, file)
        if not faults:
            faults = _check_schema(schema, file, path)
        findings.extend(faults)
        if not faults:
            messages[path.stem] = MessageSchema(path.stem, schema, Location(file, 1, 1))
    return messages, tuple(findings)


def unread_messages(root: Path, messages: Mapping[str, MessageSchema]) -> frozenset[str]:
    """Return the names of schemas that are there and cannot be read."""
    return frozenset(path.stem for path in (root / FOLDER).glob("*.json")) - messages.keys()


def _read(path: Path, file: str) -> tuple[Any, list[Finding]]:
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in items]
        repeated.extend(name for name in dict.fromkeys(names) if names.count(name) > 1)
        return dict(items)

    try:
        value = json.loads(read_input(path), object_pairs_hook=pairs, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()
    except Unreadable as error:
        return None, [Finding(RULE, str(error), Location(file, error.line))]
    except json.JSONDecodeError as error:
        at = Location(file, error.lineno, error.colno)
        return None, [Finding(RULE, f"This is not JSON: {error.msg}; correct it.", at)]
    except UnicodeEncodeError:
        message = "An escape names half a character (a surrogate); write the character itself."
        return None, [Finding(RULE, message, Location(file))]
    except ValueError as error:
        return None, [Finding(RULE, f"This is not JSON: {error}; correct it.", Location(file))]
    except RecursionError:
        return None, [Finding(RULE, "The file nests too deeply to be read; flatten it.", Location(file))]
    return value, [Finding(RULE, f"Key `{name}` is written twice; keep one.", Location(file)) for name in repeated]


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number in JSON")


def _check_schema(schema: Any, file: str, path: Path) -> list[Finding]:
    """Check that the schema is one that every validator of ours understands."""
    problems = list(_problems(schema, ""))
    if not problems and "object" not in types_of(schema):
        problems.append(("", "A message is an object; set its type to `object`."))
    if not problems and "schema_version" not in schema.get("properties", {}):
        problems.append(("", "The schema has no `schema_version`; add it with the version as its `const`."))
    if not problems:
        return []
    tree, _ = yamlsource.load(path, file)
    return [Finding(RULE, message, _place(tree, pointer, file)) for pointer, message in problems]


def _place(tree: yamlsource.YamlNode | None, pointer: str, file: str) -> Location:
    at = Location(file, 1, 1)
    for part in pointer.split("/")[1:]:
        if tree is None or not isinstance(tree.value, Mapping) or part not in tree.value:
            break
        tree = tree.value[part]
        at = tree.key_at or tree.at
    return at


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_FORMS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "type": (lambda value: _text(value) or (_texts(value) and bool(value)), "the name of a type, or a list of names"),
    "properties": (lambda value: isinstance(value, dict), "an object of fields"),
    "required": (_texts, "a list of names"),
    "x-attributes": (_texts, "a list of names"),
    "additionalProperties": (lambda value: isinstance(value, bool), "true or false"),
    "enum": (lambda value: isinstance(value, list) and bool(value), "a list of values"),
    "pattern": (_text, "a regular expression in quotes"),
    "format": (_text, "the name of a format"),
    "minLength": (_count, "a whole number"),
    "minItems": (_count, "a whole number"),
    "minimum": (_number, "a number"),
    "maximum": (_number, "a number"),
}
"""What each keyword's value looks like; what does not is refused before anything reads it."""


def _problems(schema: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        yield pointer, "A schema must be an object; write one."
        return
    misshapen = [name for name, (fits, _) in _FORMS.items() if name in schema and not fits(schema[name])]
    for name in misshapen:
        yield f"{pointer}/{name}", f"`{name}` must be {_FORMS[name][1]}; correct it."
    if misshapen:
        return
    allowed = KEYWORDS | ANNOTATIONS | ({"x-attributes"} if not pointer else frozenset())
    for name in sorted(schema.keys() - allowed):
        known = ", ".join(sorted(KEYWORDS))
        yield f"{pointer}/{name}", f"Keyword `{name}` is not understood; use one of {known}."
    if not types_of(schema) <= TYPES:
        yield f"{pointer}/type", f"`{schema['type']}` names no JSON type; use {', '.join(sorted(TYPES))}."
    if schema.get("format", "date") not in {"date", "date-time"}:
        yield f"{pointer}/format", f"Nobody checks the format `{schema['format']}`; use date or date-time."
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in properties:
            yield f"{pointer}/required", f"`{name}` is required but not described; add it to `properties`."
    for name, child in properties.items():
        yield from _problems(child, f"{pointer}/properties/{name}")
    if "items" in schema:
        yield from _problems(schema["items"], f"{pointer}/items")
    yield from _pattern_problems(schema, pointer)


def _pattern_problems(schema: dict[str, Any], pointer: str) -> Iterator[tuple[str, str]]:
    try:
        re.compile(schema.get("pattern", ""))
    except (re.error, OverflowError, RecursionError) as error:
        yield f"{pointer}/pattern", f"The pattern is not a regular expression ({error}); correct it."


def _validate(schema: Mapping[str, Any], value: object, pointer: str) -> Iterator[Fault]:
    kinds = types_of(schema)
    kind = _kind(value)
    if not (kind in kinds or (kind == "integer" and "number" in kinds)):
        yield Fault(pointer, f"Expected {' or '.join(sorted(kinds))}, found {kind}.")
        return
    if "enum" in schema and not any(_same(value, choice) for choice in schema["enum"]):
        yield Fault(pointer, f"Expected one of {', '.join(map(str, schema['enum']))}, found {value!r:.60}.")
    if "const" in schema and not _same(value, schema["const"]):
        yield Fault(pointer, f"Expected {schema['const']!r}, found {value!r:.60}.")
    if isinstance(value, str):
        yield from _validate_text(schema, value, pointer)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield Fault(pointer, f"{value} is out of range.")
    elif isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield Fault(pointer, f"Expected at least {schema['minItems']} items, found {len(value)}.")
        for index, item in enumerate(value):
            yield from _validate(schema.get("items", {}), item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        yield from _validate_object(schema, value, pointer)


def _validate_object(schema: Mapping[str, Any], value: dict[str, Any], pointer: str) -> Iterator[Fault]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Fault(f"{pointer}/{name}", f"The field `{name}` is missing.")
    for name, item in value.items():
        if name in properties:
            yield from _validate(properties[name], item, f"{pointer}/{name}")
        elif not schema.get("additionalProperties", True):
            yield Fault(f"{pointer}/{name}", f"The field `{name:.60}` is not part of this message.")


def _validate_text(schema: Mapping[str, Any], value: str, pointer: str) -> Iterator[Fault]:
    if len(value) < schema.get("minLength", 0):
        yield Fault(pointer, "The text is too short.")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield Fault(pointer, f"{value!r:.60} does not match {schema['pattern']}.")
    if schema.get("format") == "date" and not is_date(value):
        yield Fault(pointer, f"{value!r:.60} is not a date; write YYYY-MM-DD.")
    if schema.get("format") == "date-time" and not is_time(value):
        yield Fault(pointer, f"{value!r:.60} is not a time; write it as ISO 8601.")


def is_date(text: str) -> bool:
    """True for a day that exists, written `YYYY-MM-DD`."""
    if not DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_time(text: str) -> bool:
    """True for a moment that exists, written as ISO 8601 with or without an offset."""
    if not TIME.fullmatch(text):
        return False
    moment, _, rest = text[:19].upper().replace("T", " "), text[10], text[19:]
    offset = re.search(r"[+-]([0-9]{2}):?([0-9]{2})$", rest)
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return False
    return offset is None or (int(offset[1]) < 24 and int(offset[2]) < 60)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names = {float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _compact(schema: Any) -> Any:
    """Drop annotations, but not properties that happen to be called like one."""
    result: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "properties":
            result[name] = {key: _compact(child) for key, child in value.items()}
        elif name == "items":
            result[name] = _compact(value)
        elif name not in ANNOTATIONS:
            result[name] = value
    return result
