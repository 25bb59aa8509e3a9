"""The sum of several machines' coverage is what coverage itself makes of their data, number for number."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from py_secure_ci.adapting.test_runs.coverage_data import read_coverage
from py_secure_ci.adapting.test_runs.coverage_sum import coverage_sum
from py_secure_ci.errors import WrongShape

MODULE = """\
import sys


def sign(x):
    if x < 0:
        return -1
    elif x > 0:
        return 1
    for _ in range(x):
        pass
    while x:
        break
    return 0


def never():  # pragma: no cover
    return sys


class Odd:
    def one(self, x):
        return [y for y in x if y] if x else None
"""
RUNS = {"one": "m.sign(-1)", "two": "m.sign(4); m.Odd().one([])", "three": "pass", "four": "m.Odd().one([1])"}

Report = Callable[..., str]


@pytest.fixture(scope="module", params=[True, False], ids=["branches", "lines"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Run some of RUNS, each under coverage; `coverage json` over their combined data."""
    tmp_path = tmp_path_factory.mktemp("covered")
    (tmp_path / "m.py").write_text(MODULE)
    (tmp_path / "other.py").write_text("A = 1\nif A:\n    B = 2\n")
    (tmp_path / ".coveragerc").write_text(f"[run]\nsource = .\nbranch = {request.param}\n")

    def coverage(*words: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "coverage", *words], cwd=tmp_path, check=True, capture_output=True, timeout=60
        )

    def made(*names: str) -> str:
        for name in names:
            if not (tmp_path / f"data.{name}").exists():
                coverage("run", f"--data-file=data.{name}", "-m", _module(tmp_path, name))
        coverage("combine", "--keep", "--data-file=all", *(f"data.{name}" for name in names))
        coverage("json", "--data-file=all", "-o", "all.json")
        return (tmp_path / "all.json").read_text()

    return made


def _module(folder: Path, name: str) -> str:
    (folder / "scripts").mkdir(exist_ok=True)
    (folder / "scripts" / f"run_{name}.py").write_text(f"import m\n{RUNS[name]}\n")
    return f"scripts.run_{name}"


def own(text: str) -> str:
    """The report without the scripts that make it: those differ from run to run."""
    data = json.loads(text)
    data["files"] = {path: one for path, one in data["files"].items() if not path.startswith("scripts")}
    return json.dumps(data)


def test_it_is_what_coverage_combines(report: Report) -> None:
    apart = [own(report(name)) for name in RUNS]
    together = json.loads(report(*RUNS))
    summed = json.loads(coverage_sum(apart))
    for path in ("m.py", "other.py"):
        expected, got = together["files"][path], summed["files"][path]
        assert got["executed_lines"] == expected["executed_lines"]
        assert got["missing_lines"] == expected["missing_lines"]
        assert got["summary"]["percent_covered"] == expected["summary"]["percent_covered"]
        for key in ("executed_branches", "missing_branches"):
            assert got.get(key, []) == sorted(expected.get(key, []))


def test_one_report_is_its_own_sum_and_sums_can_be_summed(report: Report) -> None:
    whole = report(*RUNS)
    assert read_coverage(coverage_sum([whole])) == read_coverage(whole)
    one, two, three = (own(report(name)) for name in ("one", "two", "four"))
    assert coverage_sum([coverage_sum([one, two]), three]) == coverage_sum([three, coverage_sum([two, one])])


def test_reports_of_different_sources_have_no_sum(report: Report) -> None:
    one = json.loads(report("one"))
    other = json.loads(json.dumps(one))
    other["files"]["m.py"]["missing_lines"] += [99]
    with pytest.raises(WrongShape):
        coverage_sum([json.dumps(one), json.dumps(other)])
    other["files"]["m.py"]["missing_lines"] = []
    with pytest.raises(WrongShape, match="does not follow"):
        coverage_sum([json.dumps(other)])
