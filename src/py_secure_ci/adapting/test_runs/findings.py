"""A test run in the words of every tool: findings, metrics and notes."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from py_secure_ci.adapting.test_runs.coverage_data import CoverageData
from py_secure_ci.adapting.test_runs.run import Result, TestRun, Trouble
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity

RULES = (
    Rule(id="test-failed", name="A test fails", summary="An assertion of a test, or code that it calls, failed."),
    Rule(id="test-error", name="A test breaks", summary="The setup or teardown of a test failed, or its process died."),
    Rule(id="collection-error", name="A test file cannot be loaded", summary="None of its tests could be run."),
    Rule(
        id="flaky",
        name="A test passes only when it is run again",
        summary="It fails now and then: nobody can trust it.",
    ),
    Rule(
        id="level-below-threshold", name="A level of tests lacks what is due", summary="Too few, too slow or failing."
    ),
    Rule(id="coverage-below-threshold", name="Too little is tested", summary="Tests run fewer lines than are due."),
)
RULE_OF = MappingProxyType({Result.FAILED: "test-failed", Result.ERROR: "test-error"})
SEEDED = MappingProxyType(
    {
        "hypothesis_seed": "hypothesis (--hypothesis-seed)",
        "randomly_seed": "pytest-randomly (-p randomly, --randomly-seed)",
        "random_order_seed": "pytest-random-order (--random-order-seed)",
    }
)
NAMED = 3  # files that a coverage finding names


def findings(tool: str, run: TestRun) -> Iterator[Finding]:
    """One for each failing test or subtest and each file that cannot be loaded, in the order of their ids."""
    for one in sorted(run.troubles, key=lambda trouble: (trouble.node, trouble.part, trouble.result.value)):
        yield _finding(tool, RULE_OF[one.result], one, "fails" if one.result is Result.FAILED else "breaks")
    for one in sorted(run.broken, key=lambda trouble: trouble.node):
        yield _finding(tool, "collection-error", one, "cannot be loaded")


def _finding(tool: str, rule: str, one: Trouble, verb: str) -> Finding:
    name = f"{one.node} [{one.part}]" if one.part else one.node
    said = one.message.strip().split("\n")[0].strip()
    if one.example:
        said = f"{said}; falsifying example: {one.example}"
    return Finding(
        tool=tool,
        rule=rule,
        severity=Severity.ERROR,
        message=f"{name} {verb}: {said}" if said else f"{name} {verb}",
        location=one.location,
        anchor=name,
    )


def flaky(tool: str, run: TestRun) -> Iterator[Finding]:
    """One for each test that passed only when it was run again, by us or by a plugin of the project."""
    for node, trouble in sorted(run.flaky.items()):
        said = trouble.message.strip().split("\n")[0].strip() if trouble else ""
        yield Finding(
            tool=tool,
            rule="flaky",
            severity=Severity.WARNING,
            message=f"{node} passes only when it is run again" + (f"; at first: {said}" if said else ""),
            location=trouble.location if trouble else Location(run.paths[node]) if node in run.paths else None,
            anchor=node,
        )


def broken_files(run: TestRun) -> Iterator[Gap]:
    """Files that could not be loaded: nobody knows what their tests would say."""
    for one in sorted(run.broken, key=lambda trouble: trouble.node):
        yield Gap(one.location.path, "the file cannot be loaded, so none of its tests ran", one.location.line)


def too_low(tool: str, measured: CoverageData | None, threshold: float | None) -> Iterator[Finding]:
    """The finding for a coverage below the threshold (per cent), at the least covered file."""
    if measured is None or threshold is None or measured.percent >= threshold:
        return
    least = measured.least[:NAMED]
    named = ", ".join(f"{one.path} ({one.percent:.0f} %)" for one in least)
    yield Finding(
        tool=tool,
        rule="coverage-below-threshold",
        severity=Severity.ERROR,
        # rounded down: 79.99 must not read as the 80 that it is not
        message=f"Tests cover {_floor(measured.percent)} %, {threshold:g} % are due; least covered: {named}",
        location=Location(least[0].path, least[0].missing[0] if least[0].missing else None),
        fix=f"Write tests for {named}, or lower the threshold `stages.test.coverage`.",
        anchor="coverage",
    )


def _floor(percent: float) -> str:
    return f"{int(percent * 100) / 100:g}"


def metrics(run: TestRun, measured: CoverageData | None) -> dict[str, float]:
    """Counts of tests by result, and the coverage in per cent where it was measured."""
    counts: dict[str, float] = {result.value: run.count(result) for result in Result}
    counts |= {
        "tests": len(run.results),
        "deselected": run.deselected,
        "reruns": len(run.reruns),
        "flaky": len(run.flaky),
    }
    return counts | ({"coverage": int(measured.percent * 100) / 100} if measured else {})


def notes(run: TestRun) -> Iterator[str]:
    """What a person should know although it is no finding."""
    if run.flaky:
        yield f"{len(run.flaky)} tests passed only when they were run again: {', '.join(sorted(run.flaky)[:NAMED])}"
    for option, seed in sorted(run.seeds.items()):
        yield f"{SEEDED[option]} ran with the seed {seed}"
    yield from (reason for what, reason in run.problems if what == "parallel")
    if run.settings.get("workers"):
        yield "pytest-xdist ran the tests in parallel; it does not tell which files held no test"
    passed = [node for node, result in sorted(run.results.items()) if result is Result.XPASSED]
    if passed:
        yield f"{len(passed)} tests passed although they are marked as expected to fail: {', '.join(passed[:NAMED])}"
