"""A kept answer is what the tool would say, or is not given: through the whole pipeline, with a real child."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.cache.costs import read_costs
from py_secure_ci.cache.results import Results
from py_secure_ci.cache.shelf import read_shelf, write_shelf
from py_secure_ci.checking.pipeline import check
from py_secure_ci.checking.services import Installed, Run, Services
from py_secure_ci.config.settings import Config, Options, StageSettings
from py_secure_ci.model import Excluded, Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.pins import Dependencies
from py_secure_ci.report import Completed, Failed, Outcome, ToolInfo
from py_secure_ci.running.runner import Runner
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import Tree
from py_secure_ci.tool import Canary, Command, Execution, Reading, Selection, Task, Tool

PROGRAM = """
import json, pathlib, sys, time
log, files = pathlib.Path(sys.argv[1]), sys.argv[2:]
with log.open("a") as stream: stream.write("".join(one + "\\n" for one in files))
out = []
for one in files:
    text = pathlib.Path(one).read_text()
    if "TOUCH" in text: pathlib.Path(one + ".late").write_text("x")
    while "SLOW" in text: time.sleep(0.1)
    out += [[one, number, line] for number, line in enumerate(text.split("\\n"), 1) if line]
print(json.dumps(out))
sys.exit(1)
"""


def _commands(task: Task) -> tuple[Command, ...]:
    log = str(task.options.settings["log"])
    return (Command(argv=(sys.executable, "-c", PROGRAM, log, *task.files, *task.canaries), writes_tree=True),)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    rows = json.loads(executions["main"].stdout)
    return Reading(
        findings=tuple(
            Finding(tool="demo", rule=line.split()[0], severity=Severity.HIGH, message=line, location=Location(path, n))
            for path, n, line in rows
            if "GAP" not in line and "SKIP" not in line
        ),
        rules=tuple(Rule(line.split()[0]) for _, _, line in rows),
        looked_at=frozenset(path for path, _, line in rows if "GAP" not in line and "SKIP" not in line),
        gaps=tuple(Gap(path, "cannot parse") for path, _, line in rows if "GAP" in line),
        excluded=tuple(Excluded(path, "demo.ini") for path, _, line in rows if "SKIP" in line),
        notes=("demo ran",),
        passed_over={path: 1 for path, _, line in rows if "PASS" in line},
    )


DEMO = Tool(
    name="demo",
    stage=Stage.SAST,
    about="",
    uri="",
    commands=_commands,
    parse=_parse,
    select=lambda files, _settings: Selection(tuple(one for one in files if one.endswith(".txt"))),
    canary=Canary(files={"canary.py": "BAD\n"}, expect=frozenset({"BAD"})),
    settings=("demo.ini",),
    passed_over_by="`PASS`",
    per_file=True,
)
WHOLE = replace(DEMO, per_file=False, depends_on=(".txt", ".dep"), leads_out=r"^extend")


class _Nobody:
    def planned(self, tools: tuple[str, ...]) -> None: ...
    def started(self, tool: str) -> None: ...
    def finished(self, outcome: Outcome, seconds: float) -> None: ...


@dataclass
class Lab:
    """A tree, a cache and a tool; `run` gives its outcome and which files the tool was really given."""

    root: Path
    cache: Path
    runner: Runner
    scratch: Callable[[], Path]
    tool: Tool = DEMO
    info: ToolInfo = ToolInfo(name="demo", stage=Stage.SAST, version="1", source="locked", lock="0" * 64)
    options: Options = field(default_factory=Options)
    jobs: int = 2

    def run(self, *, cached: bool = True, **changes: Any) -> tuple[Outcome, list[str]]:
        lab = replace(self, **changes)
        log = self.root.parent / "log"
        log.write_text("")
        files = tuple(sorted(one.relative_to(self.root).as_posix() for one in self.root.rglob("*") if one.is_file()))
        binary = frozenset(name for name in files if b"\0" in (self.root / name).read_bytes())
        tree = Tree(root=self.root, repository=None, files=files, binary=binary)
        sources = Sources(self.root, files)
        options = replace(lab.options, settings={**lab.options.settings, "log": str(log)})
        services = Services(
            run=self.runner.run,
            install=lambda _tool, _python: Installed(lab.info, None),
            environment=lambda _folder, _network: {"PATH": os.defpath},
            scratch=self.scratch,
            interpreter=lambda: None,
            observer=_Nobody(),
            jobs=lab.jobs,
            results=Results(self.cache, tree, sources, "lab") if cached else None,
            costs=read_costs(self.cache / "costs") if cached else None,
        )
        config = Config(stages={Stage.SAST: StageSettings(tools=("demo",))}, tools={"demo": options})
        run: Run = check(config, {"demo": lab.tool}, (Stage.SAST,), tree, sources, Dependencies(), services)
        given = [one for one in log.read_text().split("\n") if one and not one.startswith("/")]
        return run.outcomes[0], sorted(given)

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.root / f"{name}.txt").write_text(text)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as one:
        yield one


@pytest.fixture
def lab(runner: Runner, tmp_path: Path) -> Lab:
    (tmp_path / "tree").mkdir()
    numbers = iter(range(1000))

    def scratch() -> Path:
        folder = tmp_path / f"scratch{next(numbers)}"
        folder.mkdir()
        return folder

    made = Lab(tmp_path / "tree", tmp_path / "cache", runner, scratch)
    made.write(a="E1 one\nE2 two\n", b="E2 three PASS\n", c="SKIP\n", d="E3 four\n")
    return made


def same(lab: Lab, expected: list[str]) -> None:
    """The tool is given just these files, and the outcome is what it is without any cache."""
    kept, given = lab.run()
    assert given == expected
    fresh, everything = lab.run(cached=False)
    assert kept == fresh
    assert isinstance(kept, Completed)
    assert set(expected) <= set(everything)


ALL = ["a.txt", "b.txt", "c.txt", "d.txt"]


def test_nothing_is_run_twice_and_only_what_changed_is_run(lab: Lab) -> None:
    same(lab, ALL)
    same(lab, [])
    lab.write(b="E9 else\n")
    same(lab, ["b.txt"])
    (lab.root / "a.txt").unlink()
    same(lab, [])
    (lab.root / "d.txt").rename(lab.root / "e.txt")
    same(lab, ["e.txt"])
    lab.write(b="E2 three PASS\n")  # as it was at first
    same(lab, [])


@pytest.mark.parametrize(
    "change",
    [
        {"info": ToolInfo(name="demo", stage=Stage.SAST, version="2", source="locked", lock="0" * 64)},
        {"info": ToolInfo(name="demo", stage=Stage.SAST, version="1", source="locked", lock="1" * 64)},
        {"options": Options(args=("--strict",))},
        {"options": Options(settings={"level": 2})},
        {"tool": replace(DEMO, canary=Canary(files={"canary.py": "BAD\nBAD2\n"}, expect=frozenset({"BAD2"})))},
    ],
    ids=["version", "lock", "args", "settings", "canary"],
)
def test_another_tool_or_configuration_starts_afresh(lab: Lab, change: dict[str, Any]) -> None:
    same(lab, ALL)
    same(replace(lab, **change), ALL)
    same(lab, [])


def test_a_settings_file_of_the_project_counts(lab: Lab) -> None:
    same(lab, ALL)
    (lab.root / "demo.ini").write_text("x\n")
    same(lab, ALL)


@pytest.mark.parametrize(
    "change",
    [
        {"info": ToolInfo(name="demo", stage=Stage.SAST, version="1", source="path")},
        {"options": Options(args=("--rules=a.txt",))},
        {"options": Options(args=("-ca.txt",))},
        {"options": Options(args=("../x",))},
        {"options": Options(config="elsewhere.ini")},
    ],
    ids=["not locked", "argument names a file", "short option names a file", "leads out", "configuration out of sight"],
)
def test_what_cannot_be_told_is_never_kept(lab: Lab, change: dict[str, Any]) -> None:
    odd = replace(lab, **change)
    same(odd, ALL)
    same(odd, ALL)


def test_a_file_with_a_gap_is_looked_at_again(lab: Lab) -> None:
    lab.write(b="GAP\n")
    same(lab, ALL)
    same(lab, ["b.txt"])


def test_of_the_base_only_what_differs_is_looked_at(lab: Lab, tmp_path: Path) -> None:
    base = replace(lab, root=tmp_path / "base")
    base.root.mkdir()
    for path in lab.root.iterdir():
        (base.root / path.name).write_bytes(path.read_bytes())
    (base.root / "b.txt").write_text("E8 before\n")
    (base.root / "gone.txt").write_text("E8 gone\n")
    same(lab, ALL)
    same(base, ["b.txt", "gone.txt"])
    same(lab, [])
    same(base, [])


def test_two_runs_at_once_give_what_one_gives(lab: Lab) -> None:
    fresh, _ = lab.run(cached=False)
    with ThreadPoolExecutor(4) as pool:
        answers = [one.result()[0] for one in [pool.submit(lab.run) for _ in range(4)]]
    assert answers == [fresh] * 4
    same(lab, [])


def test_a_disk_that_is_full_costs_nothing_but_time(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    same(lab, ALL)
    lab.write(b="E9 else\n")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("py_secure_ci.cache.shelf.tempfile.mkstemp", full)
        same(lab, ["b.txt"])
        same(lab, ["b.txt"])
    same(lab, ["b.txt"])
    same(lab, [])


def test_a_run_that_is_killed_while_it_keeps_leaves_the_old_answers(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    same(lab, ALL)
    lab.write(b="E9 else\n")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("py_secure_ci.cache.shelf.Path.replace", killed)
        with pytest.raises(KeyboardInterrupt):
            lab.run()
    same(lab, ["b.txt"])


LASTING = replace(DEMO, lasting_gaps="cannot parse$")


def test_a_gap_that_follows_from_the_content_is_kept_with_the_answer(lab: Lab) -> None:
    lab.write(b="GAP\nE5 five\nGAP\n")
    lasting = replace(lab, tool=LASTING)
    same(lasting, ALL)
    same(lasting, [])
    kept, _ = lasting.run()
    assert isinstance(kept, Completed)
    assert [(gap.subject, gap.reason) for gap in kept.gaps] == [("b.txt", "cannot parse")]
    lab.write(b="E5 five\n")
    same(lasting, ["b.txt"])


def test_of_an_answer_as_a_whole_too(lab: Lab) -> None:
    lab.write(b="GAP\n")
    whole = replace(LASTING, per_file=False, depends_on=(".txt",))
    same(replace(lab, tool=replace(whole, lasting_gaps="")), ALL)
    same(replace(lab, tool=replace(whole, lasting_gaps="")), ALL)
    same(replace(lab, tool=whole), ALL)
    same(replace(lab, tool=whole), [])


@pytest.mark.parametrize("per_file", [True, False])
def test_a_kept_gap_of_another_kind_is_a_miss(lab: Lab, *, per_file: bool) -> None:
    lab.write(b="GAP\n")
    tool = LASTING if per_file else replace(LASTING, per_file=False, depends_on=(".txt",))
    lasting = replace(lab, tool=tool)
    same(lasting, ALL)
    (shelf,) = (lab.cache / "results").glob("demo-*")
    texts = read_shelf(shelf)
    write_shelf(
        shelf, {key: (number, text.replace("cannot parse", "timed out")) for key, (number, text) in texts.items()}
    )
    same(lasting, ["b.txt"] if per_file else ALL)


def test_failures_are_never_kept(lab: Lab) -> None:
    blind = replace(DEMO, canary=Canary(files={"canary.py": "FINE\n"}, expect=frozenset({"BAD"})))
    assert isinstance(lab.run(tool=blind)[0], Failed)
    assert isinstance(lab.run(tool=blind)[0], Failed)
    assert not list((lab.cache / "results").glob("demo-*")) if (lab.cache / "results").exists() else True


def test_a_slow_file_alone_is_a_gap_and_the_rest_stands(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("py_secure_ci.checking.work.BUDGET", 1.0)
    lab.write(slow="SLOW " * 40)
    slow = replace(lab, tool=replace(DEMO, alone=100))
    outcome, given = slow.run()
    assert isinstance(outcome, Completed)
    assert [(gap.subject, gap.reason) for gap in outcome.gaps] == [("slow.txt", "demo timed out after 1 s")]
    assert len(outcome.findings) == 4
    assert given == sorted([*ALL, "slow.txt"])
    assert slow.run()[1] == ["slow.txt"]


def test_pieces_give_what_one_run_gives(lab: Lab) -> None:
    for number in range(60):
        lab.write(**{f"big{number}": f"E{number % 5} " + "x" * 10_000 + "\n"})
    lab.write(big7="GAP\n", big8="SKIP\n", big9="E1 PASS\n")
    cut, given = lab.run(cached=False, jobs=3)
    assert cut == lab.run(cached=False, jobs=1)[0]
    assert len(given) == 64


def test_a_file_that_changed_under_the_tools_hands_is_not_kept(lab: Lab) -> None:
    real = lab.runner.run

    def meddle(request: Any) -> Any:
        ended = real(request)
        (lab.root / "b.txt").write_text("E7 later\n")
        return ended

    lab.runner.run = meddle  # type: ignore[method-assign]
    try:
        lab.run()
    finally:
        lab.runner.run = real  # type: ignore[method-assign]
    lab.write(b="E2 three PASS\n")
    same(lab, ["b.txt"])


def test_damaged_shelves_are_misses(lab: Lab) -> None:
    same(lab, ALL)
    for damage in (lambda raw: raw[: len(raw) // 2], lambda raw: b"", lambda raw: raw.replace(b"E1", b"E5")):
        for shelf in (lab.cache / "results").iterdir():
            shelf.write_bytes(damage(shelf.read_bytes()))
        same(lab, ALL)
        same(lab, [])


def test_an_answer_of_another_file_under_this_files_key_is_a_miss(lab: Lab) -> None:
    same(lab, ALL)
    (shelf,) = (lab.cache / "results").glob("demo-*")
    texts = dict(read_shelf(shelf))
    loud = next(text for text in texts.values() if "E1" in text[1])
    write_shelf(shelf, dict.fromkeys(texts, loud) | {"0" * 40: (1, '{"findings":5}')})
    same(lab, ["b.txt", "c.txt", "d.txt"])


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(lab: Lab) -> None:
    lab.cache.write_text("a file where a folder should be")
    same(lab, ALL)
    same(lab, ALL)


def test_a_clock_set_back_changes_nothing(lab: Lab) -> None:
    same(lab, ALL)
    for shelf in (lab.cache / "results").iterdir():
        os.utime(shelf, (4e9, 4e9))
    for name in ("a", "b"):
        os.utime(lab.root / f"{name}.txt", (1.0, 1.0))
    same(lab, [])


def test_a_whole_answer_goes_by_everything_it_depends_on(lab: Lab) -> None:
    whole = replace(lab, tool=WHOLE)
    lab.write(c="E1\n")
    same(whole, ALL)
    same(whole, [])
    (lab.root / "x.dep").write_text("1")
    same(whole, ALL)
    (lab.root / "x.other").write_text("1")
    same(whole, [])
    (lab.root / "newfolder").mkdir()
    same(whole, ALL)
    lab.write(a="E1 GAP\n")
    same(whole, ALL)
    same(whole, ALL)  # never with a gap
    lab.write(a="E1\n")
    (lab.root / "demo.ini").write_text("extend = ../other.ini\n")
    same(whole, ALL)
    same(whole, ALL)  # never with a configuration that leads out


def test_of_a_file_whose_text_does_not_matter_only_the_name_counts(lab: Lab) -> None:
    tool = replace(
        WHOLE, depends_on=("",), never_opens=r"idle\..*", select=lambda _files, _settings: Selection(("a.txt", "b.txt"))
    )
    idle, due = replace(lab, tool=tool), ["a.txt", "b.txt"]
    lab.write(idle="one\n")
    same(idle, due)
    lab.write(idle="other\n")
    same(idle, [])
    lab.write(c="other\n")
    same(idle, due)
    lab.write(idle="\x7fELF\0")  # a program
    same(idle, due)
    asked = replace(idle, options=replace(lab.options, args=("--also-look-into=everything",)))
    lab.write(idle="one\n")
    same(asked, due)
    lab.write(idle="other\n")
    same(asked, due)  # an argument may make it open what it never does by itself
    same(asked, [])
