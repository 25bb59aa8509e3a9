"""Tests that passed only when they were run again: by a plugin of the project, or by us (`stages.test.reruns`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from py_secure_ci.adapting.test_runs.run import Result, TestRun, Trouble

BAD = frozenset({Result.FAILED, Result.ERROR})


def with_reruns(run: TestRun, again: Iterable[TestRun]) -> TestRun:
    """The run, with every flaky test told. What our reruns did not see pass has failed."""
    results, troubles = dict(run.results), run.troubles
    flaky: dict[str, Trouble | None] = {node: None for node in (*run.reruns, *run.tries) if _passed(results, node)}
    for other in again:
        for node in [node for node, result in results.items() if result in BAD and _passed(other.results, node)]:
            flaky[node] = next((one for one in troubles if one.node == node), None)
            troubles = tuple(one for one in troubles if one.node != node)
            results[node] = Result.PASSED
    return replace(run, results=results, troubles=troubles, flaky=flaky)


def _passed(results: Mapping[str, Result], node: str) -> bool:
    return results.get(node) is Result.PASSED
