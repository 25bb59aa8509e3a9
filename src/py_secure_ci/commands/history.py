"""Earlier reports that a person names by their folder, for the trend on the page."""

from __future__ import annotations

import sys
from pathlib import Path

from py_secure_ci.commands.reports import read_report
from py_secure_ci.errors import ReportError, UsageError
from py_secure_ci.formats.escaping import neutralise
from py_secure_ci.formats.history import Point, in_order, point

MAX_REPORTS = 200


def read_history(folder: str | None) -> tuple[Point, ...]:
    """The reports in a folder (`*.json`) and in its sub-folders (`*/report.json`), oldest first.

    One that cannot be read is left out and told on standard error. Raises UsageError if there is no such folder.
    """
    if not folder:
        return ()
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"--history {folder}: there is no such folder", hint="Name a folder with earlier reports.")
    found = sorted([*root.glob("*.json"), *root.glob("*/report.json")])
    points = []
    for path in found[-MAX_REPORTS:]:
        try:
            points.append(point(*read_report(str(path))))
        except ReportError as error:
            print(neutralise(f"history: left out: {error.message}"), file=sys.stderr)
    return in_order(points)
