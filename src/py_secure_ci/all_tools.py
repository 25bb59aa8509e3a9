"""Every tool, in stage order."""

from __future__ import annotations

from py_secure_ci.tool import Tool
from py_secure_ci.tools import bandit, detect_secrets, mypy, pip_audit, pytest, ruff, ruff_format, syft, zizmor

TOOLS: tuple[Tool, ...] = (
    ruff.TOOL,
    ruff_format.TOOL,
    mypy.TOOL,
    pytest.TOOL,
    bandit.TOOL,
    detect_secrets.TOOL,
    pip_audit.TOOL,
    syft.TOOL,
    zizmor.TOOL,
)
