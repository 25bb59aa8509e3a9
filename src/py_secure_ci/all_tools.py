"""Every tool, in stage order."""

from __future__ import annotations

from py_secure_ci.tool import Tool
from py_secure_ci.tools import bandit, detect_secrets, mypy, ruff, ruff_format, zizmor

TOOLS: tuple[Tool, ...] = (
    ruff.TOOL,
    ruff_format.TOOL,
    mypy.TOOL,
    bandit.TOOL,
    detect_secrets.TOOL,
    zizmor.TOOL,
)
