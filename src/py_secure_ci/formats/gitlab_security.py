"""GitLab's three security reports (schema 15.2.1): sast, secret_detection, dependency_scanning.

A finding goes into exactly one: by its stage into the second and the third, every other security finding into the
first. `scan.status` is `failure` unless every tool that could have had a say looked at all it was due to look at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from py_secure_ci.formats.escaping import cut, one_line, visible
from py_secure_ci.formats.gitlab_identifiers import identifiers
from py_secure_ci.formats.json_text import array_text, object_text
from py_secure_ci.formats.judged import active, stage_of, stages
from py_secure_ci.formats.places import Places
from py_secure_ci.model import Finding, Kind, Location, Rule, Severity, Stage
from py_secure_ci.report import Completed, Failed, Outcome, Report, Verdict

VERSION = "15.2.1"
_NAMESPACE = UUID("5f0c7c3e-7f0d-5b0f-9d3c-0a8f6a1b2c4d")
_NO_TIME = "1970-01-01T00:00:00"  # formats know no clock
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_NO_COMMIT = "0000000"
_MAX_MESSAGES = 100
_SEVERITIES = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.UNKNOWN: "Unknown",
    Severity.ERROR: "High",
    Severity.MEDIUM: "Medium",
    Severity.WARNING: "Medium",
    Severity.LOW: "Low",
    Severity.NOTE: "Low",
    Severity.INFO: "Info",
}


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a report says around its findings."""

    report: Report
    places: Places
    rules: Mapping[tuple[str, str], Rule]
    seen: Counter[str]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the three: whose tools it speaks for, and how it says where."""

    type: str
    stage: Stage  # without a tool of this stage there was no scan
    stages: frozenset[Stage]
    takes: Callable[[Finding, Stage], bool]
    where: Callable[[Finding, Location | None, _Scope], dict[str, Any]]


def render_sast(report: Report, verdict: Verdict) -> str:
    """Make the gl-sast-report.json."""
    return _render(_SAST, report, verdict)


def render_secret_detection(report: Report, verdict: Verdict) -> str:
    """Make the gl-secret-detection-report.json; the secret itself is nowhere in it."""
    return _render(_SECRETS, report, verdict)


def render_dependency_scanning(report: Report, verdict: Verdict) -> str:
    """Make the gl-dependency-scanning-report.json."""
    return _render(_DEPENDENCIES, report, verdict)


def _render(kind: _Kind, report: Report, verdict: Verdict) -> str:
    of_tool = stages(report)
    scope = _Scope(report, Places(report), _rules(report), Counter())
    data: dict[str, Any] = {"version": VERSION, "scan": _scan(kind, report)}
    if kind is _DEPENDENCIES:
        data["dependency_files"] = _dependency_files(scope)
    vulnerabilities = array_text(
        _vulnerability(kind, finding, scope)
        for finding in active(verdict)
        if kind.takes(finding, stage_of(finding, of_tool))
    )
    return object_text(data, vulnerabilities=vulnerabilities) + "\n"


def _rules(report: Report) -> dict[tuple[str, str], Rule]:
    return {
        (outcome.tool.name, rule.id): rule
        for outcome in report.outcomes
        if isinstance(outcome, Completed)
        for rule in outcome.rules
    }


# --- the scan ---------------------------------------------------------------------------------------------------------


def _scan(kind: _Kind, report: Report) -> dict[str, Any]:
    program = {
        "id": "py-secure-ci",
        "name": "py-secure-ci",
        "version": visible(report.version) or "0",
        "vendor": {"name": "py-secure-ci"},
    }
    due = [outcome for outcome in report.outcomes if outcome.tool.stage in kind.stages]
    messages = list(_messages(kind, report, due))
    time = report.context.time if _TIME.fullmatch(report.context.time) else _NO_TIME
    data: dict[str, Any] = {
        "analyzer": program,
        "scanner": program,
        "type": kind.type,
        "start_time": time,
        "end_time": time,
        "status": "failure" if any(level != "info" for level, _ in messages) else "success",
    }
    if messages:
        told = [{"level": level, "value": cut(one_line(text), 1000)} for level, text in messages[:_MAX_MESSAGES]]
        if len(messages) > _MAX_MESSAGES:
            told.append({"level": "warn", "value": f"{len(messages) - _MAX_MESSAGES} more were not looked at"})
        data["messages"] = told
    return data


def _messages(kind: _Kind, report: Report, due: list[Outcome]) -> Iterator[tuple[str, str]]:
    if not any(outcome.tool.stage is kind.stage for outcome in due):
        yield "fatal", f"no tool of the stage {kind.stage.value} was part of this run"
    for outcome in due:
        name = outcome.tool.label
        if isinstance(outcome, Failed):
            yield "fatal", f"{name} failed: {outcome.reason}"
        elif isinstance(outcome, Completed):
            for gap in outcome.gaps:
                yield "warn", f"{name} did not look at {gap.subject}: {gap.reason}"
        else:
            yield "info", f"{name} had nothing to look at: {outcome.reason}"
    for gap in report.gaps:
        yield "warn", f"{gap.subject} was not looked at: {gap.reason}"


# --- vulnerabilities --------------------------------------------------------------------------------------------------


def _vulnerability(kind: _Kind, finding: Finding, scope: _Scope) -> dict[str, Any]:
    place = scope.places.of(finding)
    text = visible(finding.message, keep="\n\t").strip() or finding.name
    data: dict[str, Any] = {
        "id": _id(kind, finding, scope),
        "name": cut(one_line(text), 255),
        "description": cut(text, 10_000),
        "severity": _SEVERITIES[finding.severity],
        "identifiers": identifiers(finding, scope.rules.get((finding.tool, finding.rule))),
        "location": kind.where(finding, place, scope),
    }
    if solution := _solution(finding):
        data["solution"] = solution
    if place is not None and place.line is not None and kind is not _DEPENDENCIES:
        data["tracking"] = _tracking(finding, place, scope.places)
    return data


def _id(kind: _Kind, finding: Finding, scope: _Scope) -> str:
    path = finding.location.path if finding.location else ""
    own = (finding.fingerprint,) if finding.fingerprint else (path, finding.line_hash, finding.anchor)
    identity = "\0".join((kind.type, scope.report.context.prefix, finding.tool, finding.rule, *own))
    scope.seen[identity] += 1
    return str(uuid5(_NAMESPACE, repr((identity, scope.seen[identity]))))  # repr: a name may hold half a surrogate pair


def _solution(finding: Finding) -> str:
    advisory = finding.advisory
    parts = [finding.fix]
    if advisory is not None and advisory.upgrade is not None and not finding.fix:
        parts = [f"Upgrade {advisory.package} to {advisory.upgrade}.", advisory.command]
    return cut(visible("\n".join(part for part in parts if part), keep="\n\t"), 7000)


def _tracking(finding: Finding, place: Location, places: Places) -> dict[str, Any]:
    lines = _lines(place)
    value = finding.fingerprint or finding.line_hash or f"{lines['start_line']}"
    signatures = [{"algorithm": "hash", "value": value}]
    return {"type": "source", "items": [{"file": places.shown(place.path), **lines, "signatures": signatures}]}


def _lines(place: Location) -> dict[str, int]:
    line = max(1, place.line or 1)
    return {"start_line": line, "end_line": max(line, place.end_line or line)}


# --- where ------------------------------------------------------------------------------------------------------------


def _source(_: Finding, place: Location | None, scope: _Scope) -> dict[str, Any]:
    return {"file": "."} if place is None else {"file": scope.places.shown(place.path), **_lines(place)}


def _in_commit(finding: Finding, place: Location | None, scope: _Scope) -> dict[str, Any]:
    commit = {"sha": visible(scope.report.context.commit) or _NO_COMMIT}
    return {**_source(finding, place, scope), "commit": commit}


def _dependency(finding: Finding, place: Location | None, scope: _Scope) -> dict[str, Any]:
    advisory = finding.advisory
    name, version = (advisory.package, advisory.version) if advisory else (finding.anchor or "unknown", "unknown")
    dependency: dict[str, Any] = {"package": {"name": visible(name)}, "version": visible(version)}
    if advisory is not None and advisory.direct is not None:
        dependency["direct"] = advisory.direct
    return {"file": scope.places.shown(place.path) if place else ".", "dependency": dependency}


def _dependency_files(scope: _Scope) -> list[dict[str, Any]]:
    return [
        {
            "path": scope.places.shown(declaration.file) or visible(declaration.file) or ".",
            "package_manager": visible(declaration.manager) or "pip",
            "dependencies": [
                {"package": {"name": visible(pin.name)}, "version": visible(pin.version)} for pin in declaration.pins
            ],
        }
        for declaration in scope.report.dependencies.declarations
    ]


_SAST = _Kind(
    "sast",
    Stage.SAST,
    frozenset({Stage.LINT, Stage.SAST, Stage.CI}),
    lambda finding, stage: finding.severity.kind is Kind.SECURITY and stage not in {Stage.SECRETS, Stage.SCA},
    _source,
)
_SECRETS = _Kind(
    "secret_detection", Stage.SECRETS, frozenset({Stage.SECRETS}), lambda _, stage: stage is Stage.SECRETS, _in_commit
)
_DEPENDENCIES = _Kind(
    "dependency_scanning", Stage.SCA, frozenset({Stage.SCA}), lambda _, stage: stage is Stage.SCA, _dependency
)
