"""The levels of the pyramid: which tests belong to which, how they came out, and what is due of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import Any

from py_secure_ci.adapting.test_runs.run import Result, TestRun
from py_secure_ci.model import Finding, Location, Severity

OTHER = "other"  # tests that no level claims
GOOD = frozenset({Result.PASSED, Result.XFAILED, Result.XPASSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A test belongs to the first level whose marker it bears; without one to the first whose folder it lies in.

    What is due: `least` tests that ran, a `pass_rate` in per cent of those that ran, at most `seconds` in all.
    """

    name: str
    markers: tuple[str, ...]
    paths: tuple[str, ...]
    least: int = 0
    pass_rate: float | None = None
    seconds: float | None = None

    def changed(self, given: Mapping[str, Any]) -> Level:
        """With what the YAML says of it."""
        words: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in given.items()}
        return replace(self, **words)

    def holds(self, path: str) -> bool:
        """Whether a file lies in one of its folders, at the root or below another."""
        return any(fnmatch(path, one) or f"/{one.strip('/')}/" in f"/{path}" for one in self.paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelResult:
    """How the tests of a level came out. Skipped ones did not run."""

    level: Level
    tests: tuple[str, ...]
    passed: int
    failed: int
    skipped: int
    seconds: float

    @property
    def pass_rate(self) -> float | None:
        """Per cent of the tests that ran; None: none ran."""
        ran = self.passed + self.failed
        return 100 * self.passed / ran if ran else None


LEVELS = (
    Level(name="unit", markers=("unit",), paths=("tests/unit", "test/unit", "unit_tests")),
    Level(
        name="integration",
        markers=("integration",),
        paths=("tests/integration", "test/integration", "integration_tests"),
    ),
    Level(name="e2e", markers=("e2e", "end_to_end"), paths=("tests/e2e", "tests/end_to_end", "test/e2e", "e2e_tests")),
    Level(
        name="performance",
        markers=("performance", "benchmark", "perf"),
        paths=("tests/performance", "tests/benchmarks", "tests/perf", "benchmarks"),
    ),
)


def marks_of(levels: Iterable[Level]) -> tuple[str, ...]:
    """Every marker that decides."""
    return tuple(mark for level in levels for mark in level.markers)


def by_level(run: TestRun, levels: tuple[Level, ...]) -> tuple[LevelResult, ...]:
    """The levels that have tests, or of which something is due; last what no level claims. Empty: no level is used."""
    groups: dict[str, list[str]] = {level.name: [] for level in levels}
    rest: list[str] = []
    for node in sorted(run.results):
        level = _level(run, node, levels)
        (groups[level.name] if level else rest).append(node)
    results = [_result(run, level, groups[level.name]) for level in levels]
    used = [one for one in results if one.tests or one.level.least or one.level.pass_rate is not None]
    if not used:
        return ()
    other = _result(run, Level(name=OTHER, markers=(), paths=()), rest)
    return (*used, *((other,) if rest else ()))


def _level(run: TestRun, node: str, levels: tuple[Level, ...]) -> Level | None:
    marks = run.marks.get(node, ())
    marked = next((level for level in levels if set(level.markers) & set(marks)), None)
    return marked or next((level for level in levels if level.holds(run.paths[node])), None)


def _result(run: TestRun, level: Level, nodes: list[str]) -> LevelResult:
    found = [run.results[node] for node in nodes]
    return LevelResult(
        level=level,
        tests=tuple(nodes),
        passed=sum(one in GOOD for one in found),
        failed=sum(one in (Result.FAILED, Result.ERROR) for one in found),
        skipped=found.count(Result.SKIPPED),
        seconds=sum(run.seconds.get(node, 0.0) for node in nodes),
    )


def level_metrics(results: Iterable[LevelResult]) -> dict[str, float]:
    """`level.NAME.KIND` -> how many. Seconds are no part: what is compared holds no time."""
    return {
        f"level.{one.level.name}.{kind}": float(count)
        for one in results
        for kind, count in (
            ("tests", len(one.tests)),
            ("passed", one.passed),
            ("failed", one.failed),
            ("skipped", one.skipped),
        )
    }


def level_findings(tool: str, run: TestRun, results: Iterable[LevelResult]) -> Iterator[Finding]:
    """What a level lacks of what is due."""
    for one in results:
        level, rate = one.level, one.pass_rate
        first = Location(run.paths[one.tests[0]]) if one.tests else None
        said = []
        if one.passed + one.failed < level.least:
            said.append(f"{one.passed + one.failed} tests ran, {level.least} are due")
        if level.pass_rate is not None and (rate is None or rate < level.pass_rate):
            told = "no test ran" if rate is None else f"{int(rate * 100) / 100:g} % passed"
            said.append(f"{told}, {level.pass_rate:g} % are due")
        if level.seconds is not None and one.seconds > level.seconds:
            said.append(f"its tests took more than the {level.seconds:g} seconds that are allowed")
        for words in said:
            yield Finding(
                tool=tool,
                rule="level-below-threshold",
                severity=Severity.ERROR,
                message=f"Tests of the level {level.name}: {words}",
                location=first,
                fix=f"See `stages.test.levels.{level.name}`.",
                anchor=f"level {level.name}",
            )
