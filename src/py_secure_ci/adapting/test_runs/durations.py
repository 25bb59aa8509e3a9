"""tests.json: what the tests cost, by level and by test; no part of the report, in which no time may stand."""

from __future__ import annotations

import json

from py_secure_ci.adapting.test_runs.levels import LevelResult
from py_secure_ci.adapting.test_runs.run import TestRun

SLOWEST = 25


def durations(run: TestRun, levels: tuple[LevelResult, ...]) -> str:
    """Levels with counts, pass rate and seconds; then the slowest tests."""
    slowest = sorted(run.seconds.items(), key=lambda one: (-one[1], one[0]))[:SLOWEST]
    document = {
        "tests": len(run.results),
        "seconds": round(sum(run.seconds.values()), 3),
        "levels": [
            {
                "level": one.level.name,
                "tests": len(one.tests),
                "passed": one.passed,
                "failed": one.failed,
                "skipped": one.skipped,
                "pass_rate": None if one.pass_rate is None else round(one.pass_rate, 2),
                "seconds": round(one.seconds, 3),
            }
            for one in levels
        ],
        "flaky": sorted(run.flaky),
        "slowest": [{"test": node, "seconds": round(seconds, 3)} for node, seconds in slowest],
    }
    return json.dumps(document, indent=1) + "\n"
