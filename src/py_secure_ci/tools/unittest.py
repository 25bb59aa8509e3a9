"""unittest without pytest (https://docs.python.org/3/library/unittest.html), in the project's own interpreter.

Every due file is loaded by its path, so that discovery leaves none out; a record of ours is read, not what is printed.
A planted failing test runs in the same way and must be seen to fail. A file that holds tests for pytest alone is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.test_runs.running import read_run, run_commands
from py_secure_ci.adapting.test_runs.selecting import select_unittest
from py_secure_ci.model import Stage
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

NAME = "unittest"


def _commands(task: Task) -> tuple[Command, ...]:
    return run_commands(task, NAME, "run_unittest.py", (), coverage=True)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    return read_run(task, NAME, executions)


TOOL = Tool(
    name=NAME,
    stage=Stage.TEST,
    about="runs unittest's tests without pytest, and measures which lines they run",
    uri="https://docs.python.org/3/library/unittest.html",
    commands=_commands,
    parse=_parse,
    select=select_unittest,
    canary=planted("unittest", "test-failed"),
    lock="pytest",  # for coverage
    of_python=True,
    needs_environment=True,
)
