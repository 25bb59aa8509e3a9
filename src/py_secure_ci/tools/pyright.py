"""pyright: static types (https://github.com/microsoft/pyright).

Its wheel carries pyright itself, and node.js comes from another: nothing is downloaded when it runs (checked with the
network cut, 1.1.414). The configuration is ours, with those keys of the project's that choose rules: `ignore` and
`exclude` hide files. It names no file, but counts them: with files given by name the count has to be theirs. A
diagnostic without a rule is a syntax error, or an unreadable file; such files are gaps.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import Shape, agree, answer, records, rules_of, severities, value
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.adapting.python_syntax import select_python, unparsable
from py_secure_ci.adapting.selection import pieces
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Severity, Stage
from py_secure_ci.reading import as_dict, load_json
from py_secure_ci.tool import Execution, Reading, Task, Tool

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
RULES = "https://github.com/microsoft/pyright/blob/main/docs/configuration.md#{rule}"


def _config(task: Task) -> str:
    said = tool_table(task.settings.get("pyproject.toml", ""), "pyright") or {}
    if "pyrightconfig.json" in task.settings:
        text = re.sub(r"^\s*//.*$", "", task.settings["pyrightconfig.json"], flags=re.MULTILINE)
        said = as_dict(load_json(text, "pyrightconfig.json"), "pyrightconfig.json")
    kept = {key: value for key, value in said.items() if ALLOWED.fullmatch(key)}
    return json.dumps({**kept, "extraPaths": [task.root.as_posix(), (task.root / "src").as_posix()]})


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main, what = executions["main"], "pyright's report"
    found = [SHAPE.finding("pyright", one, task) for one in records(main.stdout, what, "generalDiagnostics")]
    errors = sum(1 for one in found if one.severity is Severity.ERROR)
    agree("pyright", main.status, bool(errors), errors)
    summary = value(load_json(main.stdout, what), "summary", dict, what)
    told = (value(summary, "errorCount", int, what), value(summary, "filesAnalyzed", int, what))
    if told != (errors, len(task.files) + len(task.canaries)):
        raise WrongShape(f"pyright counts {told[0]} errors in {told[1]} files, where there are {errors} in its report")
    unread = {one.location.path: f"pyright: {one.message}" for one in found if one.rule == "syntax" and one.location}
    return answer(task, found, rules_of(found, RULES), problems=unread | unparsable(task, executions))


TOOL = Tool(
    name="pyright",
    stage=Stage.TYPE,
    about="checks types, and looks up imports in the project's environment",
    uri="https://github.com/microsoft/pyright",
    commands=command_line(
        "pyright --outputjson -p {scratch}/pyright/pyrightconfig.json --pythonpath={python} {args} {files} {planted}",
        inputs={"pyright/pyrightconfig.json": _config},
        env={"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "PYRIGHT_PYTHON_CACHE_DIR": "{scratch}"},
        syntax=True,
    ),
    parse=_parse,
    select=select_python,
    canary=planted("pyright", "reportAssignmentType"),
    settings=("pyrightconfig.json", "pyproject.toml"),
    split=pieces,
    needs_environment=True,
    text_only=True,
    blinders=dict.fromkeys(("pyrightconfig.json", "pyproject.toml"), r"typeCheckingMode|reportAssignmentType"),
    blind_directive=r"^\s*#\s*(pyright:\s*ignore|type:\s*ignore)\s*$",
)
