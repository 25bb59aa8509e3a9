"""SARIF of other tools, as findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.adapting.external.custom_tool import custom_tool
from py_secure_ci.config.settings import CustomTool
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Location, Severity, Stage
from py_secure_ci.tool import Execution, Reading, Task

FILES = ("app/shop.py", "app/a b.py", "other/shop.py")


def read(text: str, stage: Stage = Stage.SAST, form: str = "", status: int = 0) -> Reading:
    tool = custom_tool(CustomTool(name="theirs", stage=stage, run=("theirs",), format=form))
    task = Task(root=Path("/project"), scratch=Path("/scratch"), files=FILES)
    return tool.parse(task, {"main": Execution(status=status, stdout=text, stderr="")})


def sarif(*results: dict[str, Any], rules: Any = (), **run: Any) -> str:
    driver = {"name": "Theirs", "rules": list(rules)}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]})


def result(**words: Any) -> dict[str, Any]:
    return {"ruleId": "R1", "message": {"text": "bad"}, **words}


def at(uri: str, line: Any = 3, **place: Any) -> list[dict[str, Any]]:
    return [{"physicalLocation": {"artifactLocation": {"uri": uri, **place}, "region": {"startLine": line}}}]


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("app/shop.py", "app/shop.py"),
        ("app/a%20b.py", "app/a b.py"),
        ("./app//shop.py", "app/shop.py"),
        ("app\\shop.py", "app/shop.py"),
        ("file:///project/app/shop.py", "app/shop.py"),
        ("file:///home/runner/work/shop/shop/app/shop.py", "app/shop.py"),
        ("file:///C:/agent/app/shop.py", "app/shop.py"),
        ("C:\\agent\\app\\shop.py", "app/shop.py"),
        ("/src/app/shop.py", "app/shop.py"),
        ("gone.py", "gone.py"),
        ("/etc/passwd", "/etc/passwd"),  # outside: the pipeline takes the place away
        ("../../etc/passwd", "../../etc/passwd"),
    ],
)
def test_paths_of_other_machines_are_anchored(uri: str, path: str) -> None:
    assert read(sarif(result(locations=at(uri)))).findings[0].location == Location(path, 3)


def test_bases_are_followed_and_a_circle_of_them_ends() -> None:
    bases = {
        "SRC": {"uri": "app/", "uriBaseId": "ROOT"},
        "ROOT": {"uri": "file:///build/"},
        "A": {"uri": "x", "uriBaseId": "A"},
    }
    text = sarif(
        result(locations=at("shop.py", uriBaseId="SRC")),
        result(locations=at("shop.py", uriBaseId="A")),
        originalUriBaseIds=bases,
    )
    first, second = read(text).findings
    assert first.location == Location("app/shop.py", 3)
    assert second.location is not None


def test_an_artifact_may_be_named_by_its_index() -> None:
    place = [{"physicalLocation": {"artifactLocation": {"index": 1}}}]
    files = [{"location": {"uri": "a.py"}}, {"location": {"uri": "app/shop.py"}}]
    assert read(sarif(result(locations=place), artifacts=files)).findings[0].location == Location("app/shop.py")


@pytest.mark.parametrize("line", [0, -1, "3", None, True, 2**40, 1.5, [3]])
def test_an_impossible_line_leaves_the_file(line: Any) -> None:
    assert read(sarif(result(locations=at("app/shop.py", line)))).findings[0].location == Location("app/shop.py")


@pytest.mark.parametrize("uri", ["https://example.test/a.py", "", "data:text/plain,x"])
def test_what_is_no_file_gives_no_place_but_an_anchor(uri: str) -> None:
    found = read(sarif(result(locations=at(uri)))).findings[0]
    assert found.location is None
    assert found.anchor == "R1:"


@pytest.mark.parametrize(
    ("rule", "words", "severity"),
    [
        ({}, {}, Severity.MEDIUM),  # `warning` is what SARIF says where nothing is said
        ({}, {"level": "error"}, Severity.HIGH),
        ({"defaultConfiguration": {"level": "error"}}, {}, Severity.HIGH),
        ({"defaultConfiguration": {"level": "error"}}, {"level": "note"}, Severity.LOW),
        ({"properties": {"security-severity": "9.8"}}, {"level": "note"}, Severity.CRITICAL),
        ({"properties": {"security-severity": 4}}, {}, Severity.MEDIUM),
        ({"properties": {"security-severity": "high"}}, {}, Severity.UNKNOWN),
        ({"properties": {"security-severity": "99"}}, {}, Severity.UNKNOWN),
    ],
)
def test_severities(rule: dict[str, Any], words: dict[str, Any], severity: Severity) -> None:
    assert read(sarif(result(**words), rules=[{"id": "R1", **rule}])).findings[0].severity is severity


def test_a_stage_for_quality_has_words_for_quality_unless_the_rule_is_about_security() -> None:
    rules = [{"id": "R1"}, {"id": "R2", "properties": {"tags": ["security", "external/cwe/cwe-079"]}}]
    plain, secure = read(sarif(result(), result(ruleId="R2"), rules=rules), Stage.LINT).findings
    assert (plain.severity, secure.severity, secure.cwe) == (Severity.WARNING, Severity.MEDIUM, (79,))


def test_rules_are_found_by_index_in_extensions_and_below_an_id() -> None:
    run = {
        "tool": {
            "driver": {"name": "x", "rules": [{"id": "A", "shortDescription": {"text": "first"}}]},
            "extensions": [{"name": "y", "rules": [{"id": "B", "shortDescription": {"text": "other"}}]}],
        },
        "results": [
            {"ruleIndex": 0, "message": {"text": "m"}},
            {"rule": {"index": 0, "toolComponent": {"index": 0}}, "message": {"text": "m"}},
            {"ruleId": "A/sub", "message": {"text": "m"}},
            {"ruleId": "none", "ruleIndex": 99, "message": {"text": "m"}},
        ],
    }
    reading = read(json.dumps({"version": "2.1.0", "runs": [run]}))
    assert [one.rule for one in reading.findings] == ["A", "B", "A/sub", "none"]
    assert {one.id: one.summary for one in reading.rules} == {"A": "first", "B": "other", "A/sub": "first", "none": ""}


def test_messages_are_looked_up_and_filled_in() -> None:
    rule = {"id": "R1", "messageStrings": {"default": {"text": "{0} is {1} {7}"}}}
    text = sarif(result(message={"id": "default", "arguments": ["a", "b"]}), rules=[rule])
    assert read(text).findings[0].message == "a is b {7}"


def test_every_run_is_read() -> None:
    one, two = (json.loads(sarif(result(ruleId=name)))["runs"][0] for name in ("A", "B"))
    assert [each.rule for each in read(json.dumps({"version": "2.1.0", "runs": [one, two]})).findings] == ["A", "B"]


def test_what_counts_as_no_finding_is_left_out_and_suppressions_are_counted() -> None:
    text = sarif(
        result(kind="pass"),
        result(kind="notApplicable"),
        result(baselineState="absent"),
        result(suppressions=[{"kind": "inSource"}]),
        result(suppressions=[{"kind": "external", "status": "rejected"}]),
        result(suppressions=[]),
    )
    reading = read(text)
    assert len(reading.findings) == 2
    assert "Results that the report itself suppresses: 1." in reading.notes


def test_a_secret_is_never_quoted() -> None:
    text = sarif(result(message={"text": "found hunter2"}, locations=at("app/shop.py")))
    found = read(text, Stage.SECRETS).findings[0]
    assert found.secret
    assert "hunter2" not in found.message


def test_a_rule_cannot_break_a_line() -> None:
    assert read(sarif(result(ruleId="a\n::error::b\x1b"))).findings[0].rule == "a-::error::b-"


def test_errors_that_the_tool_tells_are_gaps() -> None:
    notice = {"level": "error", "message": {"text": "cannot parse"}, "locations": at("app/shop.py")}
    calls = [{"executionSuccessful": True, "toolExecutionNotifications": [notice]}]
    assert [(gap.subject, gap.reason) for gap in read(sarif(invocations=calls)).gaps] == [
        ("app/shop.py", "cannot parse")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "hello",
        "{}",
        "null",
        '{"version": "2.1.0", "runs": []}',
        '{"version": "1.0.0", "runs": [{}]}',
        '{"version": "2.1.0", "runs": [{"results": []}]}',
        '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}}]}',
        sarif(invocations=[{"executionSuccessful": False}]),
        sarif({"message": {"text": "no rule"}}),
        sarif({"ruleId": "R1"}),
        sarif(result(level="fatal")),
        sarif(result(kind="maybe")),
        sarif(result(locations=["x"])),
        sarif(result())[:-5],
        "[" * 100_000,
    ],
)
def test_another_shape_is_never_read_as_clean(text: str) -> None:
    with pytest.raises(WrongShape):
        read(text, form="sarif")


@pytest.mark.parametrize("status", [0, 1, 42])
def test_the_status_says_nothing_and_the_report_everything(status: int) -> None:
    assert read("\ufeff" + sarif(result()), status=status).findings
    assert read(sarif(), status=status).findings == ()


def test_its_scope_is_told_as_unknown() -> None:
    assert "What theirs looked at is not known: its report is taken at its word." in read(sarif()).notes
    assert not custom_tool(CustomTool(name="theirs", stage=Stage.SAST, run=("x",))).scoped
