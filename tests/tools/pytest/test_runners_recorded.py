"""unittest and doctest over recorded runs (record.py), and over the same tampered with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Location
from py_secure_ci.tool import Execution, Reading, Task
from py_secure_ci.tools import doctest, unittest
from py_secure_ci.tools.pytest import TOOL as PYTEST

HERE = Path(__file__).parents[1]
TOOLS = {"unittest": unittest.TOOL, "doctest": doctest.TOOL, "pytest": PYTEST}
FILES = {
    "unittest": ("tests/test_cli.py", "tests/test_orders.py", "tests/test_pricing.py"),
    "pytest": ("tests/test_cli.py", "tests/test_orders.py", "tests/test_pricing.py"),
    "doctest": ("docs/start.md", "shop/__init__.py", "shop/price.py"),
}


def recorded(tool: str, case: str) -> dict[str, Execution]:
    folder = HERE / tool / case
    files = {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.suffix in (".json", ".jsonl")}
    return {
        name: Execution(
            status=int((folder / f"{name}.status").read_text()),
            stdout=(folder / f"{name}.stdout").read_text("utf-8"),
            stderr="",
            files=files,
        )
        for name in ("main", "canary")
    }


def read(tool: str, executions: Mapping[str, Execution], files: tuple[str, ...] = ()) -> Reading:
    one = TOOLS[tool]
    assert one.canary is not None
    canaries = tuple(f"/scratch/{name}" for name in one.canary.files)
    task = Task(root=Path("/project"), scratch=Path("/scratch"), files=files or FILES[tool], canaries=canaries)
    return one.parse(task, executions)


def own(reading: Reading) -> list[tuple[str, Location | None, str]]:
    told = [one for one in reading.findings if not (one.location and one.location.path.startswith("/scratch/"))]
    return [(one.rule, one.location, one.message) for one in told]


@pytest.mark.parametrize("tool", ["unittest", "doctest"])
def test_clean(tool: str) -> None:
    reading = read(tool, recorded(tool, "clean"))
    assert own(reading) == []
    assert len(reading.findings) == 1  # the canary
    assert (reading.looked_at, reading.gaps) == (frozenset(FILES[tool]), ())


def test_unittest_says_of_the_shop_what_pytest_says() -> None:
    unittest_says, pytest_says = (read(tool, recorded(tool, "findings")) for tool in ("unittest", "pytest"))
    ((rule, location, message),) = own(unittest_says)
    assert [(rule, location, message)] == own(pytest_says)
    assert (rule, location) == ("test-failed", Location("tests/test_pricing.py", 15))
    assert unittest_says.metrics["tests"] == pytest_says.metrics["tests"] == 11
    assert unittest_says.metrics["coverage"] > 95


def test_doctest_points_at_the_example() -> None:
    files = ("docs/start.md", "docs/start.rst", "shop/__init__.py", "shop/lost.py", "shop/price.py")
    reading = read("doctest", recorded("doctest", "findings"), files)
    assert own(reading) == [
        (
            "test-failed",
            Location("docs/start.md", 6),
            "docs/start.md::start.md [example 2] fails: `1 / 0` raises ZeroDivisionError: division by zero",
        ),
        (
            "test-failed",
            Location("shop/price.py", 6),
            "shop/price.py::price.double [example 2] fails: `double(3)` gives 6, not 7",
        ),
        (
            "collection-error",
            Location("shop/lost.py", 5),
            "shop/lost.py cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'",
        ),
    ]
    assert [gap.subject for gap in reading.gaps] == ["shop/lost.py"]


@pytest.mark.parametrize("tool", ["unittest", "doctest"])
def test_a_process_that_ends_in_the_middle_is_no_answer(tool: str) -> None:
    with pytest.raises(WrongShape, match=r"ended while .* ran before it had told its results"):
        read(tool, recorded(tool, "broken"), ("x.py",))


def forged(text: str) -> str:
    """Every failure made a pass, as a test might do that finds the file."""
    events = [json.loads(line) for line in text.splitlines()]
    for event in events:
        if event["event"] == "report":
            event["outcome"] = "passed"
        if event["event"] == "end":
            event["status"] = 0
    return "".join(f"{json.dumps(event, sort_keys=True)}\n" for event in events)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_forged_record_does_not_fit_its_seal(tool: str) -> None:
    runs = recorded(tool, "findings")
    main = runs["main"]
    liar = replace(main, status=0, files={**main.files, "main.jsonl": forged(main.files["main.jsonl"])})
    with pytest.raises(WrongShape, match="not the one that was written while the tests ran"):
        read(tool, {**runs, "main": liar})


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("stdout", ["", "sealed main 0\n", "sealed canary 0\n"])
def test_a_record_without_its_seal_is_no_answer(tool: str, stdout: str) -> None:
    runs = recorded(tool, "clean")
    with pytest.raises(WrongShape):
        read(tool, {**runs, "main": replace(runs["main"], stdout=stdout)})


@pytest.mark.parametrize("tool", TOOLS)
def test_two_seals_are_one_too_many(tool: str) -> None:
    runs = recorded(tool, "clean")
    twice = replace(runs["main"], stdout=runs["main"].stdout + "sealed main 0\n")
    with pytest.raises(WrongShape):
        read(tool, {**runs, "main": twice})


@pytest.mark.parametrize("tool", ["unittest", "doctest"])
def test_what_is_due(tool: str) -> None:
    tree = ("README.md", "a.py", "setup.py", "testing.py", "test_a.py", "tests/b.py", "x.json")
    due = {
        "unittest": ("testing.py", "test_a.py"),
        "doctest": ("README.md", "a.py", "testing.py", "test_a.py", "tests/b.py"),
    }
    assert TOOLS[tool].select(tree, {}).files == due[tool]
