"""The pyramid of tests where people look: console, summary, page; its counts come from the report alone."""

from __future__ import annotations

import pytest

from py_secure_ci.formats import console, html, summary
from py_secure_ci.formats.test_levels import level_rows
from py_secure_ci.model import Stage
from py_secure_ci.report import Completed, Context, Report, Status, ToolInfo, Verdict

METRICS = {
    "flaky": 2.0,
    "level.other.tests": 1.0, "level.other.passed": 1.0, "level.other.failed": 0.0, "level.other.skipped": 0.0,
    "level.integration.tests": 4.0, "level.integration.passed": 2.0, "level.integration.failed": 1.0,
    "level.integration.skipped": 1.0,
    "level.unit.tests": 1200.0, "level.unit.passed": 1200.0, "level.unit.failed": 0.0, "level.unit.skipped": 0.0,
    "level.performance.tests": 0.0, "level.performance.passed": 0.0, "level.performance.failed": 0.0,
    "level.performance.skipped": 0.0,
}  # fmt: skip
VERDICT = Verdict(status=Status.PASS, failed=False, findings=(), blocking=(), reasons=(), incomplete=())


def report(metrics: dict[str, float]) -> Report:
    tool = ToolInfo(name="pytest", stage=Stage.TEST)
    return Report(version="1", context=Context(project="p"), outcomes=(Completed(tool=tool, metrics=metrics),))


def test_rows_stand_in_the_order_of_the_pyramid() -> None:
    rows = [(row.level, row.tests, row.rate) for row in level_rows(report(METRICS))]
    assert rows == [
        ("unit", 1200, "100 %"),
        ("integration", 4, "66.66 %"),
        ("performance", 0, ""),
        ("other", 1, "100 %"),
    ]


def test_people_see_them() -> None:
    page = console.render(report(METRICS), VERDICT)
    assert "  integration       4 in pytest, 66.66 % passed (1 failed, 1 skipped)\n" in page
    assert "  performance       0 in pytest, none ran\n" in page
    text = summary.render(report(METRICS), VERDICT)
    assert "| unit | pytest | 1,200 | 1,200 | 0 | 0 | 100 % |" in text
    assert "**Flaky tests: 2**" in text
    assert "<td>integration</td><td>pytest</td><td>4</td><td>2</td><td>1</td><td>1</td><td>66.66 %</td>" in html.render(
        report(METRICS), VERDICT
    )


@pytest.mark.parametrize("render", [console.render, summary.render, html.render])
def test_where_there_are_none_nothing_is_said(render: object) -> None:
    assert callable(render)
    text = str(render(report({"tests": 3.0}), VERDICT))
    assert "Levels of tests" not in text
    assert "Flaky" not in text
