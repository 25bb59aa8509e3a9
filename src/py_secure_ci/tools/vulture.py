"""vulture: code that nobody uses (https://github.com/jendrikseipp/vulture).

Settings come from our YAML alone (`args`); a file of ours, which lists the files, stands in for the project's.
vulture names no file that it read: ours parses each beside it. Status 1 means a file that could not be parsed, 3 dead
code; unparsable files are gaps while the answers for others stand. All files are one task: use is looked for in all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from py_secure_ci.adapting.python_syntax import select_modules, syntax_command, syntax_gaps, unparsable
from py_secure_ci.adapting.selection import argument, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Location, Rule, Severity, Stage
from py_secure_ci.tool import Canary, Command, Execution, Reading, Task, Tool

LINE = re.compile(
    r"(.+):(\d+): (unused (\w+) '.*'|(unreachable|unsatisfiable) .+|redundant .+) \((\d+)% confidence.*\)"
)
CANARY_TEXT = "import py_secure_ci_canary\n\n\ndef find(key):\n    return key\n    print(key)\n"


def _commands(task: Task) -> tuple[Command, ...]:
    config = (task.scratch / "vulture.toml").as_posix()
    paths = json.dumps([*(argument(file) for file in task.files), *task.canaries], ensure_ascii=False)
    main = Command(
        argv=("vulture", f"--config={config}", "--min-confidence=80", *task.options.args),
        inputs={"vulture.toml": f"[tool.vulture]\npaths = {paths}\n"},
        clean=frozenset({0, 1}),
        found=frozenset({1, 3}),
    )
    return (main, syntax_command(task))


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    lines = main.stdout.split("\n")
    problems = unparsable(task, executions)
    if lines.pop() or not {0: not lines, 1: bool(problems), 3: bool(lines)}[main.status]:
        raise WrongShape(f"vulture ended with exit status {main.status} and {len(lines)} lines: {main.stderr[:500]}")
    findings = tuple(_finding(line, task) for line in lines)
    return Reading(
        findings=findings,
        rules=tuple(
            Rule(rule, summary=rule.replace("-", " ").capitalize(), uri=TOOL.uri)
            for rule in {one.rule for one in findings}
        ),
        looked_at=frozenset(task.files) - problems.keys(),
        gaps=syntax_gaps(problems),
    )


def _finding(line: str, task: Task) -> Finding:
    match = LINE.fullmatch(line)
    if match is None:
        raise WrongShape(f"vulture wrote a line of no known form: {line[:200]!r}")
    path, number, message, unused, unreachable, _confidence = match.groups()
    return Finding(
        tool="vulture",
        rule=f"unused-{unused}" if unused else "unreachable-code" if unreachable else "redundant-code",
        severity=Severity.WARNING,
        message=message[0].upper() + message[1:],
        location=Location(project_path(path, task.root), int(number)),
    )


TOOL = Tool(
    name="vulture",
    stage=Stage.LINT,
    about="finds code that nobody uses",
    uri="https://github.com/jendrikseipp/vulture",
    commands=_commands,
    parse=_parse,
    select=select_modules,
    canary=Canary(files={"canary.py": CANARY_TEXT}, expect=frozenset({"unused-import", "unreachable-code"})),
)
