"""JUnit and Code Climate of other tools, and how such a tool is started."""

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

TASK = Task(root=Path("/project"), scratch=Path("/scratch"), files=("app/shop.py", "tests/test_shop.py"))
ISSUE: dict[str, Any] = {
    "check_name": "rule",
    "description": "bad",
    "severity": "major",
    "location": {"path": "app/shop.py", "lines": {"begin": 3}},
}


def read(text: str, stage: Stage = Stage.LINT) -> Reading:
    tool = custom_tool(CustomTool(name="theirs", stage=stage, run=("theirs",)))
    return tool.parse(TASK, {"main": Execution(status=1, stdout=text, stderr="")})


def test_issues() -> None:
    other = {
        **ISSUE,
        "severity": "info",
        "location": {"path": "x.py", "positions": {"begin": {"line": 1, "column": 2}}},
    }
    first, second = read(json.dumps([ISSUE, other, {"type": "measurement"}])).findings
    assert (first.severity, first.location) == (Severity.ERROR, Location("app/shop.py", 3))
    assert (second.severity, second.location) == (Severity.NOTE, Location("x.py", 1, 2))


def test_an_empty_list_of_issues_is_clean_and_severities_follow_the_stage() -> None:
    assert read("[]").findings == ()
    assert read(json.dumps([ISSUE]), Stage.SAST).findings[0].severity is Severity.MEDIUM


@pytest.mark.parametrize("key", ["check_name", "description", "severity", "location"])
def test_an_issue_that_lacks_a_key_is_refused(key: str) -> None:
    with pytest.raises(WrongShape):
        read(json.dumps([{name: value for name, value in ISSUE.items() if name != key}]))


def test_an_unknown_severity_is_refused() -> None:
    with pytest.raises(WrongShape, match="unknown word 'awful'"):
        read(json.dumps([{**ISSUE, "severity": "awful"}]))


def test_tests_that_failed() -> None:
    text = """<?xml version="1.0"?><testsuites><testsuite name="s" tests="4" failures="1" errors="1">
    <testcase classname="tests.test_shop" name="test_a" file="tests/test_shop.py" line="7">
      <failure message="assert 1 == 2">long</failure></testcase>
    <testcase classname="tests.test_shop" name="test_b"><error>no such fixture</error></testcase>
    <testcase name="test_c"><skipped/></testcase><testcase name="test_d"/></testsuite></testsuites>"""
    reading = read(text, Stage.TEST)
    failed, broken = reading.findings
    assert (failed.rule, failed.location) == ("test-failed", Location("tests/test_shop.py", 7))
    assert failed.message == "tests.test_shop::test_a: assert 1 == 2"
    assert (broken.rule, broken.location, broken.anchor) == ("test-error", None, "tests.test_shop::test_b")
    assert reading.metrics == {"tests": 4.0, "skipped": 1.0}


@pytest.mark.parametrize(
    "text",
    [
        "<testsuites/>",
        "<testsuites><testsuite name='s' tests='0'/></testsuites>",
        "<html><body>502 Bad Gateway</body></html>",
        "<testsuites><testsuite><testcase name='a'/>",
        "<testsuites><testsuite failures='2'><testcase name='a'/></testsuite></testsuites>",
        "<testsuites><testsuite failures='x'><testcase name='a'/></testsuite></testsuites>",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuites><testcase name="&a;"/></testsuites>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><testsuites><testcase name="a"/></testsuites>',
    ],
)
def test_a_junit_report_that_proves_nothing_is_refused(text: str) -> None:
    with pytest.raises(WrongShape):
        read(text, Stage.TEST)


def test_the_command_gets_a_place_for_its_report() -> None:
    run = ("./bin/check", "--out={output}", "{root}/app")
    tool = custom_tool(CustomTool(name="theirs", stage=Stage.LINT, run=run, format="sarif"))
    command = tool.commands(TASK)[0]
    assert command.argv == ("/project/bin/check", "--out=/scratch/report", "/project/app")
    assert command.outputs == ("report",)
    with pytest.raises(WrongShape, match="wrote no report"):
        tool.parse(TASK, {"main": Execution(status=3, stdout="{}", stderr="")})


def test_a_file_that_is_missing_or_leads_out_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.sarif").write_text("{}")
    (root / "link.sarif").symlink_to(tmp_path / "secret.sarif")
    (root / "fine.sarif").write_text("{}")
    task = Task(root=root, scratch=tmp_path / "scratch")
    tools = {
        name: custom_tool(CustomTool(name="x", stage=Stage.SAST, path=f"{name}.sarif")) for name in ("gone", "link")
    }
    with pytest.raises(WrongShape, match=r"gone\.sarif: there is no such file"):
        tools["gone"].commands(task)
    with pytest.raises(WrongShape, match=r"link\.sarif: it leads out of the project"):
        tools["link"].commands(task)
    assert custom_tool(CustomTool(name="x", stage=Stage.SAST, path="fine.sarif")).commands(task)
