"""dlint: security rules that run inside flake8 (https://github.com/dlint-py/dlint).

`--isolated` and `--disable-noqa`: no setting and no comment of the project's has a say; our suppressions have. What
was looked at is proved as for flake8, by parsing each file beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import answer
from py_secure_ci.adapting.flake8_lines import FORMAT, read_lines
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.python_syntax import select_modules, unparsable
from py_secure_ci.adapting.selection import pieces
from py_secure_ci.model import Severity, Stage
from py_secure_ci.tool import Execution, Reading, Task, Tool

# Code runs, or a file is written, where outside text gets there; all others are matters of choice.
HIGH = frozenset({"DUO103", "DUO104", "DUO105", "DUO110", "DUO116", "DUO120", "DUO138"})


def _severity(code: str) -> Severity:
    return Severity.HIGH if code in HIGH else Severity.MEDIUM


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    findings, rules = read_lines("dlint", executions["main"], task, _severity, ("security",))
    return answer(task, findings, rules, problems=unparsable(task, executions))


TOOL = Tool(
    name="dlint",
    stage=Stage.SAST,
    about="security rules for Python: deserialisation, weak hashes, catastrophic regular expressions",
    uri="https://github.com/dlint-py/dlint",
    commands=command_line(
        f"flake8 -v -j1 --isolated --disable-noqa --select=DUO --exclude= {FORMAT} {{args}} -- {{files}} {{planted}}",
        syntax=True,
    ),
    parse=_parse,
    select=select_modules,
    canary=planted("dlint", "DUO104", "DUO109"),
    program="flake8",
    split=pieces,
)
