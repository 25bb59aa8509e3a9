"""Parts are of about the same length; what was remembered decides; small work is not divided."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from py_secure_ci.cache.costs import Costs, read_costs
from py_secure_ci.parts.balancing import ENVIRONMENT, SETUP, Item, balanced


def item(name: str, seconds: float, files: dict[str, float] | None = None, setup: float = SETUP) -> Item:
    return Item(project="", tool=name, stage="lint", seconds=seconds, files=files, setup=setup)


def suite(durations: dict[str, float]) -> Item:
    return item("pytest", sum(durations.values()), durations, ENVIRONMENT)


def test_pytest_goes_by_the_durations_of_its_files() -> None:
    durations = {"test_slow.py": 100.0, **{f"test_{number}.py": 10.0 for number in range(10)}}
    parts = balanced([suite(durations)], 2)
    assert [share.files for part in parts for share in part.shares] == [
        ("test_slow.py",),
        tuple(f"test_{number}.py" for number in range(10)),
    ]
    assert {part.seconds for part in parts} == {100.0 + ENVIRONMENT}


def test_little_work_is_not_divided() -> None:
    parts = balanced([item("bandit", 0.3, {"a.py": 0.1, "b.py": 0.2}), suite({"test_a.py": 9.0, "test_b.py": 9.0})], 4)
    assert [[(share.tool, share.files) for share in part.shares] for part in parts] == [
        [("pytest", None)],
        [("bandit", None)],
        [],
        [],
    ]


def test_what_can_be_divided_fills_up_beside_what_cannot() -> None:
    parts = balanced([item("bandit", 60.0, {f"{n}.py": 1.0 for n in range(60)}), item("mypy", 40.0)], 2)
    assert max(part.seconds for part in parts) - min(part.seconds for part in parts) <= SETUP + 1


@given(
    st.lists(st.tuples(st.floats(0, 500), st.integers(0, 12)), max_size=8),
    st.integers(1, 9),
)
def test_nothing_is_lost_and_nothing_is_done_twice(work: list[tuple[float, int]], count: int) -> None:
    items = [
        item(f"t{at}", seconds, {f"{n}.py": seconds / files for n in range(files)} if files else None)
        for at, (seconds, files) in enumerate(work)
    ]
    parts = balanced(items, count)
    assert balanced(items, count) == parts
    assert [part.id for part in parts] == [f"{at}-of-{count}" for at in range(1, count + 1)]
    for one in items:
        mine = [share.files for part in parts for share in part.shares if share.tool == one.tool]
        if mine != [None]:
            assert sorted(path for files in mine for path in files or ()) == sorted(one.files or {})
            assert None not in mine


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -1.0, 0.0])
def test_odd_durations_of_other_machines_are_not_learned(odd: float, tmp_path: object) -> None:
    costs = Costs(path=tmp_path / "costs")  # type: ignore[operator]
    costs.adopt({"bandit": odd}, {"mypy": odd})
    costs.learn_tests({"test_a.py": odd, "test_b.py": 2.5})
    costs.adopt({"bandit": 1.0}, {"mypy": 7.0})  # no tool needs a second for a byte
    costs.save()
    again = read_costs(costs.path)
    assert (again.rates, again.seconds, again.tests) == ({}, {"mypy": 7.0}, {"test_b.py": 2.5})
