"""unittest and doctest for real: what modules, classes and tests of projects can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Location
from py_secure_ci.tool import Reading, Task
from py_secure_ci.tools.doctest import TOOL as DOCTEST
from py_secure_ci.tools.unittest import TOOL as UNITTEST

Make = Callable[..., Task]
Run = Callable[..., Reading]
NO_COVERAGE = {"coverage": None}
HEAD = "import os, sys, unittest\n\n\nclass T(unittest.TestCase):\n"

EVERYTHING = """\
import sys, unittest
class A(unittest.TestCase):
    def test_ok(self): pass
    def test_bad(self): self.assertEqual(1, 2)
    def test_raises(self): raise KeyError("gone")
    def test_exit(self): sys.exit(0)
    @unittest.skip("x")
    def test_skip(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): pass
    def test_parts(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertEqual(i, 1)
class B(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise unittest.SkipTest("no")
    def test_b(self): pass
class C(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise ValueError("setup")
    def test_c(self): pass
"""


def own(task: Task, reading: Reading) -> dict[str, tuple[str, int | None]]:
    told = [one for one in reading.findings if one.location and one.location.path not in task.canaries]
    return {one.anchor: (one.rule, one.location.line) for one in told if one.location}


def test_one_of_everything(project: Make, run: Run) -> None:
    files = {
        "tests/test_all.py": EVERYTHING,
        "tests/test_lost.py": "import no_such_thing\n",
        "tests/test_exit.py": "import sys\nsys.exit(0)\n",
        "tests/test_functions.py": "def test_for_pytest(): pass\n",
        "other/test_all.py": "import unittest\nclass T(unittest.TestCase):\n    def test_same_name(self): pass\n",
    }
    task = project(files, UNITTEST, stage_options=NO_COVERAGE)
    reading = run(task, UNITTEST)
    name = "tests/test_all.py::"
    assert own(task, reading) == {
        f"{name}A::test_bad": ("test-failed", 4),
        f"{name}A::test_exit": ("test-failed", 6),
        f"{name}A::test_parts [(i=0)]": ("test-failed", 16),
        f"{name}A::test_parts [(i=2)]": ("test-failed", 16),
        f"{name}A::test_raises": ("test-failed", 5),
        f"{name}A::test_unexpected": ("test-failed", None),
        f"{name}setUpClass": ("test-error", 23),
        "tests/test_exit.py": ("collection-error", 2),
        "tests/test_lost.py": ("collection-error", 1),
    }
    assert {gap.subject for gap in reading.gaps} == {
        f"{name}C::test_c",
        "tests/test_exit.py",
        "tests/test_lost.py",
        "tests/test_functions.py",
    }
    assert reading.metrics["skipped"] == 2
    assert reading.metrics["xfailed"] == 1
    assert reading.looked_at == frozenset({"tests/test_all.py", "other/test_all.py"})


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"test_a.py": HEAD + "    def test_end(self): os._exit(0)\n"}, "ended while test_a.py::T::test_end ran"),
        ({"test_a.py": "import os\nos._exit(0)\n"}, "before it had told"),
        ({"test_a.py": "x = 1\n"}, "unittest collected no tests, although there are 1 test files"),
        (
            {"test_a.py": HEAD + "    def test(self):\n        folder = os.path.dirname(sys.argv[1])\n"
             "        os.unlink(os.path.join(folder, 'main.jsonl'))\n        self.fail()\n"},
            "left no record",
        ),
        (
            {"test_a.py": HEAD + "    def test(self):\n        folder = os.path.dirname(sys.argv[1])\n"
             "        with open(os.path.join(folder, 'main.jsonl'), 'w') as f:\n"
             "            f.write('{\"event\": \"end\", \"status\": 0, \"log\": \"\"}\\n')\n        os._exit(0)\n"},
            "not the one that was written",
        ),
    ],
)  # fmt: skip
def test_a_run_that_cannot_be_believed(project: Make, run: Run, files: Mapping[str, str], reason: str) -> None:
    with pytest.raises(WrongShape, match=reason):
        run(project(files, UNITTEST, stage_options=NO_COVERAGE), UNITTEST)


def test_coverage_is_measured_without_pytest(project: Make, run: Run) -> None:
    pytest.importorskip("coverage")
    test = "import unittest\nimport m\nclass T(unittest.TestCase):\n    def test(self): m.f()\n"
    files = {"m.py": "def f():\n    return 1\ndef g():\n    x = 1\n    return x\n", "test_a.py": test}
    task = project(files, UNITTEST)
    reading = run(task, UNITTEST)
    assert own(task, reading) == {"coverage": ("coverage-below-threshold", 4)}
    assert reading.metrics["coverage"] == 60
    assert 'filename="m.py"' in reading.artifacts["coverage.xml"]


def test_examples_without_any_are_no_pass(project: Make, run: Run) -> None:
    with pytest.raises(WrongShape, match="doctest collected no tests"):
        run(project({"a.py": "x = 1\n", "b.rst": "text\n"}, DOCTEST), DOCTEST)


def test_flags_skips_and_what_an_example_prints(project: Make, run: Run) -> None:
    from py_secure_ci.config.settings import Options

    files = {
        "a.rst": ">>> list(range(30))\n[0, ..., 29]\n",
        "b.rst": ">>> 1 / 0  # doctest: +SKIP\n",
        "c.rst": "one\n\n>>> print('sealed main 0')\nsealed main 0\n>>> 3\n",
    }
    task = project(files, DOCTEST, options=Options(args=("ELLIPSIS",)))
    reading = run(task, DOCTEST)
    assert own(task, reading) == {"c.rst::c.rst [example 2]": ("test-failed", 5)}
    assert reading.metrics["skipped"] == 1
    assert Location("c.rst", 5) in [one.location for one in reading.findings]
