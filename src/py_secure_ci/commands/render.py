"""`render`: write a report.json in another format."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from py_secure_ci.all_formats import ALL_FORMATS
from py_secure_ci.commands.history import read_history
from py_secure_ci.commands.reports import read_report
from py_secure_ci.config.schema_errors import did_you_mean
from py_secure_ci.errors import UsageError
from py_secure_ci.formats import html
from py_secure_ci.output import write_one


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Render to a file or to standard output; 0 whatever the verdict."""
    formats = {one.name: one for one in ALL_FORMATS}
    if arguments.format not in formats:
        raise UsageError(
            f"--format {arguments.format}: there is no such format.{did_you_mean(arguments.format, formats)}"
        )
    report, verdict = read_report(arguments.report)
    if arguments.history and arguments.format != "html":
        raise UsageError(f"--history: {arguments.format} shows no trend", hint="Only html does.")
    history = read_history(arguments.history)
    text = html.render(report, verdict, history) if history else formats[arguments.format].render(report, verdict)
    if arguments.output:
        write_one(Path(arguments.output), text)
    else:
        sys.stdout.write(text)
    return 0
