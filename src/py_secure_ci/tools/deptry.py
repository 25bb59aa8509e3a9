"""deptry: dependencies that are missing, unused, or only there by way of others (https://deptry.com/).

It runs in its own environment, with the site-packages of the project's behind, of which it reads metadata only: no
code of the project's or of its packages is imported. The project's `[tool.deptry]` tunes it; what it leaves out by
that is named, since `-v` names every file that is scanned. Tests are left out as deptry does by itself.
The second command looks at a planted project, since a dependency cannot be planted in a real one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from py_secure_ci.adapting.findings import Record, agree, answer, records, value
from py_secure_ci.adapting.planting import planted, script
from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.adapting.python_syntax import syntax_command, unparsable
from py_secure_ci.adapting.selection import project_path, project_paths, with_suffix
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Finding, Location, Rule, Severity, Stage
from py_secure_ci.reading import optional, word
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task, Tool

RULES = {
    "DEP001": (Severity.ERROR, "A module is imported that no dependency provides"),
    "DEP002": (Severity.WARNING, "A dependency is not used"),
    "DEP003": (Severity.WARNING, "A module is imported that only another dependency brings in"),
    "DEP004": (Severity.ERROR, "A dependency for development is imported by the product"),
    "DEP005": (Severity.NOTE, "A dependency is part of the standard library"),
}
CANARY = planted("deptry", "DEP001", "DEP002")
LEFT_OUT = re.compile(r"(venv|\.venv|\.direnv|tests|\.git|setup\.py)")
SCANNED = re.compile(r"^Python files to scan for imports:\n(.*?)\n\n", re.MULTILINE | re.DOTALL)


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    sources = with_suffix(files, frozenset({".py"}))
    left_out = tuple(file for file in sources if LEFT_OUT.match(file))
    said = tuple(Excluded(file, "default (deptry looks at the product)") for file in left_out)
    return Selection(tuple(file for file in sources if file not in left_out), said)


def _commands(task: Task) -> tuple[Command, ...]:
    scratch = task.scratch.as_posix()
    config = "./pyproject.toml" if "pyproject.toml" in task.settings else f"{scratch}/none.toml"
    canary = (f"{scratch}/canary", "--config", f"{scratch}/canary/pyproject.toml")
    main = _command(task, "main", ".", "--config", config, *task.options.args)
    return (main, _command(task, "canary", *canary), syntax_command(task))


def _command(task: Task, name: str, *words: str) -> Command:
    scratch, prefix = task.scratch.as_posix(), task.python.parent.parent if task.python else task.scratch
    report = f"{scratch}/{name}.json"
    places = {"PY_SECURE_CI_PREFIX": prefix.as_posix(), "PY_SECURE_CI_REPORT": report}
    inputs = {"none.toml": "", "site/sitecustomize.py": script("deptry_site.py")}
    argv = ("deptry", *words, "--no-ansi", "-v", "-o", report)
    return Command(name=name, argv=argv, inputs=inputs, env={"PYTHONPATH": f"{scratch}/site", **places})


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    found, planted = (_findings(executions[name], task) for name in ("main", "canary"))
    said = SCANNED.search(executions["main"].stderr)
    codes = sorted({one.rule for one in found})
    return answer(
        task,
        (*found, *planted),
        [
            Rule(code, summary=RULES[code][1], uri=f"https://deptry.com/rules-violations/#{code.lower()}")
            for code in codes
        ],
        said=project_paths(said[1].split("\n"), task.root) if said else (),
        problems=unparsable(task, executions),
        notes=(
            *_ignored(task),
            *(() if task.python else ("The project has no environment: modules are taken to be called as packages.",)),
        ),
    )


def _ignored(task: Task) -> tuple[str, ...]:
    """What the project's settings keep it from saying. Raises WrongShape if that is all that the canary must show."""
    table = tool_table(task.settings.get("pyproject.toml", ""), "deptry") or {}
    everywhere = [str(one) for one in table.get("ignore") or ()]
    if CANARY.expect <= {*everywhere}:
        raise WrongShape(f"pyproject.toml tells deptry to ignore {', '.join(everywhere)}: it is blind")
    for_some = [f"{code} of some" for code in table.get("per_rule_ignores") or ()]
    told = ", ".join([*everywhere, *for_some])
    return (f"pyproject.toml tells deptry to ignore: {told}.",) if told else ()


def _findings(execution: Execution, task: Task) -> list[Finding]:
    found = [_finding(one, task) for one in records(execution.stdout, "deptry's report")]
    agree("deptry", execution.status, bool(found), len(found))
    return found


def _finding(one: Record, task: Task) -> Finding:
    what, code = "deptry's issue", value(one, "error.code", str, "deptry's issue")
    path, place = project_path(value(one, "location.file", str, what), task.root), one["location"]
    line, column = (optional(place, key, int, what) for key in ("line", "column"))
    module = value(one, "module", str, what)
    return Finding(
        tool="deptry",
        rule=code,
        severity=word(RULES, code, what)[0],
        message=value(one, "error.message", str, what).strip(),
        location=Location(path, line, column),
        anchor=f"{code}:{module}" if line is None else "",
    )


TOOL = Tool(
    name="deptry",
    stage=Stage.SCA,
    about="finds dependencies that are missing, unused, or only there by way of others",
    uri="https://deptry.com/",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=CANARY,
    settings=("pyproject.toml",),
    needs_environment=True,
)
