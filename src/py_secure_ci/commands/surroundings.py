"""What a run needs to know around the tools: the project's environment, the base, what people wrote in comments."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property

from py_secure_ci.cache.keys import digest
from py_secure_ci.cache.memory import Memory
from py_secure_ci.checking.pipeline import Interpreter
from py_secure_ci.commands.caching import memory_of
from py_secure_ci.commands.comparing import Base, NoBase, find_base, known_at
from py_secure_ci.commands.project import Project
from py_secure_ci.commands.project_python import find_interpreter
from py_secure_ci.commands.session import Session
from py_secure_ci.judging.baseline import Baseline
from py_secure_ci.judging.inline import inline_suppressions, native_suppressions
from py_secure_ci.judging.policy import judge
from py_secure_ci.model import Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.report import Inline, Report, Verdict
from py_secure_ci.source.diff import changed_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments:
    """What people wrote to scanners in one file."""

    inline: tuple[Inline, ...] = ()
    native: Mapping[str, int] = field(default_factory=dict)


class Surroundings:
    """Lazy answers, each computed once."""

    def __init__(
        self,
        project: Project,
        dependencies: Dependencies,
        stages: tuple[Stage, ...],
        session: Session,
        arguments: argparse.Namespace,
    ) -> None:
        """Nothing happens before it is asked for."""
        self.project, self.dependencies, self.session = project, dependencies, session
        self.stages, self.arguments = stages, arguments

    def interpreter(self) -> Interpreter:
        """The project's own environment, found or made. Raises ProjectEnvironmentError."""
        return find_interpreter(self.project, self.dependencies, self.session, Stage.TEST in self.stages)

    @cached_property
    def base(self) -> Base | NoBase:
        """The commit that new findings are told from, if there is one."""
        return find_base(self.project, self.arguments.base or self.session.ci.base)

    @cached_property
    def known(self) -> tuple[Baseline | None, str, str]:
        """(what is known, where that comes from, why nothing is known)."""
        return known_at(self.base, self.project, self.stages, self.arguments, self.session)

    def complete(self, report: Report) -> Report:
        """The report with comments, renames and changed lines."""
        inline, native = self._comments()
        base, (_, source, why) = self.base, self.known
        commit = base.commit if isinstance(base, Base) else ""
        git = self.project.git
        return replace(
            report,
            context=replace(report.context, base=commit, base_source=source),
            inline=inline,
            native_suppressions=dict(sorted(native.items())),
            changed=changed_lines(git.changed_lines(commit)) if commit else {},
            renames=git.renames(commit) if commit else {},
            notes=tuple(dict.fromkeys([*report.notes, *([why] if why else [])])),
        )

    def _comments(self) -> tuple[tuple[Inline, ...], Counter[str]]:
        """What people wrote to scanners, and how often; of a file that did not change it is known."""
        tree, sources = self.project.tree, self.project.sources
        digests = {path: sources.digest(path) for path in tree.files if path not in tree.binary}
        given = {
            path: digest([path.encode("utf-8", "surrogateescape").hex(), of]) for path, of in digests.items() if of
        }

        def read(path: str) -> Comments:
            text = sources.text(path) or ""
            return Comments(inline=inline_suppressions(path, text), native=native_suppressions(path, text))

        found = self.memory.each("comments", Comments, given, read, lambda path: sources.unchanged((path,)))
        native = Counter[str]()
        for one in found.values():
            native.update(one.native)
        return tuple(inline for one in found.values() for inline in one.inline), native

    @property
    def memory(self) -> Memory:
        """What earlier runs made of the same input."""
        return memory_of(self.project, self.session, forgetful=self.arguments.no_cache)

    def judge(self, report: Report) -> Verdict:
        """Policy's answer."""
        baseline, _, why = self.known
        today = datetime.now(timezone.utc).date()
        return judge(report, self.project.config.policy, baseline=baseline, today=today, strict_reason=why)
