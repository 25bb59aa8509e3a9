"""The JSON Schema of `report.json`, made from the model's own types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin

from py_secure_ci.report import SCHEMA_VERSION, Report, Verdict
from py_secure_ci.serial.codec import to_data
from py_secure_ci.serial.types import KIND, default_of, enum_word, kind_of, model_fields, union_parts

_PLAIN: Mapping[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def report_schema() -> dict[str, Any]:
    """The schema (draft 2020-12). Every object is closed; `default` tells what a key that is not there means."""
    definitions: dict[str, Any] = {}
    report, verdict = _schema(Report, definitions), _schema(Verdict, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "py-secure-ci report",
        "description": (
            "A run and the verdict over it. A key that is left out has its default. In any string, U+001A followed by "
            "four hexadecimal digits stands for that code unit (a byte of a file name that is no UTF-8 is dc00 plus "
            "the byte; U+001A itself is 001a)."
        ),
        "type": "object",
        "properties": {"schema_version": {"const": SCHEMA_VERSION}, "report": report, "verdict": verdict},
        "required": ["report", "schema_version", "verdict"],
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema(tp: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if tp in _PLAIN:
        return {"type": _PLAIN[tp]}
    parts, or_none = union_parts(tp)
    if len(parts) > 1 or or_none:
        options = [_schema(part, definitions) for part in parts]
        if len(parts) > 1:
            for part in parts:
                definitions[part.__name__]["properties"][KIND] = {"const": kind_of(part)}
                definitions[part.__name__]["required"].append(KIND)
        return {"anyOf": [*options, {"type": "null"}]} if or_none else {"oneOf": options}
    if isinstance(tp, type) and issubclass(tp, Enum):
        return {"enum": [enum_word(member) for member in tp]}
    if is_dataclass(tp):
        return _dataclass_schema(tp, definitions)
    return _container_schema(tp, definitions)


def _container_schema(tp: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    args = get_args(tp)
    if get_origin(tp) is Mapping:
        return {"type": "object", "additionalProperties": _schema(args[1], definitions)}
    items = {"type": "array", "items": _schema(args[0], definitions)}
    return items if args[-1] is Ellipsis else {**items, "minItems": len(args), "maxItems": len(args)}


def _dataclass_schema(cls: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if cls.__name__ not in definitions:
        properties: dict[str, Any] = {}
        required: list[str] = []
        definitions[cls.__name__] = {
            "description": " ".join((cls.__doc__ or "").split()),
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
        for field, tp in model_fields(cls):
            properties[field.name] = _schema(tp, definitions)
            default = default_of(field)
            if default is MISSING:
                required.append(field.name)
            else:
                properties[field.name] = {**properties[field.name], "default": _default(default)}
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _default(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return to_data(value) if is_dataclass(value) or isinstance(value, Enum) else value
