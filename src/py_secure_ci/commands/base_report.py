"""A stored report of the merge base, such as an artifact: believed only where it is about the very same thing."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from py_secure_ci.commands.base_scan import NOT_AT_BASE, known_of
from py_secure_ci.commands.project import Project
from py_secure_ci.commands.reports import read_report, report_of_project
from py_secure_ci.dependencies.read_all import read_dependencies
from py_secure_ci.errors import PySecureCiError, ReportError, SourceError
from py_secure_ci.judging.baseline import Baseline
from py_secure_ci.judging.fingerprints import with_fingerprints
from py_secure_ci.model import Finding, Stage
from py_secure_ci.report import Completed, Failed, Report
from py_secure_ci.version import VERSION


def known_from(
    name: str, commit: str, project: Project, stages: tuple[Stage, ...], advisories: str
) -> tuple[Baseline | None, str]:
    """What the report makes known, or None and why it is of no use. `advisories`: the data that today's run asks."""
    try:
        report = _of_project(name, project)
        problem = _problem(report, commit, project, stages, advisories)
        if problem:
            return None, f"{name} was not used: {problem}"
        return known_of(_as_stored(report, commit, project), project.config.policy), ""
    except PySecureCiError as error:
        words = error.message if isinstance(error, ReportError) else f"{name}: {error.message}"
        return None, f"{words}, so it was not used"


def _of_project(name: str, project: Project) -> Report:
    """The report, or that of this very project beside one over several. Raises ReportError."""
    report, _ = read_report(name)
    if not report.context.projects:
        return report
    prefix = _prefix(project)
    for one in report.context.projects:
        own, _ = read_report(report_of_project(name, one))
        if own.context.prefix == prefix:
            return own
    raise ReportError(f"{name}: none of its projects is the folder {prefix or '.'}")


def _prefix(project: Project) -> str:
    return project.tree.repository.prefix if project.tree.repository else ""


def _problem(report: Report, commit: str, project: Project, stages: tuple[Stage, ...], advisories: str) -> str:
    context, prefix = report.context, _prefix(project)
    if context.commit != commit:
        return f"it is of commit {context.commit[:12] or '(none)'}, and the merge base is {commit[:12]}"
    if context.prefix != prefix:
        return f"it is of the folder {context.prefix or '.'}, and this is {prefix or '.'}"
    if context.config_digest != project.config.digest:
        return "it was made with another configuration"
    if report.version != VERSION:
        return f"it was made by py-secure-ci {report.version}, and this is {VERSION}"
    due = {name: stage for stage in stages if stage not in NOT_AT_BASE for name in project.config.stages[stage].tools}
    outcomes = {one.tool.name: one for one in report.outcomes}
    if silent := sorted(name for name in due if name not in outcomes or isinstance(outcomes[name], Failed)):
        return f"{', '.join(silent)} gave no answer in it"
    if Stage.SCA in due.values() and context.advisories != advisories:
        return f"it asked other advisory data ({context.advisories or 'none'}, now {advisories or 'none'})"
    return ""


def _as_stored(report: Report, commit: str, project: Project) -> Report:
    """The report with every fingerprint made anew from the files that git has at the commit.

    A report is a file that anybody can write; so it may say which rule fired on which line, but not what stands there,
    nor that a package was there which the commit does not pin.
    """
    blobs = {entry.path: entry.blob for entry in project.git.tree(commit) if entry.mode.startswith("100")}
    paths = {one.location.path for one in report.findings if one.location is not None and not one.anchor}
    stored = dict(project.git.blobs(blobs[path] for path in paths if path in blobs))

    def source(path: str) -> str | None:
        return stored[blobs[path]].decode("utf-8", "replace") if path in blobs else None

    placed = [one for one in report.findings if one.location is None or one.anchor or one.location.path in blobs]
    pinned = _pinned(project, blobs, {one.location.path for one in placed if one.advisory and one.location})
    findings = [one for one in placed if _possible(one, pinned)]
    marked = iter(with_fingerprints(findings, source))
    kept = {id(one) for one in findings}
    outcomes = tuple(
        replace(one, findings=tuple(next(marked) for finding in one.findings if id(finding) in kept))
        if isinstance(one, Completed)
        else one
        for one in report.outcomes
    )
    return replace(report, outcomes=outcomes)


def _pinned(project: Project, blobs: Mapping[str, str], asked: set[str]) -> frozenset[tuple[str, str]]:
    """(package, version) of what the commit pins. `asked`: the files in which the report says that something is."""
    if not asked:
        return frozenset()

    def text(path: str) -> str:
        if path not in blobs:
            raise SourceError(f"{path} is not in the commit")
        return project.git.blob(blobs[path]).decode("utf-8", "replace")

    found = read_dependencies(tuple(sorted(path for path in blobs if path in asked or not path.endswith(".py"))), text)
    return frozenset((pin.name, pin.version) for pin in found.pins)


def _possible(finding: Finding, pinned: Container[tuple[str, str]]) -> bool:
    known = finding.advisory
    if known is None:
        return True
    return (known.package, known.version) in pinned and finding.anchor.startswith(f"{known.package}:")
