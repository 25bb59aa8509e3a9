"""How the types of the model are written as data: what the codec and the schema of `report.json` agree on."""

from __future__ import annotations

import types
from dataclasses import MISSING, Field, fields
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

KIND = "kind"  # the key that tells the members of a union apart


def enum_word(member: Enum) -> str:
    """How a member is written: its value, or the first part of it."""
    return str(member.value if isinstance(member.value, str) else member.value[0])


@cache
def model_fields(cls: type) -> tuple[tuple[Field[Any], Any], ...]:
    """(field, type) of every field of a dataclass, sorted by name."""
    hints = get_type_hints(cls)
    return tuple((field, hints[field.name]) for field in sorted(fields(cls), key=lambda field: field.name))


def default_of(field: Field[Any]) -> Any:
    """The default of a field, or `MISSING`."""
    return field.default_factory() if field.default_factory is not MISSING else field.default


def union_parts(tp: Any) -> tuple[tuple[Any, ...], bool]:
    """The members of a union without None, and whether None was one; a plain type is its own only member."""
    if get_origin(tp) not in (Union, types.UnionType):
        return (tp,), False
    parts = tuple(part for part in get_args(tp) if part is not type(None))
    return parts, len(parts) < len(get_args(tp))


def kind_of(cls: type) -> str:
    """How a class is named in `kind`."""
    return cls.__name__.lower()
