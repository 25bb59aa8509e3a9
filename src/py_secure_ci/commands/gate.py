"""`gate`: judge a report.json again (GitLab's second job)."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from py_secure_ci.commands.configuration import find_config, project_root
from py_secure_ci.commands.projects import config_in
from py_secure_ci.commands.reports import read_report, report_of_project
from py_secure_ci.commands.show import exit_status, print_console
from py_secure_ci.config.overrides import override
from py_secure_ci.config.settings import Config
from py_secure_ci.errors import ReportError
from py_secure_ci.judging import baseline as baselines
from py_secure_ci.judging.baseline import Baseline
from py_secure_ci.judging.joining import ROOT, Judgement, joined
from py_secure_ci.judging.policy import MADE_UP, judge
from py_secure_ci.model import State
from py_secure_ci.report import Completed, Report, Verdict


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Judge what the report holds by the configuration that is here, print the page, end with the verdict's status.

    What was known is taken from the report's own verdict: the base that it was compared with may not be here.
    """
    root = project_root(arguments.path)
    config = find_config(root, arguments.config)
    report, before = read_report(arguments.report)
    if report.context.projects:
        report, verdict = joined([_of_project(one, root, config, arguments) for one in report.context.projects])
    else:
        verdict = _judged(arguments.report, report, before, config, arguments)
    print_console(report, verdict, f"py-secure-ci render {arguments.report} --format html -o report.html")
    return exit_status(verdict, arguments.exit_zero)


def _of_project(project: str, root: Path, config: Config, arguments: argparse.Namespace) -> Judgement:
    """One of several projects: its own report lies below that over all of them."""
    name = report_of_project(arguments.report, project)
    report, before = read_report(name)
    verdict = _judged(name, report, before, config_in(root, config, project), arguments)
    return Judgement(folder="" if project == ROOT else project, report=report, verdict=verdict)


def _judged(name: str, report: Report, before: Verdict, config: Config, arguments: argparse.Namespace) -> Verdict:
    if config.digest != report.context.config_digest:
        raise ReportError(
            f"{name}: the report was made with another configuration "
            f"({report.context.config_file or 'the defaults'}) than the one that is here "
            f"({config.file or 'the defaults'})",
            hint="Give the project's folder and --config as `run` had them, or run again.",
        )
    today = datetime.now(timezone.utc).date()
    config = override(config, arguments.fail_on, None)
    carried = tuple(one for one in before.reasons if one.endswith(MADE_UP))
    return judge(report, config.policy, baseline=_known(report, before), today=today, carried=carried)


def _known(report: Report, before: Verdict) -> Baseline | None:
    """The baseline that the first judgement had, as far as the report still needs it; None if it had none."""
    if report.context.base_source in ("", "none"):
        return None
    known = {one.fingerprint for one in before.findings if one.state is State.EXISTING}
    before_blocked = known.intersection(before.blocking)
    outcomes = tuple(
        replace(one, findings=tuple(finding for finding in one.findings if finding.fingerprint in known))
        if isinstance(one, Completed)
        else one
        for one in report.outcomes
    )
    known_then = baselines.of_report(replace(report, outcomes=outcomes))
    # What was known and blocked nevertheless was known as suppressed, and the suppression is gone.
    entries = (replace(one, suppressed=not before_blocked.isdisjoint(one.fingerprints)) for one in known_then.entries)
    return replace(known_then, entries=tuple(sorted(entries)))
