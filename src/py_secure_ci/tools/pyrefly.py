"""pyrefly: static types, fast; experimental (https://pyrefly.org/).

An empty `--config` of ours: rules at their defaults. The summary of `-v` counts the modules that were checked; with
files given by name the count has to be theirs. An unreadable file and a syntax error are gaps.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.python_syntax import select_python
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_dict, field, load_json, position, word
from py_secure_ci.tool import Canary, Command, Execution, Reading, Task, Tool

SEVERITIES = {"error": Severity.ERROR, "warn": Severity.WARNING, "info": Severity.NOTE}
COUNT = re.compile(r"INFO ([\d,]+) modules? \(")


def _commands(task: Task) -> tuple[Command, ...]:
    python = ("--python-interpreter-path", task.python.as_posix()) if task.python else ("--skip-interpreter-query",)
    config = ("--config", (task.scratch / "pyrefly.toml").as_posix(), "--search-path", ".")
    options = ("check", "-v", "--output-format=json", "--summary=full", "--color=never", "--use-ignore-files=false")
    files = (*(argument(file) for file in task.files), *task.canaries)
    argv = ("pyrefly", *options, *config, *python, *task.options.args, "--", *files)
    return (Command(argv=argv, inputs={"pyrefly.toml": ""}),)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main, what = executions["main"], "pyrefly's report"
    report = as_dict(load_json(main.stdout, what), what)
    said = [as_dict(one, what) for one in field(report, "errors", list, what)]
    findings = [_finding(one, task) for one in said]
    if (main.status == 1) != any(one.severity is Severity.ERROR for one in findings):
        raise WrongShape(f"pyrefly ended with exit status {main.status} and {len(said)} findings")
    count, due = COUNT.search(main.stderr), len(task.files) + len(task.canaries)
    if count is None or int(count[1].replace(",", "")) != due:
        raise WrongShape(f"pyrefly looked at {count[1] if count else 'none'} of {due} files")
    broken = {one.location.path: one.message for one in findings if one.location and _unread(one)}
    kept = tuple(one for one in findings if not _unread(one))
    return Reading(
        findings=kept,
        rules=tuple(Rule(rule, summary=rule, uri=_uri(rule)) for rule in sorted({one.rule for one in kept})),
        looked_at=frozenset(task.files) - broken.keys(),
        gaps=tuple(Gap(path, f"pyrefly: {message}") for path, message in broken.items()),
    )


def _unread(one: Finding) -> bool:
    return one.rule in {"parse-error", "invalid-syntax"} or "did not contain valid UTF-8" in one.message


def _finding(one: dict[str, Any], task: Task) -> Finding:
    what = "pyrefly's error"
    line, column, end, last = (position(one.get(key), what) for key in ("line", "column", "stop_line", "stop_column"))
    path = posixpath.normpath(posixpath.join(task.root.as_posix(), field(one, "path", str, what)))  # it may say ../
    return Finding(
        tool="pyrefly",
        rule=field(one, "name", str, what),
        severity=word(SEVERITIES, field(one, "severity", str, what), "pyrefly's severity"),
        message=field(one, "concise_description", str, what).strip(),
        location=Location(project_path(path, task.root), line, column, end, last),
    )


def _uri(rule: str) -> str:
    return f"https://pyrefly.org/en/docs/error-kinds/#{rule}"


TOOL = Tool(
    name="pyrefly",
    stage=Stage.TYPE,
    about="checks types quickly (experimental)",
    uri="https://pyrefly.org/",
    commands=_commands,
    parse=_parse,
    select=select_python,
    canary=Canary(files={"canary.py": 'number: int = "text"\n'}, expect=frozenset({"bad-assignment"})),
    split=pieces,
    needs_environment=True,
    text_only=True,
)
