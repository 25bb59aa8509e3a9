"""ruff format --check, which tells whether code is formatted (https://docs.astral.sh/ruff/formatter/).

One finding for each file that would change, at the first line that would. Exit status 2 means that some file could
not be parsed or read while the answers for the others stand (measured with 0.17.6); such files are gaps.
A wrong configuration ends in status 2 as well, but without JSON, which is a wrong shape.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.ruff_config import CONFIGS, config_arguments, config_file
from py_secure_ci.adapting.ruff_diagnostics import SYNTAX, UNREADABLE, Diagnostic, opened_files, read_diagnostics
from py_secure_ci.adapting.ruff_fixing import layout
from py_secure_ci.adapting.selection import argument, file_arguments, project_path, with_suffix
from py_secure_ci.adapting.unified_diff import short
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Edit, Excluded, Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.tool import Command, Execution, Fixer, Reading, Selection, Task, Tool

UNFORMATTED = "unformatted"
# The canary is outside the project, where ruff would use the configuration of the folders above the scratch folder;
# it therefore goes through stdin, under a name in the project's root that exclusion does not reach. For stdin ruff
# prints no JSON; the exit status is the answer.
CANARY_NAME = "py_secure_ci_canary_.py"
BASE = ("ruff", "format", "--check", "--no-cache", "--output-format=json")


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    return Selection(with_suffix(files, frozenset({".py", ".pyi", ".ipynb"})))


def _commands(task: Task) -> tuple[Command, ...]:
    names, inputs = file_arguments(task.files, task.scratch, "files.txt")
    config = config_arguments(task)
    exclude = ("--force-exclude",) if config_file(task) else ()
    return (
        Command(
            argv=(*BASE, *config, "--verbose", *exclude, *task.options.args, *names),
            inputs=inputs,
            clean=frozenset({0, 2}),
            found=frozenset({1, 2}),
        ),
        Command(
            name="canary",
            argv=(*BASE, *config, *task.options.args, f"--stdin-filename={(task.root / CANARY_NAME).as_posix()}", "-"),
            stdin=TOOL.canary.files["canary.py"] if TOOL.canary else "",
        ),
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    if main.status == 2 and not main.stdout.strip():
        raise WrongShape(f"ruff refused to run: {main.stderr[-2000:].strip()}")
    said = read_diagnostics(main.stdout)
    _check_status(main.status, said)
    by_path = {project_path(one.path, task.root): one for one in said if one.code != UNFORMATTED}
    gaps = tuple(Gap(path, _reason(one), one.location.line) for path, one in by_path.items())
    missing = sum(1 for one in by_path.values() if f"path={one.path}\n" not in main.stderr)
    opened = opened_files(
        main.stderr,
        marker="format_path; path=",
        total=" Formatted",
        due=task.files,
        root=task.root,
        missing=missing,
    )
    looked_at = opened - by_path.keys()
    return Reading(
        findings=(
            *(_finding(one, task) for one in said if one.code == UNFORMATTED),
            *(_unformatted(path) for path in task.canaries if executions["canary"].status == 1),
        ),
        rules=(Rule(UNFORMATTED, summary="The file is not formatted", uri="https://docs.astral.sh/ruff/formatter/"),),
        looked_at=looked_at,
        gaps=gaps,
        excluded=tuple(
            Excluded(file, f"ruff's exclude ({config_file(task)})")
            for file in sorted(set(task.files) - looked_at - by_path.keys())
        ),
    )


def _check_status(status: int, said: tuple[Diagnostic, ...]) -> None:
    unknown = {one.code for one in said} - UNREADABLE - {UNFORMATTED, SYNTAX}
    if unknown:
        raise WrongShape(f"ruff format reports what is not known: {', '.join(sorted(unknown))}")
    broken = any(one.code != UNFORMATTED for one in said)
    if status != (2 if broken else 1 if said else 0):
        raise WrongShape(f"ruff format ended with exit status {status} and {len(said)} diagnostics")


def _reason(one: Diagnostic) -> str:
    return f"ruff could not {'parse' if one.code == SYNTAX else 'read'} it: {one.message}"


def _finding(one: Diagnostic, task: Task) -> Finding:
    cell = f" (notebook cell {one.cell})" if one.cell is not None else ""
    path = argument(project_path(one.path, task.root))
    return _unformatted(one.path, one.location.line, cell, f"Run: ruff format -- {shlex.quote(path)}", one.edits)


def _unformatted(
    path: str, line: int | None = None, cell: str = "", fix: str = "", edits: tuple[Edit, ...] = ()
) -> Finding:
    return Finding(
        tool="ruff-format",
        rule=UNFORMATTED,
        severity=Severity.ERROR,
        message=f"The file is not formatted{cell}",
        location=Location(path, line),
        fix=fix,
        edits=short(edits),
        fixable=True,
    )


TOOL = Tool(
    name="ruff-format",
    stage=Stage.FORMAT,
    about="checks that Python code is formatted as ruff format would",
    uri="https://docs.astral.sh/ruff/formatter/",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=planted("ruff-format", "unformatted"),
    fixer=Fixer(turn=4, commands=layout),
    settings=CONFIGS,
    lasting_gaps="ruff could not parse it: ",
    depends_on=(".py", ".pyi", ".ipynb", ".toml"),
    leads_out=r"^\s*extend\s*=",
    lock="ruff",
    program="ruff",
    distribution="ruff",
    default=True,
)
