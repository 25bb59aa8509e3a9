"""Seeds, workers, reruns, levels and the profile, with the real pytest and its real plugins."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Location, Severity
from py_secure_ci.tool import Reading, Task

Make = Callable[..., Task]
Run = Callable[..., Reading]
FLAKY = """\
import pathlib
import tempfile

MARK = pathlib.Path(tempfile.gettempdir()) / "tried"


def test_shaky():
    if not MARK.exists():
        MARK.write_text("x")
        raise OSError("the first time")


def test_bad():
    assert 1 == 2
"""


def options(**more: object) -> dict[str, object]:
    return {"coverage": None, **more}


def own(task: Task, reading: Reading) -> dict[str, tuple[str, Severity]]:
    told = [one for one in reading.findings if not (one.location and one.location.path in task.canaries)]
    return {one.anchor: (one.rule, one.severity) for one in told}


def test_a_test_that_passes_when_run_again_is_flaky(project: Make, run: Run) -> None:
    task = project({"test_a.py": FLAKY}, stage_options=options(reruns=2))
    reading = run(task)
    assert own(task, reading) == {
        "test_a.py::test_shaky": ("flaky", Severity.WARNING),
        "test_a.py::test_bad": ("test-failed", Severity.ERROR),
    }
    told = next(one for one in reading.findings if one.rule == "flaky")
    assert told.message == "test_a.py::test_shaky passes only when it is run again; at first: OSError: the first time"
    assert told.location == Location("test_a.py", 10)
    assert (reading.metrics["flaky"], reading.metrics["failed"], reading.metrics["passed"]) == (1, 1, 1)
    assert "1 tests passed only when they were run again: test_a.py::test_shaky" in reading.notes


def test_without_reruns_it_fails(project: Make, run: Run) -> None:
    task = project({"test_a.py": FLAKY}, stage_options=options())
    assert own(task, run(task))["test_a.py::test_shaky"] == ("test-failed", Severity.ERROR)


def test_a_plugin_that_tries_again_in_silence_is_seen(project: Make, run: Run) -> None:
    # As the plugins for flaky tests do it: the report of the first try is thrown away.
    conftest = (
        "from _pytest.runner import runtestprotocol\n\n\ndef pytest_runtest_protocol(item, nextitem):\n"
        "    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)\n"
        "    for _ in range(2):\n        reports = runtestprotocol(item, nextitem=nextitem, log=False)\n"
        "        if not any(one.failed for one in reports):\n            break\n"
        "    for one in reports:\n        item.ihook.pytest_runtest_logreport(report=one)\n    return True\n"
    )
    task = project({"test_a.py": FLAKY, "conftest.py": conftest}, stage_options=options())
    found = own(task, run(task))
    assert found["test_a.py::test_shaky"] == ("flaky", Severity.WARNING)
    assert found["test_a.py::test_bad"] == ("test-failed", Severity.ERROR)


SWALLOW = """\
import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        report.outcome = "passed"
"""
CASE = "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.fail()\n"


@pytest.mark.parametrize("test", ["def test():\n    assert 0\n", CASE])
@pytest.mark.parametrize(
    "conftest",
    [
        SWALLOW,
        "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_call(item):\n"
        "    outcome = yield\n    outcome.force_result(None)\n    item._excinfo = None\n",
    ],
)
def test_failures_that_a_hook_swallows_are_no_pass(project: Make, run: Run, conftest: str, test: str) -> None:
    task = project({"test_a.py": test, "conftest.py": conftest}, stage_options=options())
    with pytest.raises(WrongShape, match=r"1 tests raised an error and were reported as passed, such as test_a\.py::"):
        run(task)


def test_failures_that_a_hook_swallows_in_a_worker_are_no_pass(project: Make, run: Run) -> None:
    pytest.importorskip("xdist")
    files = {"test_a.py": "def test():\n    assert 0\n", "test_b.py": CASE, "conftest.py": SWALLOW}
    with pytest.raises(WrongShape, match="2 tests raised an error and were reported as passed"):
        run(project(files, stage_options=options(parallel=2)))


def test_hypothesis_starts_from_the_same_seed_and_shows_its_example(project: Make, run: Run) -> None:
    pytest.importorskip("hypothesis")
    text = (
        "from hypothesis import given, strategies as st\nSEEN = []\n\n"
        "@given(st.integers(), st.text())\ndef test_small(number, word):\n    SEEN.append((number, word))\n"
        "    assert number < 1000\n\n"
        "@given(st.integers(0, 10**9))\ndef test_what_was_tried(number):\n    SEEN.append(number)\n\n"
        "def test_told():\n    raise AssertionError(repr(SEEN[-5:]))\n"
    )
    task = project({"test_a.py": text}, stage_options=options(seed=7))
    first, second = run(task), None
    for path in task.scratch.iterdir():
        if path.suffix == ".jsonl":
            path.unlink()
    second = run(task)
    messages = [one.message for one in first.findings]
    assert messages == [one.message for one in second.findings]
    assert any(
        one.endswith("fails: assert 1000 < 1000; falsifying example: test_small(number=1000, word='')")
        for one in messages
    )
    assert "hypothesis (--hypothesis-seed) ran with the seed 7" in first.notes


MANY = "import pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_many(n): assert n != 3\n"


def test_workers_tell_the_same(project: Make, run: Run) -> None:
    pytest.importorskip("xdist")
    files = {"test_a.py": MANY, "test_b.py": "def test_b(): pass\n"}
    task = project(files, stage_options=options(parallel=2))
    reading = run(task)
    assert own(task, reading) == {"test_a.py::test_many[3]": ("test-failed", Severity.ERROR)}
    assert (reading.metrics["tests"], reading.gaps) == (7, ())
    assert reading.looked_at == frozenset(files)
    assert any("pytest-xdist ran the tests in parallel" in note for note in reading.notes)


@pytest.mark.parametrize("ini", ["", "[pytest]\naddopts = --max-worker-restart=0\n"])
def test_a_worker_that_dies_is_never_silence(project: Make, run: Run, ini: str) -> None:
    pytest.importorskip("xdist")
    files = {"test_a.py": MANY, "test_b.py": "import os\ndef test_b(): os._exit(0)\n", "pytest.ini": ini}
    task = project(files, stage_options=options(parallel=2))
    try:
        reading = run(task)
    except WrongShape as refused:
        assert "interrupted" in refused.message
        return
    assert own(task, reading)["test_b.py::test_b"] == ("test-error", Severity.ERROR)


def test_off_means_off(project: Make, run: Run) -> None:
    pytest.importorskip("xdist")
    task = project(
        {"test_a.py": MANY, "pytest.ini": "[pytest]\naddopts = -n 2\n"}, stage_options=options(parallel=False)
    )
    reading = run(task)
    assert reading.metrics["tests"] == 6
    assert not any("parallel" in note for note in reading.notes)


def test_workers_without_the_plugin_are_told(project: Make, run: Run) -> None:
    task = project(
        {"test_a.py": MANY, "pytest.ini": "[pytest]\naddopts = -p no:xdist\n"}, stage_options=options(parallel="auto")
    )
    reading = run(task)
    assert reading.metrics["tests"] == 6
    assert "pytest-xdist is not installed in the project's environment" in reading.notes


PYRAMID: Mapping[str, str] = {
    "pytest.ini": "[pytest]\nmarkers =\n    e2e\n",
    "tests/unit/test_u.py": "import pytest\ndef test_1(): pass\ndef test_2(): pass\n@pytest.mark.e2e\ndef test_3(): pass\n",
    "tests/integration/test_i.py": "import pytest\ndef test_1(): assert 0\ndef test_2(): pytest.skip('no')\ndef test_3(): pass\n",
    "tests/test_x.py": "def test_x(): pass\n",
}


def test_levels_are_counted_by_marker_and_folder(project: Make, run: Run) -> None:
    due = {"unit": {"least": 3}, "integration": {"pass_rate": 90}, "e2e": {"least": 1}, "performance": {"least": 1}}
    task = project(PYRAMID, stage_options=options(levels=due))
    reading = run(task)
    levels = {key: value for key, value in reading.metrics.items() if key.endswith((".tests", ".passed", ".skipped"))}
    assert levels == {
        "level.unit.tests": 2, "level.unit.passed": 2, "level.unit.skipped": 0,
        "level.integration.tests": 3, "level.integration.passed": 1, "level.integration.skipped": 1,
        "level.e2e.tests": 1, "level.e2e.passed": 1, "level.e2e.skipped": 0,
        "level.performance.tests": 0, "level.performance.passed": 0, "level.performance.skipped": 0,
        "level.other.tests": 1, "level.other.passed": 1, "level.other.skipped": 0,
    }  # fmt: skip
    said = [one.message for one in reading.findings if one.rule == "level-below-threshold"]
    assert said == [
        "Tests of the level unit: 2 tests ran, 3 are due",
        "Tests of the level integration: 50 % passed, 90 % are due",
        "Tests of the level performance: 0 tests ran, 1 are due",
    ]
    told = json.loads(reading.artifacts["tests.json"])
    assert [one["level"] for one in told["levels"]] == ["unit", "integration", "e2e", "performance", "other"]
    assert told["levels"][0]["seconds"] >= 0


def test_a_level_of_other_folders_and_too_slow(project: Make, run: Run) -> None:
    files = {"slow/test_s.py": "import time\ndef test_s(): time.sleep(0.2)\n"}
    due = {"integration": {"paths": ["slow"], "seconds": 0.1}}
    reading = run(project(files, stage_options=options(levels=due)))
    assert [one.message for one in reading.findings if one.rule == "level-below-threshold"] == [
        "Tests of the level integration: its tests took more than the 0.1 seconds that are allowed"
    ]


def test_without_levels_none_are_told(project: Make, run: Run) -> None:
    reading = run(project({"test_a.py": "def test(): pass\n"}, stage_options=options()))
    assert not [key for key in reading.metrics if key.startswith("level.")]


def test_the_slowest_test_is_profiled(project: Make, run: Run) -> None:
    text = (
        "import time\ndef slow_inside():\n    time.sleep(0.2)\n\n"
        "def test_slow(): slow_inside()\ndef test_fast(): pass\n"
    )
    task = project({"test_a.py": text}, stage_options=options(profile=True))
    profile = run(task).artifacts["profile.txt"]
    assert profile.startswith("The slowest test: test_a.py::test_slow\n")
    assert "slow_inside" in profile
    assert str(task.root) not in profile
