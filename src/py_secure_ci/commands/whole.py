"""What `run` does in its session: the project is opened, checked and judged, and its report written."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from py_secure_ci.commands.configuration import project_root
from py_secure_ci.commands.history import history_folder
from py_secure_ci.commands.project import Project, open_project, output_folder
from py_secure_ci.commands.session import Session
from py_secure_ci.commands.show import clear, finish
from py_secure_ci.config.overrides import override
from py_secure_ci.errors import PySecureCiError, UsageError
from py_secure_ci.model import Stage
from py_secure_ci.output import probe


def check(arguments: argparse.Namespace, session: Session) -> int:
    """Check, judge, write every file, print; the exit status is the verdict's."""
    try:
        return _run(arguments, session)
    except PySecureCiError:
        if not session.interrupted:
            raise
        return _cut_short(arguments, session)


def _run(arguments: argparse.Namespace, session: Session) -> int:
    if arguments.allow_dirty and not arguments.fix:
        raise UsageError("--allow-dirty says nothing without --fix")
    if arguments.part:
        from py_secure_ci.commands.part import run_part

        return run_part(arguments, session)
    if arguments.plan:
        raise UsageError("--plan goes with --part", hint="Name the part that is to be done, such as --part 2-of-4")
    project = _opened(arguments, session)
    if project.config.projects:
        return _run_several(project, arguments, session)
    stages = chosen_stages(arguments.stage, project)
    _prepare(project, arguments)
    from py_secure_ci.commands.checking import check_project

    if arguments.fix:
        from py_secure_ci.commands.fixing import fix_project

        fix_project(project, stages, arguments, session)
        project = _opened(arguments, session)
    judged = check_project(project, stages, arguments, session)
    return finish(judged, project.output, arguments, session)


def _run_several(project: Project, arguments: argparse.Namespace, session: Session) -> int:
    from py_secure_ci.commands.projects import members_of
    from py_secure_ci.commands.several import overridden, run_all, stages_of

    if arguments.fix:
        raise UsageError("--fix works on one project", hint="Give it one of the projects' folders.")
    members = overridden(members_of(project, session), arguments)
    stages_of(members, arguments.stage)
    _prepare(project, arguments)
    return run_all(members, arguments, session)


def _prepare(project: Project, arguments: argparse.Namespace) -> None:
    """Whatever can be wrong with the command line is told before minutes of work; nothing old stays."""
    _check_formats(arguments.format)
    history_folder(arguments.history)
    probe(project.output)
    clear(project.output)


def _opened(arguments: argparse.Namespace, session: Session) -> Project:
    project = open_project(arguments.path, arguments.config, _output(arguments), session)
    return replace(project, config=override(project.config, arguments.fail_on, arguments.install))


def _cut_short(arguments: argparse.Namespace, session: Session) -> int:
    """A signal came before there was anything to report: that, too, is a report, and no older one may stand there."""
    from py_secure_ci.commands.checking import never_checked

    root = project_root(arguments.path)
    output = output_folder(root, _output(arguments))
    probe(output)
    clear(output)
    return finish(never_checked(root.name, session), output, arguments, session)


def _output(arguments: argparse.Namespace) -> Path | None:
    return Path(arguments.output_dir) if arguments.output_dir else None


def chosen_stages(words: list[str] | None, project: Project) -> tuple[Stage, ...]:
    """The stages of `--stage`, or all that the configuration runs. Raises UsageError for an unknown one."""
    configured = tuple(project.config.stages)
    if not words:
        return configured
    from py_secure_ci.config.schema_errors import did_you_mean

    known = {stage.value: stage for stage in Stage}
    wanted = [part for word in words for part in word.split(",") if part]
    for word in wanted:
        if word not in known:
            raise UsageError(f"--stage {word}: there is no such stage.{did_you_mean(word, known)}")
        if known[word] not in configured:
            raise UsageError(f"--stage {word}: the configuration switches this stage off ({project.config.file})")
    return tuple(stage for stage in configured if stage.value in wanted)


def _check_formats(words: list[str] | None) -> None:
    from py_secure_ci.all_formats import ALL_FORMATS
    from py_secure_ci.config.schema_errors import did_you_mean

    known = {one.name for one in ALL_FORMATS}
    for word in words or ():
        if word not in known:
            raise UsageError(f"--format {word}: there is no such format.{did_you_mean(word, known)}")
