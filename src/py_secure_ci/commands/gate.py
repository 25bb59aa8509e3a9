"""`gate`: judge a report.json again (GitLab's second job)."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from datetime import datetime, timezone

from py_secure_ci.commands.reports import read_report
from py_secure_ci.commands.show import exit_status, print_console


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Print the page; the exit status is the verdict's.

    The verdict is the one that the report holds: it was judged against a baseline that may not be here any more.
    """
    report, verdict = read_report(arguments.report)
    print_console(report, verdict, f"py-secure-ci render {arguments.report} --format html -o report.html")
    return exit_status(verdict, arguments.exit_zero)


def today() -> str:
    """Today in UTC."""
    return datetime.now(timezone.utc).date().isoformat()
