"""What zizmor writes: findings as JSON (`json-v1`), and why it left an input out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.findings import severities
from py_secure_ci.adapting.selection import argument, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Confidence, Finding, Location, Rule
from py_secure_ci.reading import as_dict, as_list, field, load_json, word
from py_secure_ci.tool import Execution, Task

SEVERITIES = severities("Low", "Medium", "High", "Unknown", Informational="info")
CONFIDENCES = {"Low": Confidence.LOW, "Medium": Confidence.MEDIUM, "High": Confidence.HIGH, "Unknown": None}
STATUS = {"Unknown": 10, "Informational": 11, "Low": 12, "Medium": 13, "High": 14}
FIXES = {"safe": "safe", "unsafe": "unsafe"}


def entries_of(execution: Execution) -> list[dict[str, Any]]:
    """The findings as they stand in the report. Raises WrongShape where the exit status means others."""
    entries = as_list(load_json(execution.stdout, "zizmor's report"), "zizmor's report")
    read = [as_dict(one, f"zizmor's finding {number}") for number, one in enumerate(entries, 1)]
    worst = max((STATUS[_determination(one, "severity", SEVERITIES)] for one in read), default=0)
    if execution.status != worst:
        raise WrongShape(f"zizmor ended with exit status {execution.status}, its findings mean {worst}")
    return read


def _determination(entry: dict[str, Any], key: str, table: Mapping[str, object]) -> str:
    said = field(field(entry, "determinations", dict, "zizmor's finding"), key, str, "zizmor's finding")
    word(table, said, f"zizmor's {key}")
    return said


def finding_of(entry: dict[str, Any], task: Task) -> Finding:
    """One of them in our words."""
    what = f"zizmor's finding {field(entry, 'ident', str, 'zizmor')!r}"
    places = [as_dict(one, what) for one in field(entry, "locations", list, what)]
    primary = [one for one in places if field(field(one, "symbolic", dict, what), "kind", str, what) == "Primary"]
    if not primary:
        raise WrongShape(f"{what} has no primary location")
    fixes = _titles(entry, what)
    annotation = field(field(primary[0], "symbolic", dict, what), "annotation", str, what)
    return Finding(
        tool="zizmor",
        rule=entry["ident"],
        severity=SEVERITIES[_determination(entry, "severity", SEVERITIES)],
        confidence=CONFIDENCES[_determination(entry, "confidence", CONFIDENCES)],
        message=f"{field(entry, 'desc', str, what)}: {annotation}",
        location=_location(primary[0], task, what),
        fix="; ".join(fixes),
        fixable="safe" in fixes.values(),
    )


def _location(place: dict[str, Any], task: Task, what: str) -> Location:
    key = field(field(place, "symbolic", dict, what), "key", dict, what)
    path = project_path(field(field(key, "Local", dict, what), "verbatim_path", str, what), task.root)
    span = field(field(place, "concrete", dict, what), "location", dict, what)
    start, end = (field(span, name, dict, what) for name in ("start_point", "end_point"))
    line, column = (field(start, name, int, what) + 1 for name in ("row", "column"))
    end_line, end_column = (field(end, name, int, what) + 1 for name in ("row", "column"))
    if end_column == 1 and end_line > line:  # the span ends with its last line's break
        return Location(path, line, column, end_line - 1)
    return Location(path, line, column, end_line, end_column)


def _titles(entry: dict[str, Any], what: str) -> dict[str, str]:
    """Its fixes, and whether each is safe or unsafe."""
    fixes = [as_dict(one, what) for one in field(entry, "fixes", list, what)]
    return {field(one, "title", str, what): word(FIXES, field(one, "disposition", str, what), what) for one in fixes}


def rule_of(entry: dict[str, Any]) -> Rule:
    """The audit that it comes from."""
    what = "zizmor's finding"
    return Rule(
        id=field(entry, "ident", str, what),
        summary=field(entry, "desc", str, what),
        uri=field(entry, "url", str, what),
        tags=("security",),
    )


def reason_of(file: str, log: str) -> str:
    """Why a file was not audited, by the log."""
    said = re.search(rf"failed to \w+ file://{re.escape(argument(file))} as [^\n]*", log)
    if said:
        return f"zizmor: {said[0].replace(f'file://{argument(file)}', 'it')}"
    parse = re.search(r"failed to parse input: ([^\n]*)", log)  # zizmor does not say which
    return f"zizmor did not audit it{f' ({parse[1]})' if parse else ''}"
