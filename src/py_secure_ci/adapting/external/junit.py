"""JUnit XML of any test runner as findings (https://github.com/testmoapp/junitxml)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as XML

from py_secure_ci.adapting.external.sarif import LONGEST, Reader
from py_secure_ci.adapting.external.severities import kind_of
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Kind, Location, Rule, Severity
from py_secure_ci.tool import Reading

RULES = {
    "failure": Rule("test-failed", summary="A test failed"),
    "error": Rule("test-error", summary="A test could not be run"),
}


def read_junit(text: str, reader: Reader) -> Reading:
    """Every failure and error. A report without a single test, or with counts that its tests do not bear out, is wrong.

    A document type is refused: entities of its own are how XML is made to grow without end.
    """
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise WrongShape("the JUnit report has a document type, which none needs")
    try:
        root = XML.fromstring(text)  # noqa: S314 -- no document type, no entities
    except (XML.ParseError, ValueError, RecursionError) as error:
        raise WrongShape(f"the JUnit report is not XML: {error}") from None
    if root.tag not in {"testsuites", "testsuite"}:
        raise WrongShape(f"the JUnit report begins with <{root.tag[:40]}>")
    cases = list(root.iter("testcase"))
    if not cases:
        raise WrongShape("the JUnit report holds no test: nothing ran")
    findings = tuple(finding for case in cases for finding in _troubles(case, reader))
    _check_counts(root, findings)
    used = {one.rule for one in findings}
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    return Reading(
        findings=findings,
        rules=tuple(rule for rule in RULES.values() if rule.id in used),
        metrics={"tests": float(len(cases)), "skipped": float(skipped)},
    )


def _check_counts(root: XML.Element, findings: tuple[Finding, ...]) -> None:
    said = [suite.get(key, "0") for suite in root.iter("testsuite") for key in ("failures", "errors")]
    if any(not one.isdecimal() for one in said):
        raise WrongShape("the JUnit report has a count that is no number")
    if any(int(one) for one in said) and not findings:
        raise WrongShape("the JUnit report counts failures, but none of its tests failed")


def _troubles(case: XML.Element, reader: Reader) -> Iterator[Finding]:
    name = "::".join(part for part in (case.get("classname"), case.get("name")) if part)
    path = reader.places.path(case.get("file") or "")
    line = case.get("line") or ""
    where = Location(path, int(line) if line.isdecimal() and int(line) > 0 else None) if path else None
    for tag, rule in RULES.items():
        for trouble in case.findall(tag):
            said = trouble.get("message") or (trouble.text or "").strip() or rule.summary
            yield Finding(
                tool=reader.tool,
                rule=rule.id,
                severity=Severity.HIGH if kind_of(reader.stage) is Kind.SECURITY else Severity.ERROR,
                message=f"{name}: {said}".strip()[:LONGEST],
                location=where,
                anchor=name,
            )
