"""One finding as a SARIF result: place, fingerprints, fixes, and what policy said of it."""

from __future__ import annotations

from typing import Any

from py_secure_ci.formats.places import Places
from py_secure_ci.formats.sarif_rules import rule_id, score
from py_secure_ci.formats.sarif_text import LIMIT, sarif_text
from py_secure_ci.model import Edit, Finding, Kind, Location, State, Suppression

_MOST = 2**31 - 1  # readers hold lines and columns in 32 bits
_BASELINE = {State.NEW: "new", State.EXISTING: "unchanged", State.FIXED: "absent"}
_SOURCES = {"config": "external", "inline": "inSource", "tool": "inSource"}


def result_data(finding: Finding, index: int, place: Location | None, places: Places) -> dict[str, Any]:
    """A result; `index` is that of its rule, `place` where to show it (None: nowhere)."""
    data: dict[str, Any] = {
        "ruleId": rule_id(finding.rule),
        "ruleIndex": index,
        "level": finding.severity.level.value,
        "message": {"text": _message(finding)},
        "locations": [] if place is None else [{"physicalLocation": _physical(place, finding, places)}],
        "partialFingerprints": _fingerprints(finding),
        "properties": _properties(finding),
    }
    if finding.severity.kind is Kind.SECURITY:
        data["rank"] = round(score(finding) * 10, 1)  # GitLab's own order, for each result
    if finding.edits and not finding.secret and (fix := _fix(finding, places)):
        data["fixes"] = [fix]
    return data


def judgement_data(finding: Finding, places: Places) -> dict[str, Any]:
    """What the audit says on top: suppression and baseline. Uploads go without, GitHub opens suppressed results."""
    data: dict[str, Any] = {"suppressions": [] if not finding.suppression else [_suppression(finding.suppression)]}
    if place := _suppressed_at(finding.suppression, places):
        data["suppressions"][0]["location"] = place
    if finding.state in _BASELINE:
        data["baselineState"] = _BASELINE[finding.state]
    return data


def artifact(path: str, places: Places) -> dict[str, str]:
    """A file of the repository."""
    return {"uri": places.uri(path), "uriBaseId": "%SRCROOT%"}


def region(place: Location, code: str = "") -> dict[str, int]:
    """All four numbers, tight and possible.

    An end before its beginning, or a span of which only the lines are known, is cut down to the first line.
    """
    line = _clamped(place.line)
    end_line = _clamped(place.end_line) if place.end_line is not None and place.end_column is not None else line
    end_line = max(line, end_line)
    known = place.column is not None and place.line is not None
    column = _clamped(place.column) if known else 1 + len(code) - len(code.lstrip())
    if place.end_column is not None and known and (place.end_line is None or place.end_line >= line):
        end_column = _clamped(place.end_column)
    else:
        end_line, end_column = line, len(code.rstrip()) + 1
    if end_line == line and end_column < column:
        end_column = min(column + 1, _MOST)
    if end_column == column == 1 and end_line == line and place.end_column is None:
        end_column = 2
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _clamped(number: int | None) -> int:
    return min(max(1 if number is None else number, 1), _MOST)


def _message(finding: Finding) -> str:
    text = finding.message.strip() or finding.name
    return sarif_text(f"{text}\n\nFix: {finding.fix}" if finding.fix else text)


def _physical(place: Location, finding: Finding, places: Places) -> dict[str, Any]:
    code = finding.code if place is finding.location else ""
    return {"artifactLocation": artifact(place.path, places), "region": region(place, code)}


def _fingerprints(finding: Finding) -> dict[str, str]:
    found = {"primaryLocationLineHash": finding.line_hash, "pySecureCi/v1": finding.fingerprint}
    return {key: value for key, value in found.items() if value}


def _properties(finding: Finding) -> dict[str, Any]:
    data: dict[str, Any] = {"severity": finding.severity.word}
    if finding.confidence is not None:
        data["confidence"] = finding.confidence.value
    if finding.also:
        data["also"] = [sarif_text(name) for name in finding.also[:100]]
    if (advisory := finding.advisory) is not None:
        data["package"] = sarif_text(f"{advisory.package}=={advisory.version}")
        data["advisories"] = [sarif_text(name) for name in advisory.ids[:100]]
        if advisory.upgrade is not None:
            data["upgrade"] = sarif_text(advisory.upgrade)
    return data


def _fix(finding: Finding, places: Places) -> dict[str, Any] | None:
    """All edits or none: half a fix would break the code."""
    files: dict[str, list[dict[str, Any]]] = {}
    for edit in finding.edits:
        place = edit.location
        whole = None not in (place.line, place.column, place.end_line, place.end_column)
        if not whole or not _fits(edit) or not places.path(place.path):
            return None
        replacement = {"deletedRegion": region(place), "insertedContent": {"text": edit.text}}
        files.setdefault(place.path, []).append(replacement)
    changes = [
        {"artifactLocation": artifact(path, places), "replacements": replacements}
        for path, replacements in sorted(files.items())
    ]
    return {"description": {"text": sarif_text(finding.fix) or "Apply the tool's fix."}, "artifactChanges": changes}


def _fits(edit: Edit) -> bool:
    return sarif_text(edit.text, LIMIT) == edit.text


def _suppression(suppression: Suppression) -> dict[str, Any]:
    told = {"owner": suppression.owner, "expires": suppression.expires, "place": suppression.place}
    return {
        "kind": _SOURCES[suppression.source],
        "status": "accepted",
        "justification": sarif_text(suppression.reason) or "no reason was given",
        "properties": {"source": suppression.source, **{key: sarif_text(text) for key, text in told.items() if text}},
    }


def _suppressed_at(suppression: Suppression | None, places: Places) -> dict[str, Any] | None:
    path, colon, line = suppression.place.rpartition(":") if suppression else ("", "", "")
    if not colon or not line.isascii() or not line.isdigit() or not places.path(path):
        return None
    return {
        "physicalLocation": {
            "artifactLocation": artifact(path, places),
            "region": {"startLine": _clamped(int(line[:10]))},
        }
    }
