"""A Code Climate report, as GitLab takes it, as findings (https://docs.gitlab.com/ci/testing/code_quality/)."""

from __future__ import annotations

from typing import Any

from py_secure_ci.adapting.external.sarif import LONGEST, Reader
from py_secure_ci.adapting.external.severities import CODE_CLIMATE, kind_of
from py_secure_ci.model import Finding, Location, Rule, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional, position, word
from py_secure_ci.tool import Reading


def read_code_climate(text: str, reader: Reader) -> Reading:
    """Every issue of the array; entries of another type (measurements) are passed over."""
    what = "the Code Climate report"
    entries = [as_dict(one, what) for one in as_list(load_json(text, what), what)]
    issues = [one for one in entries if (optional(one, "type", str, what) or "issue") == "issue"]
    findings = tuple(_finding(one, reader) for one in issues)
    return Reading(findings=findings, rules=tuple(Rule(name) for name in sorted({one.rule for one in findings})))


def _finding(one: dict[str, Any], reader: Reader) -> Finding:
    what = "an issue"
    rule, place = field(one, "check_name", str, what), field(one, "location", dict, what)
    line, column = _begin(place)
    secret = reader.stage is Stage.SECRETS
    path = reader.places.path(field(place, "path", str, what))
    return Finding(
        tool=reader.tool,
        rule=rule,
        severity=word(CODE_CLIMATE[kind_of(reader.stage)], field(one, "severity", str, what), "an issue's severity"),
        message=f"Possible secret: {rule}"
        if secret
        else field(one, "description", str, what).strip()[:LONGEST] or rule,
        location=Location(path, line, column) if path else None,
        secret=secret,
        anchor="" if path else rule,
    )


def _begin(place: dict[str, Any]) -> tuple[int, int | None]:
    if (lines := optional(place, "lines", dict, "a location")) is not None:
        return position(lines.get("begin"), "an issue's lines.begin"), None
    begin = field(field(place, "positions", dict, "a location"), "begin", dict, "a location")
    return position(begin.get("line"), "an issue's line"), position(begin.get("column"), "an issue's column")
