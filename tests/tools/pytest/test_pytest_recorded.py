"""The adapter over recorded runs of the real pytest (record.py): the example projects, and one that breaks down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Location, Severity
from py_secure_ci.tool import Execution, Reading, Task
from py_secure_ci.tools.pytest import TOOL

HERE = Path(__file__).parent
FILES = ("tests/test_cli.py", "tests/test_orders.py", "tests/test_pricing.py")
CANARY = Location("/scratch/test_canary.py")


def recorded(name: str) -> dict[str, Execution]:
    folder = HERE / name
    files = {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.suffix in (".json", ".jsonl")}
    return {
        command: Execution(
            status=int((folder / f"{command}.status").read_text()),
            stdout=(folder / f"{command}.stdout").read_text("utf-8"),
            stderr="",
            files=files,
        )
        for command in ("main", "canary")
    }


def read(name: str, **more: object) -> Reading:
    words: dict[str, object] = {"files": FILES, "canaries": (CANARY.path,), **more}
    task = Task(root=Path("/project"), scratch=Path("/scratch"), **words)  # type: ignore[arg-type]
    return TOOL.parse(task, recorded(name))


def test_clean() -> None:
    reading = read("clean")
    assert [(one.rule, one.location) for one in reading.findings] == [("test-failed", CANARY)]
    assert (reading.looked_at, reading.gaps, reading.excluded) == (frozenset(FILES), (), ())
    assert (reading.metrics["passed"], reading.metrics["tests"]) == (11, 11)
    assert reading.metrics["coverage"] > 95


def test_findings() -> None:
    failed, canary = read("findings").findings
    assert (failed.rule, failed.severity) == ("test-failed", Severity.ERROR)
    assert failed.location == Location("tests/test_pricing.py", 15)
    assert failed.anchor == "tests/test_pricing.py::Pricing::test_ten_pieces_get_the_discount"
    assert failed.message == f"{failed.anchor} fails: AssertionError: 1000 != 950"
    assert canary.location == CANARY


def test_a_higher_threshold_makes_a_finding_of_the_coverage() -> None:
    (low,) = [one for one in read("clean", stage_options={"coverage": 100}).findings if one.anchor == "coverage"]
    assert low.location is not None
    assert low.location.path == "shop/cli.py"
    assert "100 % are due; least covered: shop/cli.py" in low.message


def test_junit_and_cobertura_say_the_same() -> None:
    reading = read("findings")
    suite = ElementTree.fromstring(reading.artifacts["junit.xml"])  # noqa: S314 - our own words
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("11", "1", "0")
    assert [case.get("file") for case in suite.iter("testcase") if case.find("failure") is not None] == [
        "tests/test_pricing.py"
    ]
    coverage = ElementTree.fromstring(reading.artifacts["coverage.xml"])  # noqa: S314 - our own words
    assert {one.get("filename") for one in coverage.iter("class")} >= {"shop/orders.py", "shop/stock.py"}
    percent = 100 * int(coverage.get("lines-covered", "")) / int(coverage.get("lines-valid", ""))
    assert int(percent * 100) / 100 == reading.metrics["coverage"]


def test_broken() -> None:
    with pytest.raises(WrongShape, match=r"pytest broke down: SystemExit\(0\)"):
        read("broken")


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_record_that_was_cut_is_no_answer(kept: float) -> None:
    runs = recorded("clean")
    text = runs["main"].files["main.jsonl"]
    cut = Execution(
        status=0, stdout="", stderr="", files={**runs["main"].files, "main.jsonl": text[: int(len(text) * kept)]}
    )
    with pytest.raises(WrongShape):
        TOOL.parse(Task(root=Path("/project"), scratch=Path("/scratch"), files=FILES), {"main": cut})


def test_no_record_is_no_answer() -> None:
    empty = Execution(status=0, stdout="", stderr="", files={})
    with pytest.raises(WrongShape, match="left no record"):
        TOOL.parse(Task(root=Path("/project"), scratch=Path("/scratch"), files=FILES), {"main": empty})


def test_a_canary_that_passes_is_not_reported() -> None:
    runs = recorded("findings")
    blind = replace(runs["canary"], status=5)
    task = Task(root=Path("/project"), scratch=Path("/scratch"), files=FILES, canaries=(CANARY.path,))
    reading = TOOL.parse(task, {**runs, "canary": blind})
    assert CANARY not in [one.location for one in reading.findings]


@pytest.mark.parametrize(
    ("tree", "settings", "due"),
    [
        (("a.py", "test_a.py", "b_test.py", "tests/helper.py"), {}, ("test_a.py", "b_test.py")),
        (("tests/__init__.py", "tests/conftest.py", "tests/checks.py"), {}, ("tests/checks.py",)),
        (("check_a.py", "a.py"), {"pytest.ini": "[pytest]\npython_files = check_*.py\n"}, ("check_a.py",)),
        (("t/tests.py",), {"pyproject.toml": 'python_files = ["tests.py"]\n'}, ("t/tests.py",)),
        (("a.py", "test_data.txt", "latest.py"), {}, ()),
    ],
)
def test_what_is_due(tree: tuple[str, ...], settings: dict[str, str], due: tuple[str, ...]) -> None:
    assert TOOL.select(tree, settings).files == due
