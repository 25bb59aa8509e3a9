"""ty: static types, fast; experimental (https://docs.astral.sh/ty/).

An empty `--config-file` of ours: rules at their defaults. The log of `-vv` names each file that it checks, which is
what was looked at; an unreadable file and a syntax error are gaps. Columns count code points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from py_secure_ci.adapting.python_syntax import select_python
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, position, word
from py_secure_ci.tool import Canary, Command, Execution, Reading, Task, Tool

# Its words for Code Climate: `major` is its error, `minor` its warning.
SEVERITIES = {
    "blocker": Severity.ERROR,
    "critical": Severity.ERROR,
    "major": Severity.ERROR,
    "minor": Severity.WARNING,
    "info": Severity.NOTE,
}
UNREAD = frozenset({"invalid-syntax", "io"})
CHECKED = re.compile(r" DEBUG Checking file '(.*)'$", re.MULTILINE)


def _commands(task: Task) -> tuple[Command, ...]:
    python = ("--python", task.python.as_posix()) if task.python else ()
    config = ("--config-file", (task.scratch / "ty.toml").as_posix())
    options = ("check", "-vv", "--output-format=gitlab", "--no-progress", "--color=never", *config, *python)
    files = (*(argument(file) for file in task.files), *task.canaries)
    return (Command(argv=("ty", *options, *task.options.args, "--", *files), inputs={"ty.toml": ""}),)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    said = [as_dict(one, "ty's finding") for one in as_list(load_json(main.stdout, "ty's report"), "ty's report")]
    findings = [_finding(one, task) for one in said]
    errors = any(one.severity is Severity.ERROR for one in findings)
    if (main.status == 0 and errors) or (main.status == 1 and not said):
        raise WrongShape(f"ty ended with exit status {main.status} and {len(said)} diagnostics")
    broken = {one.location.path: one.message for one in findings if one.rule in UNREAD and one.location}
    checked = {project_path(one, task.root) for one in CHECKED.findall(main.stderr)}
    kept = tuple(one for one in findings if one.rule not in UNREAD)
    return Reading(
        findings=kept,
        rules=tuple(Rule(rule, summary=rule, uri=_uri(rule)) for rule in sorted({one.rule for one in kept})),
        looked_at=frozenset(checked & set(task.files) - broken.keys()),
        gaps=tuple(Gap(path, f"ty: {message}") for path, message in broken.items()),
    )


def _finding(one: dict[str, Any], task: Task) -> Finding:
    what = "ty's finding"
    rule, place = field(one, "check_name", str, what), field(one, "location", dict, what)
    span = field(place, "positions", dict, what)
    points = [field(span, name, dict, what) for name in ("begin", "end")]
    (line, column), (end, last) = ([position(at.get(key), what) for key in ("line", "column")] for at in points)
    return Finding(
        tool="ty",
        rule=rule,
        severity=word(SEVERITIES, field(one, "severity", str, what), "ty's severity"),
        message=field(one, "description", str, what).removeprefix(f"{rule}: ").strip(),
        location=Location(project_path(field(place, "path", str, what), task.root), line, column, end, last),
    )


def _uri(rule: str) -> str:
    return f"https://docs.astral.sh/ty/reference/rules/#{rule}"


TOOL = Tool(
    name="ty",
    stage=Stage.TYPE,
    about="checks types quickly (experimental)",
    uri="https://docs.astral.sh/ty/",
    commands=_commands,
    parse=_parse,
    select=select_python,
    canary=Canary(files={"canary.py": 'number: int = "text"\n'}, expect=frozenset({"invalid-assignment"})),
    split=pieces,
    needs_environment=True,
)
