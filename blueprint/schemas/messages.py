"""The messages on the topics: one JSON Schema each, used by publisher, consumer, streams and tests alike.

The schemas are JSON Schema draft 2020-12, restricted to the keywords in `KEYWORDS`. A schema says in `x-attributes` which
message attributes must be present. `schema_version` in a message names the version of the contract; the schema's `const`
refuses one that is newer than the consumer.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.files import Unreadable, read_input
from blueprint import yamlsource
from blueprint.findings import Finding, Location
from blueprint.schemas.validation import TYPES, Fault, types_of, validate

FOLDER = "schemas/messages"
RULE = "message-schema"
PHASE = "phase"
"""The field of a completion that says which phase has completed."""

ANNOTATIONS = frozenset({"$schema", "$id", "title", "description", "examples"})
KEYWORDS = frozenset({
    "type", "properties", "required", "additionalProperties", "items", "enum", "const", "pattern", "format",
    "minLength", "minItems", "minimum", "maximum",
})  # fmt: skip
"""What every validator of ours understands; another keyword would be checked here and not there."""


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
        faults = list(validate(self.schema, value))
        for name in self.attributes if attributes is not None else ():
            if not (attributes or {}).get(name):
                faults.append(Fault(f"@{name}", f"The attribute `{name}` is missing; every publication carries it."))
        return tuple(faults)

    def compact(self) -> dict[str, Any]:
        """The schema without titles and descriptions: the form that travels in an archive."""
        compacted = _compact(self.schema)
        assert isinstance(compacted, dict)
        return compacted


def load_messages(
    root: Path, labels: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, MessageSchema], tuple[Finding, ...]]:
    """Read every `schemas/messages/*.json` under `root`; a schema with findings is left out.

    `labels` are those of the phases that complete with a message (`Manifest.phase_labels`).
    """
    messages: dict[str, MessageSchema] = {}
    findings: list[Finding] = []
    for path in sorted((root / FOLDER).glob("*.json")):
        file = path.relative_to(root).as_posix()
        schema, faults = _read(path, file)
        if not faults:
            faults = check_schema(schema, file, path)
        findings.extend(faults)
        if not faults:
            messages[path.stem] = MessageSchema(
                path.stem, labelled(schema, labels.get(path.stem, ())), Location(file, 1, 1)
            )
    return messages, tuple(findings)


def labelled(schema: Any, labels: tuple[str, ...]) -> Any:
    """Return a completion's schema whose field `phase` takes the labels of its phases, where it does not list its own."""
    phase = schema.get("properties", {}).get(PHASE)
    if not labels or phase is None or phase.keys() & {"enum", "const", "pattern"}:
        return schema
    return {**schema, "properties": {**schema["properties"], PHASE: {**phase, "enum": list(labels)}}}


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


def check_schema(schema: Any, file: str, path: Path) -> list[Finding]:
    """Check that the schema is one that every validator of ours understands."""
    problems = list(_problems(schema, ""))
    if not problems and types_of(schema) != {"object"}:
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
    unknown = sorted(schema.keys() - allowed)
    for name in unknown:
        known = ", ".join(sorted(KEYWORDS))
        yield f"{pointer}/{name}", f"Keyword `{name}` is not understood; use one of {known}."
    if not types_of(schema) <= TYPES:
        yield f"{pointer}/type", f"`{schema['type']}` names no JSON type; use {', '.join(sorted(TYPES))}."
    if schema.get("format", "date") not in {"date", "date-time"}:
        yield f"{pointer}/format", f"Nobody checks the format `{schema['format']}`; use date or date-time."
    properties = schema.get("properties", {})
    misspelt = difflib.get_close_matches("properties", unknown, n=1)
    for name in schema.get("required", ()) if not misspelt else ():
        if name not in properties:
            yield f"{pointer}/required", f"`{name}` is required but not described; add it to `properties`."
    for name, child in properties.items():
        place = f"{pointer}/properties/{name}"
        told = list(_problems(child, place))
        yield from told
        if not told and "const" not in child and not ("type" in child and types_of(child) - {"null"}):
            yield place, f"The field `{name}` has no type beside null; say what its values are."
    if "items" in schema:
        yield from _problems(schema["items"], f"{pointer}/items")
    yield from _pattern_problems(schema, pointer)


def _pattern_problems(schema: dict[str, Any], pointer: str) -> Iterator[tuple[str, str]]:
    try:
        re.compile(schema.get("pattern", ""))
    except (re.error, OverflowError, RecursionError) as error:
        yield f"{pointer}/pattern", f"The pattern is not a regular expression ({error}); correct it."


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
