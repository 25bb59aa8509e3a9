"""Earlier reports in numbers, for the trend on the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from py_secure_ci.formats.judged import active, blocks
from py_secure_ci.report import Report, Verdict


@dataclass(frozen=True, slots=True)
class Point:
    """One report: when its commit was made (UTC, may be empty), and how many findings stood and blocked."""

    time: str
    commit: str
    status: str
    findings: int
    blocking: int


def point(report: Report, verdict: Verdict) -> Point:
    """The numbers of one report."""
    found, blocking = active(verdict), blocks(verdict)
    stopping = sum(one.fingerprint in blocking for one in found)
    return Point(report.context.time, report.context.commit[:12], verdict.status.value, len(found), stopping)


def in_order(points: Iterable[Point]) -> tuple[Point, ...]:
    """Oldest first, each commit once (the last one given counts)."""
    once = {one.commit or id(one): one for one in points}
    return tuple(sorted(once.values(), key=lambda one: one.time))
