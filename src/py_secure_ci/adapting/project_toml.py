"""The `[tool.x]` tables of a project's pyproject.toml."""

from __future__ import annotations

from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.toml_values import load_toml
from py_secure_ci.tool import Task


def whole_table(text: str, name: str) -> dict[str, Any]:
    """All that a TOML file holds. `name`: of the file, for the error. Broken TOML raises `WrongShape`."""
    try:
        return load_toml(text)
    except WrongShape as error:
        raise WrongShape(f"{name} is {error.message}") from None


def tool_table(text: str, name: str) -> dict[str, Any] | None:
    """`[tool.<name>]` of a pyproject.toml, None if there is none. Broken TOML raises `WrongShape`."""
    tools = whole_table(text, "pyproject.toml").get("tool")
    table = tools.get(name) if isinstance(tools, dict) else None
    return table if isinstance(table, dict) else None


def has_table(task: Task, name: str) -> bool:
    """Whether the project's pyproject.toml has a `[tool.<name>]`."""
    text = task.settings.get("pyproject.toml", "")
    return name in text and tool_table(text, name) is not None
