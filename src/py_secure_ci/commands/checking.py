"""From an open project to a judged report."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.assembly import assemble
from py_secure_ci.commands.advice import Advice, advice_for
from py_secure_ci.commands.installing import Installer
from py_secure_ci.commands.project import Project, tools_by_name
from py_secure_ci.commands.session import Session
from py_secure_ci.commands.surroundings import Surroundings
from py_secure_ci.model import Gap, Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.pipeline import Observer, Run, Services, check
from py_secure_ci.progress import LiveProgress, PlainProgress
from py_secure_ci.report import Context, Report, Verdict
from py_secure_ci.version import VERSION

_PIN_STAGES = frozenset({Stage.SCA, Stage.SBOM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A report, its verdict, and what does not belong in it."""

    report: Report
    verdict: Verdict
    artifacts: Mapping[str, str]
    run: Run


def check_project(project: Project, stages: tuple[Stage, ...], arguments: argparse.Namespace, session: Session) -> Judged:
    """Run everything that is due and judge it."""
    dependencies = _dependencies(project, stages)
    surroundings = Surroundings(project, dependencies, session, arguments)
    progress = _progress(session)
    with ExitStack() as stack:
        stack.callback(getattr(progress, "close", lambda: None))
        advice = advice_for(project, dependencies, stages, arguments.offline, session, stack)
        services = _services(project, advice, surroundings, progress, arguments, session)
        run = check(project.config, tools_by_name(), stages, project.tree, project.sources, dependencies, services)
    report = _report(project, run, dependencies, advice, surroundings, session)
    return Judged(report=report, verdict=surroundings.judge(report), artifacts=run.artifacts, run=run)


def _dependencies(project: Project, stages: tuple[Stage, ...]) -> Dependencies:
    if not _PIN_STAGES & set(stages):
        return Dependencies()
    from py_secure_ci.dependencies.read_all import read_dependencies

    text = tuple(path for path in project.tree.files if path not in project.tree.binary)
    return read_dependencies(text, lambda path: project.sources.text(path) or "")


def _services(
    project: Project,
    advice: Advice,
    surroundings: Surroundings,
    progress: Observer,
    arguments: argparse.Namespace,
    session: Session,
) -> Services:
    installer = Installer(project, session)
    return Services(
        run=session.run,
        install=installer.install,
        environment=session.environment,
        scratch=session.new_folder,
        interpreter=surroundings.interpreter,
        observer=progress,
        jobs=arguments.jobs or os.cpu_count() or 1,
        advisory_url=advice.url,
        offline=arguments.offline,
        stopped=lambda: bool(session.interrupted),
    )


def _report(
    project: Project,
    run: Run,
    dependencies: Dependencies,
    advice: Advice,
    surroundings: Surroundings,
    session: Session,
) -> Report:
    gaps = list(project.tree.gaps)
    if session.interrupted:
        gaps.append(Gap("run", f"interrupted by {session.interrupted}: what had not finished was not checked"))
    if not any(path.endswith((".py", ".pyi", ".ipynb")) for path in project.tree.files):
        gaps.append(Gap("project", "there are no Python files here: is this the right folder?"))
    byte_columns = {tool.name for tool in TOOLS if tool.byte_columns}
    outcomes = assemble(run.outcomes, project.sources, advice.join, byte_columns)
    return surroundings.complete(
        Report(
            version=VERSION,
            context=_context(project, run, advice, surroundings, session),
            outcomes=outcomes,
            gaps=tuple(gaps),
            excluded=project.tree.excluded,
            notes=(*project.tree.notes, *advice.notes, *surroundings.notes),
            dependencies=dependencies,
        )
    )


def _context(project: Project, run: Run, advice: Advice, surroundings: Surroundings, session: Session) -> Context:
    repository = project.tree.repository
    context = Context(
        project=project.root.name,
        prefix=repository.prefix if repository else "",
        commit=repository.commit if repository else "",
        branch=session.ci.branch or (repository.branch if repository else ""),
        host=session.ci.host,
        repository_uri=session.ci.repository_uri,
        python=run.interpreter.version if run.interpreter else "",
        config_file=project.config.file,
        config_digest=project.config.digest,
        advisories=advice.source,
        offline=advice.offline,
    )
    return replace(context, **surroundings.comparison())


def _progress(session: Session) -> PlainProgress | LiveProgress:
    if session.ci.host == "local" and sys.stderr.isatty():
        return LiveProgress()
    return PlainProgress(lambda line: print(line, file=sys.stderr, flush=True))


