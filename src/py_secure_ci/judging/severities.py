"""One table of severities: CVSS bands, thresholds, and what the YAML overrides by rule glob. See docs/policy.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from py_secure_ci.model import Finding, Kind, Severity
from py_secure_ci.tables import matches_any

WORDS: Mapping[str, Severity] = {one.word: one for one in Severity}
# CVSS v3.1, section 5: the lowest score of each band. 0.0 is "None" there: nothing to block, worth a line.
BANDS: tuple[tuple[float, Severity], ...] = (
    (9.0, Severity.CRITICAL),
    (7.0, Severity.HIGH),
    (4.0, Severity.MEDIUM),
    (0.1, Severity.LOW),
    (0.0, Severity.INFO),
)


def from_score(score: float | None) -> Severity:
    """The severity of a CVSS base score (0 to 10). None is unknown; so is anything out of range."""
    if score is None or not 0.0 <= score <= 10.0:
        return Severity.UNKNOWN
    return next(severity for lowest, severity in BANDS if score >= lowest)


def overridden(finding: Finding, overrides: Mapping[str, str]) -> Finding:
    """The finding with the severity that the last override that fits its rule (or advisory) gives."""
    names = [finding.name]
    if finding.advisory is not None:
        names += [name for id_ in finding.advisory.ids for name in (id_, f"{finding.tool}/{id_}")]
    fitting = [word for glob, word in overrides.items() if any(matches_any(name, (glob,)) for name in names)]
    return replace(finding, severity=WORDS[fitting[-1]]) if fitting else finding


def reaches(severity: Severity, threshold: str) -> bool:
    """Whether a severity is at or above a threshold word of its own kind. Unknown counts as high."""
    if threshold == "none":
        return False
    judged = Severity.HIGH if severity is Severity.UNKNOWN else severity
    return judged.rank >= WORDS[threshold].rank


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By severity, then place, then rule: the order of every output."""
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, str, int, int, str, str]:
    place = finding.location
    where = (place.path, place.line or 0, place.column or 0) if place is not None else ("", 0, 0)
    return (-finding.severity.rank, *where, finding.name, finding.fingerprint)


def threshold(finding: Finding, by_kind: Mapping[Kind, str]) -> bool:
    """Whether the finding reaches the threshold of its kind."""
    return reaches(finding.severity, by_kind[finding.severity.kind])
