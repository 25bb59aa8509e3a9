"""Every tool of the registry, replaced by a program that misbehaves, in a run of the whole product."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci import all_tools

pytestmark = pytest.mark.network

NOT_STARTED = r"could not be started|no program|is no interpreter that works"
NOT_TRUSTED = r"cannot be trusted|of an unknown shape|which is not an answer|which means|is blind|did not report"
NO_ANSWER = r"ended with exit status \d+, which|" + NOT_TRUSTED
SLOW = pytest.mark.exhaustive
MIB = 1024 * 1024


@dataclass(frozen=True)
class Fault:
    """`reason`: what the report must say. `intact`: the tool may also be believed, if it says what it always says."""

    name: str
    reason: str
    intact: bool = False
    seconds: int = 0  # the tool's time limit
    slow: bool = False


EXITS = (0, 2, 3, 4, 5, 10, 77, 126, 127, 128, 137, 139, 255)
SHAPES = ('{"results": 3}', "[]", "{}", "null", "3", '"x"', '[{"a": 1}]', "<html></html>", "[[[[", '{"errors": []}')
FAULTS = (
    Fault("missing", NOT_STARTED),
    Fault("not-executable", NOT_STARTED),
    Fault("vanishes", NOT_STARTED + "|names no version"),
    Fault("closes", NOT_STARTED + "|names no version", slow=True),
    Fault("turns-into-a-text", NOT_STARTED + "|names no version"),
    Fault("version-crashes", "names no version|is no interpreter that works"),
    Fault("version-says-nothing", "names no version|is no interpreter that works", slow=True),
    Fault("version-hangs", "cannot ask|names no version|is no interpreter that works", slow=True),
    Fault("crash-SEGV", r"killed by signal SIGSEGV"),
    Fault("crash-KILL", r"killed by signal SIGKILL \(out of memory\?\)", slow=True),
    Fault("crash-ABRT", r"killed by signal SIGABRT", slow=True),
    Fault("silent", NO_ANSWER),
    Fault("silent-0", NO_ANSWER),
    Fault("cut", NO_ANSWER),
    Fault("word", NO_ANSWER, intact=True),
    Fault("blind", "is blind|means no findings, but reported"),
    Fault("noise", r"complains|cannot be trusted", intact=True),
    Fault("endless", r"wrote more than 64 MiB to the standard output|wrote more than 64 MiB", slow=True),
    Fault("hang", r"timed out after 2 s", seconds=2),
    Fault("hang-deaf", r"timed out after 2 s", seconds=2, slow=True),
    Fault("grandchild", r"left processes behind"),
    Fault("writes", NO_ANSWER + "|changed", intact=True),
    Fault("not-utf-8", r"not UTF-8|" + NO_ANSWER),
    Fault("many", r"wrote more than|findings; more than|" + NO_ANSWER, slow=True),
    Fault("too-many", r".", intact=True, slow=True),
    Fault("disk-full", NO_ANSWER),
    Fault("keeper", r"was lost|killed|left processes", intact=True),
    Fault("links", r"put something that is not a file|" + NO_ANSWER),
    Fault("commands", r"exit status 99"),
    *(Fault(f"exit:{status}", NO_ANSWER, slow=status not in (0, 2, 255)) for status in EXITS),
    *(Fault(f"shape:{text}", NO_ANSWER, slow=text != SHAPES[0]) for text in SHAPES),
    *(Fault(f"shape-0:{text}", NO_ANSWER, slow=text not in SHAPES[1:3]) for text in SHAPES),
)
# What comes from PATH only cannot be installed here; semgrep starts a second program, which it looks for beside itself.
TOOLS = tuple(tool for tool in all_tools.TOOLS if not tool.source and tool.name != "semgrep")
NAMES = tuple(tool.name for tool in TOOLS)
# Where all tools misbehave at once, these two take turns at being the honest one.
HONEST, OTHER = "zizmor", "ruff"
QUICK_ALONE = {"missing", "crash-SEGV", "silent-0", "blind", "grandchild"}


def together() -> Iterable[Any]:
    for fault in FAULTS:
        marks = [SLOW] if fault.slow else []
        yield pytest.param(
            fault, tuple(name for name in NAMES if name != HONEST), HONEST, id=f"{fault.name}-most", marks=marks
        )
        marks = [] if fault.name in QUICK_ALONE else [SLOW]
        yield pytest.param(fault, (HONEST,), OTHER, id=f"{fault.name}-{HONEST}", marks=marks)


def alone() -> Iterable[Any]:
    for fault in FAULTS:
        for name in NAMES:
            if name != HONEST:
                yield pytest.param(fault, (name,), HONEST, id=f"{fault.name}-{name}", marks=SLOW)


@pytest.mark.parametrize(("fault", "tools", "honest"), [*together(), *alone()])
def test_a_tool_that_misbehaves_never_reads_as_clean(
    fault: Fault, tools: tuple[str, ...], honest: str, lab: Any, tmp_path: Path
) -> None:
    more = {"timeout": fault.seconds} if fault.seconds else {}
    project = lab.project(tmp_path, dict.fromkeys(tools, fault.name), (honest,), **more)
    ran = project.run(timeout=100)
    product = lab.product
    product.no_traceback(ran)
    assert ran.wall < 90
    assert ran.memory < 1024 * MIB
    assert product.processes_with(str(tmp_path)) == []
    assert substance(ran.outcome(honest)) == substance(lab.reference.outcome(honest))
    sarif = ran.sarif()
    product.valid_sarif(sarif)
    failed = [name for name in tools if not stood(fault, name, ran, lab)]
    for name in failed:
        told_as_failed(fault, name, ran, sarif)
    assert ran.status == (3 if failed else 1), ran.stdout
    assert ran.status_word == ("INCOMPLETE" if failed else "FAIL")


def stood(fault: Fault, tool: str, ran: Any, lab: Any) -> bool:
    """Whether the tool was believed, which it may be only where it says just what it always says."""
    outcome = ran.outcome(tool)
    if outcome["kind"] == "failed":
        return False
    same = substance(outcome) == substance(lab.reference.outcome(tool))
    no_fault = fault.name in {f"exit:{status}" for status in lab.statuses(tool)} and len(lab.statuses(tool)) == 1
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
        assert ran.outcome(name).get("findings") or name == "syft", name  # syft lists, it does not judge


def test_every_tool_is_in_the_matrix() -> None:
    cells = {(fault.name, name) for fault in FAULTS for name in NAMES}
    assert len(cells) == len(FAULTS) * len(TOOLS)
    assert {HONEST, OTHER} <= set(NAMES)
