"""vulture: code that nobody uses (https://github.com/jendrikseipp/vulture).

Settings come from our YAML alone (`args`); a file of ours, which lists the files, stands in for the project's.
vulture names no file that it read: ours parses each beside it. Status 1 means a file that could not be parsed, 3 dead
code; unparsable files are gaps while the answers for others stand. All files are one task: use is looked for in all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import answer, in_words, rules_of, sentence
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.python_syntax import select_modules, unparsable
from py_secure_ci.adapting.selection import project_path, targets
from py_secure_ci.adapting.text_lines import each_line
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Location, Severity, Stage
from py_secure_ci.tool import Execution, Reading, Task, Tool

LINE = re.compile(
    r"(.+):(\d+): (unused (\w+) '.*'|(unreachable|unsatisfiable) .+|redundant .+) \((\d+)% confidence.*\)"
)


def _config(task: Task) -> str:
    return f"[tool.vulture]\npaths = {json.dumps(targets(task)[1:], ensure_ascii=False)}\n"


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main, problems = executions["main"], unparsable(task, executions)
    found = [_finding(match, task) for match in each_line("vulture", main.stdout, LINE)]
    if not {0: not found, 1: bool(problems), 3: bool(found)}[main.status]:
        raise WrongShape(f"vulture ended with exit status {main.status} and {len(found)} lines: {main.stderr[:500]}")
    return answer(task, found, rules_of(found, TOOL.uri, in_words), problems=problems)


def _finding(match: re.Match[str], task: Task) -> Finding:
    path, number, message, unused, unreachable, _confidence = match.groups()
    rule = f"unused-{unused}" if unused else "unreachable-code" if unreachable else "redundant-code"
    location = Location(project_path(path, task.root), int(number))
    return Finding(tool="vulture", rule=rule, severity=Severity.WARNING, message=sentence(message), location=location)


TOOL = Tool(
    name="vulture",
    stage=Stage.LINT,
    about="finds code that nobody uses",
    uri="https://github.com/jendrikseipp/vulture",
    commands=command_line(
        "vulture --config={scratch}/vulture.toml --min-confidence=80 {args}",
        inputs={"vulture.toml": _config},
        clean={0, 1},
        found={1, 3},
        syntax=True,
    ),
    parse=_parse,
    select=select_modules,
    canary=planted("vulture", "unused-import", "unreachable-code"),
)
