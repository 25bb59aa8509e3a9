"""The levels of the pyramid of tests, read back from the metrics of the tools that ran tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from py_secure_ci.model import Stage
from py_secure_ci.report import Completed, Report

_KEY = re.compile(r"level\.(?P<level>[a-z0-9_]+)\.tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRow:
    """One level of one tool's tests. `rate`: per cent of those that ran, rounded down; empty where none ran."""

    tool: str
    level: str
    tests: int
    passed: int
    failed: int
    skipped: int

    @property
    def rate(self) -> str:
        """`66.66 %`."""
        ran = self.passed + self.failed
        return f"{int(10_000 * self.passed / ran) / 100:g} %" if ran else ""


def level_rows(report: Report) -> tuple[LevelRow, ...]:
    """Every level that a completed tool told of, in the order of the pyramid."""
    return tuple(row for outcome in report.outcomes if isinstance(outcome, Completed) for row in _rows(outcome))


_ORDER = ("unit", "integration", "e2e", "performance", "other")


def _rows(outcome: Completed) -> Iterator[LevelRow]:
    metrics = outcome.metrics
    names = [found["level"] for key in metrics if (found := _KEY.fullmatch(key))]
    for name in sorted(names, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)):
        counts = {kind: int(metrics.get(f"level.{name}.{kind}", 0)) for kind in ("passed", "failed", "skipped")}
        yield LevelRow(tool=outcome.tool.name, level=name, tests=int(metrics[f"level.{name}.tests"]), **counts)


def told_by_tests(report: Report) -> tuple[str, ...]:
    """What the tools that ran tests have to say besides findings: seeds, workers, what was not compared."""
    done = (one for one in report.outcomes if isinstance(one, Completed) and one.tool.stage is Stage.TEST)
    return tuple(f"{one.tool.name}: {note}" for one in done for note in one.notes)


def flaky_count(report: Report) -> int:
    """How many tests passed only when they were run again."""
    return sum(int(one.metrics.get("flaky", 0)) for one in report.outcomes if isinstance(one, Completed))
