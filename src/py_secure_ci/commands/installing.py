"""Where each tool's programs are: locked, the project's own, or on PATH."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from py_secure_ci.checking.services import Installed
from py_secure_ci.commands.keys import given
from py_secure_ci.commands.project import Project
from py_secure_ci.commands.session import Session
from py_secure_ci.errors import ToolchainError
from py_secure_ci.model import Stage
from py_secure_ci.report import ToolInfo
from py_secure_ci.tool import Tool
from py_secure_ci.toolchain import Toolchain
from py_secure_ci.toolchain.installation import Installation
from py_secure_ci.version import VERSION


class Installer:
    """Answers the pipeline's question where a tool is, making its environment on first need."""

    def __init__(self, project: Project, session: Session) -> None:
        """Nothing is made before it is asked for.

        `--offline` does not reach here: it means that no service is asked about the project; a tool that is missing is
        still installed, and one that is there needs no network.
        """
        self._project, self._session = project, session

        def at(folder: Path) -> Toolchain:
            return Toolchain(folder, session.environ, run=session.run, stopped=lambda: bool(session.interrupted))

        self._toolchain = at(session.tools)
        self._added = at(session.cache)  # another folder where that of the tools is read-only

    def install(self, tool: Tool, python: Path | None) -> Installed:
        """Raises ToolchainError."""
        if tool.source in ("import", "custom", "ours"):
            version = VERSION if tool.source == "ours" else ""
            uri = tool.uri if tool.source == "ours" else ""  # of the others we know only what the YAML says
            info = ToolInfo(name=tool.name, stage=tool.stage, version=version, source=tool.source, uri=uri)
            return Installed(info, self._folder(tool))
        found = self._find(tool, tool.source or self._project.config.options(tool.name).source, python)
        info = ToolInfo(
            name=tool.name, stage=tool.stage, version=found.version, source=found.source, lock=found.lock, uri=tool.uri
        )
        return Installed(info, found.bin, found.site_packages, given(tool, self._session.environ))

    def _folder(self, tool: Tool) -> Path | None:
        """Where on PATH a program of the user's own is; None for one that is named by its path, and for a report."""
        if not tool.program or "/" in tool.program:
            return None
        entries = [one for one in self._session.environ.get("PATH", "").split(os.pathsep) if Path(one).is_absolute()]
        found = shutil.which(tool.program, path=os.pathsep.join(entries)) if entries else None
        if found is None:
            raise ToolchainError(
                f"there is no program {tool.program!r} on PATH",
                hint=f"Install it before py-secure-ci runs, or correct tools.{tool.name}.run.",
            )
        return Path(found).parent

    def _released(self, tool: Tool, unusable: ToolchainError) -> Installation:
        """The official release of a tool whose program on PATH is `unusable`. Raises ToolchainError that tells both."""
        try:
            found = self._added.from_release(tool.name) if tool.source else None
        except ToolchainError as error:
            raise ToolchainError(f"{unusable}; {error}", hint=error.hint) from None
        if found is None:
            raise unusable
        return found

    def _find(self, tool: Tool, source: str, python: Path | None) -> Installation:
        program, distribution = tool.program or tool.name, tool.distribution or tool.name
        if source == "path":
            limit = self._project.config.options(tool.name).timeout
            place = self._session.new_folder()
            try:
                return self._toolchain.from_path(tool.name, program=program, cwd=place, seconds=limit)
            except ToolchainError as error:
                return self._released(tool, error)
        if source == "project":
            if python is None:
                raise ToolchainError(
                    f"the YAML says to use the project's own {tool.name}, but the project has no environment",
                    hint=f"Make one (.venv), or take `source: project` away from tools.{tool.name}.",
                )
            if tool.of_python:
                return Installation(name=tool.name, version="", source=source, bin=python.parent, python=python)
            return self._toolchain.from_project(tool.name, python, program=program, distribution=distribution)
        overlay = python if tool.stage is Stage.TEST else None
        name = tool.lock or tool.name
        there = self._toolchain.lookup(name, python=overlay).installed
        return (self._toolchain if there else self._added).install(name, python=overlay)
