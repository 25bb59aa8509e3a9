"""What radon measures, as findings: how many paths a function has, and how well a file can be maintained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from py_secure_ci.adapting.selection import project_path
from py_secure_ci.model import Finding, Location, Rule, Severity
from py_secure_ci.reading import as_dict, as_list, field, load_json, position, word
from py_secure_ci.tool import Execution, Task

KINDS = {"function": True, "method": True, "class": False}  # whether it is judged: a class is the mean of its methods
WEB = "https://radon.readthedocs.io/en/latest/intro.html"
RULES = (
    Rule("complexity", summary="A function has too many paths", uri=WEB),
    Rule("maintainability", summary="A file is hard to maintain", uri=WEB),
)


def too_complex(path: str, value: object, most: int) -> Iterator[Finding]:
    """A finding for each function with more than `most` paths. `value`: radon's answer for the file."""
    for block in [as_dict(one, path) for one in as_list(value, f"radon's answer for {path}")]:
        kind, name = field(block, "type", str, path), field(block, "name", str, path)
        judged, paths = word(KINDS, kind, "radon's type"), field(block, "complexity", int, path)
        place = Location(path, position(block.get("lineno"), path))
        message = f"The {kind} {name} has a cyclomatic complexity of {paths}, more than {most}"
        if judged and paths > most:
            severity = Severity.ERROR if paths > 2 * most else Severity.WARNING
            yield Finding(tool="radon", rule="complexity", severity=severity, message=message, location=place)


def hard_to_maintain(path: str, value: float) -> Finding:
    """The finding of a file whose index is too low."""
    message, place = f"The file has a maintainability index of {value:.0f} of 100", Location(path, 1)
    return Finding(tool="radon", rule="maintainability", severity=Severity.WARNING, message=message, location=place)


def report_of(execution: Execution, task: Task) -> dict[str, Any]:
    """File -> what radon says of it. Raises WrongShape."""
    report = as_dict(load_json(execution.stdout, "radon's report"), "radon's report")
    return {project_path(path, task.root): value for path, value in report.items()}
