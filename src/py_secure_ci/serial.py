r"""Report and Verdict as plain data and back: the codec of `report.json`. Lossless, typed and strict.

A field that equals its default is left out. A union of dataclasses carries the class in `kind`. Half a surrogate pair,
which is how a file name that is not UTF-8 reaches us and which JSON cannot hold, is written as U+001A (SUBSTITUTE)
and its four hexadecimal digits: the byte 0xE9 is `\u001adce9`. U+001A itself is `\u001a001a`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from enum import Enum
from functools import cache
from typing import Any, get_args, get_origin

from py_secure_ci.errors import ReportError
from py_secure_ci.report import SCHEMA_VERSION, Report, Verdict
from py_secure_ci.serial_reading import Wrong, at_step, decoder
from py_secure_ci.serial_types import KIND, default_of, enum_word, kind_of, model_fields, union_parts

Encode = Callable[[Any], Any]
_UNSAFE = re.compile("[\ud800-\udfff\x1a]")


def to_data(value: Any) -> Any:
    """Any value of the model as JSON data, keys in sorted order."""
    return _encoder(type(value))(value)


def report_to_text(report: Report, verdict: Verdict) -> str:
    """The text of `report.json`: ASCII, one line, the same bytes for the same values."""
    data = {"report": to_data(report), "schema_version": SCHEMA_VERSION, "verdict": to_data(verdict)}
    return json.dumps(data, separators=(",", ":"), allow_nan=False, check_circular=False) + "\n"


def report_from_text(text: str) -> tuple[Report, Verdict]:
    """The report and verdict of a `report.json`.

    Raises `ReportError` for anything that `report_to_text` did not write; it names the place.
    """
    try:
        return report_from_data(json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins))
    except (ValueError, RecursionError) as error:
        raise ReportError(f"the report is not valid JSON: {error}", hint=_HINT) from None


def report_from_data(data: object) -> tuple[Report, Verdict]:
    """The same from JSON data. Raises `ReportError`."""
    if not isinstance(data, dict):
        raise ReportError("the report should be a JSON object", hint=_HINT)
    version = data.get("schema_version")
    if type(version) is not int or version != SCHEMA_VERSION:
        raise ReportError(f"the report has schema_version {version!r}; this is {SCHEMA_VERSION}", hint=_HINT)
    if strange := sorted(set(data) ^ {"report", "schema_version", "verdict"}):
        raise ReportError(f"the report's top level has a missing or unknown key: {strange[0]!r}", hint=_HINT)
    try:
        return at_step("report", decoder(Report), data["report"]), at_step("verdict", decoder(Verdict), data["verdict"])
    except Wrong as error:
        raise ReportError(f"{error.path}: {error.message}", hint=_HINT) from None


_HINT = "give the report.json that this version of py-secure-ci wrote"


def _no_constant(word: str) -> object:
    raise ValueError(f"{word} is not a JSON number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("an object has the same key twice")
    return result


def _text(value: str) -> str:
    if value.isascii() and "\x1a" not in value:
        return value
    return _UNSAFE.sub(lambda match: f"\x1a{ord(match[0]):04x}", value)


def _same(value: Any) -> Any:
    return value


_PLAIN: Mapping[Any, Encode] = {str: _text, int: _same, float: _same, bool: _same}


@cache
def _encoder(tp: Any) -> Encode:
    parts, _ = union_parts(tp)
    if tp in _PLAIN:
        return _PLAIN[tp]
    if len(parts) > 1:
        tagged = {part: _tagged(part) for part in parts}
        return lambda value: tagged[type(value)](value)
    if parts[0] is not tp:
        inner = _encoder(parts[0])
        return lambda value: None if value is None else inner(value)
    if isinstance(tp, type) and issubclass(tp, Enum):
        return {member: enum_word(member) for member in tp}.__getitem__
    if is_dataclass(tp):
        return _dataclass_encoder(tp)
    return _container_encoder(tp)


def _container_encoder(tp: Any) -> Encode:
    origin, args = get_origin(tp), get_args(tp)
    item = _encoder(args[1] if origin is Mapping else args[0])
    if origin is Mapping:
        return lambda value: {_text(key): item(value[key]) for key in sorted(value)}
    if origin is tuple:  # (X, ...) or a fixed row of one type
        return lambda value: [item(one) for one in value]
    raise TypeError(f"no codec for {tp}")


def _tagged(cls: type) -> Encode:
    encode, kind = _encoder(cls), kind_of(cls)

    def tagged(value: Any) -> Any:
        return dict(sorted({**encode(value), KIND: kind}.items()))

    return tagged


def _dataclass_encoder(cls: Any) -> Encode:
    plan = tuple((field.name, _encoder(tp), default_of(field)) for field, tp in model_fields(cls))

    def encode(value: Any) -> Any:
        result = {}
        for name, encode_field, default in plan:
            part = getattr(value, name)
            if part is not default and part != default:
                result[name] = encode_field(part)
        return result

    return encode
