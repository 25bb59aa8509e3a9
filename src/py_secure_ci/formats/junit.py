"""JUnit XML of the findings, one suite a stage, for every CI that reads nothing else.

Red and green agree with the gate: only what blocks is a failure; what is known or below the threshold is `skipped`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from py_secure_ci.formats.escaping import cut, one_line, visible
from py_secure_ci.formats.judged import WORDS, active, blocks, by_stage, headline
from py_secure_ci.formats.places import Places
from py_secure_ci.model import Finding, Gap, Stage
from py_secure_ci.report import Completed, Failed, Outcome, Report, Verdict

_NO_XML = re.compile("[\ufffe\uffff\U0001fffe\U0001ffff]")  # what is left of it after `visible`
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\n", "&#10;"), ("\t", "&#9;"))
_MAX_NAME = 255


def render(report: Report, verdict: Verdict) -> str:
    """The whole document."""
    findings = by_stage(active(verdict), report)
    writer = _Cases(report, verdict)
    suites = []
    for stage in Stage:
        outcomes = [outcome for outcome in report.outcomes if outcome.tool.stage is stage]
        cases = [case for outcome in outcomes for case in writer.of_outcome(outcome)]
        cases += [writer.of_finding(finding) for finding in findings.get(stage, ())]
        if cases:
            suites.append(_suite(stage.value, cases))
    run = [writer.of_verdict(), *(writer.of_gap("py-secure-ci", gap) for gap in report.gaps)]
    suites.append(_suite("verdict", run))
    cases = [case for _, some in suites for case in some]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites {_attributes(name='py-secure-ci', **_counts(cases))}>",
    ]
    lines += [text for text, _ in suites]
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(name: str, cases: list[str]) -> tuple[str, list[str]]:
    lines = [f"<testsuite {_attributes(name=name, **_counts(cases))}>", *cases, "</testsuite>"]
    return "\n".join(lines), cases


def _counts(cases: list[str]) -> dict[str, int]:
    kinds = {"failures": "><failure ", "errors": "><error ", "skipped": "><skipped "}
    return {"tests": len(cases), **{key: sum([mark in case for case in cases]) for key, mark in kinds.items()}}


def _text(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        text = _NO_XML.sub("\ufffd", visible(text, keep="\n\t"))
    for char, escape in _ESCAPES:
        if char in text:
            text = text.replace(char, escape)
    return text


def _attributes(**values: str | int | None) -> str:
    return " ".join([f'{key}="{_text(str(value))}"' for key, value in values.items() if value not in ("", None)])


def _case(classname: str, name: str, inside: str = "", **more: str | int | None) -> str:
    attributes = _attributes(classname=classname, name=cut(one_line(name), _MAX_NAME), **more)
    return f"<testcase {attributes}>{inside}</testcase>" if inside else f"<testcase {attributes}/>"


def _outcome(kind: str, message: str, type_: str, body: Sequence[str] = ()) -> str:
    told = "\n".join([_text(line) for line in body if line])
    return f"<{kind} {_attributes(message=cut(one_line(message), 1000), type=type_)}>{told}</{kind}>"


class _Cases:
    """Makes test cases; names hold no line numbers, so a CI that compares runs by name sees no news in moved code."""

    def __init__(self, report: Report, verdict: Verdict) -> None:
        self._places = Places(report)
        self._blocking = blocks(verdict)
        self._verdict = verdict
        self._seen: dict[str, int] = {}

    def of_outcome(self, outcome: Outcome) -> list[str]:
        name = outcome.tool.label
        if isinstance(outcome, Failed):
            body = (outcome.detail, outcome.hint)
            return [_case(name, f"{name} ran", _outcome("error", outcome.reason, "failed", body))]
        if not isinstance(outcome, Completed):
            return [_case(name, f"{name} ran", _outcome("skipped", outcome.reason, "nothing to look at"))]
        return [_case(name, f"{name} ran"), *(self.of_gap(name, gap) for gap in outcome.gaps)]

    def of_gap(self, name: str, gap: Gap) -> str:
        # A gap that somebody answers for does not make the run incomplete.
        kind = "error" if self._verdict.incomplete else "skipped"
        told = f"{gap.subject} was not looked at: {gap.reason}"
        return _case(name, self._once(f"looked at {gap.subject}"), _outcome(kind, told, "coverage gap"))

    def of_verdict(self) -> str:
        inside = ""
        if self._verdict.incomplete:
            inside = _outcome("error", headline(self._verdict), "incomplete", self._verdict.incomplete)
        return _case("py-secure-ci", "everything was checked", inside)

    def of_finding(self, finding: Finding) -> str:
        place = self._places.of(finding)
        path = self._places.shown(place.path) if place else ""
        line = place.line if place else None
        blocking = finding.fingerprint in self._blocking
        standing = "blocks" if blocking else WORDS[finding.state]
        name = f"{path}: {finding.message}" if path else finding.message
        body = [f"{path}:{line}" if path and line else path, finding.message, f"severity: {finding.severity.word}"]
        body += [f"fix: {finding.fix}"] * bool(finding.fix)
        told = _outcome(
            "failure" if blocking else "skipped",
            f"{finding.message} ({standing})",
            finding.severity.word,
            body,
        )
        return _case(finding.name, self._once(cut(one_line(name), _MAX_NAME - 10)), told, file=path, line=line)

    def _once(self, name: str) -> str:
        count = self._seen[name] = self._seen.get(name, 0) + 1
        return name if count == 1 else f"{name} [{count}]"
