"""Benchmarks over recorded runs of the real pytest-benchmark (record.py), held against baselines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.adapting.test_runs.benchmark_runs import BASELINE
from py_secure_ci.config.settings import Options
from py_secure_ci.errors import WrongShape
from py_secure_ci.tool import Execution, Reading, Task
from py_secure_ci.tools.pytest_benchmark import TOOL

HERE = Path(__file__).parents[1] / "pytest-benchmark"
FILE = "benchmarks/test_speed.py"
NAME = f"{FILE}::test_speed"


def recorded(case: str) -> Execution:
    folder = HERE / case
    files = {one.name: one.read_text("utf-8") for one in folder.iterdir() if one.suffix in (".json", ".jsonl")}
    status, stdout = ((folder / f"benchmark-run.{end}").read_text("utf-8") for end in ("status", "stdout"))
    return Execution(status=int(status), stdout=stdout, stderr="", files=files)


def read(execution: Execution, baseline: str = "", **options: Any) -> Reading:
    settings = {BASELINE: baseline} if baseline else {}
    task = Task(
        root=Path("/project"), scratch=Path("/scratch"), files=(FILE,), settings=settings, options=Options(**options)
    )
    return TOOL.parse(task, {"benchmark-run": execution})


def baseline(factor: float = 1.0, spread: float = 1.0, **machine: str) -> str:
    """What the recorded run itself left, `factor` times as long, `spread` times as wide above."""
    document: dict[str, Any] = json.loads(read(recorded("clean")).artifacts["benchmarks.json"])
    for one in document["benchmarks"].values():
        one.update({key: one[key] * factor for key in ("median", "q1", "q3")})
        one["q3"] *= spread
    document["machine"].update(machine)
    return json.dumps(document)


def slower(reading: Reading) -> list[str]:
    return [one.anchor for one in reading.findings if one.rule == "slower"]


def test_without_a_baseline_nothing_is_compared_and_that_is_told() -> None:
    reading = read(recorded("clean"))
    assert reading.findings == ()
    assert reading.notes == ("benchmarks: nothing to compare with; keep benchmarks.json of this run as the baseline",)
    assert (reading.looked_at, reading.metrics["benchmarks"]) == (frozenset({FILE}), 1)


@pytest.mark.parametrize(
    ("before", "found"),
    [(1.0, []), (0.85, []), (0.5, [NAME]), (3.0, [])],
)
def test_slower_than_the_threshold_is_a_finding(before: float, found: list[str]) -> None:
    assert slower(read(recorded("clean"), baseline(before))) == found


def test_the_threshold_is_an_option() -> None:
    assert slower(read(recorded("clean"), baseline(0.5), settings={"threshold": 150})) == []
    assert slower(read(recorded("clean"), baseline(0.9), settings={"threshold": 5})) == [NAME]


def test_what_spreads_too_widely_is_not_told() -> None:
    assert slower(read(recorded("clean"), baseline(0.5, spread=4))) == []


def test_another_machine_is_told_and_not_judged() -> None:
    reading = read(recorded("clean"), baseline(0.1, cpu="Other"))
    assert slower(reading) == []
    (note,) = reading.notes
    assert note.startswith("benchmarks: not compared, as the baseline was measured on another machine (cpu: Other, now")


def test_a_baseline_may_be_what_pytest_benchmark_itself_wrote() -> None:
    reading = read(recorded("clean"), recorded("clean").files["benchmark.json"])
    assert (reading.findings, reading.notes) == ((), ())


def test_what_came_and_went_is_told() -> None:
    document = json.loads(baseline())
    document["benchmarks"]["benchmarks/test_old.py::test_gone"] = document["benchmarks"].pop(NAME)
    assert read(recorded("clean"), json.dumps(document)).notes == (
        "benchmarks no longer measured: benchmarks/test_old.py::test_gone",
        f"benchmarks not in the baseline yet: {NAME}",
    )


def test_a_benchmark_that_fails_is_a_finding() -> None:
    reading = read(recorded("findings"))
    assert [(one.rule, one.anchor) for one in reading.findings] == [("test-failed", f"{FILE}::test_wrong")]


def test_a_run_that_ends_in_the_middle_is_no_answer() -> None:
    with pytest.raises(WrongShape, match="ended while"):
        read(recorded("broken"))


def changed(**changes: Any) -> Mapping[str, str]:
    files = dict(recorded("clean").files)
    return {**files, "benchmark.json": json.dumps({**json.loads(files["benchmark.json"]), **changes})}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({**recorded("clean").files, "benchmark.json": ""}, "wrote no measurements"),
        (changed(benchmarks=[]), "measured nothing"),
        (
            changed(benchmarks=[{"fullname": "x::y", "stats": {"median": 1, "q1": 1, "q3": 1, "rounds": 1}}]),
            "no test ran",
        ),
        (changed(benchmarks=[{"fullname": NAME, "stats": {"median": 3, "q1": 1, "q3": 2, "rounds": 1}}]), "quartiles"),
        (changed(benchmarks=[{"fullname": NAME, "stats": {"median": "1"}}]), "should be seconds"),
        (changed(machine_info={}), "has no 'cpu'"),
    ],
)
def test_measurements_that_cannot_be_believed(files: Mapping[str, str], reason: str) -> None:
    with pytest.raises(WrongShape, match=reason):
        read(replace(recorded("clean"), files=files))


def test_a_baseline_that_is_named_and_missing_is_no_answer() -> None:
    with pytest.raises(WrongShape, match=r"there is no baseline old\.json"):
        read(recorded("clean"), config="old.json")
    with pytest.raises(WrongShape):
        read(recorded("clean"), "{}")


def test_what_is_due() -> None:
    tree = (
        "benchmarks/test_a.py", "benchmarks/helper.py", "tests/performance/test_b.py", "tests/test_benchmark_c.py",
        "pkg/bench_d.py", "tests/test_e.py", "perf/deep/bench_f.py",
    )  # fmt: skip
    assert TOOL.select(tree, {}).files == tuple(one for one in tree if "helper" not in one and "test_e" not in one)
