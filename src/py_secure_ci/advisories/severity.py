"""Severity from CVSS vectors, by the `cvss` library; words as in CVSS v3.1 section 5.

Several vectors (of versions, of merged records) may disagree: the highest base score counts, so that merging records
never hides one, and of equal scores the newer CVSS version is shown. A package that is malware itself is critical.
No vector that can be read: unknown, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from py_secure_ci.model import Severity

_READERS = {"CVSS:3": CVSS3, "CVSS:4": CVSS4}
_STEPS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))


@dataclass(frozen=True, slots=True)
class Judged:
    """`score` is the base score; None and an empty vector where the severity is not from CVSS."""

    severity: Severity
    score: float | None = None
    vector: str = ""


def judge(ids: Iterable[str], vectors: Iterable[str]) -> Judged:
    """The severity of a vulnerability with all its ids and vectors."""
    if any(id_.startswith("MAL-") for id_ in ids):
        return Judged(Severity.CRITICAL)
    scored = [(score, vector) for vector in vectors if (score := base_score(vector)) is not None]
    if not scored:
        return Judged(Severity.UNKNOWN)
    score, vector = max(scored)
    return Judged(next((word for step, word in _STEPS if score >= step), Severity.INFO), score, vector)


def base_score(vector: str) -> float | None:
    """The base score of a CVSS v2, v3 or v4 vector; None if it is not a valid one."""
    try:
        return float(_READERS.get(vector[:6], CVSS2)(vector).base_score)
    except (CVSSError, ValueError, KeyError, TypeError):
        return None
