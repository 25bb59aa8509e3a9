"""deptry: dependencies that are missing, unused, or only there by way of others (https://deptry.com/).

It runs in its own environment, with the site-packages of the project's behind, of which it reads metadata only: no
code of the project's or of its packages is imported. The project's `[tool.deptry]` tunes it; what it leaves out by
that is named, since `-v` names every file that is scanned. Tests are left out as deptry does by itself.
The second command looks at a planted project, since a dependency cannot be planted in a real one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.python_syntax import syntax_command, syntax_gaps, unparsable
from py_secure_ci.adapting.selection import project_path, with_suffix
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Finding, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, optional
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task, Tool

SITE = """\
import atexit, glob, os, sys
prefix = os.environ["PY_SECURE_CI_PREFIX"]
sys.path += glob.glob(prefix + "/lib/python*/site-packages") + glob.glob(prefix + "/Lib/site-packages")
report = os.environ["PY_SECURE_CI_REPORT"]
atexit.register(lambda: os.path.exists(report) and print(open(report, encoding="utf-8").read()))
"""
RULES = {
    "DEP001": (Severity.ERROR, "A module is imported that no dependency provides"),
    "DEP002": (Severity.WARNING, "A dependency is not used"),
    "DEP003": (Severity.WARNING, "A module is imported that only another dependency brings in"),
    "DEP004": (Severity.ERROR, "A dependency for development is imported by the product"),
    "DEP005": (Severity.NOTE, "A dependency is part of the standard library"),
}
LEFT_OUT = re.compile(r"(venv|\.venv|\.direnv|tests|\.git|setup\.py)")
SCANNED = re.compile(r"^Python files to scan for imports:\n(.*?)\n\n", re.MULTILINE | re.DOTALL)


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    sources = with_suffix(files, frozenset({".py"}))
    left_out = tuple(
        Excluded(file, "default (deptry looks at the product)") for file in sources if LEFT_OUT.match(file)
    )
    return Selection(tuple(file for file in sources if not LEFT_OUT.match(file)), left_out)


def _commands(task: Task) -> tuple[Command, ...]:
    canary = (task.scratch / "canary").as_posix()
    config = "./pyproject.toml" if "pyproject.toml" in task.settings else (task.scratch / "none.toml").as_posix()
    return (
        _command(task, "main", (".", "--config", config, *task.options.args)),
        _command(task, "canary", (canary, "--config", f"{canary}/pyproject.toml")),
        syntax_command(task),
    )


def _command(task: Task, name: str, words: tuple[str, ...]) -> Command:
    report = (task.scratch / f"{name}.json").as_posix()
    prefix = task.python.parent.parent if task.python else task.scratch
    env = {
        "PYTHONPATH": (task.scratch / "site").as_posix(),
        "PY_SECURE_CI_PREFIX": prefix.as_posix(),
        "PY_SECURE_CI_REPORT": report,
    }
    argv = ("deptry", *words, "--no-ansi", "-v", "-o", report)
    return Command(name=name, argv=argv, inputs={"none.toml": "", "site/sitecustomize.py": SITE}, env=env)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    found, planted = (_findings(executions[name], task) for name in ("main", "canary"))
    said = SCANNED.search(executions["main"].stderr)
    scanned = {project_path(line, task.root) for line in said[1].split("\n")} if said else set()
    problems = unparsable(task, executions)
    return Reading(
        findings=(*found, *planted),
        rules=tuple(Rule(code, summary=RULES[code][1], uri=_uri(code)) for code in sorted({one.rule for one in found})),
        looked_at=frozenset(scanned & set(task.files) - problems.keys()),
        gaps=syntax_gaps(problems),
        notes=() if task.python else ("The project has no environment: modules are taken to be called as packages.",),
    )


def _findings(execution: Execution, task: Task) -> tuple[Finding, ...]:
    what = "deptry's report"
    entries = [as_dict(one, what) for one in as_list(load_json(execution.stdout, what), what)]
    if (execution.status == 1) != bool(entries):
        raise WrongShape(f"deptry ended with exit status {execution.status} and {len(entries)} issues")
    return tuple(_finding(one, task) for one in entries)


def _finding(one: dict[str, Any], task: Task) -> Finding:
    what = "deptry's issue"
    error, place = field(one, "error", dict, what), field(one, "location", dict, what)
    code = field(error, "code", str, what)
    if code not in RULES:
        raise WrongShape(f"{what}: unknown code {code!r}")
    path = project_path(field(place, "file", str, what), task.root)
    location = Location(path, optional(place, "line", int, what), optional(place, "column", int, what))
    return Finding(
        tool="deptry",
        rule=code,
        severity=RULES[code][0],
        message=field(error, "message", str, what).strip(),
        location=location,
        anchor=f"{code}:{field(one, 'module', str, what)}" if location.line is None else "",
    )


def _uri(code: str) -> str:
    return f"https://deptry.com/rules-violations/#{code.lower()}"


TOOL = Tool(
    name="deptry",
    stage=Stage.SCA,
    about="finds dependencies that are missing, unused, or only there by way of others",
    uri="https://deptry.com/",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=planted("deptry", "DEP001", "DEP002"),
    settings=("pyproject.toml",),
    needs_environment=True,
)
