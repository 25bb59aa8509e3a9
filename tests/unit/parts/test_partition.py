"""Any partition of the work into parts concludes to the same bytes as the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from py_secure_ci.checking.assembly import assemble
from py_secure_ci.checking.pipeline import check_plans
from py_secure_ci.checking.planning import Plan, plan, tuning
from py_secure_ci.checking.services import Installed, Run, Services
from py_secure_ci.config.policy_settings import PolicySettings
from py_secure_ci.config.settings import Config, Options, StageSettings
from py_secure_ci.judging.policy import judge
from py_secure_ci.model import Finding, Location, Rule, Severity, Stage
from py_secure_ci.parts.codec import from_text, plan_id, to_text
from py_secure_ci.parts.concluding import Delivered, concluded
from py_secure_ci.parts.model import Identity, Part, PartReport, Share, SharedPlan
from py_secure_ci.parts.work import misfits, narrowed
from py_secure_ci.pins import Dependencies
from py_secure_ci.reading import as_list, load_json
from py_secure_ci.report import Context, Outcome, Report, ToolInfo
from py_secure_ci.running.request import Ended, Request
from py_secure_ci.serial.codec import report_to_text
from py_secure_ci.source.sources import Sources
from py_secure_ci.source.tree import Tree
from py_secure_ci.tool import Canary, Command, Execution, Reading, Selection, Task, Tool

PLANTED = "BAD canary\n"


def _commands(task: Task) -> tuple[Command, ...]:
    return (Command(argv=("/demo", *(str(task.root / path) for path in task.files), *task.canaries)),)


def _parse(name: str) -> object:
    def parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
        told = as_list(load_json(executions["main"].stdout, "told"), "told")
        return Reading(
            findings=tuple(
                Finding(tool=name, rule=rule, severity=Severity.HIGH, message=rule, location=Location(path, line))
                for path, line, rule in told
            ),
            rules=tuple(Rule(rule) for rule in sorted({rule for _, _, rule in told})),
            looked_at=frozenset(str(task.root / path) for path in task.files),
            notes=("demo says hello",),
        )

    return parse


def _tool(name: str, *, per_file: bool) -> Tool:
    return Tool(
        name=name,
        stage=Stage.SAST,
        about="",
        uri="",
        commands=_commands,
        parse=_parse(name),  # type: ignore[arg-type]
        select=lambda files, settings: Selection(tuple(path for path in files if path.endswith(".py"))),
        canary=Canary(files={"canary.py": PLANTED}, any_rule=True),
        per_file=per_file,
    )


TOOLS = {"each": _tool("each", per_file=True), "whole": _tool("whole", per_file=False)}
CONFIG = Config(stages={Stage.SAST: StageSettings(tools=tuple(TOOLS))})


def _program(request: Request) -> Ended:
    """What the demo tools are: each line that begins with BAD is a finding, its second word the rule."""
    told = [
        (path, number, line.split()[1])
        for path in request.argv[1:]
        for number, line in enumerate(Path(path).read_text().split("\n"), 1)
        if line.startswith("BAD ")
    ]
    return Ended(status=1 if told else 0, stdout=json.dumps(told).encode())


class _Nobody:
    def planned(self, tools: tuple[str, ...]) -> None: ...

    def started(self, tool: str) -> None: ...

    def finished(self, outcome: Outcome, seconds: float) -> None: ...


@dataclass
class Machine:
    """One machine with its own checkout."""

    root: Path
    scratches: Path

    @property
    def tree(self) -> Tree:
        files = sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file())
        return Tree(root=self.root, repository=None, files=tuple(files))

    def plans(self) -> tuple[Plan, ...]:
        tree = self.tree
        made = plan(CONFIG, TOOLS, (Stage.SAST,), tree, Sources(self.root, tree.files), Dependencies())
        return tuple(one for one in made if isinstance(one, Plan))

    def run(self, plans: tuple[Plan, ...], *, answers: bool = False) -> Run:
        services = Services(
            run=_program,
            install=lambda tool, python: Installed(ToolInfo(name=tool.name, stage=tool.stage, version="1"), None),
            environment=lambda folder, network: {},
            scratch=lambda: Path(mkdtemp(dir=self.scratches)),
            interpreter=lambda: None,
            observer=_Nobody(),
            jobs=1,
        )
        return check_plans(CONFIG, plans, self.tree, Sources(self.root, self.tree.files), services, answers=answers)

    def text(self, outcomes: tuple[Outcome, ...]) -> str:
        sources = Sources(self.root, self.tree.files)
        report = Report(
            version="1", context=Context(project="p"), outcomes=assemble(outcomes, sources, lambda one: one)
        )
        verdict = judge(report, PolicySettings(), baseline=None, today=date(2026, 1, 1))
        return report_to_text(report, verdict)


@contextmanager
def machines(files: Mapping[str, str], count: int) -> Iterator[list[Machine]]:
    """So many checkouts of the same files, each in a folder of its own."""
    with TemporaryDirectory() as top:
        found = []
        for number in range(count):
            root, scratches = Path(top, f"machine{number}"), Path(top, f"scratch{number}")
            for folder in (root, scratches):
                folder.mkdir()
            for name, text in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            found.append(Machine(root, scratches))
        yield found


NAMES = ["a.py", "b.py", "sub/a.py", "sub/c.py", "z é.py"]
LINES = st.sampled_from(["", "fine", "BAD one", "BAD two"])


@st.composite
def examples(draw: st.DrawFn) -> tuple[dict[str, str], list[int], int]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    files = {name: "\n".join(draw(st.lists(LINES, max_size=4))) for name in names}
    count = draw(st.integers(1, 4))
    return files, [draw(st.integers(0, count - 1)) for _ in range(len(names) + 1)], count


def shared(plans: tuple[Plan, ...], places: list[int], count: int) -> SharedPlan:
    """A plan in which each file of `each`, and then `whole`, goes to the machine that `places` says."""
    each, whole = plans
    shares: list[list[Share]] = [[] for _ in range(count)]
    for at in range(count):
        mine = tuple(path for path, place in zip(each.files, places, strict=False) if place == at)
        if mine:
            shares[at].append(Share(project="", tool=each.tool.name, stage="sast", files=mine))
    shares[places[-1]].append(Share(project="", tool=whole.tool.name, stage="sast"))
    identity = Identity(product="", toolchain="", commit="", stages=(), offline=True, install="", projects=())
    parts = tuple(Part(id=f"{at + 1}-of-{count}", seconds=0.0, shares=tuple(shares[at])) for at in range(count))
    made = SharedPlan(id="", identity=identity, parts=parts)
    return replace(made, id=plan_id(made))


def delivered(made: SharedPlan, part: Part, machine: Machine) -> PartReport:
    """What a machine hands over, written down and read again."""
    by_tool = {one.tool.name: one for one in machine.plans()}
    run = machine.run(tuple(narrowed(by_tool[share.tool], share) for share in part.shares), answers=True)
    answers = tuple(run.answers[share.tool] for share in part.shares)
    return from_text(to_text(PartReport(plan=made.id, part=part.id, answers=answers, projects=())), PartReport)


@settings(max_examples=60, deadline=None)
@given(examples())
def test_any_partition_gives_the_bytes_of_the_whole(example: tuple[dict[str, str], list[int], int]) -> None:
    files, places, count = example
    with machines(files, count + 2) as (single, home, *others):
        whole = single.text(single.run(single.plans()).outcomes)
        made = from_text(to_text(shared(home.plans(), places, count)), SharedPlan)
        assert misfits(made, {"": home.plans()}) == ()
        reports = {part.id: delivered(made, part, other) for part, other in zip(made.parts, others, strict=True)}
        outcomes = []
        for one in home.plans():
            there = [
                Delivered(share, reports[part.id].answers[index])
                for part in made.parts
                for index, share in enumerate(part.shares)
                if share.tool == one.tool.name
            ]
            outcomes.append(concluded(one, there, tuning(CONFIG, one), Options())[0])
        assert home.text(tuple(outcomes)) == whole
        assert str(others[0].root) not in to_text(next(iter(reports.values())))


def _share(tool: str, *files: str) -> Share:
    return Share(project="", tool=tool, stage="sast", files=files or None)


@pytest.mark.parametrize(
    "shares",
    [
        [],
        [_share("each")],
        [_share("whole"), _share("each", "a.py")],
        [_share("whole"), _share("each", "a.py", "b.py", "c.py")],
        [_share("whole"), _share("each", "a.py"), _share("each", "a.py", "b.py")],
        [_share("whole"), _share("each"), _share("each", "a.py")],
        [_share("whole"), _share("whole"), _share("each")],
        [_share("whole", "a.py", "b.py"), _share("each")],
        [_share("whole"), _share("each"), _share("other")],
        [_share("whole"), _share("each"), replace(_share("each"), project="elsewhere")],
    ],
)
def test_a_plan_that_is_no_partition_of_what_is_due_is_refused(shares: list[Share]) -> None:
    with machines({"a.py": "", "b.py": ""}, 1) as (home,):
        identity = Identity(product="", toolchain="", commit="", stages=(), offline=True, install="", projects=())
        made = SharedPlan(id="", identity=identity, parts=(Part(id="1-of-1", seconds=0.0, shares=tuple(shares)),))
        assert misfits(made, {"": home.plans()})
        whole = replace(made.parts[0], shares=(_share("each", "a.py", "b.py"), _share("whole")))
        assert misfits(replace(made, parts=(whole,)), {"": home.plans()}) == ()
        assert misfits(replace(made, parts=(whole, replace(whole, shares=()))), {"": home.plans()})


def test_what_is_not_divided_cannot_hide_behind_an_answer_for_less() -> None:
    with machines({"a.py": "BAD one", "b.py": ""}, 1) as (home,):
        each, _ = home.plans()
        run = home.run((narrowed(each, _share("each", "b.py")),), answers=True)
        outcome, _ = concluded(each, [Delivered(_share("each"), run.answers["each"])], tuning(CONFIG, each), Options())
        assert [gap.subject for gap in outcome.gaps] == ["a.py"]  # type: ignore[union-attr]
