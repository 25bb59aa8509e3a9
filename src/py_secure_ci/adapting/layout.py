"""What tools say that would only lay code out anew: one finding for each file."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from py_secure_ci.adapting.selection import argument, project_path
from py_secure_ci.adapting.unified_diff import changes, short
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Edit, Finding, Location, Rule, Severity
from py_secure_ci.tool import Task


@dataclass(frozen=True, slots=True)
class Layout:
    """The one rule of such a tool, and what settles it (`command`, before the file)."""

    tool: str
    rule: str
    message: str
    command: str
    uri: str

    def rules(self) -> tuple[Rule, ...]:
        """The rule."""
        return (Rule(self.rule, summary=self.message, uri=self.uri),)

    def finding(
        self, path: str, shown: str, line: int | None = None, edits: Iterable[Edit] = (), more: str = ""
    ) -> Finding:
        """The finding of one file. `path`: as the tool calls it; `shown`: in the command to type; empty: no command."""
        return Finding(
            tool=self.tool,
            rule=self.rule,
            severity=Severity.ERROR,
            message=self.message + more,
            location=Location(path, line),
            fix=f"Run: {self.command} -- {shlex.quote(argument(shown))}" if shown else "",
            edits=short(edits),
            fixable=True,
        )

    def from_diff(self, diff: str, would: Iterable[str], task: Task) -> tuple[Finding, ...]:
        """A finding for each file that the tool `would` change. Raises WrongShape if its diff is of other files."""
        found = {project_path(path, task.root): change for path, change in changes(diff, self.tool).items()}
        if found.keys() != set(would):
            raise WrongShape(f"{self.tool}'s diff and its log do not agree")
        return tuple(self.finding(path, path, found[path].line, found[path].edits(path)) for path in would)
