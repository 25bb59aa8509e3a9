"""What JSON Schema says against a YAML file, in words for the person who wrote it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from py_secure_ci.config.yaml_source import KeyPath, YamlSource
from py_secure_ci.errors import ConfigError

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}


def check(source: YamlSource, schema: Mapping[str, Any]) -> None:
    """Raise one ConfigError that names every violation in line order; return if there is none."""
    from jsonschema import Draft202012Validator

    errors = list(Draft202012Validator(schema).iter_errors(source.data))
    if not errors:
        return
    told = sorted({line for error in errors for line in _tell(source, error)})
    raise ConfigError("\n".join(text for _, text in told))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean X?`, or the known words, or nothing if there are none."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f" Did you mean `{near[0]}`?"
    return f" Known: {', '.join(known)}." if known else ""


def _tell(source: YamlSource, error: Any) -> Iterable[tuple[int, str]]:
    path: KeyPath = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in sorted(set(error.instance) - set(known)):
            what = "unknown tool." if path == ("tools",) else "unknown key."
            yield source.line((*path, key)), f"{source.place((*path, key))}: {what}{did_you_mean(str(key), known)}"
        return
    yield source.line(path), f"{source.place(path)}: {_sentence(error)}"


def _sentence(error: Any) -> str:
    kind, value = error.validator, error.instance
    if kind == "type":
        wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        return f"this should be {' or '.join(_TYPES[one] for one in wanted)}, not {_shown(value)}."
    if kind == "enum":
        words = [str(one) for one in error.validator_value]
        return f"{_shown(value)} is not known here.{did_you_mean(str(value), words)}"
    if kind == "const":
        return f"this should be {error.validator_value!r}, not {_shown(value)}."
    if kind == "required":
        missing = [key for key in error.validator_value if key not in value]
        return f"the key `{missing[0]}` is missing."
    bounds = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "more than",
        "minItems": "at least so many items:",
        "minLength": "at least so many characters:",
    }
    if kind in bounds:
        return f"this should be {bounds[kind]} {error.validator_value}, not {_shown(value)}."
    if kind == "uniqueItems":
        return "an entry of this list is there twice."
    return f"{_shown(value)} does not fit ({kind}: {error.validator_value})."


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
