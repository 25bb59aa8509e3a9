"""The keys that some tools cannot do without."""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.errors import ToolchainError
from py_secure_ci.tool import Tool


def given(tool: Tool, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that the tool is handed. Raises ToolchainError for one that is not set: it cannot do without."""
    for name in tool.variables:
        if not environ.get(name, "").strip():
            raise ToolchainError(
                f"it needs a key: the environment variable {name} is not set",
                hint=f"Set {name} (in CI: from the platform's secrets), or take {tool.name} out of the YAML.",
            )
    return {name: environ[name].strip() for name in tool.variables}
