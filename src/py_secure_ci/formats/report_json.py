"""The canonical report.json."""

from __future__ import annotations

from py_secure_ci.report import Report, Verdict
from py_secure_ci.serial.codec import report_to_text


def render(report: Report, verdict: Verdict) -> str:
    """Everything, losslessly; its schema is `schemas/report.schema.json`."""
    return report_to_text(report, verdict)
