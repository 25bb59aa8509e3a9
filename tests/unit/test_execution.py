"""A tool's answer is believed only when report, exit status, scope and canary agree."""

import json
import sys
from dataclasses import replace

import pytest

from py_secure_ci.checking.accounting import Tally
from py_secure_ci.checking.execution import Workshop, run_tool
from py_secure_ci.checking.merging import merge
from py_secure_ci.model import Excluded, Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_list, field, load_json
from py_secure_ci.report import Completed, Failed, ToolInfo
from py_secure_ci.running.runner import Runner
from py_secure_ci.tool import Canary, Command, Reading, Selection, Task, Tool

INFO = ToolInfo(name="demo", stage=Stage.SAST)
HONEST = """
import json, sys
files = sys.argv[1:]
hits = [f for f in files if "BAD" in open(f).read()]
print(json.dumps({"looked": files, "hits": hits}))
sys.exit(1 if hits else 0)
"""


def commands(task):
    program = task.options.settings["program"]
    return (Command(argv=(sys.executable, "-c", program, *task.files, *task.canaries)),)


def parse(task, executions):
    data = load_json(executions["main"].stdout, "demo's report")
    hits = as_list(field(data, "hits", list, "report"), "hits")
    looked = as_list(field(data, "looked", list, "report"), "looked")
    return Reading(
        findings=tuple(
            Finding(tool="demo", rule="BAD", severity=Severity.HIGH, message="bad", location=Location(path, 1))
            for path in hits
        ),
        rules=(Rule("BAD"),),
        looked_at=frozenset(looked),
    )


DEMO = Tool(
    name="demo",
    stage=Stage.SAST,
    about="",
    uri="",
    commands=commands,
    parse=parse,
    select=lambda files, settings: Selection(files),
    canary=Canary(files={"canary.txt": "BAD\n"}, expect=frozenset({"BAD"})),
    settings=("demo.ini",),
    blinders={"demo.ini": r"^off\s*=.*"},
)


@pytest.fixture(scope="module")
def runner():
    with Runner() as one:
        yield one


@pytest.fixture
def outcome_of(runner, tmp_path):
    root = tmp_path / "tree"
    root.mkdir()
    (root / "a.py").write_text("fine\n")
    (root / "b.py").write_text("BAD\n")
    numbers = iter(range(100))

    def scratch():
        folder = tmp_path / f"scratch{next(numbers)}"
        folder.mkdir()
        return folder

    def run(program=HONEST, tool=DEMO, files=("a.py", "b.py"), settings=None, timeout=20.0, pieces=None, tally=None):
        workshop = Workshop(
            info=INFO,
            programs=None,
            run=runner.run,
            environment=lambda folder, network: {"PATH": "/usr/bin:/bin"},
            scratch=scratch,
            usage=lambda tool, name, ended: None,
        )
        task = Task(root=root, scratch=root, files=files, settings=settings or {})
        task = replace(task, options=replace(task.options, timeout=timeout, settings={"program": program}))
        tasks = tuple(replace(task, files=piece) for piece in pieces) if pieces else (task,)
        return run_tool(tool, tasks, workshop, tally or Tally(root=root, due=files))[0]

    return run


def test_an_honest_tool_completes_and_its_canary_is_not_told(outcome_of):
    outcome = outcome_of()
    assert isinstance(outcome, Completed)
    assert [finding.location and finding.location.path for finding in outcome.findings] == ["b.py"]
    assert outcome.looked_at == 2
    assert outcome.gaps == ()


def test_pieces_are_merged_and_each_has_its_canary(outcome_of):
    outcome = outcome_of(pieces=(("a.py",), ("b.py",)))
    assert isinstance(outcome, Completed)
    assert [finding.location and finding.location.path for finding in outcome.findings] == ["b.py"]
    assert outcome.looked_at == 2


def lie(text, status=0, before=""):
    return f"import sys, os, time\n{before}\nsys.stdout.write({text!r})\nsys.stdout.flush()\nsys.exit({status})"


CLEAN = json.dumps({"looked": ["a.py", "b.py"], "hits": []})


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lie(CLEAN, 0), "is blind"),
        (lie(CLEAN, 1), "which means findings, but reported none"),
        (HONEST.replace("sys.exit(1 if hits else 0)", ""), "which means no findings, but reported"),
        (lie("", 0), "not valid JSON"),
        (lie(CLEAN[:20], 0), "not valid JSON"),
        (lie("[]", 0), "cannot be trusted"),
        (lie('{"looked": {}, "hits": []}', 0), "cannot be trusted"),
        (lie('{"hits": []}', 0), "cannot be trusted"),
        (lie("[" * 100_000, 0), "not valid JSON"),
        (lie(CLEAN, 7), "exit status 7"),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\xfe'); sys.exit(0)", "not UTF-8"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("import time; time.sleep(60)", "timed out"),
        ("import sys\nwhile True: sys.stdout.write('x' * 65536)", "wrote more than"),
    ],
)
def test_a_tool_that_lies_or_breaks_is_failed_with_a_reason(outcome_of, program, words):
    outcome = outcome_of(program, timeout=3.0)
    assert isinstance(outcome, Failed)
    assert words in outcome.reason


@pytest.mark.parametrize(("told", "gaps", "kind"), [
    (0, (), Failed),
    (0, (Gap("c.py", "another tool could not read it"), Gap("imports", "no environment")), Failed),
    (1, (Gap("a.py", "demo could not read it"),), Completed),
])  # fmt: skip
def test_only_findings_told_as_gaps_explain_a_status_without_findings(outcome_of, told, gaps, kind):
    """A tool that lost its findings must not hide behind a gap that has nothing to do with them."""

    def with_gaps(task, executions):
        return replace(parse(task, executions), gaps=gaps, told_as_gaps=told)

    outcome = outcome_of(lie(CLEAN, 1), tool=replace(DEMO, canary=None, parse=with_gaps))
    assert isinstance(outcome, kind)
    assert kind is Completed or "which means findings, but reported none" in outcome.reason


def test_findings_told_as_gaps_are_added_up():
    assert merge([Reading(told_as_gaps=1), Reading(), Reading(told_as_gaps=2)]).told_as_gaps == 3


def test_the_setting_that_blinds_a_tool_is_named(outcome_of):
    outcome = outcome_of(lie(CLEAN), settings={"demo.ini": "[demo]\n\noff = everything\n"})
    assert isinstance(outcome, Failed)
    assert "(demo.ini:3: off = everything)" in outcome.reason


def test_what_was_not_looked_at_is_a_gap(outcome_of):
    program = HONEST.replace('"looked": files', '"looked": [f for f in files if f != "a.py"]')
    outcome = outcome_of(program)
    assert isinstance(outcome, Completed)
    assert [(gap.subject, "did not say" in gap.reason) for gap in outcome.gaps] == [("a.py", True)]
    assert outcome.looked_at == 1


def test_a_missing_program_is_failed(outcome_of):
    tool = replace(DEMO, commands=lambda task: (Command(argv=("/nowhere/demo",)),))
    outcome = outcome_of(tool=tool)
    assert isinstance(outcome, Failed)
    assert "could not be started" in outcome.reason


def test_too_many_findings_are_a_failure_and_not_a_page_of_a_million_rows(outcome_of):
    program = 'import sys\nsys.stdout.write(\'{"looked": ["a.py"], "hits": [\' + \', \'.join([\'"b.py"\'] * 250_000)'
    program += " + ', \"' + sys.argv[-1] + '\"]}')\nsys.exit(1)"
    outcome = outcome_of(program)
    assert isinstance(outcome, Failed)
    assert "250,000 findings" in outcome.reason


def test_findings_in_excluded_files_are_left_out_and_counted(outcome_of, tmp_path):
    tally = Tally(root=tmp_path / "tree", due=("a.py", "b.py"), excluded=(Excluded("b.py", "us"),))
    outcome = outcome_of(tally=tally)
    assert isinstance(outcome, Completed)
    assert outcome.findings == ()
    assert outcome.notes == ("1 findings in excluded files left out",)


def test_a_gap_known_before_is_kept(outcome_of, tmp_path):
    tally = Tally(root=tmp_path / "tree", due=("a.py", "b.py"), gaps=(Gap("a.py", "not UTF-8"),))
    outcome = outcome_of(tally=tally)
    assert isinstance(outcome, Completed)
    assert outcome.gaps == (Gap("a.py", "not UTF-8"),)
    assert outcome.looked_at == 1


def test_an_output_that_is_a_link_is_not_followed(outcome_of):
    program = "import os, sys; os.symlink('/etc/hostname', sys.argv[1]); print('{}')"

    def with_output(task):
        return (Command(argv=(sys.executable, "-c", program, str(task.scratch / "out.json")), outputs=("out.json",)),)

    outcome = outcome_of(tool=replace(DEMO, commands=with_output))
    assert isinstance(outcome, Failed)
    assert "not a file" in outcome.reason
