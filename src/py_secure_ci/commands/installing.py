"""Where each tool's programs are: locked, the project's own, or on PATH."""

from __future__ import annotations

from pathlib import Path

from py_secure_ci.commands.project import Project
from py_secure_ci.commands.session import Session
from py_secure_ci.pipeline import Installed
from py_secure_ci.report import ToolInfo
from py_secure_ci.tool import Tool
from py_secure_ci.toolchain.toolchain import Toolchain


class Installer:
    """Answers the pipeline's question where a tool is, making its environment on first need."""

    def __init__(self, project: Project, session: Session) -> None:
        """Nothing is made before it is asked for.

        `--offline` does not reach here: it means that no service is asked about the project; a tool that is missing is
        still installed, and one that is there needs no network.
        """
        self._project = project
        self._toolchain = Toolchain(session.cache, session.environ)

    def install(self, tool: Tool, python: Path | None) -> Installed:
        """Raises ToolchainError."""
        found = self._toolchain.provide(
            lock=tool.lock or tool.name,
            program=tool.program or tool.name,
            distribution=tool.distribution or tool.name,
            source=self._project.config.options(tool.name).source,
            python=python,
        )
        info = ToolInfo(
            name=tool.name, stage=tool.stage, version=found.version, source=found.source, lock=found.lock, uri=tool.uri
        )
        return Installed(info, found.bin, found.site_packages)
