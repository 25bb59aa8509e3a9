"""`baseline`: keep today's findings as known, or show those that are kept."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from py_secure_ci.commands.comparing import committed
from py_secure_ci.commands.configuration import project_root
from py_secure_ci.commands.inside import inside
from py_secure_ci.commands.project import DEFAULT_OUTPUT
from py_secure_ci.commands.reports import read_report, report_of_project
from py_secure_ci.errors import BaselineError, ReportError
from py_secure_ci.formats.escaping import one_line
from py_secure_ci.judging import baseline as baselines
from py_secure_ci.judging.baseline import BASELINE_FILE
from py_secure_ci.judging.joining import ROOT
from py_secure_ci.output import CANONICAL, write_one
from py_secure_ci.report import Failed, Report


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Write from the last report, or print what the file holds."""
    root = project_root(arguments.path)
    return _show(root) if arguments.action == "show" else _write(root, arguments.report)


def _write(root: Path, given: str | None) -> int:
    name = given or str(root / DEFAULT_OUTPUT / CANONICAL)
    if not given and not os.path.isfile(name):
        raise BaselineError(
            f"there is no report at {name}", hint="Run `py-secure-ci run` first, or name a report.json with --report."
        )
    report, verdict = read_report(name)
    _refuse_incomplete(report, name)
    # Each of several projects has its own verdict, and so its own file. Nothing is written before all are known.
    projects = report.context.projects
    found = {_place(root, name, one): read_report(report_of_project(name, one)) for one in projects}
    for place, (mine, judged) in (found or {root / BASELINE_FILE: (report, verdict)}).items():
        known = baselines.of_report(mine, judged)
        write_one(place, baselines.render(known))
        print(
            one_line(
                f"{place.relative_to(root).as_posix()}: {len(known.entries):,} findings are known from now on. "
                "Commit this file."
            )
        )
    return 0


def _place(root: Path, name: str, project: str) -> Path:
    """Where the baseline of one of several projects goes. Raises ReportError for one that is not in this repository."""
    folder = root if project in ("", ROOT) else inside(root, project)
    if folder is None or not os.path.isdir(folder):
        raise ReportError(
            f"{name}: projects: {project!r} is no folder of {root} (a symbolic link does not count)",
            hint="Name the report.json that `py-secure-ci run` wrote for this repository.",
        )
    return folder / BASELINE_FILE


def _refuse_incomplete(report: Report, name: str) -> None:
    """A tool that gave no answer would have no known findings, and everything it says next week would be new."""
    failed = [one.tool.name for one in report.outcomes if isinstance(one, Failed)]
    if failed:
        raise BaselineError(
            f"{name}: {', '.join(failed)} gave no answer, so a baseline would not know what they find",
            hint="Mend what kept them from answering, run again, then write the baseline.",
        )


def _show(root: Path) -> int:
    known = committed(root)
    if known is None:
        print(f"there is no {BASELINE_FILE} in {root}")
        return 0
    rules = Counter(name for entry in known.entries for name, _ in entry.members)
    print(f"{BASELINE_FILE}: {len(known.entries):,} known findings")
    for name, count in sorted(rules.items(), key=lambda one: (-one[1], one[0])):
        print(one_line(f"{count:8,}  {name}"))
    for tool, state in sorted(known.tools.items()):
        print(one_line(f"  made with {tool} {state.version}"))
    return 0
