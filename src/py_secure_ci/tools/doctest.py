"""doctest (https://docs.python.org/3/library/doctest.html): examples in docstrings and texts, in the project's Python.

Only modules that hold an example are imported, and no file that does something then (`setup.py`, `__main__.py`).
`tools.doctest.args` names option flags (`ELLIPSIS`). A planted example that is wrong must be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.test_runs.running import read_run, run_commands
from py_secure_ci.adapting.test_runs.selecting import select_examples
from py_secure_ci.model import Stage
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

NAME = "doctest"


def _commands(task: Task) -> tuple[Command, ...]:
    return run_commands(task, NAME, "run_doctest.py", task.options.args, coverage=False)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    """As every run of tests, but without files that belong to one tool alone: coverage, and the list of all tests."""
    reading = read_run(replace(task, stage_options={}), NAME, executions)
    return replace(reading, gaps=tuple(one for one in reading.gaps if one.subject != "coverage"), artifacts={})


TOOL = Tool(
    name=NAME,
    stage=Stage.TEST,
    about="runs the examples in docstrings and texts",
    uri="https://docs.python.org/3/library/doctest.html",
    commands=_commands,
    parse=_parse,
    select=select_examples,
    canary=planted("doctest", "test-failed"),
    lock="pytest",
    of_python=True,
    needs_environment=True,
)
