"""pyrefly: static types, fast; experimental (https://pyrefly.org/).

An empty `--config` of ours: rules at their defaults. The summary of `-v` counts the modules that were checked; with
files given by name the count has to be theirs. It says paths relative to a folder, hence a second run for
the canary. An unreadable file and a syntax error are gaps.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
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
    files = tuple(argument(file) for file in task.files)
    return (_command(task, "main", task.root, files), _command(task, "canary", task.scratch, task.canaries))


def _command(task: Task, name: str, base: Path, files: tuple[str, ...]) -> Command:
    python = (f"--python-interpreter-path={task.python.as_posix()}",) if task.python else ("--skip-interpreter-query",)
    config = ("--config", (task.scratch / "pyrefly.toml").as_posix(), "--search-path", ".")
    options = ("check", "-v", "--output-format=json", "--summary=full", "--color=never", "--use-ignore-files=false")
    argv = ("pyrefly", *options, f"--relative-to={base.as_posix()}", *config, *python, *task.options.args, "--", *files)
    return Command(name=name, argv=argv, inputs={"pyrefly.toml": ""})


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    findings = _findings(executions["main"], len(task.files), task.root)
    planted = tuple(
        replace(one, location=Location((task.scratch / one.location.path).as_posix()))
        for one in _findings(executions["canary"], len(task.canaries), task.scratch)
        if one.location
    )
    broken = {one.location.path: one.message for one in findings if one.location and _unread(one)}
    kept = tuple(one for one in findings if not _unread(one))
    return Reading(
        findings=(*kept, *planted),
        rules=tuple(Rule(rule, summary=rule, uri=_uri(rule)) for rule in sorted({one.rule for one in kept})),
        looked_at=frozenset(task.files) - broken.keys(),
        gaps=tuple(Gap(path, f"pyrefly: {message}") for path, message in broken.items()),
    )


def _findings(execution: Execution, due: int, base: Path) -> tuple[Finding, ...]:
    what = "pyrefly's report"
    report = as_dict(load_json(execution.stdout, what), what)
    findings = tuple(_finding(as_dict(one, what), base) for one in field(report, "errors", list, what))
    if (execution.status == 1) != any(one.severity is Severity.ERROR for one in findings):
        raise WrongShape(f"pyrefly ended with exit status {execution.status} and {len(findings)} findings")
    count = COUNT.search(execution.stderr)
    if count is None or int(count[1].replace(",", "")) != due:
        raise WrongShape(f"pyrefly looked at {count[1] if count else 'none'} of {due} files")
    return findings


def _unread(one: Finding) -> bool:
    return one.rule in {"parse-error", "invalid-syntax"} or "did not contain valid UTF-8" in one.message


def _finding(one: dict[str, Any], base: Path) -> Finding:
    what = "pyrefly's error"
    line, column, end, last = (position(one.get(key), what) for key in ("line", "column", "stop_line", "stop_column"))
    path = project_path(posixpath.join(base.as_posix(), field(one, "path", str, what)), base)
    return Finding(
        tool="pyrefly",
        rule=field(one, "name", str, what),
        severity=word(SEVERITIES, field(one, "severity", str, what), "pyrefly's severity"),
        message=field(one, "concise_description", str, what).strip(),
        location=Location(path, line, column, end, last),
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
