"""What a run needs to know around the tools: the project's environment, the base, what people wrote in comments."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from py_secure_ci.commands.project import Project
from py_secure_ci.commands.session import Session
from py_secure_ci.pins import Dependencies
from py_secure_ci.pipeline import Interpreter
from py_secure_ci.report import Report, Verdict


class Comparison(TypedDict):
    """The fields of Context that say what new findings were told from."""

    base: str
    base_source: str


class Surroundings:
    """Lazy answers, each computed once."""

    def __init__(
        self, project: Project, dependencies: Dependencies, session: Session, arguments: argparse.Namespace
    ) -> None:
        """Nothing happens before it is asked for."""
        self.project, self.dependencies, self.session = project, dependencies, session
        self.arguments = arguments
        self.notes: tuple[str, ...] = ()

    def interpreter(self) -> Interpreter | None:
        """The project's own environment, found or made. Raises ProjectEnvironmentError."""
        from py_secure_ci.commands.project_python import find_interpreter

        return find_interpreter(self.project, self.dependencies, self.session)

    def comparison(self) -> Comparison:
        """Which base, and from where its findings come."""
        return Comparison(base="", base_source="none")

    def complete(self, report: Report) -> Report:
        """The report with comments and changed lines."""
        return replace(report, notes=tuple(dict.fromkeys(report.notes)))

    def judge(self, report: Report) -> Verdict:
        """Policy's answer."""
        from datetime import datetime, timezone

        from py_secure_ci.policy import judge

        today = datetime.now(timezone.utc).date()
        return judge(report, self.project.config.policy, baseline=None, today=today)


def relative(path: Path, root: Path) -> str:
    """A path below the root, POSIX."""
    return path.relative_to(root).as_posix()
