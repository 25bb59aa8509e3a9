"""Values of the model as JSON text, straight: no tree of dictionaries in between, so a large report stays cheap."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, is_dataclass
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, get_args, get_origin

from py_secure_ci.serial.types import KIND, default_of, enum_word, kind_of, model_fields, union_parts

Write = Callable[[Any], str]
_UNSAFE = re.compile("[\ud800-\udfff\x1a]")
_quoted = json.encoder.encode_basestring_ascii


def _text(value: str) -> str:
    text = _quoted(value)
    if "\\u" not in text:  # a code stands there for each sign that may need an escape of our own
        return text
    return _quoted(_UNSAFE.sub(lambda match: f"\x1a{ord(match[0]):04x}", value))


def _float(value: float) -> str:
    return json.dumps(value, allow_nan=False)


def _bool(value: bool) -> str:
    return "true" if value else "false"


_PLAIN: Mapping[Any, Write] = {str: _text, int: int.__repr__, float: _float, bool: _bool}


@cache
def writer(tp: Any) -> Write:
    """The function that writes a value of that type; keys come in sorted order."""
    parts, _ = union_parts(tp)
    if tp in _PLAIN:
        return _PLAIN[tp]
    if len(parts) > 1:
        tagged = {part: _dataclass_writer(part, kind_of(part)) for part in parts}
        return lambda value: tagged[type(value)](value)
    if parts[0] is not tp:
        inner = writer(parts[0])
        return lambda value: "null" if value is None else inner(value)
    if isinstance(tp, type) and issubclass(tp, Enum):
        return {member: _quoted(enum_word(member)) for member in tp}.__getitem__
    if is_dataclass(tp):
        return _dataclass_writer(tp)
    return _container_writer(tp)


def _container_writer(tp: Any) -> Write:
    origin, args = get_origin(tp), get_args(tp)
    item = writer(args[1] if origin is Mapping else args[0])
    if origin is frozenset:
        return lambda value: "[" + ",".join([item(one) for one in sorted(value)]) + "]"
    if origin is Mapping:
        return lambda value: "{" + ",".join([f"{_text(key)}:{item(value[key])}" for key in sorted(value)]) + "}"
    return lambda value: "[" + ",".join([item(one) for one in value]) + "]"


def _dataclass_writer(cls: Any, kind: str = "") -> Write:
    """What equals its default is left out; `kind` is written among the keys where the class is one of several."""
    plan = [(field.name, _quoted(field.name) + ":", writer(tp), default_of(field)) for field, tp in model_fields(cls)]
    names = [name for name, *_ in plan]
    if kind:
        tag = f"{_quoted(KIND)}:{_quoted(kind)}"
        plan.append((KIND, "", lambda _: tag, MISSING))
        plan.sort(key=lambda step: step[0])
        names = [name if name != KIND else "__class__" for name, *_ in plan]
    values = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    steps = tuple((key, write, default) for _, key, write, default in plan)

    def write_fields(value: Any) -> str:
        return (
            "{"
            + ",".join(
                [
                    key + write(part)
                    for (key, write, default), part in zip(steps, values(value), strict=True)
                    if part is not default and part != default
                ]
            )
            + "}"
        )

    return write_fields
