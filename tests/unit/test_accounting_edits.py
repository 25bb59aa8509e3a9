"""A tool's fixes are anchored like its findings: no path of the machine gets into a report."""

from __future__ import annotations

from pathlib import Path

from py_secure_ci.all_tools import TOOLS
from py_secure_ci.checking.accounting import Tally, settle
from py_secure_ci.model import Edit, Finding, Location, Severity
from py_secure_ci.report import ToolInfo
from py_secure_ci.tool import Reading

RUFF = next(tool for tool in TOOLS if tool.name == "ruff")


def edits_of(root: Path, *places: str) -> list[str]:
    edits = tuple(Edit(Location(place, 1), "") for place in places)
    where = Location(str(root / "a.py"), 1)
    finding = Finding(tool="ruff", rule="F401", severity=Severity.ERROR, message="m", location=where, edits=edits)
    reading = Reading(findings=(finding,))
    completed = settle(RUFF, reading, ToolInfo(name="ruff", stage=RUFF.stage), Tally(root=root, due=()))
    return [edit.location.path for edit in completed.findings[0].edits]


def test_edits_are_relative_to_the_project(tmp_path: Path) -> None:
    assert edits_of(tmp_path, str(tmp_path / "a.py"), "sub/b.py") == ["a.py", "sub/b.py"]


def test_a_fix_that_leads_out_of_the_project_is_dropped(tmp_path: Path) -> None:
    assert edits_of(tmp_path, str(tmp_path / "a.py"), "/elsewhere/b.py") == []
