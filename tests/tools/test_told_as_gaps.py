"""Findings that are told as gaps: they alone explain a status that means findings and comes with none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.adapting.findings import sorted_out
from py_secure_ci.adapting.missing_imports import lost_imports
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.checking.failure import ToolFailure
from py_secure_ci.checking.proof import proved
from py_secure_ci.model import Finding, Gap, Location, Severity
from py_secure_ci.tool import Reading, Tool

Recorded = Callable[[str, str], Any]
# By whose recording of unreadable files the status means findings.
SORTED_OUT = {"actionlint": 1, "check-jsonschema": 2, "pylint": 1, "pyrefly": 1, "ruff": 1, "ty": 1, "validate-pyproject": 1}  # fmt: skip
HERE = Path(__file__).parent
CASES = [
    (tool, name)
    for tool in TOOLS
    for name in ("clean", "findings", "broken")
    if (HERE / tool.name / name / "input.txt").exists()
]


def prove(case: Any, reading: Reading) -> Reading:
    return proved(case.tool, case.task, case.tool.commands(case.task), case.executions, reading)


@pytest.mark.parametrize(("tool", "name"), CASES, ids=lambda one: one if isinstance(one, str) else one.name)
def test_what_the_real_tool_says_agrees_with_its_status(tool: Tool, name: str, recorded: Recorded) -> None:
    case = recorded(tool.name, name)
    reading = case.read()
    assert list(prove(case, reading).findings) == case.findings()


@pytest.mark.parametrize(("name", "count"), SORTED_OUT.items())
def test_unreadable_files_that_the_tool_reports_are_counted(name: str, count: int, recorded: Recorded) -> None:
    assert recorded(name, "broken").read().told_as_gaps == count


def test_a_syntax_error_that_a_parser_of_ours_found_is_not(recorded: Recorded) -> None:
    for name in ("vulture", "isort", "dlint", "deptry", "semgrep", "bandit", "flake8", "mypy", "pyright"):
        assert recorded(name, "broken").read().told_as_gaps == 0, name


def only(case: Any, wanted: str) -> Any:
    """The case with nothing of its report but the records that hold that text."""
    text = case.executions["main"].stdout
    if text.startswith("["):
        return case.change(stdout=json.dumps([one for one in json.loads(text) if wanted in json.dumps(one)]))
    return case.change(stdout="".join(f"{line}\n" for line in text.split("\n") if wanted in line))


@pytest.mark.parametrize(("name", "kind", "wanted"), [
    ("mypy", "findings", '"import-'), ("ruff", "broken", '"E902"'), ("pyrefly", "broken", ""),
])  # fmt: skip
def test_where_the_canary_runs_apart_nothing_else_explains_the_status(
    name: str, kind: str, wanted: str, recorded: Recorded
) -> None:
    case = recorded(name, kind)
    case = only(case, wanted) if wanted else case
    reading = case.read()
    assert (case.findings(), len(reading.gaps), reading.told_as_gaps) == ([], 1, 1)
    assert prove(case, reading).gaps == reading.gaps
    with pytest.raises(ToolFailure, match="means findings, but reported none"):
        prove(case, replace(reading, told_as_gaps=0))


def test_what_has_no_place_stays_a_finding() -> None:
    nowhere = Finding(tool="demo", rule="io", severity=Severity.ERROR, message="unreadable")
    there = replace(nowhere, location=Location("a.py"))
    assert sorted_out("demo", [nowhere, there], lambda _one: True) == ([nowhere], (Gap("a.py", "demo: unreadable"),))


def test_an_import_without_a_name_is_still_told() -> None:
    (gap,) = lost_imports(["Cannot import that", 'no module named "yaml"'])
    assert gap.reason.endswith("to look up: Cannot import that, yaml")
