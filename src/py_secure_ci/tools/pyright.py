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
from typing import Any

from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.adapting.python_syntax import select_python, syntax_command, syntax_gaps, unparsable
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_dict, field, load_json, optional, word
from py_secure_ci.tool import Canary, Command, Execution, Reading, Task, Tool

SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING, "information": Severity.NOTE}
ALLOWED = re.compile(r"report\w+|strict\w+|typeCheckingMode|analyzeUnannotatedFunctions|python(Version|Platform)")
SYNTAX = "syntax"
CANARY_TEXT = 'number: int = "text"\n'


def _config(task: Task) -> str:
    said = tool_table(task.settings.get("pyproject.toml", ""), "pyright") or {}
    if "pyrightconfig.json" in task.settings:
        text = re.sub(r"^\s*//.*$", "", task.settings["pyrightconfig.json"], flags=re.MULTILINE)
        said = as_dict(load_json(text, "pyrightconfig.json"), "pyrightconfig.json")
    kept = {key: value for key, value in said.items() if ALLOWED.fullmatch(key)}
    return json.dumps({**kept, "extraPaths": [task.root.as_posix(), (task.root / "src").as_posix()]})


def _commands(task: Task) -> tuple[Command, ...]:
    config = (task.scratch / "pyright" / "pyrightconfig.json").as_posix()
    python = ("--pythonpath", task.python.as_posix()) if task.python else ()
    options = ("--outputjson", "-p", config, *python, *task.options.args)
    files = (*(argument(file) for file in task.files), *task.canaries)
    inputs = {"pyright/pyrightconfig.json": _config(task)}
    env = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "PYRIGHT_PYTHON_CACHE_DIR": task.scratch.as_posix()}
    return (Command(argv=("pyright", *options, *files), inputs=inputs, env=env), syntax_command(task))


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main, what = executions["main"], "pyright's report"
    report = as_dict(load_json(main.stdout, what), what)
    summary = field(report, "summary", dict, what)
    said = [as_dict(one, what) for one in field(report, "generalDiagnostics", list, what)]
    errors = sum(1 for one in said if field(one, "severity", str, what) == "error")
    if errors != field(summary, "errorCount", int, what) or (main.status == 1) != bool(errors):
        raise WrongShape(f"pyright ended with exit status {main.status} and {errors} errors; its summary means others")
    due = len({*task.files}) + len(task.canaries)
    if (count := field(summary, "filesAnalyzed", int, what)) != due:
        raise WrongShape(f"pyright looked at {count} of {due} files")
    problems = unparsable(task, executions)
    findings = tuple(_finding(one, task) for one in said)
    unread = {one.location.path: one.message for one in findings if one.rule == SYNTAX and one.location}
    gaps = syntax_gaps({path: f"pyright: {message}" for path, message in unread.items()} | problems)
    return Reading(
        findings=findings,
        rules=tuple(Rule(rule, summary=rule, uri=_uri(rule)) for rule in sorted({one.rule for one in findings})),
        looked_at=frozenset(task.files) - {gap.subject for gap in gaps},
        gaps=gaps,
    )


def _path(one: dict[str, Any], task: Task) -> str:
    return project_path(field(one, "file", str, "pyright's diagnostic"), task.root)


def _finding(one: dict[str, Any], task: Task) -> Finding:
    what = "pyright's diagnostic"
    span = field(one, "range", dict, what)
    (line, column), (end, last) = (_point(field(span, name, dict, what)) for name in ("start", "end"))
    return Finding(
        tool="pyright",
        rule=optional(one, "rule", str, what) or SYNTAX,
        severity=word(SEVERITIES, field(one, "severity", str, what), what),
        message=field(one, "message", str, what).strip(),
        location=Location(_path(one, task), line, column, end, last),
    )


def _point(place: dict[str, Any]) -> tuple[int, int]:
    return field(place, "line", int, "pyright's range") + 1, field(place, "character", int, "pyright's range") + 1


def _uri(rule: str) -> str:
    return f"https://github.com/microsoft/pyright/blob/main/docs/configuration.md#{rule}"


TOOL = Tool(
    name="pyright",
    stage=Stage.TYPE,
    about="checks types, and looks up imports in the project's environment",
    uri="https://github.com/microsoft/pyright",
    commands=_commands,
    parse=_parse,
    select=select_python,
    canary=Canary(files={"canary.py": CANARY_TEXT}, expect=frozenset({"reportAssignmentType"})),
    settings=("pyrightconfig.json", "pyproject.toml"),
    split=pieces,
    needs_environment=True,
    text_only=True,
    blinders=dict.fromkeys(("pyrightconfig.json", "pyproject.toml"), r"typeCheckingMode|reportAssignmentType"),
    blind_directive=r"^\s*#\s*(pyright:\s*ignore|type:\s*ignore)\s*$",
)
