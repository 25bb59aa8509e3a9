"""What goes into pyright and what comes out of it: the configuration that is ours, and the report."""

from __future__ import annotations

import json
import re

from py_secure_ci.adapting.findings import Shape, agree, records, severities, value
from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Severity
from py_secure_ci.reading import as_dict, load_json
from py_secure_ci.tool import Execution, Task

SHAPE = Shape(
    path="file",
    rule="rule",
    message="message",
    severity="severity",
    words=severities("error", "warning", information="note"),
    span=("range.start.line", "range.start.character", "range.end.line", "range.end.character"),
    first=(0, 0),
    unnamed="syntax",
)
ALLOWED = re.compile(r"report\w+|strict\w+|typeCheckingMode|analyzeUnannotatedFunctions|python(Version|Platform)")


def config_text(task: Task) -> str:
    """Those keys of the project's that choose rules, and where its own modules lie."""
    said = tool_table(task.settings.get("pyproject.toml", ""), "pyright") or {}
    if "pyrightconfig.json" in task.settings:
        text = re.sub(r"^[ \t]*//.*$", "", task.settings["pyrightconfig.json"], flags=re.MULTILINE)
        said = as_dict(load_json(text, "pyrightconfig.json"), "pyrightconfig.json")
    kept = {key: value for key, value in said.items() if ALLOWED.fullmatch(key)}
    return json.dumps({**kept, "extraPaths": [task.root.as_posix(), (task.root / "src").as_posix()]})


def read_report(task: Task, main: Execution) -> list[Finding]:
    """The findings. Raises WrongShape where the summary counts other errors, or other files than were given."""
    what = "pyright's report"
    found = [SHAPE.finding("pyright", one, task) for one in records(main.stdout, what, "generalDiagnostics")]
    errors = sum(1 for one in found if one.severity is Severity.ERROR)
    agree("pyright", main.status, bool(errors), errors)
    summary = value(load_json(main.stdout, what), "summary", dict, what)
    told = (value(summary, "errorCount", int, what), value(summary, "filesAnalyzed", int, what))
    if told != (errors, len(task.files) + len(task.canaries)):
        raise WrongShape(f"pyright counts {told[0]} errors in {told[1]} files, where there are {errors} in its report")
    return found
