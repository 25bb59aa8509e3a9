"""The adapter over the real pytest: what tests, hooks and settings of projects can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Location
from py_secure_ci.tool import Execution, Reading, Task

Make = Callable[..., Task]
Run = Callable[[Task], Reading]
NO_COVERAGE = {"coverage": None}
FAILS = {"test_a.py": "def test_a():\n    assert 1 == 2\n"}


def own(task: Task, reading: Reading) -> list[Finding]:
    """The findings of the project, without the canary's."""
    return [one for one in reading.findings if one.location is None or one.location.path not in task.canaries]


def sees_canary(task: Task, reading: Reading) -> bool:
    return any(one.location == Location(task.canaries[0]) and one.rule == "test-failed" for one in reading.findings)


def test_one_of_everything(project: Make, run: Run) -> None:
    task = project(
        {
            "helper.py": "def check(x):\n    if x:\n        raise ValueError('helped\\nbadly')\n",
            "tests/test_all.py": (
                "import pytest, unittest\nimport helper\n\n"
                "def test_passes(): pass\n\n"
                "def test_fails():\n    helper.check(True)\n\n"
                "@pytest.fixture\ndef broken():\n    raise KeyError('gone')\n\n"
                "def test_breaks(broken): pass\n\n"
                "@pytest.mark.skip\ndef test_skipped(): pass\n\n"
                "@pytest.mark.xfail\ndef test_xfails(): assert 0\n\n"
                "@pytest.mark.xfail(strict=True)\ndef test_strict(): pass\n\n"
                "@pytest.mark.xfail\ndef test_xpasses(): pass\n\n"
                "class T(unittest.TestCase):\n    def test_unit(self):\n        self.assertEqual(1, 2)\n"
            ),
        },
        stage_options=NO_COVERAGE,
    )
    reading = run(task)
    at = {one.anchor.split("::", 1)[1]: (one.rule, one.location and one.location.line) for one in own(task, reading)}
    assert at == {
        "test_fails": ("test-failed", 7),
        "test_breaks": ("test-error", 11),
        "test_strict": ("test-failed", 21),
        "T::test_unit": ("test-failed", 29),
    }
    failed = next(one for one in own(task, reading) if one.anchor.endswith("test_fails"))
    assert failed.message == "tests/test_all.py::test_fails fails: ValueError: helped"
    counts = {
        name: reading.metrics[name] for name in ("tests", "passed", "failed", "error", "skipped", "xfailed", "xpassed")
    }
    assert counts == {"tests": 8, "passed": 1, "failed": 3, "error": 1, "skipped": 1, "xfailed": 1, "xpassed": 1}
    assert reading.looked_at == frozenset({"tests/test_all.py"})
    assert sees_canary(task, reading)


def test_a_file_that_cannot_be_loaded_is_a_finding_and_a_gap(project: Make, run: Run) -> None:
    task = project({"test_bad.py": "x = 1\nimport no_such_thing\n", **FAILS}, stage_options=NO_COVERAGE)
    reading = run(task)
    (finding,) = own(task, reading)
    assert (finding.rule, finding.location) == ("collection-error", Location("test_bad.py", 2))
    assert "no_such_thing" in finding.message
    assert [gap.subject for gap in reading.gaps] == ["tests", "test_bad.py"]
    assert "test_bad.py" not in (reading.looked_at or ())


def test_coverage_below_the_threshold_names_the_least_covered(project: Make, run: Run) -> None:
    pytest.importorskip("coverage")
    files = {f"pkg/m{n}.py": "def f():\n" + "    x = 1\n" * n for n in range(1, 6)}
    task = project({"pkg/__init__.py": "", **files, "test_a.py": "import pkg.m1\ndef test(): pkg.m1.f()\n"})
    reading = run(task)
    (finding,) = own(task, reading)
    assert (finding.rule, finding.anchor) == ("coverage-below-threshold", "coverage")
    assert finding.message == (
        "Tests cover 10 %, 80 % are due; least covered: pkg/m5.py (0 %), pkg/m4.py (0 %), pkg/m3.py (0 %)"
    )
    assert finding.location == Location("pkg/m5.py", 1)
    assert 'filename="pkg/m1.py"' in reading.artifacts["coverage.xml"]


def test_nothing_is_written_into_the_tree(project: Make, run: Run) -> None:
    ini = "[pytest]\naddopts = --junitxml=out.xml --showlocals -x\n"
    task = project({"pytest.ini": ini, "m.py": "", "test_b.py": "import m\ndef test(): pass\n", **FAILS})
    reading = run(task)
    assert sorted(path.name for path in task.root.rglob("*")) == ["m.py", "pytest.ini", "test_a.py", "test_b.py"]
    assert reading.metrics["tests"] == 2  # the -x of the project does not hide the second


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"test_a.py": "import os\ndef test_end(): os._exit(0)\n"}, "ended while test_a.py::test_end ran"),
        ({**FAILS, "conftest.py": "def pytest_sessionfinish(session): session.exitstatus = 0\n"}, "status 0 although"),
        ({**FAILS, "conftest.py": "raise SystemExit(0)\n"}, r"broke down: SystemExit\(0\)"),
        ({**FAILS, "conftest.py": "import os\nos._exit(0)\n"}, "before it had told"),
        ({**FAILS, "pytest.ini": "[pytest]\naddopts = --no-such\n"}, "could not start: .*--no-such"),
        ({**FAILS, "pytest.ini": "[pytest]\naddopts = -k nothing_like_it\n"}, r"no tests.*deselected by -k"),
        ({"test_a.py": "x = 1\n"}, "collected no tests, although there are 1 test files"),
        ({"tests/helper.py": "x = 1\n"}, "collected no tests"),
        ({**FAILS, "conftest.py": "def pytest_sessionstart(session): 1/0\n"}, "broke down: .*ZeroDivisionError"),
        ({"test_a.py": "import pytest\ndef test(): pytest.exit('enough', 0)\n"}, "told of none|it had told|ended"),
    ],
)
def test_a_run_that_cannot_be_believed_is_no_answer(
    project: Make, run: Run, files: Mapping[str, str], reason: str
) -> None:
    with pytest.raises(WrongShape, match=f"(?s){reason}"):
        run(project(files, stage_options=NO_COVERAGE))


def test_a_child_that_a_test_forks_does_not_tell_twice(project: Make, run: Run) -> None:
    text = "import os\ndef test_fork():\n    pid = os.fork()\n    if pid == 0:\n        raise ValueError\n"
    text += "    os.waitpid(pid, 0)\n"
    task = project({"test_a.py": text, "test_b.py": "def test(): pass\n"}, stage_options=NO_COVERAGE)
    reading = run(task)
    assert (own(task, reading), reading.metrics["passed"]) == ([], 2)


def test_options_that_blind_the_run_blind_the_canary(
    project: Make, executed: Callable[..., dict[str, Execution]]
) -> None:
    task = project({**FAILS, "pytest.ini": "[pytest]\naddopts = -k test_a\n"}, stage_options=NO_COVERAGE)
    assert executed(task)["canary"].status == 5  # deselected: nothing is collected, so nothing is seen to fail


def test_what_the_settings_leave_out_is_told(project: Make, run: Run) -> None:
    task = project(
        {
            "pytest.ini": "[pytest]\ntestpaths = tests\naddopts = -m 'not slow'\nmarkers = slow\n",
            "tests/test_a.py": "import pytest\ndef test(): pass\n@pytest.mark.slow\ndef test_slow(): pass\n",
            "other/test_b.py": "def test(): pass\n",
        },
        stage_options=NO_COVERAGE,
    )
    reading = run(task)
    assert [(one.subject, one.by) for one in reading.excluded] == [
        ("other/test_b.py", "pytest.ini: testpaths"),
        ("1 tests", "pytest.ini: -m"),
    ]
    assert (reading.gaps, sees_canary(task, reading)) == ((), True)


def test_a_file_that_code_leaves_out_is_a_gap(project: Make, run: Run) -> None:
    task = project(
        {"conftest.py": "collect_ignore = ['test_b.py']\n", "test_a.py": "def test(): pass\n", "test_b.py": "x\n"},
        stage_options=NO_COVERAGE,
    )
    assert [(gap.subject, gap.reason) for gap in run(task).gaps] == [("test_b.py", "pytest did not collect it")]


def test_a_suite_that_is_skipped_whole_is_a_gap(project: Make, run: Run) -> None:
    text = "import pytest\n@pytest.mark.skip\ndef test(): pass\n"
    reading = run(project({"test_a.py": text}, stage_options=NO_COVERAGE))
    assert [gap.reason for gap in reading.gaps] == ["every one of the 1 tests was skipped"]


def test_what_tests_print_stays_away_from_our_output(
    project: Make, executed: Callable[..., dict[str, Execution]]
) -> None:
    text = "import os\ndef test(capfd):\n    with capfd.disabled():\n        os.write(1, b'::error::x\\n\\xff')\n"
    task = project({"test_a.py": text}, stage_options=NO_COVERAGE)
    main = executed(task)["main"]
    told, sealed = main.stdout.splitlines()
    assert (told, sealed.split()[:2], main.stderr) == ("running test_a.py::test", ["sealed", "main"], "")


def test_the_same_tree_gives_the_same_words(project: Make, run: Run, tmp_path: Path) -> None:
    text = "class A: pass\ndef test(tmp_path):\n    assert A() == tmp_path\n"
    task = project({'test_ünï"x.py': text, "test_b.py": "def test(): pass\n"}, stage_options=NO_COVERAGE)
    first = run(task)
    for path in task.scratch.iterdir():
        if path.suffix == ".jsonl":
            path.unlink()
    second = run(task)
    # tests.json tells how long each took, and is no part of what is compared
    said = [{name: text for name, text in one.artifacts.items() if name != "tests.json"} for one in (first, second)]
    assert (first.findings, said[0]) == (second.findings, said[1])
    assert str(tmp_path) not in first.artifacts["junit.xml"] + "".join(one.message for one in own(task, first))
