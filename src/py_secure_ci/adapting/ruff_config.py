"""Which configuration ruff runs with in a project."""

from __future__ import annotations

from collections.abc import Container, Iterable

from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.adapting.selection import argument, file_arguments
from py_secure_ci.model import Excluded
from py_secure_ci.tool import Command, Task

CANARY_NAME = "py_secure_ci_canary_.py"
CONFIGS = (".ruff.toml", "ruff.toml", "pyproject.toml")  # in ruff's order of precedence


def config_file(task: Task) -> str:
    """Name the file that steers ruff at the project's root: the YAML's word, else ruff's own choice; empty: none."""
    if task.options.config:
        return task.options.config
    for name in CONFIGS[:2]:
        if name in task.settings:
            return name
    text = task.settings.get("pyproject.toml", "")
    return "pyproject.toml" if "ruff" in text and tool_table(text, "ruff") is not None else ""


def config_arguments(task: Task) -> tuple[str, ...]:
    """Options that make ruff use that file; with none, nothing of the folders above or the home folder either."""
    if task.options.config:
        return ("--config", argument(task.options.config))
    return () if config_file(task) else ("--isolated",)


def commands(
    task: Task,
    base: tuple[str, ...],
    *,
    planted: tuple[str, str],
    own: tuple[str, ...] = (),
    clean: Iterable[int] = (0,),
    found: Iterable[int] = (1,),
) -> tuple[Command, ...]:
    """`base` over the due files, and over the canary's text on stdin, under a name where the project's settings apply.

    Outside the project ruff would use the settings of the folders above the scratch folder, and it leaves out no stdin
    without `--force-exclude`. `planted`: folder (root-relative) and text. `own`: options for both.
    """
    names, inputs = file_arguments(task.files, task.scratch, "files.txt")
    mode = (*base, *config_arguments(task), *own)
    exclude = ("--force-exclude",) if config_file(task) else ()
    stdin_name = (task.root / planted[0] / CANARY_NAME).as_posix()
    return (
        Command(
            argv=(*mode, "--verbose", *exclude, *task.options.args, *names),
            inputs=inputs,
            clean=frozenset(clean),
            found=frozenset(found),
        ),
        Command(
            name="canary",
            argv=(*mode, *task.options.args, f"--stdin-filename={stdin_name}", "-"),
            stdin=planted[1],
        ),
    )


def left_out(task: Task, answered: Container[str]) -> tuple[Excluded, ...]:
    """The due files without an answer: the project's `exclude` names them."""
    files = sorted(file for file in task.files if file not in answered)
    return tuple(Excluded(file, f"ruff's exclude ({config_file(task)})") for file in files)
