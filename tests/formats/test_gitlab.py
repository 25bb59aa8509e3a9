"""GitLab's reports by the rules that GitLab itself applies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from py_secure_ci.formats import gitlab_codequality, gitlab_security
from py_secure_ci.model import Finding, Location, Severity
from py_secure_ci.report import Completed, Failed, Report, Status, Verdict

Sample = tuple[Report, Verdict]
RENDER = {
    "sast": gitlab_security.render_sast,
    "secret_detection": gitlab_security.render_secret_detection,
    "dependency_scanning": gitlab_security.render_dependency_scanning,
}
KINDS = sorted(RENDER)
URL = re.compile(r"(https?|ftp)://.+")


def check_scan(scan: dict[str, Any], kind: str) -> None:
    assert scan["type"] == kind
    assert scan["status"] in {"success", "failure"}
    for time in (scan["start_time"], scan["end_time"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", time)
    for program in (scan["analyzer"], scan["scanner"]):
        assert all((program["id"], program["name"], program["version"], program["vendor"]["name"]))
    for message in scan.get("messages", ()):
        assert message["level"] in {"info", "warn", "fatal"}
        assert message["value"]


def check_vulnerability(entry: dict[str, Any], kind: str) -> None:
    assert UUID(entry["id"]).version == 5
    assert 0 < len(entry["name"]) <= 255
    assert entry["severity"] in {"Info", "Unknown", "Low", "Medium", "High", "Critical"}
    assert len(entry.get("solution", "")) <= 7000
    assert 1 <= len(entry["identifiers"]) <= 20
    for identifier in entry["identifiers"]:
        assert all((identifier["type"], identifier["name"], identifier["value"]))
        assert URL.fullmatch(identifier.get("url", "https://x"))
    location = entry["location"]
    assert location["file"]
    assert not location["file"].startswith(("/", "./"))
    if kind == "secret_detection":
        assert location["commit"]["sha"]
        assert "raw_source_code_extract" not in entry
    if kind == "dependency_scanning":
        assert location["dependency"]["package"]["name"]
        assert location["dependency"]["version"]
    for item in entry.get("tracking", {}).get("items", ()):
        assert item["start_line"] <= item["end_line"]
        assert all(signature["algorithm"] and signature["value"] for signature in item["signatures"])


@pytest.mark.parametrize("kind", KINDS)
def test_reports_keep_every_rule(kind: str, sample: Sample) -> None:
    data = json.loads(RENDER[kind](*sample))
    assert data["version"] == "15.2.1"
    check_scan(data["scan"], kind)
    for entry in data["vulnerabilities"]:
        check_vulnerability(entry, kind)
    assert len({entry["id"] for entry in data["vulnerabilities"]}) == len(data["vulnerabilities"])
    assert ("dependency_files" in data) == (kind == "dependency_scanning")


def test_codequality_keeps_every_rule(sample: Sample) -> None:
    for entry in json.loads(gitlab_codequality.render(*sample)):
        assert all((entry["description"], entry["check_name"], entry["fingerprint"]))
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert not re.match(r"/|\./|[A-Za-z]+://", entry["location"]["path"])
        assert entry["location"]["lines"]["begin"] >= 1


def test_dependencies_are_listed_with_their_file(sample: Sample) -> None:
    data = json.loads(gitlab_security.render_dependency_scanning(*sample))
    assert data["dependency_files"] == [
        {
            "path": "examples/sh op/uv.lock",
            "package_manager": "uv",
            "dependencies": [{"package": {"name": "jinja2"}, "version": "2.0"}],
        }
    ]


def test_an_advisory_is_known_by_all_its_names_and_solved(sample_of: Callable[[Status], Sample]) -> None:
    data = json.loads(gitlab_security.render_dependency_scanning(*sample_of(Status.FAIL)))
    entry = data["vulnerabilities"][0]
    assert [(one["type"], one["value"]) for one in entry["identifiers"]] == [
        ("cve", "CVE-2020-0001"),
        ("ghsa", "GHSA-aaaa-bbbb-cccc"),
    ]
    assert "3.1.6" in entry["solution"]


def status(report: Report, verdict: Verdict, kind: str = "sast") -> str:
    return str(json.loads(RENDER[kind](report, verdict))["scan"]["status"])


def test_a_scan_is_a_success_only_if_everything_was_looked_at(sample_of: Callable[[Status], Sample]) -> None:
    report, verdict = sample_of(Status.PASS)
    assert [status(report, verdict, kind) for kind in KINDS] == ["success"] * 3
    assert status(*sample_of(Status.INCOMPLETE)) == "failure"
    for name in ("ruff", "bandit", "zizmor"):
        broken = tuple(Failed(tool=o.tool, reason="x") if o.tool.name == name else o for o in report.outcomes)
        assert status(replace(report, outcomes=broken), verdict) == "failure"
    without = tuple(o for o in report.outcomes if o.tool.name != "bandit")
    assert status(replace(report, outcomes=without), verdict) == "failure"
    assert status(replace(report, outcomes=without), verdict, "secret_detection") == "success"


def test_time_comes_from_the_commit(sample_of: Callable[[Status], Sample]) -> None:
    report, verdict = sample_of(Status.PASS)
    for given, told in (("2026-01-02T03:04:05", "2026-01-02T03:04:05"), ("", "1970-01-01T00:00:00")):
        timed = replace(report, context=replace(report.context, time=given))
        assert json.loads(gitlab_security.render_sast(timed, verdict))["scan"]["end_time"] == told


def test_fingerprints_survive_moved_lines_and_tell_twins_apart(
    findings_of: Callable[[tuple[Finding, ...]], Sample],
) -> None:
    def ids(*lines: int) -> list[str]:
        found = tuple(
            Finding(
                tool="bandit", rule="B1", severity=Severity.LOW, message="m", fingerprint="f", location=Location("a", n)
            )
            for n in lines
        )
        told = json.loads(gitlab_codequality.render(*findings_of(found)))
        more = json.loads(gitlab_security.render_sast(*findings_of(found)))["vulnerabilities"]
        return [entry["fingerprint"] for entry in told] + [entry["id"] for entry in more]

    assert ids(3, 9) == ids(5, 11)
    assert len(set(ids(3, 9))) == 4


def test_an_empty_run_is_an_empty_array(sample_of: Callable[[Status], Sample]) -> None:
    report, verdict = sample_of(Status.PASS)
    assert gitlab_codequality.render(report, replace(verdict, findings=())) == "[]\n"
    assert all(isinstance(one, Completed) for one in report.outcomes[:8])
