"""ruff format --check, which tells whether code is formatted (https://docs.astral.sh/ruff/formatter/).

One finding for each file that would change, at the first line that would. Exit status 2 means that some file could
not be parsed or read while the answers for the others stand (measured with 0.17.6); such files are gaps.
A wrong configuration ends in status 2 as well, but without JSON, which is a wrong shape.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.findings import answer
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.ruff_config import CONFIGS, commands, left_out
from py_secure_ci.adapting.ruff_fixing import layout
from py_secure_ci.adapting.ruff_layout import FILE, read_layout
from py_secure_ci.adapting.selection import ending
from py_secure_ci.model import Stage
from py_secure_ci.tool import Command, Execution, Fixer, Reading, Task, Tool

BASE = ("ruff", "format", "--check", "--no-cache", "--output-format=json")
CANARY = planted("ruff-format", "unformatted")


def _commands(task: Task) -> tuple[Command, ...]:
    # For stdin ruff prints no JSON: the exit status is the answer.
    return commands(task, BASE, planted=("", CANARY.files["canary.py"]), clean={0, 2}, found={1, 2})


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    said, seen = read_layout(task, executions["main"]), executions["canary"].status == 1
    return answer(
        task,
        (*said.findings, *(FILE.finding(path, "") for path in task.canaries if seen)),
        FILE.rules(),
        said=said.opened,
        gaps=said.gaps,
        excluded=left_out(task, {*said.opened, *(one.subject for one in said.gaps)}),
    )


TOOL = Tool(
    name="ruff-format",
    stage=Stage.FORMAT,
    about="checks that Python code is formatted as ruff format would",
    uri="https://docs.astral.sh/ruff/formatter/",
    commands=_commands,
    parse=_parse,
    select=ending(".py", ".pyi", ".ipynb"),
    canary=CANARY,
    fixer=Fixer(turn=4, commands=layout),
    settings=CONFIGS,
    lasting_gaps="ruff could not (parse it: |read it: Expected a Jupyter Notebook)",
    depends_on=(".py", ".pyi", ".ipynb", ".toml"),
    leads_out=r"^[ \t]*extend\s*=",
    lock="ruff",
    program="ruff",
    distribution="ruff",
    default=True,
)
