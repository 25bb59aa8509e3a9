"""Verdict, console, summary, SARIF, JUnit and GitLab's files tell the same about everything that was not looked at."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.network

STAGES = {"sast": "gl-sast-report.json", "secrets": "gl-secret-detection-report.json"}


def plain(text: str) -> str:
    return re.sub(r"\W+|&#\d+;", "", re.sub(r"<[^>]*>|&#\d+;", "", text))


@pytest.fixture
def run(lab: Any, tmp_path: Path) -> Any:
    faults = {"ruff": "crash-SEGV", "bandit": "record", "detect-secrets": "record", "mypy": "exit:77"}
    project = lab.project(tmp_path, {**faults, "zizmor": "honest"})
    project.write({"app/broken.py": "def (:\n", "app/wide.txt": "a = 'b'\n".encode("utf-16")})
    return project.run()


def test_all_agree(run: Any) -> None:
    assert run.status == 3
    verdict = run.report["verdict"]
    assert verdict["status"] == "INCOMPLETE"
    assert "INCOMPLETE" in run.stdout
    assert "INCOMPLETE" in run.text("summary.md")
    failed = [one for one in run.report["report"]["outcomes"] if one["kind"] == "failed"]
    gaps = [(one, gap) for one in run.report["report"]["outcomes"] for gap in one.get("gaps", ())]
    assert {one["tool"]["name"] for one in failed} == {"ruff", "mypy"}
    whole = run.report["report"]["gaps"]
    assert {gap["subject"] for _, gap in gaps} == {"app/broken.py"}
    assert {gap["subject"] for gap in whole} == {"app/wide.txt"}
    for name in ("py-secure-ci.sarif", "audit.sarif"):
        in_sarif(run.sarif(name), failed, gaps)
    for text in (run.stdout, run.text("summary.md"), run.text("report.html")):
        for one in failed:
            assert plain(one["reason"][:60]) in plain(text)
        for gap in (*(gap for _, gap in gaps), *whole):
            assert plain(gap["subject"]) in plain(text)
    suites = ElementTree.fromstring(run.text("junit-findings.xml"))  # noqa: S314 - our own
    in_junit(suites, failed, gaps, whole)
    said = " ".join(verdict["incomplete"])
    assert "app/wide.txt" in said
    for name in ("py-secure-ci.sarif", "audit.sarif", *STAGES.values()):
        assert "app/wide.txt" in run.text(name), name
    for one, gap in gaps:
        assert gap["subject"] in said
        in_gitlab(run, one, gap)
    assert all(f"{one['tool']['name']} gave no verdict" in said for one in failed)


def in_sarif(document: dict[str, Any], failed: list[Any], gaps: list[Any]) -> None:
    runs = {run["tool"]["driver"]["name"]: run for run in document["runs"]}
    assert not {one["tool"]["name"] for one in failed} & runs.keys()
    for one, gap in gaps:
        told = runs[one["tool"]["name"]]["invocations"][0]["toolExecutionNotifications"]
        assert any(gap["subject"] in json.dumps(each) for each in told)


def in_junit(suites: Any, failed: list[Any], gaps: list[Any], whole: list[Any]) -> None:
    """Every tool that gave no verdict and every gap is a case in error, and nothing of a broken tool is green."""
    wrong = {(one.get("classname"), one.get("name")): one.find("error") for one in suites.iter("testcase")}
    tools = {one["tool"]["name"]: one["reason"] for one in failed}
    for name, reason in tools.items():
        assert [error.get("message") for (of, _), error in wrong.items() if of == name] == [reason]
    due = [(one["tool"]["name"], gap) for one, gap in gaps] + [("py-secure-ci", gap) for gap in whole]
    for name, gap in due:
        assert gap["reason"] in wrong[name, f"looked at {gap['subject']}"].get("message")
    assert wrong["py-secure-ci", "everything was checked"] is not None
    assert int(suites.get("errors")) == len(tools) + len(due) + 1


def in_gitlab(run: Any, one: dict[str, Any], gap: dict[str, Any]) -> None:
    scan = json.loads(run.text(STAGES[one["tool"]["stage"]]))["scan"]
    assert scan["status"] == "failure" or any(gap["subject"] in each["value"] for each in scan["messages"])
    assert any(gap["subject"] in each["value"] for each in scan["messages"]), scan
