"""ruff format --check, which tells whether code is formatted (https://docs.astral.sh/ruff/formatter/).

One finding for each file that would change, at the first line that would. Exit status 2 means that some file could
not be parsed or read while the answers for the others stand (measured with 0.17.6); such files are gaps.
A wrong configuration ends in status 2 as well, but without JSON, which is a wrong shape.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.findings import answer
from py_secure_ci.adapting.layout import Layout
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.ruff_config import CONFIGS, commands, left_out
from py_secure_ci.adapting.ruff_diagnostics import SYNTAX, UNREADABLE, Diagnostic, opened_files, read_diagnostics
from py_secure_ci.adapting.ruff_fixing import layout
from py_secure_ci.adapting.selection import ending, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Stage
from py_secure_ci.tool import Command, Execution, Fixer, Reading, Task, Tool

FILE = Layout(
    "ruff-format", "unformatted", "The file is not formatted", "ruff format", "https://docs.astral.sh/ruff/formatter/"
)
BASE = ("ruff", "format", "--check", "--no-cache", "--output-format=json")
CANARY = planted("ruff-format", "unformatted")


def _commands(task: Task) -> tuple[Command, ...]:
    # For stdin ruff prints no JSON: the exit status is the answer.
    return commands(task, BASE, planted=("", CANARY.files["canary.py"]), clean={0, 2}, found={1, 2})


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main, missed = executions["main"], executions["canary"].status != 1
    if main.status == 2 and not main.stdout.strip():
        raise WrongShape(f"ruff refused to run: {main.stderr[-2000:].strip()}")
    said = read_diagnostics(main.stdout)
    _check_status(main.status, said)
    broken = {project_path(one.path, task.root): one for one in said if one.code != FILE.rule}
    missing = sum(1 for one in broken.values() if f"path={one.path}\n" not in main.stderr)
    log = {"marker": "format_path; path=", "total": " Formatted"}
    opened = opened_files(main.stderr, **log, due=task.files, root=task.root, missing=missing)
    return answer(
        task,
        (
            *(_finding(one, task) for one in said if one.code == FILE.rule),
            *(FILE.finding(path, "") for path in task.canaries if not missed),
        ),
        FILE.rules(),
        said=opened,
        gaps=[Gap(path, _reason(one), one.location.line) for path, one in broken.items()],
        excluded=left_out(task, opened | broken.keys()),
    )


def _check_status(status: int, said: tuple[Diagnostic, ...]) -> None:
    if unknown := {one.code for one in said} - UNREADABLE - {FILE.rule, SYNTAX}:
        raise WrongShape(f"ruff format reports what is not known: {', '.join(sorted(unknown))}")
    broken = any(one.code != FILE.rule for one in said)
    if status != (2 if broken else 1 if said else 0):
        raise WrongShape(f"ruff format ended with exit status {status} and {len(said)} diagnostics")


def _reason(one: Diagnostic) -> str:
    return f"ruff could not {'parse' if one.code == SYNTAX else 'read'} it: {one.message}"


def _finding(one: Diagnostic, task: Task) -> Finding:
    cell = f" (notebook cell {one.cell})" if one.cell is not None else ""
    return FILE.finding(one.path, project_path(one.path, task.root), one.location.line, one.edits, cell)


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
    leads_out=r"^\s*extend\s*=",
    lock="ruff",
    program="ruff",
    distribution="ruff",
    default=True,
)
