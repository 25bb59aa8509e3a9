"""pytest with coverage (https://docs.pytest.org, https://coverage.readthedocs.io), in the project's own interpreter.

The project's configuration decides what is collected and how. A record that a small plugin of ours writes is read, not
what pytest prints. A planted failing test runs under the same configuration and must be seen to fail: this proves that
the options in force collect, run and report. It cannot prove that project code which runs in the same process, and
looks for our plugin there, leaves the results of other tests alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.test_runs.running import read_run, run_commands
from py_secure_ci.adapting.test_runs.selecting import select
from py_secure_ci.adapting.test_runs.sharing import join_parts, read_part
from py_secure_ci.model import Stage
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

NAME = "pytest"
SETTINGS = (
    *("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"),
    ".coveragerc",
)
ALWAYS = ("--tb=short", "--color=no", "--maxfail=0", "-o", "junit_family=xunit2")  # last, so that they win


def commands(task: Task) -> tuple[Command, ...]:
    """The suite with coverage, then the planted test without."""
    config = ("-c", task.options.config) if task.options.config else ()
    args = (*config, *task.options.args, *ALWAYS, "-o", f"cache_dir={task.scratch / 'cache'}")
    return run_commands(task, NAME, "run_pytest.py", args, coverage=True)


def parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    """What the record says."""
    return read_run(task, NAME, executions) if task.share is None else read_part(task, NAME, executions)


def join(task: Task, readings: tuple[Reading, ...], whole: bool) -> Reading:
    """The suite from the shares of several machines."""
    return join_parts(task, NAME, readings, whole)


TOOL = Tool(
    name=NAME,
    stage=Stage.TEST,
    about="runs the project's tests and measures which lines they run",
    uri="https://docs.pytest.org",
    commands=commands,
    parse=parse,
    select=select,
    canary=planted("pytest", "test-failed"),
    settings=SETTINGS,
    join=join,
    needs_environment=True,
    default=True,
)
