"""Plain data as values of the model: strict, and an error names the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin

from py_secure_ci.serial.types import KIND, default_of, enum_word, kind_of, model_fields, union_parts

Decode = Callable[[Any], Any]
_ESCAPED = re.compile("\x1a(001a|d[89a-f][0-9a-f]{2})?")


class Wrong(Exception):
    """Data that does not fit; the path grows while the error climbs out of the tree."""

    def __init__(self, message: str) -> None:
        """`message` says what is wrong, not where."""
        super().__init__(message)
        self.message = message
        self.path = ""


def at_step(step: str, decode: Decode, data: object) -> Any:
    """What `decode` makes of `data`; an error of it learns the step of the path that led there."""
    try:
        return decode(data)
    except Wrong as error:
        joint = "." if error.path and not error.path.startswith("[") else ""
        error.path = f"{step}{joint}{error.path}"
        raise


def _unescape(match: re.Match[str]) -> str:
    if match[1] is None:
        raise Wrong("a broken escape (U+001A without a code of its own)")
    return chr(int(match[1], 16))


def _read_text(data: Any) -> str:
    if not isinstance(data, str):
        raise Wrong(f"should be text, not {_shown(data)}")
    if data.isascii() and "\x1a" not in data:
        return data
    if any("\ud800" <= char <= "\udfff" for char in data):
        raise Wrong("half a surrogate pair")
    return _ESCAPED.sub(_unescape, data)


def _read_bool(data: Any) -> bool:
    if not isinstance(data, bool):
        raise Wrong(f"should be true or false, not {_shown(data)}")
    return data


def _read_int(data: Any) -> int:
    if not isinstance(data, int) or isinstance(data, bool):
        raise Wrong(f"should be a whole number, not {_shown(data)}")
    return data


def _read_float(data: Any) -> float:
    if not isinstance(data, (int, float)) or isinstance(data, bool):
        raise Wrong(f"should be a number, not {_shown(data)}")
    return data


def _shown(data: object) -> str:
    return f"a JSON {type(data).__name__}" if isinstance(data, (dict, list)) else repr(data)[:80]


_READ_PLAIN: Mapping[Any, Decode] = {str: _read_text, int: _read_int, float: _read_float, bool: _read_bool}


@cache
def decoder(tp: Any) -> Decode:
    """The function that makes a value of that type of JSON data; it raises `Wrong`."""
    parts, _ = union_parts(tp)
    if tp in _READ_PLAIN:
        return _READ_PLAIN[tp]
    if len(parts) > 1:
        return _union_decoder(parts)
    if parts[0] is not tp:
        inner = decoder(parts[0])
        return lambda data: None if data is None else inner(data)
    if isinstance(tp, type) and issubclass(tp, Enum):
        return _word_decoder({enum_word(member): member for member in tp})
    if is_dataclass(tp):
        return _dataclass_decoder(tp)
    if get_origin(tp) is frozenset:
        return _set_decoder(get_args(tp))
    return _mapping_decoder(tp) if get_origin(tp) is Mapping else _tuple_decoder(get_args(tp))


def _word_decoder(words: dict[str, Any]) -> Decode:
    def decode(data: Any) -> Any:
        if not isinstance(data, str) or data not in words:
            raise Wrong(f"should be one of {', '.join(words)}, not {_shown(data)}")
        return words[data]

    return decode


def _union_decoder(classes: tuple[Any, ...]) -> Decode:
    decoders = {kind_of(cls): decoder(cls) for cls in classes}
    pick = _word_decoder(decoders)

    def decode(data: Any) -> Any:
        rest = dict(_object(data))
        return at_step("kind", pick, rest.pop(KIND, None))(rest)

    return decode


def _tuple_decoder(args: tuple[Any, ...]) -> Decode:
    item = decoder(args[0])
    size = None if args[-1] is Ellipsis else len(args)

    def decode(data: Any) -> Any:
        if not isinstance(data, list):
            raise Wrong(f"should be a list, not {_shown(data)}")
        if size is not None and len(data) != size:
            raise Wrong(f"should have {size} parts")
        return tuple([at_step(f"[{index}]", item, one) for index, one in enumerate(data)])

    return decode


def _set_decoder(args: tuple[Any, ...]) -> Decode:
    items = _tuple_decoder((args[0], ...))

    def decode(data: Any) -> Any:
        found = items(data)
        if len(set(found)) != len(found):
            raise Wrong("an entry is there twice")
        return frozenset(found)

    return decode


def _mapping_decoder(tp: Any) -> Decode:
    item = decoder(get_args(tp)[1])
    return lambda data: {_read_text(key): at_step(_read_text(key), item, one) for key, one in _object(data).items()}


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Wrong(f"should be an object, not {_shown(data)}")
    return data


def _dataclass_decoder(cls: Any) -> Decode:
    decoders = {field.name: decoder(tp) for field, tp in model_fields(cls)}
    required = {field.name for field, _ in model_fields(cls) if default_of(field) is MISSING}

    def decode(data: Any) -> Any:
        given = _object(data)
        if missing := required - given.keys():
            raise Wrong(f"has no {min(missing)!r}")
        if unknown := given.keys() - decoders.keys():
            raise Wrong(f"unknown key {min(unknown)!r}")
        return cls(**{name: at_step(name, decoders[name], part) for name, part in given.items()})

    return decode
