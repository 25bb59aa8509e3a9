"""What a run needs to know around the tools: the project's environment, the base, what people wrote in comments."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import cached_property

from py_secure_ci.cache.memory import Memory
from py_secure_ci.checking.services import Interpreter
from py_secure_ci.commands.caching import memory_of
from py_secure_ci.commands.comments import with_comments
from py_secure_ci.commands.comparing import Base, Known, NoBase, committed, committed_at, find_base, known_at
from py_secure_ci.commands.project import Project
from py_secure_ci.commands.project_python import find_interpreter
from py_secure_ci.commands.session import Session
from py_secure_ci.config.load import DEFAULT_FILE
from py_secure_ci.judging.baseline import BASELINE_FILE, Baseline
from py_secure_ci.judging.comparison import NOT_EDITED, Edited
from py_secure_ci.judging.former import former
from py_secure_ci.judging.policy import judge
from py_secure_ci.judging.replaced import replaced
from py_secure_ci.model import Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.report import Report, Verdict
from py_secure_ci.source.changes import Changes
from py_secure_ci.source.diff import hunks
from py_secure_ci.source.repository import Entry
from py_secure_ci.tool import History


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
        self._known: Known | None = None

    def interpreter(self) -> Interpreter:
        """The project's own environment, found or made. Raises ProjectEnvironmentError."""
        return find_interpreter(self.project, self.dependencies, self.session, Stage.TEST in self.stages)

    @cached_property
    def base(self) -> Base | NoBase:
        """The commit that new findings are told from, if there is one."""
        return find_base(self.project, self.arguments.base or self.session.ci.base)

    def settle(self) -> None:
        """Ask everything now that the verdict will depend on: what runs next may be the project's own code.

        Tests, or the command that makes the environment, can write a baseline file, move the branch that is the base,
        or write comments that suppress. Raises SourceError or BaselineError.
        """
        if not {Stage.TEST, Stage.TYPE} & set(self.stages):
            return
        tree = self.project.tree
        for path in tree.files:
            if path not in tree.binary:
                self.project.sources.raw(path)
        _ = (self.base, self.baselines, self._changes)

    @cached_property
    def baselines(self) -> tuple[Baseline | None, Baseline | None]:
        """The baseline file as it is now, and as the base has it. Raises BaselineError."""
        if not self.project.config.policy.new_only:
            return None, None
        base = self.base
        now = None if isinstance(base, NoBase) and base.why else committed(self.project.root)
        return now, committed_at(self.project, base) if isinstance(base, Base) else None

    @cached_property
    def _changes(self) -> Changes:
        """What the commits since the base changed."""
        git, base, repository = self.project.git, self.base, self.project.tree.repository
        if not isinstance(base, Base) or repository is None:
            return Changes()
        return Changes(
            before=_plain_files(git.tree(base.commit)),
            now=_plain_files(git.tree(repository.commit)),
            renames=git.renames(base.commit),
            patch=git.changed_lines(base.commit),
        )

    def history(self) -> History | None:
        """The commits since the base, for tools that search them; None where no base was asked for."""
        base, git = self.base, self.project.git
        if isinstance(base, NoBase):
            return History(problem=base.why) if base.why else None
        shallow = "the clone is shallow, so commits since the base may be missing: fetch its whole history"
        return History(base=base.commit, commits=git.adding(base.commit), problem=shallow if git.is_shallow() else "")

    def known(self, report: Report) -> Known:
        """What is known at the base."""
        if self._known is None:
            self._known = known_at(
                self.base,
                self.project,
                self.stages,
                self.arguments,
                self.session,
                report.context.advisories,
                self.baselines,
            )
        return self._known

    def complete(self, report: Report) -> Report:
        """The report with comments, renames and changed lines."""
        base, known = self.base, self.known(report)
        commit = base.commit if isinstance(base, Base) else ""
        changes = self._changes
        judges = {DEFAULT_FILE, self.project.config.file, BASELINE_FILE, ".secrets.baseline"}
        places = {one.location.path for one in report.findings if one.location is not None}
        changed = changes.lines(self.project.sources, places | judges) if commit else {}
        own = sorted(judges & (changed.keys() | changes.edited()))
        edited = (f"the change edits what it is judged by: {', '.join(own)}",) if own else ()
        if changes.patch is None:
            edited = (*edited, "git could not tell which lines changed: all lines of a changed file count as changed")
        strict = (f"{known.why}: every finding counts as new",) if known.why else ()
        commented = with_comments(report, self.project, self.memory)
        notes = (*commented.notes, *known.notes, *strict, *edited)
        return replace(
            commented,
            context=replace(report.context, base=commit, base_source=known.source),
            changed=changed,
            renames=changes.renames,
            notes=tuple(dict.fromkeys(notes)),
        )

    @property
    def memory(self) -> Memory:
        """What earlier runs made of the same input."""
        return memory_of(self.project, self.session, forgetful=self.arguments.no_cache)

    def judge(self, report: Report) -> Verdict:
        """Policy's answer."""
        known = self.known(report)
        today = datetime.now(timezone.utc).date()
        return judge(
            report,
            self.project.config.policy,
            baseline=known.baseline,
            today=today,
            strict_reason=known.why,
            added=known.added,
            edited=self._edited(report, known.baseline) if known.baseline else NOT_EDITED,
        )

    def _edited(self, report: Report, baseline: Baseline) -> Edited:
        now, before = self.project.sources.text, self._text_before
        exchanged = replaced(report, now, before)
        known = {one for entry in baseline.entries for one in entry.fingerprints}
        return Edited(exchanged, former(report, now, before, hunks(self._changes.patch or b""), exchanged, known))

    def _text_before(self, path: str) -> str | None:
        """A file's text at the base, or None."""
        if not isinstance(self.base, Base):
            return None
        blob = self._changes.before.get(path)
        return self.project.git.blob(blob).decode("utf-8", "replace") if blob is not None else None


def _plain_files(entries: tuple[Entry, ...]) -> Mapping[str, str]:
    return {one.path: one.blob for one in entries if one.mode.startswith("100")}
