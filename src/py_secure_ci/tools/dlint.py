"""dlint: security rules that run inside flake8 (https://github.com/dlint-py/dlint).

`--isolated` and `--disable-noqa`: no setting and no comment of the project's has a say; our suppressions have. What
was looked at is proved as for flake8, by parsing each file beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.flake8_lines import FORMAT, read_lines
from py_secure_ci.adapting.python_syntax import select_modules, syntax_command, syntax_gaps, unparsable
from py_secure_ci.adapting.selection import argument, pieces
from py_secure_ci.model import Severity, Stage
from py_secure_ci.tool import Canary, Command, Execution, Reading, Task, Tool

# Code runs, or a file is written, where outside text gets there; all others are matters of choice.
HIGH = frozenset({"DUO103", "DUO104", "DUO105", "DUO110", "DUO116", "DUO120", "DUO138"})
CANARY_TEXT = "import yaml\nimport subprocess\n\n\ndef run(text):\n    eval(text)\n    yaml.load(text)\n"


def _commands(task: Task) -> tuple[Command, ...]:
    options = ("-v", "-j1", "--isolated", "--disable-noqa", "--select=DUO", "--exclude=", FORMAT, *task.options.args)
    files = (*(argument(file) for file in task.files), *task.canaries)
    return (Command(argv=("flake8", *options, "--", *files)), syntax_command(task))


def _severity(code: str) -> Severity:
    return Severity.HIGH if code in HIGH else Severity.MEDIUM


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    findings, rules = read_lines("dlint", executions["main"], task, _severity, ("security",))
    problems = unparsable(task, executions)
    looked_at = frozenset(task.files) - problems.keys()
    return Reading(findings=findings, rules=rules, looked_at=looked_at, gaps=syntax_gaps(problems))


TOOL = Tool(
    name="dlint",
    stage=Stage.SAST,
    about="security rules for Python: deserialisation, weak hashes, catastrophic regular expressions",
    uri="https://github.com/dlint-py/dlint",
    commands=_commands,
    parse=_parse,
    select=select_modules,
    canary=Canary(files={"canary.py": CANARY_TEXT}, expect=frozenset({"DUO104", "DUO109"})),
    program="flake8",
    split=pieces,
)
