"""What semgrep's report says: results as findings and rules."""

from __future__ import annotations

import re
from typing import Any

from py_secure_ci.adapting.findings import severities
from py_secure_ci.adapting.selection import project_path
from py_secure_ci.model import Confidence, Finding, Location, Rule
from py_secure_ci.reading import field, optional, position, word
from py_secure_ci.tool import Task

SEVERITIES = severities("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO", ERROR="high", WARNING="medium")
CONFIDENCES = {"HIGH": Confidence.HIGH, "MEDIUM": Confidence.MEDIUM, "LOW": Confidence.LOW}


def finding_of(one: dict[str, Any], task: Task) -> Finding:
    """The finding of one result. Raises WrongShape."""
    what = "semgrep's result"
    extra = field(one, "extra", dict, what)
    data = field(extra, "metadata", dict, what)
    points = [field(one, name, dict, what) for name in ("start", "end")]
    (line, column), (end, last) = ([position(at.get(key), what) for key in ("line", "col")] for at in points)
    confidence = optional(data, "confidence", str, what)
    return Finding(
        tool="semgrep",
        rule=field(one, "check_id", str, what),
        severity=word(SEVERITIES, field(extra, "severity", str, what), "semgrep's severity"),
        confidence=None if confidence is None else word(CONFIDENCES, confidence, "semgrep's confidence"),
        message=field(extra, "message", str, what).strip(),
        location=Location(project_path(field(one, "path", str, what), task.root), line, column, end, last),
        cwe=_cwe(data),
        fix=optional(data, "fix", str, what) or "",
        secret=data.get("secret") is True,
    )


def _cwe(data: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"CWE-(\d+)", str(data.get("cwe", ""))))


def rule_of(one: dict[str, Any], otherwise: str) -> Rule:
    """The rule of one result; its page is that of its weakness, or `otherwise`."""
    extra = field(one, "extra", dict, "semgrep's result")
    data = field(extra, "metadata", dict, "semgrep's result")
    summary, frameworks = field(extra, "message", str, "semgrep's result"), str(data.get("framework", ""))
    tags = ("security", *(word for word in frameworks.split(", ") if word))
    uri = next((f"https://cwe.mitre.org/data/definitions/{number}.html" for number in _cwe(data)), otherwise)
    return Rule(one["check_id"], summary=summary.split(". ")[0], help=summary, uri=uri, cwe=_cwe(data), tags=tags)
