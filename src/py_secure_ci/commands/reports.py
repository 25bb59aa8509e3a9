"""Reading a report.json that a person names."""

from __future__ import annotations

from pathlib import Path

from py_secure_ci.commands.inside import inside
from py_secure_ci.errors import ReportError
from py_secure_ci.output import CANONICAL, folder_of
from py_secure_ci.report import Report, Verdict
from py_secure_ci.serial.codec import report_from_text

MAX_BYTES = 1024 * 1024 * 1024


def read_report(name: str) -> tuple[Report, Verdict]:
    """Report and verdict of a file. Raises ReportError with the file's name for whatever is wrong."""
    path = Path(name)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ReportError(f"{name}: this file is too large to be a report")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ReportError(f"{name}: cannot be read: {error.strerror}", hint="Name the report.json of a run.") from None
    except UnicodeDecodeError:
        raise ReportError(f"{name}: this is not UTF-8 text, so it is no report.json") from None
    try:
        return report_from_text(text)
    except ReportError as error:
        raise ReportError(f"{name}: {error.message}", hint=error.hint) from None


def report_of_project(name: str, project: str) -> str:
    """The file with the report of one of the projects that the report at `name` is over.

    Raises ReportError where what that one calls the project leads elsewhere: a report is a file that anybody can write.
    """
    place = inside(Path(name).parent, f"{folder_of(project)}/{CANONICAL}")
    if place is None:
        raise ReportError(
            f"{name}: projects: {project!r} leads out of the folder in which the report lies",
            hint="Name the report.json that `py-secure-ci run` wrote for this repository.",
        )
    return str(place)
