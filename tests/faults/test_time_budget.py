"""A slow file is a gap of its own; whatever is slow, the time is bounded. Time here is counted, not waited for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from py_secure_ci.checking.time_budget import OutOfTime, in_halves
from py_secure_ci.config.settings import Options
from py_secure_ci.tool import Reading, Task

LIMIT = 600.0


class World:
    """A tool that needs so many seconds for each file."""

    def __init__(self, cost: dict[str, float], start: float = 1.0) -> None:
        self.cost, self.start, self.now = cost, start, 0.0

    def attempt(self, task: Task) -> Reading:
        needs = self.start + sum(self.cost[file] for file in task.files)
        self.now += min(needs, task.options.timeout)
        if needs > task.options.timeout:
            raise OutOfTime("timed out")
        return Reading(looked_at=frozenset(task.files))

    def run(self) -> tuple[set[str], set[str]]:
        task = Task(root=Path("/r"), scratch=Path("/s"), files=tuple(self.cost), options=Options(timeout=LIMIT))
        readings = in_halves(task, self.attempt, lambda: self.now)
        looked = {file for one in readings for file in one.looked_at or ()}
        return looked, {gap.subject for one in readings for gap in one.gaps}


def files(count: int, seconds: float = 0.01) -> dict[str, float]:
    return {f"f{number}.py": seconds for number in range(count)}


def test_everything_in_time_is_one_piece() -> None:
    assert World(files(1000)).run() == (set(files(1000)), set())


@pytest.mark.parametrize("slow", [["f0.py"], ["f999.py"], ["f1.py", "f600.py"]])
def test_only_the_slow_files_are_gaps(slow: list[str]) -> None:
    looked, gaps = World({**files(1000), **dict.fromkeys(slow, 1e9)}).run()
    assert gaps == set(slow)
    assert looked == set(files(1000)) - gaps


def test_a_tool_that_hangs_is_slow_as_a_whole() -> None:
    with pytest.raises(OutOfTime):
        World(files(50), start=1e9).run()


def test_one_slow_file_alone_is_slow_as_a_whole() -> None:
    with pytest.raises(OutOfTime):
        World({"a.py": 1e9}).run()


@given(
    st.dictionaries(st.text("abc", min_size=1), st.sampled_from([0.0, 0.1, 5.0, 50.0, 599.0, 1e9]), max_size=40),
    st.floats(0, 30),
)
@settings(max_examples=200, deadline=None)
def test_every_file_is_looked_at_or_a_gap_and_time_is_bounded(cost: dict[str, float], start: float) -> None:
    world = World(cost, start)
    try:
        looked, gaps = world.run()
    except OutOfTime:
        pass
    else:
        assert looked | gaps == set(cost)
        assert not looked & gaps
    assert world.now <= 2 * LIMIT + 1
