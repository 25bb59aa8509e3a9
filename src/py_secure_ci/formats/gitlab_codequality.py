"""GitLab Code Quality: every active finding, on every tier (docs.gitlab.com, ci/testing/code_quality)."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256

from py_secure_ci.formats.escaping import cut, one_line
from py_secure_ci.formats.json_text import array_text
from py_secure_ci.formats.judged import active
from py_secure_ci.formats.places import Places
from py_secure_ci.model import Finding, Severity
from py_secure_ci.report import Report, Verdict

_SEVERITIES = {
    Severity.CRITICAL: "blocker",
    Severity.HIGH: "critical",
    Severity.UNKNOWN: "critical",  # judged as high
    Severity.ERROR: "critical",
    Severity.MEDIUM: "major",
    Severity.WARNING: "major",
    Severity.LOW: "minor",
    Severity.NOTE: "minor",
    Severity.INFO: "info",
}
_NOWHERE = "."  # a path is required; the project itself stands for what is about no file


def render(report: Report, verdict: Verdict) -> str:
    """A JSON array; `[]` for none."""
    places = Places(report)
    seen: Counter[str] = Counter()
    return array_text(_entry(finding, report, places, seen) for finding in active(verdict)) + "\n"


def _entry(finding: Finding, report: Report, places: Places, seen: Counter[str]) -> dict[str, object]:
    place = places.of(finding)
    text = one_line(finding.message) or finding.name
    return {
        "description": cut(f"{text} Fix: {one_line(finding.fix)}" if finding.fix else text, 1024),
        "check_name": cut(one_line(finding.name), 255),
        "fingerprint": _fingerprint(finding, report.context.prefix, seen),
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": places.shown(place.path) if place else _NOWHERE,
            "lines": {"begin": max(1, place.line or 1) if place else 1},
        },
    }


def _fingerprint(finding: Finding, prefix: str, seen: Counter[str]) -> str:
    """Stable while lines move; GitLab shows findings with the same one once, so twins are numbered."""
    path = finding.location.path if finding.location else ""
    own = (finding.fingerprint,) if finding.fingerprint else (path, finding.line_hash, finding.anchor)
    identity = "\0".join((prefix, finding.tool, finding.rule, *own))
    seen[identity] += 1
    return sha256(f"{identity}\0{seen[identity]}".encode("utf-8", "surrogatepass")).hexdigest()
