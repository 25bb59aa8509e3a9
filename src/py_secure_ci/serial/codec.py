r"""Report and Verdict as plain data and back: the codec of `report.json`. Lossless, typed and strict.

A field that equals its default is left out. A union of dataclasses carries the class in `kind`. Half a surrogate pair,
which is how a file name that is not UTF-8 reaches us and which JSON cannot hold, is written as U+001A (SUBSTITUTE)
and its four hexadecimal digits: the byte 0xE9 is `\u001adce9`. U+001A itself is `\u001a001a`.
"""

from __future__ import annotations

import json
from typing import Any

from py_secure_ci.errors import ReportError
from py_secure_ci.report import SCHEMA_VERSION, Report, Verdict
from py_secure_ci.serial.reading import Wrong, at_step, decoder
from py_secure_ci.serial.strict_json import load_strictly
from py_secure_ci.serial.writing import writer


def to_data(value: Any) -> Any:
    """Any value of the model as JSON data, keys in sorted order."""
    cls: Any = type(value)
    return json.loads(writer(cls)(value))


def report_to_text(report: Report, verdict: Verdict) -> str:
    """The text of `report.json`: ASCII, one line, the same bytes for the same values.

    Raises `ValueError` for a number that JSON has no word for.
    """
    parts = (
        '{"report":',
        writer(Report)(report),
        f',"schema_version":{SCHEMA_VERSION},"verdict":',
        writer(Verdict)(verdict),
    )
    return "".join(parts) + "}\n"


def report_from_text(text: str) -> tuple[Report, Verdict]:
    """The report and verdict of a `report.json`.

    Raises `ReportError` for anything that `report_to_text` did not write; it names the place.
    """
    try:
        return report_from_data(load_strictly(text))
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
