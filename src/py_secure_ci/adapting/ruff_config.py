"""Which configuration ruff runs with in a project."""

from __future__ import annotations

from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.adapting.selection import argument
from py_secure_ci.tool import Task

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
