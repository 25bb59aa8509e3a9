"""Every exception of the product, as a tree; each carries the exit status that it ends in."""

from __future__ import annotations


class PySecureCiError(Exception):
    """The root. `exit_status` is what the process ends with when nobody handles the error."""

    exit_status = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        """`message` says what happened and where; `hint` says what to do about it."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(PySecureCiError):
    """The command line asks for something that cannot be done."""

    exit_status = 2


class ConfigError(UsageError):
    """The YAML file is wrong. The message starts with `file:line: key:`."""


class SourceError(PySecureCiError):
    """The tree to check cannot be read (not a folder, a broken git repository, …)."""


class OutputError(PySecureCiError):
    """A report file cannot be written."""


class ReportError(UsageError):
    """A `report.json` given to us is not one of ours, or is damaged."""


class ToolchainError(PySecureCiError):
    """A tool's environment cannot be made (no network, a wrong hash, no such interpreter)."""


class ProjectEnvironmentError(PySecureCiError):
    """The project's own environment cannot be found or made."""


class WrongShape(PySecureCiError):
    """What a tool (or a data file) wrote is not of the documented shape: never read as empty."""


class AdvisoryError(PySecureCiError):
    """The advisory data is missing, damaged or too old to judge by."""


class BaselineError(UsageError):
    """A baseline file is damaged or was written by an unknown version."""


class Interrupted(PySecureCiError):
    """SIGTERM or SIGINT arrived; what had finished by then is reported."""
