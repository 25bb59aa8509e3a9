"""Every way in which a part of a run can be wrong ends INCOMPLETE: never PASS, never a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.cli import main
from py_secure_ci.model import Advisory, Location, State, Suppression
from py_secure_ci.parts.codec import from_text, plan_id, to_text
from py_secure_ci.parts.model import PartReport, SharedPlan
from py_secure_ci.report import Failed

# Whoever accepts every gap does not accept that a machine was lost.
CONFIG = """\
version: 1
stages: {format: false, type: false, test: false, sca: false, sbom: false}
policy:
  fail_on: {security: none, quality: none}
  accepted_gaps:
    - {subject: "**", reason: "we accept whatever can be accepted"}
"""
FILES = {
    ".py-secure-ci.yml": CONFIG,
    "pyproject.toml": '[project]\nname = "p"\nversion = "1"\n',
    "a.py": "import subprocess\n\n\ndef go(x: str) -> None:\n    subprocess.call(x, shell=True)\n",
    "b.py": "import pickle\n",
    "sub/c.py": "def f() -> int:\n    return 1\n",
    ".github/workflows/ci.yml": "on: push\npermissions: {}\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n",
    ".gitignore": "\n",
}
COUNT = 3


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "all")


@dataclass(frozen=True)
class Shared:
    """A repository, the report of one machine, and the parts that three have made."""

    root: Path
    single: Path
    parts: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    top = tmp_path_factory.mktemp("parts")
    root = top / "p"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root.parent, "init", "--quiet", "--initial-branch=main", str(root))
    commit(root)
    assert main(["run", str(root), "--offline", "--output-dir", str(top / "single")]) == 0
    assert main(["plan", str(root), "--offline", "--jobs", str(COUNT), "--output-dir", str(top / "parts")]) == 0
    plan = top / "parts" / "plan.json"
    plan.write_text(to_text(divided(from_text(plan.read_text(), SharedPlan))))
    for number in range(1, COUNT + 1):
        part = f"{number}-of-{COUNT}"
        assert main(["run", str(root), "--part", part, "--output-dir", str(top / "parts")]) == 0
    return Shared(root, top / "single", top / "parts")


def divided(plan: SharedPlan) -> SharedPlan:
    """The same work, but with bandit's files on all machines: too small a project would not be divided."""
    bandit, *rest = sorted(
        (share for part in plan.parts for share in part.shares), key=lambda one: one.tool != "bandit"
    )
    first, *others = (
        replace(part, shares=(replace(bandit, files=(file,)),))
        for part, file in zip(plan.parts, ("a.py", "b.py", "sub/c.py"), strict=True)
    )
    parts = (replace(first, shares=(*first.shares, *rest)), *others)
    return identified(replace(plan, parts=parts))


def identified(plan: SharedPlan) -> SharedPlan:
    return replace(plan, id=plan_id(plan))


@dataclass(frozen=True)
class Bench:
    """A copy of it all, to be damaged."""

    root: Path
    parts: Path
    output: Path
    capsys: pytest.CaptureFixture[str]

    def part(self, number: int = 2) -> Path:
        return self.parts / f"part-{number}-of-{COUNT}.json"

    def report(self, number: int = 2) -> PartReport:
        return from_text(self.part(number).read_text(), PartReport)

    def put(self, report: PartReport, number: int = 2) -> None:
        self.part(number).write_text(to_text(report))

    def merge(self, *given: str) -> tuple[int, Any]:
        status = main(
            ["merge", *(given or (str(self.parts),)), "--path", str(self.root), "--output-dir", str(self.output)]
        )
        said = self.capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        assert "internal error" not in said.err
        path = self.output / "report.json"
        return status, json.loads(path.read_text()) if path.is_file() else None


@pytest.fixture
def bench(made: Shared, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    root = tmp_path / "p"
    shutil.copytree(made.root, root)
    shutil.copytree(made.parts, tmp_path / "parts")
    return Bench(root, tmp_path / "parts", tmp_path / "out", capsys)


DIFFERENT = {"timings.json", "tests.json", "evidence.intoto.json", ".gitignore"}


def texts(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in DIFFERENT)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_all_parts_are_as_one_machine(bench: Bench, made: Shared) -> None:
    status, report = bench.merge()
    assert status == 0
    assert report["verdict"]["status"] == "PASS"
    assert texts(bench.output) == texts(made.single)
    assert {name: text for name, text in texts(bench.parts).items() if name.startswith("part-")}
    assert str(made.root).encode() not in b"".join(texts(bench.parts).values())


def test_the_same_part_twice_is_one_part(bench: Bench, made: Shared) -> None:
    again = bench.parts / "again"
    again.mkdir()
    shutil.copy(bench.part(), again)
    assert bench.merge()[0] == 0
    assert texts(bench.output) == texts(made.single)


def test_parts_inside_the_tree_are_no_part_of_it(bench: Bench, made: Shared) -> None:
    shutil.copytree(bench.parts, bench.root / "downloaded")
    assert bench.merge(str(bench.root / "downloaded"))[0] == 0
    assert texts(bench.output) == texts(made.single)


def rewritten(change: Callable[[PartReport], PartReport]) -> Callable[[Bench], None]:
    """Somebody who knows how parts are written: the digest fits."""
    return lambda bench: bench.put(change(bench.report()))


def answered(change: Callable[[Any], Any]) -> Callable[[Bench], None]:
    return rewritten(lambda report: replace(report, answers=tuple(map(change, report.answers))))


def said(**change: Any) -> Callable[[Bench], None]:
    return answered(lambda answer: replace(answer, said=replace(answer.said, **change)))


def found(**change: Any) -> Callable[[Bench], None]:
    return answered(
        lambda answer: replace(
            answer, said=replace(answer.said, findings=tuple(replace(one, **change) for one in answer.said.findings))
        )
    )


def planned(change: Callable[[SharedPlan], SharedPlan]) -> Callable[[Bench], None]:
    def damage(bench: Bench) -> None:
        """A plan that is whole in itself, and parts that name it."""
        path = bench.parts / "plan.json"
        plan = identified(change(from_text(path.read_text(), SharedPlan)))
        path.write_text(to_text(plan))
        for number in range(1, COUNT + 1):
            bench.put(replace(bench.report(number), plan=plan.id), number)

    return damage


def text(name: str, change: Callable[[bytes], bytes]) -> Callable[[Bench], None]:
    def damage(bench: Bench) -> None:
        path = bench.parts / name
        before = path.read_bytes()
        path.write_bytes(change(before))
        assert path.read_bytes() != before

    return damage


def instead(make: Callable[[Path], None]) -> Callable[[Bench], None]:
    def damage(bench: Bench) -> None:
        bench.part().rename(bench.parts / "elsewhere")
        make(bench.part())

    return damage


def in_the_tree(name: str, content: str) -> Callable[[Bench], None]:
    return lambda bench: (bench.root / name).write_text(content) and None


def committed_since(bench: Bench) -> None:
    (bench.root / "a.py").write_text("X = 1\n")
    commit(bench.root)


def two_plans(bench: Bench) -> None:
    plan = from_text((bench.parts / "plan.json").read_text(), SharedPlan)
    (bench.parts / "x").mkdir()
    (bench.parts / "x" / "plan.json").write_text(to_text(identified(replace(plan, parts=()))))


PART = "part-2-of-3.json"
DAMAGES: dict[str, Callable[[Bench], None]] = {
    "missing": lambda bench: bench.part().unlink(),
    "all missing": lambda bench: [bench.part(number).unlink() for number in (1, 2, 3)] and None,
    "the one with the whole tools missing": lambda bench: bench.part(1).unlink(),
    "empty": text(PART, lambda raw: b""),
    "cut off": text(PART, lambda raw: raw[: len(raw) // 2]),
    "cut off at the end": text(PART, lambda raw: raw[:-3]),
    "not text": text(PART, lambda raw: b"\0\xff" * 50),
    "other JSON": text(PART, lambda raw: b"{}"),
    "a list": text(PART, lambda raw: b"[]"),
    "deep": text(PART, lambda raw: b"[" * 200_000),
    "a number without end": text(PART, lambda raw: b'{"content":' + b"9" * 10_000 + b"}"),
    "no number": text(PART, lambda raw: raw.replace(b'"format":1', b'"format":NaN', 1)),
    "one letter": text(PART, lambda raw: raw.replace(b"blacklist", b"blacklast", 1)),
    "an unknown key": text(PART, lambda raw: raw.replace(b'{"answers"', b'{"alien":1,"answers"', 1)),
    "another format": text(PART, lambda raw: raw.replace(b'"format":1', b'"format":2', 1)),
    "the plan in its place": lambda bench: shutil.copy(bench.parts / "plan.json", bench.part()) and None,
    "a folder in its place": instead(lambda path: path.mkdir()),
    "a link in its place": instead(lambda path: path.symlink_to(path.parent / "elsewhere")),
    "a pipe in its place": instead(os.mkfifo),
    "a link into the machine": instead(lambda path: path.symlink_to("/dev/zero")),
    "twice and different": lambda bench: (bench.parts / "part-7-of-9.json").write_text(
        to_text(replace(bench.report(), notes=("another",)))
    ) and None,
    "one too many": lambda bench: (bench.parts / "part-4-of-4.json").write_text(
        to_text(replace(bench.report(), part="4-of-3"))
    ) and None,
    "garbage beside the parts": lambda bench: (bench.parts / "part-9-of-9.json").write_text("?") and None,
    "of another plan": rewritten(lambda report: replace(report, plan="0" * 64)),
    "as another part": rewritten(lambda report: replace(report, part="3-of-3")),
    "fewer answers": rewritten(lambda report: replace(report, answers=report.answers[:-1])),
    "more answers": rewritten(lambda report: replace(report, answers=report.answers * 2)),
    "no project": rewritten(lambda report: replace(report, projects=())),
    "another project": rewritten(
        lambda report: replace(report, projects=(replace(report.projects[0], folder="x"),))
    ),
    "interrupted": rewritten(lambda report: replace(report, interrupted="SIGTERM")),
    "a tool broke": answered(
        lambda answer: replace(answer, said=Failed(tool=answer.info, reason="ended with exit status 9"))
    ),
    "another tool broke": answered(
        lambda answer: replace(answer, said=Failed(tool=replace(answer.info, name="ruff"), reason="?"))
    ),
    "it looked elsewhere": said(looked_at=frozenset({"a.py"})),
    "an answer for another tool": answered(lambda answer: replace(answer, info=replace(answer.info, name="ruff"))),
    "another version": answered(lambda answer: replace(answer, info=replace(answer.info, version="0.0"))),
    "another lock": answered(lambda answer: replace(answer, info=replace(answer.info, lock="0" * 64))),
    "other settings": answered(lambda answer: replace(answer, info=replace(answer.info, config="0" * 64))),
    "a finding of another tool": found(tool="ruff"),
    "a finding somewhere else": found(location=Location("a.py", 1)),
    "a finding in the machine": found(location=Location("/etc/passwd", 1)),
    "a finding above": found(location=Location("../../x", 1)),
    "a finding that is known": found(state=State.EXISTING),
    "a finding that is suppressed": found(suppression=Suppression(source="config", reason="x")),
    "a finding that others saw": found(also=("ruff/F401",)),
    "an advisory of what is not pinned": found(advisory=Advisory(package="six", version="no version", ids=("X-1",))),
    "an advisory without a name": found(advisory=Advisory(package="six", version="1.16.0", ids=())),
    "a number that is none": text(PART, lambda raw: re.sub(rb'"line":[0-9]+', b'"line":1e999', raw, count=1)),
    "ten million values": text(PART, lambda raw: raw.replace(b'"answers":[', b'"answers":[' + b"[]," * 5_000_001, 1)),
    "half a sign": text(PART, lambda raw: raw.replace(b'"blacklist"', b'"\\ud800"', 1)),
    "a file that no tool makes": said(artifacts={"../../evil": "x"}),
    "a report of its own": said(artifacts={"report.json": "x"}),
    "no plan": lambda bench: (bench.parts / "plan.json").unlink(),
    "an empty plan": text("plan.json", lambda raw: b""),
    "half a plan": text("plan.json", lambda raw: raw[:-20]),
    "a part for a plan": lambda bench: shutil.copy(bench.part(), bench.parts / "plan.json") and None,
    "two plans": two_plans,
    "a plan that leaves work out": planned(
        lambda plan: replace(plan, parts=(plan.parts[0], replace(plan.parts[1], shares=()), plan.parts[2]))
    ),
    "a plan without parts": planned(lambda plan: replace(plan, parts=())),
    "another commit": planned(lambda plan: replace(plan, identity=replace(plan.identity, commit="0" * 40))),
    "another toolchain": planned(lambda plan: replace(plan, identity=replace(plan.identity, toolchain="0" * 64))),
    "another product": planned(lambda plan: replace(plan, identity=replace(plan.identity, product="0"))),
    "other projects": planned(lambda plan: replace(plan, identity=replace(plan.identity, projects=()))),
    "committed since": committed_since,
    "changed since": in_the_tree("a.py", "X = 1\n"),
    "a new file since": in_the_tree("new.py", "X = 1\n"),
    "another configuration since": in_the_tree(".py-secure-ci.yml", CONFIG + "# changed\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_a_part_that_is_wrong_makes_the_verdict_incomplete(bench: Bench, name: str) -> None:
    DAMAGES[name](bench)
    status, report = bench.merge()
    assert status == 3, report
    assert report["verdict"]["status"] == "INCOMPLETE"
    assert report["verdict"]["incomplete"]
    assert not list(bench.root.parent.rglob("evil*"))
    sarif = json.loads((bench.output / "py-secure-ci.sarif").read_text())
    assert "/etc/passwd" not in json.dumps(sarif)


def test_what_was_lost_is_named(bench: Bench) -> None:
    bench.part().unlink()
    _, report = bench.merge()
    (bandit,) = [one for one in report["report"]["outcomes"] if one["tool"]["name"] == "bandit"]
    assert bandit["gaps"] == [{"final": True, "reason": "part 2-of-3: it is missing", "subject": "b.py"}]
    assert {one["location"]["path"] for one in bandit["findings"]} == {"a.py"}
    assert [gap["subject"] for gap in report["report"]["gaps"]] == ["part 2-of-3"]
    bench.part(1).unlink()
    _, report = bench.merge()
    lost = {one["tool"]["name"] for one in report["report"]["outcomes"] if one["kind"] == "failed"}
    assert lost >= {"ruff", "detect-secrets", "zizmor"}
    assert "bandit" not in lost


def test_what_a_machine_did_not_look_at_is_a_gap_as_on_one_machine(bench: Bench) -> None:
    said(looked_at=frozenset())(bench)
    _, report = bench.merge()
    (bandit,) = [one for one in report["report"]["outcomes"] if one["tool"]["name"] == "bandit"]
    assert bandit["gaps"] == [{"reason": "bandit did not say that it looked at this", "subject": "b.py"}]


@pytest.mark.parametrize("given", [["/nowhere/at/all"], ["/dev/null"], ["."], []])
def test_parts_that_are_not_there(
    bench: Bench, given: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    status, report = bench.merge(*(given or [str(tmp_path / "empty")]))
    assert status == 3
    assert report["verdict"]["status"] == "INCOMPLETE"


def test_a_part_refuses_a_plan_that_is_not_of_this_tree(bench: Bench) -> None:
    committed_since(bench)
    words = ["run", str(bench.root), "--part", "2-of-3", "--output-dir", str(bench.parts)]
    assert main(words) == 3
    assert "the commit is another" in bench.capsys.readouterr().err
    assert not bench.part().exists()


@pytest.mark.parametrize("part", ["0-of-3", "4-of-3", "2", "", "2-of-", "a-of-b", "../2-of-3"])
def test_a_part_that_is_none(bench: Bench, part: str) -> None:
    status = main(["run", str(bench.root), f"--part={part}", "--output-dir", str(bench.output), "--plan", "x"])
    assert status == 2
    assert not (bench.output / "report.json").exists()


def test_by_the_id_alone_the_same_plan_is_made_again(bench: Bench) -> None:
    words = [str(bench.root), "--offline", "--stage", "ci", "--output-dir", str(bench.output)]
    assert main(["plan", *words, "--jobs", "1", "--no-cache"]) == 0
    plan = from_text((bench.output / "plan.json").read_text(), SharedPlan)
    assert main(["run", *words, "--part", "1-of-1", "--plan", plan.id]) == 0
    assert main(["run", *words, "--part", "1-of-2", "--plan", plan.id]) == 3
    assert bench.merge(str(bench.output))[0] == 0


def test_a_part_gives_no_verdict_and_a_broken_tool_is_written_down(bench: Bench) -> None:
    (bench.root / "a.py").write_text("def f(:\n")
    output = bench.output / "parts"
    assert main(["plan", str(bench.root), "--offline", "--jobs", "1", "--output-dir", str(output)]) == 0
    assert main(["run", str(bench.root), "--part", "1-of-1", "--output-dir", str(output)]) == 0
    told = bench.capsys.readouterr()
    assert not {"PASS", "FAIL", "INCOMPLETE"} & set((told.out + told.err).split())
    assert {path.name for path in output.iterdir()} == {"plan.json", "part-1-of-1.json", ".gitignore"}
