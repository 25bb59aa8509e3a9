"""SARIF: what GitHub and GitLab take, by schema and by their own rules."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from py_secure_ci.formats.sarif import render_audit, render_upload
from py_secure_ci.formats.sarif_results import region
from py_secure_ci.model import Advisory, Finding, Gap, Location, Severity, Stage, State
from py_secure_ci.report import Completed, Context, Failed, Report, Skipped, Status, ToolInfo, Verdict

Sample = tuple[Report, Verdict]
NAME = Path("shared") / "schemas" / "sarif-schema-2.1.0.oasis.json"
# Not ours to hand on: looked for beside the checkout.
SCHEMA = next((folder / NAME for folder in Path(__file__).parents if (folder / NAME).exists()), Path("missing") / NAME)


def rules_of_github(text: str) -> None:
    """A port of what the uploader refuses, and the platforms' documented limits."""
    log = json.loads(text)
    assert log["version"] == "2.1.0"
    keys = [(run["tool"]["driver"]["name"], run["automationDetails"]["id"]) for run in log["runs"]]
    assert len(set(keys)) == len({name for name, _ in keys}) == len({ident for _, ident in keys}) == len(keys) <= 20
    for run in log["runs"]:
        assert run["automationDetails"]["id"].endswith("/")
        assert run["invocations"][0]["executionSuccessful"] is True
        assert len(run["results"]) <= 5000
        check_rules(run["tool"]["driver"]["rules"])
        for result in run["results"]:
            check_result(result, run["tool"]["driver"]["rules"])


def check_rules(rules: list[dict[str, Any]]) -> None:
    assert len({rule["id"] for rule in rules}) == len(rules) <= 25_000
    for rule in rules:
        assert 0 < len(rule["name"]) <= 255
        assert rule["name"].casefold() != rule["id"].casefold()
        texts = (rule["shortDescription"]["text"], rule["fullDescription"]["text"], *rule["help"].values())
        assert all(0 < len(text) <= 1024 for text in texts)
        properties = rule["properties"]
        assert len(properties["tags"]) == len(set(properties["tags"])) <= 10
        assert ("security-severity" in properties) == ("security" in properties["tags"])
        assert ("security-severity" in properties) != ("problem.severity" in properties)
        if "security-severity" in properties:
            assert re.fullmatch(r"\d+\.\d", properties["security-severity"])
            assert 0 < float(properties["security-severity"]) <= 10


def check_result(result: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert 0 < len(result["message"]["text"]) <= 1024
    assert "suppressions" not in result
    place = result["locations"][0]["physicalLocation"]
    uri = place["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9_.~%/-]+", uri)
    assert not uri.startswith(("/", "./"))
    assert ".." not in uri.split("/")
    where = place["region"]
    assert (1, 1) <= (where["startLine"], where["startColumn"]) <= (where["endLine"], where["endColumn"])


def test_sample_keeps_every_rule(sample: Sample) -> None:
    rules_of_github(render_upload(*sample))


@pytest.mark.skipif(not SCHEMA.exists(), reason="the OASIS schema is not at hand")
def test_sample_fits_the_official_schema(sample: Sample) -> None:
    validator = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text()))
    for render in (render_upload, render_audit):
        validator.validate(json.loads(render(*sample)))


def runs(text: str) -> dict[str, dict[str, Any]]:
    return {run["tool"]["driver"]["name"]: run for run in json.loads(text)["runs"]}


def test_a_clean_tool_has_an_empty_run_and_a_tool_without_verdict_none(sample_of: Callable[[Status], Sample]) -> None:
    for render in (render_upload, render_audit):
        found = runs(render(*sample_of(Status.INCOMPLETE)))
        assert found["syft"]["results"] == []
        assert found["syft"]["tool"]["driver"]["rules"] == []
        assert not {"semgrep", "actionlint"} & found.keys()


def test_a_tool_that_failed_in_a_part_has_no_run() -> None:
    ruff = ToolInfo(name="ruff", stage=Stage.LINT)
    for other in (Failed(tool=ruff, reason="x"), Skipped(tool=ruff, reason="x")):
        report = Report(version="1", context=Context(project="p"), outcomes=(Completed(tool=ruff), other))
        assert json.loads(render_upload(report, passed()))["runs"] == []


def passed(*findings: Finding) -> Verdict:
    return Verdict(status=Status.PASS, failed=False, findings=findings, blocking=(), reasons=(), incomplete=())


def one_run(*findings: Finding, **context: str) -> tuple[dict[str, Any], str]:
    bandit = ToolInfo(name="bandit", stage=Stage.SAST)
    outcome = Completed(tool=bandit, gaps=(Gap("x y.py", "big"),))
    where = replace(Context(project="p"), **context)  # type: ignore[arg-type]
    report = Report(version="1", context=where, outcomes=(outcome,))
    text = render_upload(report, passed(*findings))
    rules_of_github(text)
    return json.loads(text)["runs"][0], text


def finding(**more: Any) -> Finding:
    values = {"tool": "bandit", "rule": "B1", "severity": Severity.LOW, "message": "m", "location": Location("a.py", 3)}
    return Finding(**{**values, **more})


def test_the_rule_has_the_worst_severity_and_the_result_its_own_level() -> None:
    run, _ = one_run(finding(), finding(severity=Severity.HIGH))
    assert run["tool"]["driver"]["rules"][0]["properties"]["security-severity"] == "8.0"
    assert [(result["level"], result["rank"]) for result in run["results"]] == [("note", 20.0), ("error", 80.0)]


@pytest.mark.parametrize(
    ("severity", "score", "told"),
    [
        (Severity.CRITICAL, 9.8, "9.8"),
        (Severity.CRITICAL, 9.0, "9.0"),
        (Severity.HIGH, 9.8, "8.0"),  # the report says high, so no number may say critical
        (Severity.UNKNOWN, None, "7.0"),
        (Severity.LOW, 0.0, "2.0"),
        (Severity.CRITICAL, 99.0, "9.5"),
    ],
)
def test_the_score_agrees_with_the_severity(severity: Severity, score: float | None, told: str) -> None:
    advisory = Advisory(package="p", version="1", ids=("CVE-2020-1",), score=score)
    run, _ = one_run(finding(severity=severity, advisory=advisory))
    assert run["tool"]["driver"]["rules"][0]["properties"]["security-severity"] == told


def test_cwe_in_both_forms_and_never_half_a_pair() -> None:
    run, _ = one_run(finding(cwe=tuple(range(1, 20))))
    tags = run["tool"]["driver"]["rules"][0]["properties"]["tags"]
    assert tags[:4] == ["security", "sast", "external/cwe/cwe-001", "cwe-1"]
    assert sum(tag.startswith("external/") for tag in tags) == sum(tag.startswith("cwe-") for tag in tags) == 4


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (Location("a", 3, 2, 4, 5), (3, 2, 4, 5)),
        (Location("a", 3, 5), (3, 5, 3, 14)),
        (Location("a", 3), (3, 5, 3, 14)),
        (Location("a", 3, 5, 9), (3, 5, 3, 14)),  # a span of which only the lines are known
        (Location("a", 3, 5, 2, 1), (3, 5, 3, 14)),  # ends before it begins
        (Location("a", 3, 5, 3, 2), (3, 5, 3, 6)),
        (Location("a", 3, 5, 3, 5), (3, 5, 3, 5)),  # a point between two characters
        (Location("a", 0, 0, 0, 0), (1, 1, 1, 14)),
        (Location("a"), (1, 5, 1, 14)),
        (Location("a", 2**40, 2**40, 2**41, 2**41), (2**31 - 1,) * 4),
    ],
)
def test_regions_are_whole_and_possible(place: Location, told: tuple[int, ...]) -> None:
    assert tuple(region(place, "    return 12").values()) == told


def test_uris_are_from_the_repository_and_name_the_very_bytes() -> None:
    run, text = one_run(finding(location=Location("caf\udce9 %#?é.py", 1)), prefix="sub dir")
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "sub%20dir/caf%E9%20%25%23%3F%C3%A9.py"
    assert unquote_to_bytes(uri) == "sub dir/caf\udce9 %#?é.py".encode("utf-8", "surrogateescape")
    assert run["automationDetails"]["id"] == "py-secure-ci/bandit/sub dir/"
    assert "file:" not in text


def test_fingerprints_have_their_own_keys() -> None:
    run, _ = one_run(finding(line_hash="abc:1", fingerprint="ff"))
    assert run["results"][0]["partialFingerprints"] == {"primaryLocationLineHash": "abc:1", "pySecureCi/v1": "ff"}


def test_a_finding_about_no_file_stands_at_a_known_one_or_is_told_as_left_out() -> None:
    run, _ = one_run(finding(location=None), config_file=".py-secure-ci.yml")
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == ".py-secure-ci.yml"
    run, _ = one_run(finding(location=None), finding(location=Location("../../out.py", 1)))
    assert run["results"] == []
    assert "2 findings about no file" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_gaps_are_notifications_at_the_file() -> None:
    told = one_run()[0]["invocations"][0]["toolExecutionNotifications"]
    assert told[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "x%20y.py"


def test_more_than_the_platform_takes_is_cut_worst_first_and_told() -> None:
    many = (finding(severity=Severity.HIGH, message="worst"), *[finding()] * 5001)
    run, _ = one_run(*many)
    assert len(run["results"]) == 5000
    assert run["results"][0]["message"]["text"] == "worst"
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].startswith("2 findings of less")


def test_more_tools_than_the_platform_takes() -> None:
    outcomes = tuple(Completed(tool=ToolInfo(name=f"t{n}", stage=Stage.LINT)) for n in range(22))
    report = Report(version="1", context=Context(project="p"), outcomes=outcomes)
    text = render_upload(report, passed(finding(tool="t21")))
    rules_of_github(text)
    found = runs(text)
    assert len(found) == 20
    assert "t21" in found
    assert "no room for 2 tools: t19, t20" in text


TEXT = st.text(st.one_of(st.characters(), st.sampled_from("\ud800\udce9\x1b\u202e|](%{#")), max_size=40)
PLACES = st.builds(Location, TEXT, *[st.none() | st.integers(-2, 2**33)] * 4)
FINDINGS = st.builds(
    Finding,
    tool=st.just("bandit"),
    rule=TEXT,
    severity=st.sampled_from(Severity),
    message=TEXT.map(lambda text: text * 60),
    location=st.none() | PLACES,
    code=TEXT,
    cwe=st.lists(st.integers(1, 2000), max_size=7).map(tuple),
    fix=TEXT,
    state=st.sampled_from(State),
    fingerprint=st.text("0123456789abcdef", min_size=4, max_size=8),
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FINDINGS, max_size=4), TEXT)
def test_any_finding_keeps_every_rule(findings: list[Finding], prefix: str) -> None:
    bandit = Completed(tool=ToolInfo(name="bandit", stage=Stage.SAST), gaps=(Gap(prefix, prefix),))
    report = Report(version="1", context=Context(project="p", prefix=prefix, config_file="c.yml"), outcomes=(bandit,))
    verdict = replace(passed(), findings=tuple(findings))
    rules_of_github(render_upload(report, verdict))
    for text in (render_upload(report, verdict), render_audit(report, verdict)):
        if SCHEMA.exists():
            OASIS.validate(json.loads(text))


OASIS = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text()) if SCHEMA.exists() else {})
