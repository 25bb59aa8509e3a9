"""Sentences about values that do not fit the schema of the YAML file, each with what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from py_secure_ci.config.policy_checks import threshold_problem
from py_secure_ci.config.yaml_source import KeyPath
from py_secure_ci.model import Kind

NOT_KNOWN = "is not known here."
_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
_PYTHON: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
}
_BOUNDS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}
_KINDS = {one.value: one for one in Kind}


def type_fits(value: object, schema: Mapping[str, Any]) -> bool:
    """Whether a value is of a type that a schema names."""
    return any(
        isinstance(value, _PYTHON[one]) and isinstance(value, bool) is (one == "boolean") for one in _types(schema)
    )


def described(schema: Mapping[str, Any], before: str = "") -> str:
    """The schema's own description as part of a sentence, after `before`; nothing if it has none."""
    words = str(schema.get("description", "")).rstrip(".")
    return before + words[:1].lower() + words[1:] if words else ""


def sentence(error: Any, path: KeyPath, text: str) -> str:
    """What is wrong, and what to write. `text`: the value as it stands in the file, if it is a plain one."""
    kind, value, schema = error.validator, error.instance, error.schema
    key = str(path[-1]) if path and isinstance(path[-1], str) else ""
    due = _due(schema)
    if value is None:
        return f"there is nothing {f'after `{key}:`' if key else 'here'}; write {due}, or take it away."
    if kind == "enum" and key in _KINDS and isinstance(value, str):
        return f"{threshold_problem(_KINDS[key], value)}."
    if kind in _BOUNDS:
        return f"this should be {_BOUNDS[kind]} {error.validator_value:,}, not {shown(value)}."
    sentences = {
        "enum": f"{shown(value)} {NOT_KNOWN}",
        "type": f"this should be {due}, not {shown(value)}{_instead(schema, value, text, key)}.",
        "anyOf": f"this should be {due}, not {shown(value)}.",
        "const": f"this should be {due}, not {shown(value)}.",
        "minItems": f"this list is empty; write {due}, or take it away.",
        "minLength": f"this is empty; write {due}, or take it away.",
        "uniqueItems": f"{_twice(value)} is there twice; take one of them away.",
    }
    return sentences.get(kind) or f"{shown(value)} does not fit ({kind}: {error.validator_value})."


def shown(value: object) -> str:
    """A value as a sentence may name it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _types(schema: Mapping[str, Any]) -> list[str]:
    said = schema.get("type", [])
    return [said] if isinstance(said, str) else list(said)


def _due(schema: Mapping[str, Any]) -> str:
    """`a whole number from 0, or `baseline``."""
    if "anyOf" in schema:
        return ", or ".join(_due(one) for one in schema["anyOf"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return f"one of {', '.join(f'`{_word(one)}`' for one in schema['enum'])}"
    words = [_named(one, schema) for one in _types(schema)]
    return " or ".join(words) if words else described(schema) or "a value"


def _named(type_: str, schema: Mapping[str, Any]) -> str:
    keys = sorted(schema.get("properties", {}))
    if type_ == "object" and keys:
        return f"a mapping with {', '.join(f'`{key}`' for key in keys)}" if len(keys) <= 8 else "a mapping of keys"
    if type_ in ("integer", "number") and "minimum" in schema:
        return f"{_TYPES[type_]} from {schema['minimum']}"
    return _TYPES[type_]


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _instead(schema: Mapping[str, Any], value: object, text: str, key: str) -> str:
    """How the same value is written so that it fits, where that is plain."""
    types = _types(schema)
    if "array" in types and isinstance(value, str | int | float) and not isinstance(value, bool):
        return f": write `{key}: [{text or value}]`" if key else ""
    if "array" in types and isinstance(value, dict):
        return ": put `- ` before each entry"
    if "string" in types and isinstance(value, int | float):
        return f': put it in quotes, `"{text or value}"`'
    if "boolean" in types and isinstance(value, str) and value.lower() in ("yes", "no", "on", "off", "true", "false"):
        return f": write it without quotes, `{'true' if value.lower() in ('yes', 'on', 'true') else 'false'}`"
    if (
        types in (["number"], ["integer"])
        and isinstance(value, str)
        and value.rstrip("%s").replace(".", "", 1).isdigit()
    ):
        return f": write `{value.rstrip('%s')}`"
    if types == ["object"] and key and schema.get("properties"):
        return f", such as `{key}: {{{next(iter(schema['properties']))}: …}}`"
    return ""


def _twice(values: object) -> str:
    seen: list[object] = []
    for one in values if isinstance(values, list) else []:
        if one in seen:
            return shown(one)
        seen.append(one)
    return "an entry of this list"
