"""Shape checks for what tools write: a wrong shape raises `WrongShape`, it is never read as empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from py_secure_ci.errors import WrongShape

T = TypeVar("T")


def load_json(text: str, what: str) -> Any:
    """Parse JSON. `what` names the document in the error."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongShape(f"{what} is not valid JSON: {error}") from None


def load_json_lines(text: str, what: str) -> list[Any]:
    """Parse one JSON document a line; blank lines are allowed."""
    return [
        load_json(line, f"{what}, line {number}") for number, line in enumerate(text.split("\n"), 1) if line.strip()
    ]


def as_dict(value: object, what: str) -> dict[str, Any]:
    """`value` if it is a JSON object."""
    if not isinstance(value, dict):
        raise WrongShape(f"{what} should be an object, not {_kind(value)}")
    return value


def as_list(value: object, what: str) -> list[Any]:
    """`value` if it is a JSON array."""
    if not isinstance(value, list):
        raise WrongShape(f"{what} should be an array, not {_kind(value)}")
    return value


def field(mapping: Mapping[str, Any], key: str, kind: type[T], what: str) -> T:
    """The value of a required key, of exactly that kind (an int is no bool, and no float)."""
    if key not in mapping:
        raise WrongShape(f"{what} has no {key!r}")
    value = mapping[key]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise WrongShape(f"{what}: {key!r} should be {kind.__name__}, not {_kind(value)}")
    return value


def optional(mapping: Mapping[str, Any], key: str, kind: type[T], what: str) -> T | None:
    """Like `field`, but the key may be absent or null."""
    return None if mapping.get(key) is None else field(mapping, key, kind, what)


def word(table: Mapping[str, T], key: str, what: str) -> T:
    """Look a tool's word up in a table of ours; an unknown word is a wrong shape, never a guess."""
    try:
        return table[key]
    except KeyError:
        known = ", ".join(sorted(table))
        raise WrongShape(f"{what}: unknown word {key!r} (known: {known})") from None


def position(value: object, what: str) -> int:
    """A line or column that counts from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise WrongShape(f"{what} should be a number from 1, not {value!r}")
    return value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", type(None): "null", bool: "true or false"}
    return names.get(type(value), "a number")
