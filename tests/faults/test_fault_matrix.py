"""Every tool of the registry, replaced by a program that misbehaves, in a run of the whole product."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from by_path import load
from py_secure_ci import all_tools
from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.judging.policy import judge
from py_secure_ci.serial.codec import report_from_text
from py_secure_ci.tool import Task

pytestmark = pytest.mark.network


players = load(Path(__file__).with_name("players.py"))
NOT_STARTED = r"could not be started|no program|is no interpreter that works"
NOT_TRUSTED = r"cannot be trusted|of an unknown shape|which is not an answer|which means|is blind|did not report"
NO_ANSWER = r"ended with exit status \d+, which|" + NOT_TRUSTED
MIB = 1024 * 1024


@dataclass(frozen=True)
class Fault:
    """`reason`: what the report must say. `intact`: the tool may also be believed, if it says what it always says."""

    name: str
    reason: str
    intact: bool = False
    seconds: int = 0  # the tool's time limit
    before: bool = False  # breaks what is asked before the work begins: the program itself, or its version
    asked: bool = False  # happens when it is asked for its version


EXITS = (0, 2, 3, 4, 5, 10, 77, 126, 127, 128, 137, 139, 255)
SHAPES = ('{"results": 3}', "[]", "{}", "null", "3", '"x"', '[{"a": 1}]', "<html></html>", "[[[[", '{"errors": []}')
FAULTS = (
    Fault("missing", NOT_STARTED + "|exit status 127", before=True),
    Fault("not-executable", NOT_STARTED, before=True),
    Fault("vanishes", NOT_STARTED + "|names no version", before=True, asked=True),
    Fault("closes", NOT_STARTED + "|names no version", before=True, asked=True),
    Fault("turns-into-a-text", NOT_STARTED + "|names no version", before=True, asked=True),
    Fault("version-crashes", "cannot ask|is no interpreter that works", before=True, asked=True),
    Fault("version-says-nothing", "names no version|is no interpreter that works", before=True, asked=True),
    Fault("version-hangs", "cannot ask|is no interpreter that works", seconds=2, before=True, asked=True),
    Fault("crash-SEGV", r"killed by signal SIGSEGV"),
    Fault("crash-KILL", r"killed by signal SIGKILL \(out of memory\?\)"),
    Fault("crash-ABRT", r"killed by signal SIGABRT"),
    Fault("silent", NO_ANSWER),
    Fault("silent-0", NO_ANSWER),
    Fault("cut", NO_ANSWER),
    Fault("word", NO_ANSWER, intact=True),
    Fault("blind", "is blind|means no findings, but reported"),
    Fault("noise", r"complains|cannot be trusted", intact=True),
    Fault("endless", r"wrote more than 64 MiB to the standard output|wrote more than 64 MiB"),
    Fault("hang", r"timed out after 2 s", seconds=2),
    Fault("hang-deaf", r"timed out after 2 s", seconds=2),
    Fault("grandchild", r"left processes behind"),
    Fault("writes", NO_ANSWER + "|changed", intact=True),
    Fault("not-utf-8", r"not UTF-8|" + NO_ANSWER),
    Fault("many", r"wrote more than|wrote [\d,]+ bytes|findings; more than|" + NO_ANSWER),
    Fault("too-many", r".", intact=True),
    Fault("disk-full", NO_ANSWER),
    Fault("keeper", r"was lost|killed|left processes", intact=True),
    Fault("links", r"put something that is not a file|" + NO_ANSWER),
    Fault("commands", r"exit status 99"),
    *(Fault(f"exit:{status}", NO_ANSWER) for status in EXITS),
    *(Fault(f"shape:{text}", NO_ANSWER) for text in SHAPES),
    *(Fault(f"shape-0:{text}", NO_ANSWER) for text in SHAPES),
)
NAMES: tuple[str, ...] = tuple(tool.name for tool in players.TOOLS)
# They run by the project's own interpreter: that is then the program which misbehaves.
TESTERS = frozenset(tool.name for tool in players.TOOLS if players.in_environment(tool))
# A script of ours by the interpreter that we run by: nobody asks that for its version.
OURS = frozenset(tool.name for tool in players.TOOLS if tool.source == "ours")
HONEST = Fault("honest", "")


def programs() -> tuple[tuple[str, ...], ...]:
    """The tools, those of one program together: what stands in for the program stands in for all of them."""
    groups: dict[str, list[str]] = {}
    for tool in players.TOOLS:
        groups.setdefault(players.program_of(tool), []).append(tool.name)
    return tuple(map(tuple, groups.values()))


def ring(step: int = 8) -> tuple[Fault, ...]:
    """The faults in a circle, with an honest one after each few."""
    entries: list[Fault] = []
    for number, fault in enumerate(FAULTS):
        entries += [HONEST, fault] if number % step == 0 else [fault]
    return tuple(entries)


RING = ring()


def faults_of(turn: int) -> dict[str, Fault]:
    """Tool -> fault of one run. Over all turns of the ring each tool meets each fault, and is honest now and then.

    What breaks the project's interpreter breaks what others want to know of it as well: that has runs of its own.
    """
    chosen = {}
    for place, names in enumerate(programs()):
        fault = RING[(turn + place) % len(RING)]
        for name in names:
            chosen[name] = fault if fits(name, fault) and not (name in TESTERS and fault.before) else HONEST
    return chosen


def fits(name: str, fault: Fault) -> bool:
    """Whether the fault can happen to the tool at all."""
    return not (fault.asked and name in OURS)


# Two of the runs are quick enough for every day.
TURNS = [pytest.param(turn, marks=[] if turn in (0, 30) else [pytest.mark.slow]) for turn in range(len(RING))]


@pytest.mark.parametrize("turn", TURNS)
def test_tools_that_misbehave_side_by_side_never_read_as_clean(turn: int, lab: Any, tmp_path: Path) -> None:
    """Every tool in a way of its own, in one run: each of them is told, and the honest ones among them are untouched."""
    check(lab, tmp_path, faults_of(turn))


@pytest.mark.parametrize("fault", [pytest.param(one, id=one.name, marks=pytest.mark.slow) for one in FAULTS])
def test_one_tool_that_misbehaves_is_enough(fault: Fault, lab: Any, tmp_path: Path) -> None:
    """Alone beside one that is honest; which tool it is takes turns."""
    others = [name for name in NAMES if name not in TESTERS and fits(name, fault)]
    number = FAULTS.index(fault)
    check(lab, tmp_path, {others[number % len(others)]: fault, others[(number + 1) % len(others)]: HONEST})


@pytest.mark.parametrize("fault", [pytest.param(one, id=one.name) for one in FAULTS if one.before])
def test_an_interpreter_that_does_not_work_is_told(fault: Fault, lab: Any, tmp_path: Path) -> None:
    check(lab, tmp_path, {**dict.fromkeys(TESTERS, fault), "zizmor": HONEST})


def check(lab: Any, place: Path, faults: dict[str, Fault]) -> None:
    """One run of the whole product, and every single thing that has to be so."""
    limits = {name: fault.seconds for name, fault in faults.items() if fault.seconds}
    project = lab.project(place, {name: fault.name for name, fault in faults.items()}, timeouts=limits)
    ran = project.run(timeout=100)
    product = lab.product
    product.no_traceback(ran)
    assert ran.wall < 90
    assert ran.memory < 1024 * MIB
    assert product.processes_with(str(place)) == []
    sarif = ran.sarif()
    product.valid_sarif(sarif)
    failed, wrong = [], []
    for name, fault in faults.items():
        try:
            if not stood(fault, name, ran, lab):
                failed.append(name)
                told_as_failed(fault, name, ran, sarif)
        except AssertionError as error:
            wrong.append(f"{name}, {fault.name}: {error}")
    assert not wrong, "\n\n".join(wrong)
    assert ran.status == (3 if failed else 1), ran.stdout
    assert ran.status_word == ("INCOMPLETE" if failed else "FAIL")
    enough(failed, ran, lab)


def enough(failed: list[str], ran: Any, lab: Any) -> None:
    """That one did not look is enough: in an honest run with this single outcome put in the verdict is the same."""
    if not failed:
        return
    report, _ = report_from_text(lab.reference.text("report.json"))
    broken = {one.tool.name: one for one in report_from_text(ran.text("report.json"))[0].outcomes}
    for tool in failed:
        changed = replace(
            report, outcomes=tuple(broken[tool] if one.tool.name == tool else one for one in report.outcomes)
        )
        verdict = judge(changed, PolicySettings(), baseline=None, today=date(2026, 1, 1))
        assert (verdict.status.value, verdict.exit_status, len(verdict.incomplete)) == ("INCOMPLETE", 3, 1), tool


def stood(fault: Fault, tool: str, ran: Any, lab: Any) -> bool:
    """Whether the tool was believed, which it may be only where it says just what it always says."""
    outcome = ran.outcome(tool)
    if outcome["kind"] == "failed" and fault is not HONEST:
        return False
    same = substance(outcome) == substance(lab.reference.outcome(tool))
    no_fault = fault.name in {f"exit:{status}" for status in lab.statuses(tool)} and len(lab.statuses(tool)) == 1
    no_fault = no_fault or fault is HONEST
    assert (fault.intact or no_fault) and (same or fault.name == "too-many"), (tool, outcome)
    return True


def substance(outcome: dict[str, Any]) -> dict[str, Any]:
    """What a tool said. The lines around a finding are shown only where the search for secrets completed."""
    said = {key: value for key, value in outcome.items() if key != "tool"}
    around = ("before", "after")
    said["findings"] = [{k: v for k, v in one.items() if k not in around} for one in outcome.get("findings", ())]
    return said


def told_as_failed(fault: Fault, tool: str, ran: Any, sarif: dict[str, Any]) -> None:
    outcome = ran.outcome(tool)
    assert re.search(fault.reason, outcome["reason"]), (tool, outcome)
    start = outcome["reason"][:40]
    assert any(one.startswith(f"{tool} gave no verdict: {start}") for one in ran.report["verdict"]["incomplete"])
    assert tool not in {run["tool"]["driver"]["name"] for run in sarif["runs"]}
    assert re.search(rf"{tool}\b.*", ran.stdout)
    assert plain(start) in plain(ran.stdout), (start, ran.stdout)
    assert tool in ran.text("summary.md")


def plain(text: str) -> str:
    return re.sub(r"\W+", "", text)


def test_the_honest_run_is_the_reference(lab: Any, tmp_path: Path) -> None:
    """What the cells are held against: played back, everything is as it was, and the answer is FAIL, not INCOMPLETE."""
    ran = lab.project(tmp_path, dict.fromkeys(NAMES, "honest")).run()
    assert ran.status == 1, ran.stdout + ran.stderr
    for name in NAMES:
        assert substance(ran.outcome(name)) == substance(lab.reference.outcome(name)), name
        # syft lists, it does not judge; benchmarks are measured, and there is nothing that they are held against
        assert ran.outcome(name).get("findings") or name in {"syft", "pytest-benchmark"}, name


def test_every_tool_meets_every_fault() -> None:
    """Whatever is in the registry; and in every run somebody is honest."""
    cells = {(name, fault.name) for turn in range(len(RING)) for name, fault in faults_of(turn).items()}
    cells |= {(name, fault.name) for name in TESTERS for fault in FAULTS if fault.before}
    assert {(name, fault.name) for name in NAMES for fault in FAULTS if fits(name, fault)} <= cells
    assert all(list(faults_of(turn).values()).count(HONEST) >= 2 for turn in range(len(RING)))


def test_only_what_starts_no_process_is_left_out(tmp_path: Path) -> None:
    left_out = [tool for tool in all_tools.TOOLS if tool.name not in NAMES]
    assert [tool.name for tool in left_out] == ["hygiene"]
    assert [tool.commands(Task(root=tmp_path, scratch=tmp_path)) for tool in left_out] == [()]
