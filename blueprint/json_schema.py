"""The JSON Schema of a grammar, by which editors complete and check a declaration while it is written."""

from __future__ import annotations

import dataclasses
import types
import typing
from typing import Annotated, Any, Literal, Union

from shared.declaration.grammar import DURATION, Range, TextPattern

from blueprint.grammar import DURATION_TEXT, Word, fields_of, hints_of


def json_schema(cls: type, title: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of YAML that decodes to `cls`."""
    definitions: dict[str, Any] = {}
    root = _object_schema(cls, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _object_schema(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints, fields = hints_of(cls), fields_of(cls)
    properties = {}
    for name, field in fields.items():
        schema = _schema(hints[field.name], definitions)
        doc = field.metadata.get("doc")
        properties[name] = {"description": doc, **schema} if doc else schema
    required = [
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
        and not field.metadata.get("shared")
    ]
    description = (cls.__doc__ or "").strip().split("\n\n")[0]
    schema = {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }
    return {**schema, "required": required} if required else schema


def _schema(annotation: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    plain = {str: "string", int: "integer", float: "number", bool: "boolean"}
    if annotation is object:
        return {}
    if annotation in plain:
        return {"type": plain[annotation]}
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _annotated_schema(arguments[0], arguments[1:], definitions)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        schemas = [_schema(member, definitions) for member in arguments if member is not type(None)]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    if origin is tuple:
        return {"type": "array", "items": _schema(arguments[0], definitions)}
    if dataclasses.is_dataclass(annotation):
        name = typing.cast(type, annotation).__name__
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = _object_schema(typing.cast(type, annotation), definitions)
        return {"$ref": f"#/$defs/{name}"}
    return {"type": "object", "additionalProperties": _schema(arguments[1], definitions)}


def _annotated_schema(base: Any, marks: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if DURATION in marks:
        return {"type": "string", "pattern": f"^{DURATION_TEXT.pattern}$"}
    schema = _schema(base, definitions)
    for mark in marks:
        if isinstance(mark, TextPattern):
            schema["pattern"] = f"^(?:{mark.regex})$"
        elif isinstance(mark, Range):
            schema |= {"minimum": mark.low, "maximum": mark.high}
        elif isinstance(mark, Word):
            schema = {"anyOf": [schema, {"const": mark.word}]}
    return schema
