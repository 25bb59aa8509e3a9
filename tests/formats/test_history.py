"""Earlier reports for the trend: read from a folder, and what cannot be read is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from py_secure_ci.cli import main
from py_secure_ci.formats.report_json import render
from py_secure_ci.report import Report, Status, Verdict

Sample = tuple[Report, Verdict]


@pytest.fixture
def reports(tmp_path: Path, sample_of: Callable[[Status], Sample]) -> Path:
    for number, name in enumerate(("b/report.json", "a.json", "now/report.json")):
        report, verdict = sample_of(Status.FAIL)
        context = replace(report.context, time=f"2026-0{number + 1}-01T00:00:00", commit=f"{number}" * 40)
        target = tmp_path / "history" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render(replace(report, context=context), verdict))
    return tmp_path / "history"


def page(*words: str) -> int:
    return main(["render", *words])


def test_the_trend_holds_each_commit_once_oldest_first(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    current = str(reports / "now" / "report.json")
    assert page(current, "--format", "html", "--history", str(reports), "-o", str(reports / "x.html")) == 0
    text = (reports / "x.html").read_text()
    section = text[text.index('id="trend"') :]
    assert [section.index(f">{number * 4}</text>") for number in "012"] == sorted(
        section.index(f">{number * 4}</text>") for number in "012"
    )
    assert section.count('class="bar-rest"') == 3
    assert capsys.readouterr().err == ""


def test_what_cannot_be_read_is_left_out_and_told(reports: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (reports / "broken.json").write_text("{")
    assert page(str(reports / "a.json"), "--format", "html", "--history", str(reports), "-o", str(reports / "x")) == 0
    assert "history: left out:" in capsys.readouterr().err


def test_a_missing_folder_and_a_format_without_a_trend_are_refused(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = str(reports / "a.json")
    assert page(report, "--format", "html", "--history", str(reports / "none")) == 2
    assert page(report, "--format", "sarif", "--history", str(reports)) == 2
    assert "Traceback" not in capsys.readouterr().err
