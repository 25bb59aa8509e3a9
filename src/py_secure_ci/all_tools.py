"""Every tool, in stage order."""

from __future__ import annotations

from py_secure_ci.tool import Tool
from py_secure_ci.tools import (
    bandit,
    black,
    detect_secrets,
    dlint,
    flake8,
    isort,
    mypy,
    pip_audit,
    pylint,
    pyrefly,
    pyright,
    pytest,
    radon,
    ruff,
    ruff_format,
    semgrep,
    syft,
    ty,
    vulture,
    zizmor,
)

TOOLS: tuple[Tool, ...] = (
    ruff.TOOL,
    pylint.TOOL,
    flake8.TOOL,
    vulture.TOOL,
    radon.TOOL,
    ruff_format.TOOL,
    black.TOOL,
    isort.TOOL,
    mypy.TOOL,
    pyright.TOOL,
    ty.TOOL,
    pyrefly.TOOL,
    pytest.TOOL,
    bandit.TOOL,
    dlint.TOOL,
    semgrep.TOOL,
    detect_secrets.TOOL,
    pip_audit.TOOL,
    syft.TOOL,
    zizmor.TOOL,
)
