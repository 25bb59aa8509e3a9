"""The rules of a SARIF run: texts, severity, tags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from py_secure_ci.formats.sarif_text import sarif_text, web_uri
from py_secure_ci.model import Confidence, Finding, Kind, Level, Rule, Severity, Stage

# `security-severity` is judged by CVSS bands: critical from 9, high from 7, medium from 4, low from 0.1.
SCORES = {
    Severity.CRITICAL: 9.5,
    Severity.HIGH: 8.0,
    Severity.UNKNOWN: 7.0,  # judged as high
    Severity.MEDIUM: 5.5,
    Severity.LOW: 2.0,
    Severity.INFO: 0.5,
}
_BANDS = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.1, Severity.LOW))
_PROBLEMS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "recommendation"}
_SURE = {Confidence.LOW: 0, Confidence.MEDIUM: 1, Confidence.HIGH: 2}
MAX_TAGS = 10
_MAX_RULE_TAGS = 4
_NAME_LIMIT = 255


def score(finding: Finding) -> float:
    """The number behind `security-severity`: the advisory's own if it says the same as our severity."""
    own = finding.advisory.score if finding.advisory else None
    if own is not None and own <= 10 and finding.severity is next((word for low, word in _BANDS if own >= low), None):
        return own
    return SCORES[finding.severity]


def rule_data(rule: Rule, stage: Stage, findings: Iterable[Finding], tool: str) -> dict[str, Any]:
    """One `reportingDescriptor`.

    A platform reads the severity of a security finding from its rule, so the rule gets that of its worst finding;
    precision is that of the least sure one.
    """
    found = list(findings)
    worst = max(found, key=lambda finding: finding.severity.rank)
    secure = [finding for finding in found if finding.severity.kind is Kind.SECURITY]
    properties: dict[str, Any] = {"tags": _tags(rule, stage, found, bool(secure))}
    if sure := [finding.confidence for finding in found if finding.confidence is not None]:
        properties["precision"] = min(sure, key=_SURE.__getitem__).value
    if secure:
        properties["security-severity"] = f"{max(map(score, secure)):.1f}"
    else:
        properties["problem.severity"] = _PROBLEMS[worst.severity.level]
    summary = sarif_text(rule.summary or rule.name or f"{tool}: {rule.id}")
    data = {
        "id": rule_id(rule.id),
        "name": _name(rule, tool),
        "shortDescription": {"text": summary},
        "fullDescription": {"text": sarif_text(_first_paragraph(rule.help) or summary)},
        "help": _help(rule, summary, tool),
        "defaultConfiguration": {"level": worst.severity.level.value},
        "properties": properties,
    }
    if uri := web_uri(rule.uri):
        data["helpUri"] = uri
    return data


@lru_cache(maxsize=4096)
def rule_id(word: str) -> str:
    """A rule's id as one visible word."""
    return sarif_text(" ".join(word.split()), _NAME_LIMIT) or "unnamed"


def _name(rule: Rule, tool: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", rule.name) or [tool, *re.findall(r"[A-Za-z0-9]+", rule.id)]
    name = "".join(word[:1].upper() + word[1:] for word in words)[:_NAME_LIMIT]
    return name if name.casefold() != rule.id.casefold() else f"{tool.capitalize()}{name}"[:_NAME_LIMIT]


def _first_paragraph(text: str) -> str:
    return text.strip().split("\n\n", 1)[0].strip()


def _help(rule: Rule, summary: str, tool: str) -> dict[str, str]:
    text = sarif_text(rule.help.strip()) or summary
    uri = web_uri(rule.uri)
    if not uri:
        return {"text": text, "markdown": text}
    plain, link = f"\n\nMore: {uri}", f"\n\n[What {tool} says of {rule_id(rule.id)}]({_in_link(uri)})"
    return {
        "text": sarif_text(text, max(64, 1024 - len(plain))) + plain if len(plain) < 960 else text,
        "markdown": sarif_text(text, max(64, 1024 - len(link))) + link if len(link) < 960 else text,
    }


def _in_link(uri: str) -> str:
    return uri.replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")


def _tags(rule: Rule, stage: Stage, findings: list[Finding], secure: bool) -> list[str]:
    weaknesses = sorted({*rule.cwe, *(number for finding in findings for number in finding.cwe)})
    tags = {("security" if secure else "quality"): None, stage.value: None}
    for tag in rule.tags[:_MAX_RULE_TAGS]:
        if tag != "security":  # that word is ours to give: it makes an alert a security alert
            tags[sarif_text(tag, 100)] = None
    for number in weaknesses:
        if len(tags) + 2 <= MAX_TAGS:  # GitHub reads the first form, GitLab the second
            tags |= {f"external/cwe/cwe-{number:03d}": None, f"cwe-{number}": None}
    return list(tags)
