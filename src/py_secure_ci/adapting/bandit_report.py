"""What bandit's report says: results as findings and rules, and what its metrics count for each file."""

from __future__ import annotations

import re
from typing import Any

from py_secure_ci.adapting.findings import severities
from py_secure_ci.adapting.selection import project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Confidence, Finding, Location, Rule
from py_secure_ci.reading import as_dict, field, position, word
from py_secure_ci.tool import Task

SEVERITIES = severities("HIGH", "MEDIUM", "LOW", UNDEFINED="unknown")
CONFIDENCES = {"HIGH": Confidence.HIGH, "MEDIUM": Confidence.MEDIUM, "LOW": Confidence.LOW, "UNDEFINED": None}
# B105, B106 and B107 quote what they take for a password; it goes no further than here.
_QUOTING = re.compile(r"(?<=Possible hardcoded password): '.*'\Z", re.DOTALL)


def metrics_of(task: Task, report: dict[str, Any]) -> dict[str, int]:
    """How many lines each file asks bandit to pass over (`# nosec`)."""
    metrics = field(report, "metrics", dict, "bandit's report")
    if "_totals" not in metrics:
        raise WrongShape("bandit's metrics have no '_totals'")
    passed = {}
    for path, value in metrics.items():
        if path == "_totals" or path in task.canaries:
            continue
        what = f"bandit's metrics of {path!r}"
        counts = as_dict(value, what)
        passed[project_path(path, task.root)] = field(counts, "nosec", int, what) + field(
            counts, "skipped_tests", int, what
        )
    return passed


def finding_of(result: dict[str, Any], task: Task) -> Finding:
    """The finding of one result. Raises WrongShape."""
    path = field(result, "filename", str, "bandit's result")
    what = f"bandit's result for {path!r}"
    lines = field(result, "line_range", list, what)
    line = position(result.get("line_number"), f"{what}: line_number")
    last = max(position(one, f"{what}: line_range") for one in [*lines, line])
    column = field(result, "col_offset", int, what) + 1
    end = field(result, "end_col_offset", int, what) + 1
    # -1: the check looked at no syntax node. The columns are those of the whole node, the line may be one inside it.
    known = column > 0 and line == min([*lines, line])
    return Finding(
        tool="bandit",
        rule=field(result, "test_id", str, what),
        severity=word(SEVERITIES, field(result, "issue_severity", str, what), f"{what}: issue_severity"),
        confidence=word(CONFIDENCES, field(result, "issue_confidence", str, what), f"{what}: issue_confidence"),
        message=_QUOTING.sub("", field(result, "issue_text", str, what)),
        location=Location(
            project_path(path, task.root), line, column if known else None, last, end if known and end > 0 else None
        ),
        cwe=_cwe(result, what),
    )


def _cwe(result: dict[str, Any], what: str) -> tuple[int, ...]:
    cwe = field(result, "issue_cwe", dict, what)  # empty where the check has none
    return (field(cwe, "id", int, f"{what}: issue_cwe"),) if cwe else ()


def rule_of(result: dict[str, Any]) -> Rule:
    """The rule of one result."""
    what = "bandit's result"
    return Rule(
        id=field(result, "test_id", str, what),
        name=field(result, "test_name", str, what),
        summary=field(result, "test_name", str, what).replace("_", " ").capitalize(),
        uri=field(result, "more_info", str, what),
        cwe=_cwe(result, what),
        tags=("security",),
    )
