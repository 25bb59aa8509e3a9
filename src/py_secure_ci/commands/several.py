"""Several projects of one repository: what runs in each, their reports, and the one over all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace

from py_secure_ci.checking.services import Run
from py_secure_ci.commands.checking import Judged, check_project, settled
from py_secure_ci.commands.projects import Member
from py_secure_ci.commands.session import Session
from py_secure_ci.commands.show import finish, write_report
from py_secure_ci.config.overrides import override
from py_secure_ci.config.schema_errors import did_you_mean
from py_secure_ci.errors import UsageError
from py_secure_ci.judging.joining import Judgement, joined
from py_secure_ci.model import Stage
from py_secure_ci.output import folder_of


@dataclass(frozen=True, slots=True)
class One:
    """A project, and what came of it."""

    member: Member
    judged: Judged


def overridden(members: Sequence[Member], arguments: argparse.Namespace) -> tuple[Member, ...]:
    """The projects with what the command line outvotes. Raises UsageError."""
    return tuple(
        replace(
            one,
            project=replace(one.project, config=override(one.project.config, arguments.fail_on, arguments.install)),
        )
        for one in members
    )


def stages_of(members: Sequence[Member], words: list[str] | None) -> tuple[tuple[Stage, ...], ...]:
    """The stages that run in each project. Raises UsageError for a word that is no stage, or that none of them runs."""
    wanted = [part for word in words or () for part in word.split(",") if part]
    known = {stage.value: stage for stage in Stage}
    for word in wanted:
        if word not in known:
            raise UsageError(f"--stage {word}: there is no such stage.{did_you_mean(word, known)}")
        if not any(known[word] in one.project.config.stages for one in members):
            raise UsageError(f"--stage {word}: the configuration switches this stage off in every project")
    return tuple(
        tuple(stage for stage in one.project.config.stages if not wanted or stage.value in wanted) for one in members
    )


def run_all(members: Sequence[Member], arguments: argparse.Namespace, session: Session) -> int:
    """Check and judge each project, then all of them; the exit status is the verdict's over all."""
    stages = stages_of(members, arguments.stage)
    due = list(zip(members, stages, strict=True))
    # Where tests can write to the tree, those of one project must find nothing of another that is still to be asked.
    early = len(due) > 1 and not session.runner.sandbox.readonly
    ready = [settled(one.project, mine, arguments, session) if early else None for one, mine in due]
    done = [
        One(one, check_project(one.project, mine, arguments, session, before))
        for (one, mine), before in zip(due, ready, strict=True)
    ]
    return finish_all(done, arguments, session)


def finish_all(done: Sequence[One], arguments: argparse.Namespace, session: Session) -> int:
    """Write a report for each project and the one over all; a single project has that one only."""
    if len(done) == 1:
        return finish(done[0].judged, done[0].member.project.output, arguments, session)
    root = done[0].member.project
    parts = [Judgement(folder=one.member.folder, report=one.judged.report, verdict=one.judged.verdict) for one in done]
    report, verdict = joined(parts)
    for one in done:
        folder = root.output / folder_of(one.member.folder)
        write_report(one.judged, folder, argparse.Namespace(**{**vars(arguments), "history": None}))
    whole = Judged(report=report, verdict=verdict, artifacts={}, run=_run(done))
    return finish(whole, root.output, arguments, session)


def _run(done: Sequence[One]) -> Run:
    """What all of it cost."""
    whole = Run()
    for one in done:

        def named(tool: str, folder: str = one.member.folder) -> str:
            return f"{tool} in {folder}" if folder else tool

        run = one.judged.run
        whole.processes += [replace(each, tool=named(each.tool)) for each in run.processes]
        whole.seconds |= {named(tool): seconds for tool, seconds in run.seconds.items()}
        whole.kept |= {named(tool): count for tool, count in run.kept.items()}
    return whole
