"""A share of a test run as a reading, and the reading of the whole run from all shares of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from py_secure_ci.adapting.test_runs.coverage_sum import coverage_sum
from py_secure_ci.adapting.test_runs.judging import NO_TESTS, refuse_contradictions
from py_secure_ci.adapting.test_runs.reruns import with_reruns
from py_secure_ci.adapting.test_runs.running import (
    COVERAGE,
    SUITE,
    again,
    concluded,
    measured_in,
    planted,
    run_of,
    seconds_of_files,
)
from py_secure_ci.adapting.test_runs.shares import joined_run, read_share, share_text
from py_secure_ci.model import Gap
from py_secure_ci.tool import Execution, Reading, Task

SHARE = "share.json"


def read_part(task: Task, tool: str, executions: Mapping[str, Execution]) -> Reading:
    """A share of the suite: nothing is concluded before all shares are there. There may be no test in it."""
    main, share = executions[SUITE], task.share or ()
    run = run_of(task, main, SUITE)
    if run.status == main.status == NO_TESTS:
        run = replace(run, problems=tuple(one for one in run.problems if one[0] != "coverage"))
    else:
        refuse_contradictions(tool, run, main.status, len(task.files))
    run = with_reruns(run, again(task, main))
    coverage = main.files.get(COVERAGE, "")
    return Reading(
        findings=tuple(planted(task, tool, executions)),
        looked_at=frozenset(share),
        artifacts={SHARE: share_text(run, share, coverage_sum([coverage]) if coverage else "")},
        durations=seconds_of_files(run),
    )


def join_parts(task: Task, tool: str, readings: tuple[Reading, ...], whole: bool) -> Reading:
    """The suite from its shares. Coverage is told of the whole suite only. Raises WrongShape."""
    shares = tuple(read_share(reading.artifacts.get(SHARE, "")) for reading in readings)
    run = joined_run(shares)
    if run.status == NO_TESTS:  # a share may be without tests, the suite may not
        refuse_contradictions(tool, run, NO_TESTS, len(task.files))
    measured = [share.coverage for share in shares if share.coverage]
    silent = [share for share in shares if not share.coverage and share.status != NO_TESTS]
    if not whole or (measured and silent):
        reading = concluded(replace(task, stage_options={**task.stage_options, "coverage": False}), tool, run, None)
        return replace(reading, gaps=(*reading.gaps, Gap("coverage", "some of the shares did not measure it")))
    return concluded(task, tool, run, measured_in(coverage_sum(measured)) if measured else None)
