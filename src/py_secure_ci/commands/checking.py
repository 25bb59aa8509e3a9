"""From an open project to a judged report."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.cache.memory import Memory
from py_secure_ci.cache.results import Results
from py_secure_ci.checking.assembly import assemble
from py_secure_ci.checking.pipeline import check
from py_secure_ci.checking.services import Observer, Run, Services
from py_secure_ci.commands.advice import Advice, advice_for
from py_secure_ci.commands.ahead import load_ahead
from py_secure_ci.commands.caching import costs_of, keep_small, results_of
from py_secure_ci.commands.installing import Installer
from py_secure_ci.commands.project import Project, beside, ours, tools_by_name, within_reach
from py_secure_ci.commands.session import Session
from py_secure_ci.commands.surroundings import Surroundings
from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.dependencies.frameworks import django_hint
from py_secure_ci.errors import PySecureCiError, UsageError
from py_secure_ci.formats.escaping import visible
from py_secure_ci.judging.policy import judge
from py_secure_ci.model import Gap, Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.progress import LiveProgress, PlainProgress
from py_secure_ci.report import Context, Report, Verdict
from py_secure_ci.running.tree_guard import State, changed_since, tree_state
from py_secure_ci.source.tree_digest import tree_digest
from py_secure_ci.version import VERSION

INTERRUPTION = "run"  # what a gap is about when the run itself was cut short


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A report, its verdict, and what does not belong in it."""

    report: Report
    verdict: Verdict
    artifacts: Mapping[str, str]
    run: Run
    memory: Memory | None = None  # what earlier runs made of the same report


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled before any code of the repository could run. `before`: empty where that cannot write."""

    surroundings: Surroundings
    before: Mapping[str, State | None]


def settled(project: Project, stages: tuple[Stage, ...], arguments: argparse.Namespace, session: Session) -> Settled:
    """Ask what the verdict depends on. Raises SourceError or BaselineError."""
    surroundings = Surroundings(project, dependencies_of(project), stages, session, arguments)
    surroundings.settle()
    guarded = session.runner.sandbox.readonly  # else what tools change is noticed afterwards
    return Settled(surroundings, {} if guarded else tree_state(project.root, project.tree.files))


def check_project(
    project: Project,
    stages: tuple[Stage, ...],
    arguments: argparse.Namespace,
    session: Session,
    ready: Settled | None = None,
) -> Judged:
    """Run everything that is due and judge it. `ready`: settled before another project's code ran."""
    ready = ready or settled(project, stages, arguments, session)
    return judged(project, *_checked(project, stages, arguments, session, progress_of(session), ready))


def judged(project: Project, report: Report, run: Run, surroundings: Surroundings) -> Judged:
    """The report compared with what was known, and its verdict."""
    session = surroundings.session
    try:
        report = surroundings.complete(report)
        verdict = surroundings.judge(report)
    except UsageError:
        raise
    except PySecureCiError as error:
        # The project's own code has run by now: what it made of the repository costs the comparison, not the report.
        gap = _interruption(session) if session.interrupted else _unreadable(error)
        return _judged_alone(report, project.config.policy, gap, run)
    if session.interrupted and INTERRUPTION not in {gap.subject for gap in report.gaps}:
        # what was compared may be half of it
        return _judged_alone(report, project.config.policy, _interruption(session), run)
    return Judged(report=report, verdict=verdict, artifacts=run.artifacts, run=run, memory=surroundings.memory)


def never_checked(name: str, session: Session) -> Judged:
    """The report of a run that was interrupted before it could check anything. `name`: of the project."""
    report = Report(version=VERSION, context=Context(project=visible(name), host=session.ci.host), outcomes=())
    return _judged_alone(report, PolicySettings(), _interruption(session), Run())


def _judged_alone(report: Report, policy: PolicySettings, gap: Gap, run: Run) -> Judged:
    """Judged without asking anybody anything, for the reason that the gap tells."""
    kept = tuple(one for one in report.gaps if one.subject != gap.subject)
    report = replace(report, gaps=(*kept, gap))
    reason = gap.reason.partition(": ")[0]
    today = datetime.now(timezone.utc).date()
    verdict = judge(report, policy, baseline=None, today=today, strict_reason=reason)
    return Judged(report=report, verdict=verdict, artifacts=run.artifacts, run=run)


def _interruption(session: Session) -> Gap:
    return Gap(INTERRUPTION, f"interrupted by {session.interrupted}: what had not finished was not checked")


def _unreadable(error: PySecureCiError) -> Gap:
    said = f"nothing could be compared with what was known: {error.message}"
    return Gap("the repository", said, final=True)


def findings_of(project: Project, stages: tuple[Stage, ...], arguments: argparse.Namespace, session: Session) -> Report:
    """The report of another tree (a merge base), quietly and unjudged."""
    ready = settled(project, stages, arguments, session)
    return _checked(project, stages, arguments, session, PlainProgress(lambda _line: None), ready)[0]


def _checked(
    project: Project,
    stages: tuple[Stage, ...],
    arguments: argparse.Namespace,
    session: Session,
    progress: PlainProgress | LiveProgress,
    ready: Settled,
) -> tuple[Report, Run, Surroundings]:
    surroundings, before = ready.surroundings, ready.before
    dependencies = surroundings.dependencies
    earlier = changed_since(before, project.root)  # by the tests of another project
    with ExitStack() as stack:
        stack.callback(getattr(progress, "close", lambda: None))
        advice = advice_for(project, dependencies, stages, arguments.offline, session, stack)
        services = services_of(project, advice, surroundings, progress, arguments, session)
        tools = tools_by_name(project.config)
        load_ahead()
        run = check(project.config, tools, stages, project.tree, project.sources, dependencies, services)
        # Inside: what a live advisory service did not say is asked again, and so needs it still.
        limits = (session.runner.sandbox.why,) if session.runner.sandbox.why else ()
        report = report_of(project, run, dependencies, advice, session, services.results, limits)
    report = with_changes(report, changed_since(before, project.root), stages)
    if earlier:
        gap = Gap("tree", f"changed before this project was checked: {', '.join(earlier[:5])}", final=True)
        report = replace(report, gaps=(*report.gaps, gap))
    if services.results is not None and run.processes:
        keep_small(session)
    return report, run, surroundings


def with_changes(report: Report, changed: tuple[str, ...], stages: tuple[Stage, ...]) -> Report:
    """A tree that changed under the tools is told; unless the project's own tests may have done it, it is a gap."""
    if not changed:
        return report
    names = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
    said = f"changed while the tools ran: {names}"
    if Stage.TEST in stages:
        return replace(report, notes=(*report.notes, f"the tree {said}"))
    return replace(report, gaps=(*report.gaps, Gap("tree", said)))


def dependencies_of(project: Project) -> Dependencies:
    """What the project declares."""
    from py_secure_ci.dependencies.read_all import read_dependencies

    text = tuple(path for path in project.tree.files if path not in project.tree.binary)
    return read_dependencies(text, lambda path: project.sources.text(path) or "")


def services_of(
    project: Project,
    advice: Advice,
    surroundings: Surroundings,
    progress: Observer,
    arguments: argparse.Namespace,
    session: Session,
) -> Services:
    """The hands of the pipeline for one project."""
    installer = Installer(project, session)
    return Services(
        run=session.run,
        install=installer.install,
        environment=session.environment,
        scratch=session.new_folder,
        open_scratch=session.open_folder,
        interpreter=surroundings.interpreter,
        history=surroundings.history,
        observer=progress,
        jobs=arguments.jobs or os.cpu_count() or 1,
        advisory_url=advice.url,
        offline=arguments.offline,
        stopped=lambda: bool(session.interrupted),
        results=None if arguments.no_cache else results_of(project, advice, session),
        costs=None if arguments.no_cache else costs_of(project, session),
        guarded=(*ours(project, session), *beside(project), *within_reach(project, session)),
        open_tree=not session.runner.sandbox.readonly,
        open_install=_named_install(project) or not session.runner.sandbox.readonly,
    )


def _named_install(project: Project) -> bool:
    """Whether the YAML names a command of its own, which may write into the tree."""
    return isinstance(project.config.environment.install, tuple)


def report_of(
    project: Project,
    run: Run,
    dependencies: Dependencies,
    advice: Advice,
    session: Session,
    results: Results | None,
    limits: tuple[str, ...],
) -> Report:
    """The report of a run, before it is compared and judged. `limits`: what the machine could not do."""
    gaps = list(project.tree.gaps)
    if session.interrupted:
        gaps.append(_interruption(session))
    python = any(path.endswith((".py", ".pyi", ".ipynb")) for path in project.tree.files)
    if not python and not project.tree.scripts and not project.tree.elsewhere:
        gaps.append(Gap("project", "there are no Python files here: is this the right folder?"))
    gaps += _unread(run, dependencies)
    byte_columns = {tool.name for tool in TOOLS if tool.byte_columns}
    memo = {"memo": results.assembled} if results else {}
    outcomes = assemble(run.outcomes, project.sources, advice.join, byte_columns, **memo)
    test = project.config.stages.get(Stage.TEST)
    hints = django_hint(dependencies, project.tree.files, test.tools) if test else ()
    how = (f"the project's environment: {run.interpreter.how}",) if run.interpreter else ()
    return Report(
        version=VERSION,
        context=_context(project, run, advice, session),
        outcomes=outcomes,
        gaps=tuple(gaps),
        excluded=project.tree.excluded,
        notes=(*project.tree.notes, *advice.notes, *how, *hints, *limits),
        dependencies=dependencies,
        components=run.components,
    )


def _unread(run: Run, dependencies: Dependencies) -> list[Gap]:
    """Declarations that nobody could read, where there is an SBOM to miss them and no audit to tell."""
    names = {one.tool.name for one in run.outcomes}
    if "pip-audit" in names or not any(one.tool.stage is Stage.SBOM for one in run.outcomes):
        return []
    return [Gap(one.file, one.reason, one.line) for one in dependencies.unpinned if one.name == one.file]


def _context(project: Project, run: Run, advice: Advice, session: Session) -> Context:
    repository = project.tree.repository
    time = project.git.commit_time() if repository and repository.commit else ""
    return Context(
        project=visible(project.root.name),
        prefix=repository.prefix if repository else "",
        commit=repository.commit if repository else "",
        tree=tree_digest(project.sources, project.tree.files),
        branch=session.ci.branch or (repository.branch if repository else ""),
        host=session.ci.host,
        repository_uri=session.ci.repository_uri,
        python=run.interpreter.version if run.interpreter else "",
        config_file=project.config.file,
        config_digest=project.config.digest,
        advisories=advice.source,
        offline=advice.offline,
        time=time,
        committed=f"{time}Z" if time else "",
    )


def progress_of(session: Session) -> PlainProgress | LiveProgress:
    """Who tells how far we are."""
    if session.ci.host == "local" and sys.stderr.isatty():
        return LiveProgress()
    return PlainProgress(lambda line: print(line, file=sys.stderr, flush=True))
