"""What `ruff format --check` says of a file: that it would change, or why it could not be looked at."""

from __future__ import annotations

from dataclasses import dataclass

from py_secure_ci.adapting.layout import Layout
from py_secure_ci.adapting.ruff_diagnostics import (
    SYNTAX,
    UNREADABLE,
    Diagnostic,
    besides_log,
    opened_files,
    read_diagnostics,
)
from py_secure_ci.adapting.selection import project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap
from py_secure_ci.tool import Execution, Task

FILE = Layout(
    "ruff-format", "unformatted", "The file is not formatted", "ruff format", "https://docs.astral.sh/ruff/formatter/"
)


@dataclass(frozen=True, slots=True)
class Said:
    """Files that would change, files that could not be looked at, and those that were opened."""

    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    opened: frozenset[str]


def read_layout(task: Task, main: Execution) -> Said:
    """Raises WrongShape where log, exit status and diagnostics do not agree."""
    if main.status == 2 and not main.stdout.strip():
        raise WrongShape(f"ruff refused to run: {besides_log(main.stderr)[-2000:]}")
    said = read_diagnostics(main.stdout)
    _check_status(main.status, said)
    broken = {project_path(one.path, task.root): one for one in said if one.code != FILE.rule}
    missing = sum(1 for one in broken.values() if f"path={one.path}\n" not in main.stderr)
    log = {"marker": "format_path; path=", "total": " Formatted"}
    return Said(
        tuple(_finding(one, task) for one in said if one.code == FILE.rule),
        tuple(Gap(path, _reason(one), one.location.line) for path, one in broken.items()),
        opened_files(main.stderr, **log, due=task.files, root=task.root, missing=missing),
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
