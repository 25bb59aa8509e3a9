"""What pyrefly writes: findings as JSON, and how many modules it checked."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from py_secure_ci.adapting.findings import Shape, agree, records, severities
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Location, Severity
from py_secure_ci.tool import Execution, Task

WORDS = severities("error", warn="warning", info="note")
SPAN = ("line", "column", "stop_line", "stop_column")
SHAPE = Shape(path="path", rule="name", message="concise_description", severity="severity", words=WORDS, span=SPAN)
COUNT = re.compile(r"INFO ([\d,]+) modules? \(")


def read_report(execution: Execution, due: int, task: Task) -> list[Finding]:
    """The findings. Raises WrongShape where another number of files than `due` was looked at."""
    found = [SHAPE.finding("pyrefly", one, task) for one in records(execution.stdout, "pyrefly's report", "errors")]
    agree("pyrefly", execution.status, any(one.severity is Severity.ERROR for one in found), len(found))
    count = COUNT.search(execution.stderr)
    if count is None or int(count[1].replace(",", "")) != due:
        raise WrongShape(f"pyrefly looked at {count[1] if count else 'none'} of {due} files")
    return found


def planted_in(folder: Path, one: Finding) -> Finding:
    """A finding in a file below another folder than the project's, from which its path counts."""
    return replace(one, location=Location((folder / one.location.path).as_posix()) if one.location else None)


def is_unread(one: Finding) -> bool:
    """Whether it means that its file was not checked."""
    return one.rule in {"parse-error", "invalid-syntax"} or "did not contain valid UTF-8" in one.message
