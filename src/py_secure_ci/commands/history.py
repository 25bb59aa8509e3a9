"""Earlier reports that a person names by their folder, for the trend on the page."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from py_secure_ci.commands.reports import read_report
from py_secure_ci.errors import ReportError, UsageError
from py_secure_ci.formats.escaping import neutralise
from py_secure_ci.formats.history import Point, in_order, point

MAX_REPORTS = 200


def history_folder(name: str | None) -> Path | None:
    """The folder of `--history`, if one is named. Raises UsageError if there is none of that name."""
    if name and not os.path.isdir(name):
        raise UsageError(f"--history {name}: there is no such folder", hint="Name a folder with earlier reports.")
    return Path(name) if name else None


def read_history(folder: str | None) -> tuple[Point, ...]:
    """The reports in a folder (`*.json`) and in its sub-folders (`*/report.json`), oldest first.

    One that cannot be read is left out and told on standard error. Raises UsageError if there is no such folder.
    """
    root = history_folder(folder)
    if root is None:
        return ()
    found = sorted([*root.glob("*.json"), *root.glob("*/report.json")])
    points = []
    for path in found[-MAX_REPORTS:]:
        try:
            points.append(point(*read_report(str(path))))
        except ReportError as error:
            print(neutralise(f"history: left out: {error.message}"), file=sys.stderr)
    return in_order(points)
