"""Why a run is INCOMPLETE: a tool gave no answer, something due was not looked at, or nothing was checked at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from py_secure_ci.config.policy_settings import AcceptedGap, PolicySettings
from py_secure_ci.model import Gap
from py_secure_ci.path_globs import fits
from py_secure_ci.report import Completed, Failed, Report
from py_secure_ci.tables import matches_any

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Completeness:
    """`reasons` is empty when everything due was looked at or is answered for."""

    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    unused: tuple[str, ...]


def completeness(report: Report, settings: PolicySettings, today: date) -> Completeness:
    """Judge what was not looked at."""
    reasons = [f"{one.tool.name} gave no verdict: {one.reason}" for one in report.outcomes if isinstance(one, Failed)]
    used: set[AcceptedGap] = set()
    for name, gaps in _gaps(report):
        left = []
        for gap in gaps:
            accepting = [one for one in settings.accepted_gaps if not gap.final and _accepts(one, name, gap)]
            valid = [one for one in accepting if not _expired(one, today)]
            used.update(accepting)
            if not valid:
                left.append(gap)
        if left:
            reasons.append(_sentence(name, left))
    if not any(isinstance(one, Completed) for one in report.outcomes):
        reasons.append("nothing was checked: no tool completed")
    expired = [one for one in settings.accepted_gaps if _expired(one, today)]
    failed = any(isinstance(one, Failed) for one in report.outcomes)
    return Completeness(
        tuple(reasons),
        tuple(f"{one.place}: the accepted gap {one.subject!r} expired on {one.expires}" for one in expired),
        tuple(
            f"{one.place}: the accepted gap {one.subject!r} is no gap any more: remove it"
            for one in settings.accepted_gaps
            if one not in used and one not in expired and not failed
        ),
    )


def _gaps(report: Report) -> list[tuple[str, Sequence[Gap]]]:
    ours: list[tuple[str, Sequence[Gap]]] = [("", report.gaps)]
    return ours + [(one.tool.name, one.gaps) for one in report.outcomes if isinstance(one, Completed)]


def _accepts(accepted: AcceptedGap, tool: str, gap: Gap) -> bool:
    if not matches_any(tool, (accepted.tool,)):
        return False
    return accepted.subject == gap.subject or fits(gap.subject, (accepted.subject,))


def _expired(accepted: AcceptedGap, today: date) -> bool:
    return bool(accepted.expires) and date.fromisoformat(accepted.expires) < today


def _sentence(tool: str, gaps: Sequence[Gap]) -> str:
    shown = "; ".join(f"{gap.subject}: {gap.reason}" for gap in gaps[:_SHOWN])
    more = f"; and {len(gaps) - _SHOWN} more" if len(gaps) > _SHOWN else ""
    who = f"{tool} did not look at" if tool else "not looked at:"
    return f"{who} {len(gaps)} of what was due ({shown}{more})" if tool else f"{who} {shown}{more}"
