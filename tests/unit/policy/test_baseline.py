from __future__ import annotations

import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from py_secure_ci.errors import BaselineError
from py_secure_ci.judging.baseline import Baseline, of_report, parse, render
from py_secure_ci.judging.comparison import Comparison, compare
from py_secure_ci.judging.dedupe import merged
from py_secure_ci.judging.fingerprints import with_fingerprints
from py_secure_ci.model import Advisory, Excluded, Finding, Gap, Location, Severity, Stage, State
from py_secure_ci.report import Completed, Context, Failed, Outcome, Report, ToolInfo


def report(
    *findings: Finding, tools: tuple[str, ...] = ("ruff", "bandit"), version: str = "1", **more: object
) -> Report:
    marked = with_fingerprints(findings, lambda path: "".join(f"{path[0]}{n} = {n}\n" for n in range(50)))
    outcomes: list[Outcome] = [
        Completed(
            tool=ToolInfo(name=tool, stage=Stage.LINT, version=version),
            findings=tuple(one for one in marked if one.tool == tool),
        )
        for tool in tools
    ]
    return Report(version="1", context=Context(project="p"), outcomes=tuple(outcomes), **more)  # type: ignore[arg-type]


def one(path: str = "a.py", line: int = 1, *, tool: str = "ruff", rule: str = "F401") -> Finding:
    return Finding(tool=tool, rule=rule, severity=Severity.ERROR, message="m", location=Location(path, line, 1))


def against(now: Report, then: Report) -> Comparison:
    return compare(merged(now.findings), of_report(then), now)


def test_it_reads_what_it_writes_and_holds_no_line_numbers() -> None:
    baseline = of_report(report(one(), one("ü b\n.py", 2), one(tool="bandit", rule="B101")))
    text = render(baseline)
    assert parse(text, "b") == baseline
    moved = report(one("ü b\n.py", 2), one(), one(tool="bandit", rule="B101"))
    assert render(of_report(moved)) == text


@pytest.mark.parametrize(
    "bad",
    ["<<<<<<< HEAD", "[1]", '["finding","a.py"]', '["finding","a",["x/y"]]', '["finding","a",["x/y","v9:1"]]', "{"],
)
def test_a_damaged_line_is_named(bad: str) -> None:
    lines = render(Baseline()).splitlines()
    lines.insert(7, bad)
    with pytest.raises(BaselineError, match=r"^base.txt:8: "):
        parse("\n".join(lines), "base.txt")


@pytest.mark.parametrize("text", ["", "py-secure-ci baseline 2\n", "[]"])
def test_another_version_is_refused(text: str) -> None:
    with pytest.raises(BaselineError, match=r"^base.txt:1: "):
        parse(text, "base.txt")


def test_new_existing_and_fixed() -> None:
    seen = against(report(one(line=1), one(line=3)), report(one(line=1), one(line=2)))
    assert seen.states == (State.EXISTING, State.NEW)
    assert len(seen.fixed) == 1


def test_the_same_advisory_in_two_files_counts_twice() -> None:
    def package(path: str) -> Finding:
        return Finding(
            tool="ruff", rule="CVE-1", severity=Severity.HIGH, message="m", location=Location(path, 1),
            advisory=Advisory(package="p", version="1", ids=("CVE-1",)),
        )  # fmt: skip

    assert against(report(package("a"), package("b")), report(package("a"))).states.count(State.NEW) == 1
    assert len(against(report(package("a")), report(package("a"), package("b"))).fixed) == 1


def test_a_defect_stays_known_when_another_tool_sees_it_as_well() -> None:
    both = (one(rule="S101"), one(tool="bandit", rule="B101"))
    assert against(report(*both), report(both[0])).states == (State.EXISTING,)
    assert against(report(both[1]), report(*both)).states == (State.EXISTING,)


def test_a_renamed_file() -> None:
    then = report(one("a.py"))
    assert against(report(one("also.py"), renames={"also.py": "a.py"}), then).states == (State.EXISTING,)
    assert against(report(one("also.py")), then).states == (State.NEW,)


def test_what_was_not_looked_at_is_not_fixed() -> None:
    then = report(one("a/b.py"))
    failed = Failed(tool=ToolInfo(name="ruff", stage=Stage.LINT), reason="crash")
    empty = report()
    cases = [
        Report(version="1", context=empty.context, outcomes=(failed,)),
        report(tools=("bandit",)),
        report(gaps=(Gap("a/b.py", "unreadable"),)),
        report(excluded=(Excluded("a/**", "me"),)),
        report(excluded=(Excluded("a", "me"),)),
    ]
    for now in cases:
        seen = against(now, then)
        assert (len(seen.fixed), len(seen.unjudged)) == (0, 1)
    assert len(against(report(excluded=(Excluded("ab", "me"),)), then).fixed) == 1


def test_an_upgrade_is_told_apart_from_code() -> None:
    then = report()
    changed = {"b.py": ((1, 9),)}
    upgrade = against(report(one("a.py"), one("b.py"), version="2", changed=changed), then)
    assert upgrade.upgrades == {0}
    assert against(report(one("a.py"), version="1", changed=changed), then).upgrades == frozenset()
    assert against(report(one("a.py"), version="2"), then).upgrades == frozenset()
    nothing = Context(project="p", base="0" * 40)  # git was asked: no line was changed at all
    seen = report(one("a.py"), version="2")
    assert against(replace(seen, context=nothing), then).upgrades == {0}


@pytest.mark.parametrize("line", [None, 3])
def test_a_notebook_is_unchanged_only_as_a_whole(line: int | None) -> None:
    found = Finding(tool="ruff", rule="E5", severity=Severity.ERROR, message="m", location=Location("a.ipynb", line))
    touched, untouched = {"a.ipynb": ((90, 91),)}, {"b.py": ((1, 9),)}
    assert against(report(found, version="2", changed=touched), report()).upgrades == frozenset()
    assert against(report(found, version="2", changed=untouched), report()).upgrades == {0}


def git(folder: Path, *words: str) -> int:
    program = shutil.which("git")
    if program is None:
        pytest.skip("missing: git")
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    return subprocess.run([program, *name, *words], cwd=folder, check=False, capture_output=True).returncode


@pytest.mark.parametrize("seed", range(3))
def test_two_branches_that_touch_different_files_merge(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    start = {(f"src/{n}.py", line) for n in range(12) for line in range(chance.randint(0, 3))}
    ours = {("src/3.py", 9), ("src/20.py", 1)} | {at for at in start if at[0] != "src/5.py"}
    theirs = {("src/4.py", 9), ("src/21.py", 1)} | {at for at in start if at[0] != "src/6.py"}
    both = (ours & theirs) | (ours - start) | (theirs - start)

    def text(places: set[tuple[str, int]], version: str = "1") -> str:
        return render(of_report(report(*(one(path, line + 1) for path, line in sorted(places)), version=version)))

    file = tmp_path / "baseline"
    git(tmp_path, "init", "-q")
    for branch, content in (("base", text(start)), ("ours", text(ours)), ("theirs", text(theirs))):
        if branch == "theirs":
            git(tmp_path, "checkout", "-q", "base")
        git(tmp_path, "checkout", "-q", "-b", branch)
        file.write_text(content, encoding="utf-8")
        git(tmp_path, "add", "baseline")
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", branch)
    assert git(tmp_path, "merge", "-q", "-m", "m", "ours") == 0
    assert file.read_text(encoding="utf-8") == text(both)
