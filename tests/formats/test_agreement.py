"""One truth: every format tells the same findings, levels and counts as the verdict, whatever the strings are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from py_secure_ci.all_formats import ALL_FORMATS
from py_secure_ci.formats.judged import active
from py_secure_ci.model import Finding, State
from py_secure_ci.report import Report, Status, Verdict
from py_secure_ci.serial.codec import report_from_text

Sample = tuple[Report, Verdict]
RENDER = {one.name: one.render for one in ALL_FORMATS}
NAMES = sorted(RENDER)


def marks(findings: tuple[Finding, ...]) -> list[str]:
    """Each message of the sample starts with a word of its own (m0, m1, …)."""
    return sorted(finding.message.split()[0] for finding in findings)


def results(text: str) -> list[dict[str, Any]]:
    return [result for run in json.loads(text)["runs"] for result in run["results"]]


def test_names_and_files_are_distinct() -> None:
    assert len({one.name for one in ALL_FORMATS}) == len(ALL_FORMATS)
    files = [one.filename for one in ALL_FORMATS if one.filename]
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("name", NAMES)
def test_text_is_utf8_and_the_same_every_time(name: str, sample: Sample) -> None:
    text = RENDER[name](*sample)
    assert text == RENDER[name](*sample)
    text.encode("utf-8")
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"audit-sarif", "json", "html"}))
def test_suppressed_and_fixed_findings_do_not_leak(name: str, sample: Sample) -> None:
    text = RENDER[name](*sample)
    assert "SUPPRESSED" not in text
    assert "FIXED" not in text
    assert "B999" not in text


def test_report_json_comes_back(sample: Sample) -> None:
    assert report_from_text(RENDER["json"](*sample)) == sample


def test_upload_has_all_active_findings_with_their_levels(sample: Sample) -> None:
    told = sorted((r["message"]["text"].split()[0], r["level"]) for r in results(RENDER["sarif"](*sample)))
    assert told == sorted((f.message.split()[0], f.severity.level.value) for f in active(sample[1]))


def test_audit_has_everything_and_says_what_is_suppressed(sample: Sample) -> None:
    told = results(RENDER["audit-sarif"](*sample))
    assert len(told) == len(sample[1].findings)
    assert sum(bool(result["suppressions"]) for result in told) == 1
    states = {State.NEW: "new", State.EXISTING: "unchanged", State.FIXED: "absent"}
    assert sorted(r["baselineState"] for r in told) == sorted(states[f.state] for f in sample[1].findings)


def test_codequality_has_all_active_findings(sample: Sample) -> None:
    entries = json.loads(RENDER["gl-codequality"](*sample))
    assert sorted(entry["description"].split()[0] for entry in entries) == marks(active(sample[1]))
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)


def test_security_reports_share_the_security_findings_and_no_two_have_the_same(sample: Sample) -> None:
    told = [
        entry["description"].split()[0]
        for name in ("gl-sast", "gl-secret-detection", "gl-dependency-scanning")
        for entry in json.loads(RENDER[name](*sample))["vulnerabilities"]
    ]
    assert sorted(told) == marks(tuple(f for f in active(sample[1]) if f.severity.kind.value == "security"))


def test_junit_fails_exactly_where_the_gate_blocks(sample: Sample) -> None:
    report, verdict = sample
    root = ET.fromstring(RENDER["junit"](report, verdict))  # noqa: S314 - our own text
    assert len(root.findall(".//failure")) == len(verdict.blocking) == int(root.get("failures", ""))
    assert bool(root.findall(".//error")) == (verdict.status is Status.INCOMPLETE)
    assert int(root.get("tests", "")) == len(root.findall(".//testcase"))
    findings = [case for case in root.iter("testcase") if "/" in case.get("classname", "")]
    assert len(findings) == len(active(verdict))
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["console", "summary"])
def test_people_read_the_same_counts(name: str, sample: Sample) -> None:
    findings = active(sample[1])
    blocking = sum(finding.fingerprint in sample[1].blocking for finding in findings)
    rest = [finding for finding in findings if finding.fingerprint not in sample[1].blocking]
    known = sum(finding.state is State.EXISTING for finding in rest)
    text = RENDER[name](*sample)
    count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    told = f"{count}: {blocking} block, {len(rest) - known} new that do not, {known} known; 1 suppressed, 1 fixed"
    assert told in text
    assert sample[1].status.value in (text.splitlines()[-1] if name == "console" else text.splitlines()[0])


def test_failed_tools_and_gaps_are_named_to_people(sample_of: Callable[[Status], Sample]) -> None:
    for name in ("console", "summary"):
        text = RENDER[name](*sample_of(Status.INCOMPLETE))
        assert "semgrep" in text
        assert "big.py" in text
        assert "Not checked" in text


@pytest.mark.parametrize("name", NAMES)
def test_time_grows_with_the_findings_and_no_faster(
    name: str, findings_of: Callable[[tuple[Finding, ...]], Sample], sample_of: Callable[[Status], Sample]
) -> None:
    some = active(sample_of(Status.FAIL)[1])
    many = findings_of(some * 200)  # 4,600 findings; anything quadratic takes minutes
    begin = time.process_time()
    RENDER[name](*many)
    assert time.process_time() - begin < 5
