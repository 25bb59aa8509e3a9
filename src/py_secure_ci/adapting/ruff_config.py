"""Which configuration ruff runs with in a project, and for which files that switches it off."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from py_secure_ci.adapting.project_toml import tool_table, whole_table
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


def steered_folders(task: Task) -> dict[str, tuple[str, ...]]:
    """Configuration below the root -> the due files that it, and no nearer one, steers; where ruff reads any."""
    if task.options.config or not config_file(task):
        return {}  # one file for all, or none
    folders: dict[str, str] = {}
    for path in sorted(task.nested, key=lambda one: CONFIGS.index(one.rpartition("/")[2])):  # the first one wins
        folder, _, name = path.rpartition("/")
        if name != "pyproject.toml" or "[tool.ruff" in task.nested[path]:
            folders.setdefault(folder, path)
    found: dict[str, list[str]] = {}
    for file in task.files:
        above = (str(one) for one in PurePosixPath(file).parents)
        if nearest := next((one for one in above if one in folders), None):
            found.setdefault(folders[nearest], []).append(file)
    return {path: tuple(files) for path, files in found.items()}


def silenced(task: Task, codes: Collection[str]) -> dict[str, str]:
    """Due file -> pattern of `per-file-ignores` under which none of `codes` (what the canary shows) would be reported.

    Such a pattern does to a file what an exclusion does, and ruff opens the file all the same.
    """
    name = config_file(task)
    text = task.settings.get(name, "")
    table = (tool_table(text, "ruff") if name == "pyproject.toml" else whole_table(text, name)) or {}
    found: dict[str, str] = {}
    for pattern, ignored in _per_file(table):
        if codes and all(any(one == "ALL" or code.startswith(one) for one in ignored) for code in codes):
            found |= {file: pattern for file in task.files if _fits(file, pattern)}
    return found


def _per_file(table: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    linting = table.get("lint")
    tables = [one for one in (table, linting) if isinstance(one, dict)]
    named = [one.get(key) for one in tables for key in ("per-file-ignores", "extend-per-file-ignores")]
    return [(str(k), tuple(map(str, v))) for one in named if isinstance(one, dict) for k, v in one.items()]


def _fits(file: str, pattern: str) -> bool:
    wanted, pattern = not pattern.startswith("!"), pattern.removeprefix("!").removeprefix("./")
    return wanted == (
        fnmatch(PurePosixPath(file).name, pattern) or fnmatch(file, pattern) or fnmatch(f"/{file}", pattern)
    )
