"""Fixers that misbehave: their changes are never taken, and those of the others are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from py_secure_ci.adapting.ruff_fixing import called_safe, settles
from py_secure_ci.adapting.unified_diff import MOST, changes
from py_secure_ci.all_tools import TOOLS
from py_secure_ci.checking.accounting import Tally
from py_secure_ci.checking.execution import Workshop
from py_secure_ci.checking.fixing import Fixes, find_fixes
from py_secure_ci.checking.planning import Plan
from py_secure_ci.config.settings import Options, StageSettings
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Stage
from py_secure_ci.report import ToolInfo
from py_secure_ci.running.runner import Runner
from py_secure_ci.tool import Command, Fixer, Task, Tool

RUFF = next(tool for tool in TOOLS if tool.name == "ruff")
FILES = {"a.py": b"x=1\n", "b.py": b"y=2\n", "broken.py": b"def f(:\n", "notes.txt": b"z\n"}
TIDY = "import sys\nfor one in sys.argv[1:]:\n    text = open(one).read()\n    open(one, 'w').write(text.replace('=', ' = '))\n"


def tool(name: str, script: str, turn: int = 1, **more: Any) -> Tool:
    """A tool whose fixer is a Python script that is given the files."""

    def commands(task: Task) -> tuple[Command, ...]:
        return (Command(argv=(sys.executable, "-I", "-c", script, *task.files), **more),)

    return replace(RUFF, name=name, fixer=Fixer(turn=turn, commands=commands), split=None)


@pytest.fixture
def fixes(tmp_path: Path) -> Iterator[Any]:
    numbers = iter(range(1000))

    def folder() -> Path:
        made = tmp_path / f"scratch{next(numbers)}"
        made.mkdir()
        return made

    with Runner() as runner:

        def workshop(one: Tool) -> Workshop:
            info = ToolInfo(name=one.name, stage=Stage.LINT)
            environment = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}
            return Workshop(info=info, programs=None, run=runner.run, environment=lambda _scratch, _network: environment, scratch=folder, usage=lambda *_: None)  # fmt: skip

        def find(*tools: Tool, due: tuple[str, ...] = ("a.py", "b.py", "broken.py")) -> Fixes:
            plans = [Plan(tool=one, stage=StageSettings(tools=(one.name,)), files=due, pins=(), tally=Tally(root=tmp_path, due=due), settings={}) for one in tools]  # fmt: skip
            return find_fixes(plans, FILES, folder(), workshop, lambda _name: Options())

        yield find


def test_a_fixer_changes_its_own_files_and_says_which(fixes: Any) -> None:
    found = fixes(tool("tidy", TIDY), due=("a.py",))
    assert [(one.path, one.before, one.after, one.by) for one in found.fixes] == [
        ("a.py", b"x=1\n", b"x = 1\n", ("tidy",))
    ]
    assert found.declined == {}


def test_fixers_take_turns_whatever_their_order_in_the_configuration(fixes: Any) -> None:
    late = tool("late", TIDY.replace("' = '", "'  =  '"), turn=2)
    assert fixes(late, tool("early", TIDY)).fixes[0].after == b"x   =   1\n"  # what was early has its blanks doubled
    assert fixes(late, tool("early", TIDY)).fixes[0].by == ("early", "late")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("open('notes.txt', 'w').write('mine')", "changed notes.txt, which was not given to it"),
        ("import os; os.remove('a.py')", "took a.py away"),
        ("import os; os.remove('a.py'); os.symlink('/etc/passwd', 'a.py')", "took a.py away"),
        ("open('a.py', 'w').write('def f(:')", "made a.py something that cannot be parsed"),
        ("open('a.py', 'w').write('x = 1'); raise SystemExit(7)", "ended with exit status 7"),
        ("open('a.py', 'w').write('x = 1'); import os; os.kill(os.getpid(), 9)", ""),
    ],
)
def test_a_fixer_that_misbehaves_is_undone_and_the_next_one_works(fixes: Any, script: str, why: str) -> None:
    found = fixes(tool("bad", script), tool("tidy", TIDY, turn=2), due=("a.py", "b.py"))
    assert why in found.declined["bad"]
    assert {one.path: one.after for one in found.fixes} == {"a.py": b"x = 1\n", "b.py": b"y = 2\n"}
    assert {one.by for one in found.fixes} == {("tidy",)}


def test_a_fixer_writes_nowhere_but_to_its_copy(fixes: Any, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("kept")
    found = fixes(tool("bad", f"open({str(precious)!r}, 'w').write('lost')"))
    if precious.read_text() == "lost":
        pytest.skip("there is no sandbox here")
    assert "exit status 1" in found.declined["bad"]


def test_a_file_that_was_broken_before_is_no_reason_to_decline(fixes: Any) -> None:
    found = fixes(tool("tidy", "open('broken.py', 'a').write('# seen\\n')"))
    assert [(one.path, one.after) for one in found.fixes] == [("broken.py", b"def f(:\n# seen\n")]


def test_what_configuration_calls_safe_is_collected_from_every_file() -> None:
    settings = {
        "ruff.toml": 'extend = "base.toml"\n[lint]\nextend-safe-fixes = ["E711"]\n',
        "base.toml": '[lint]\n"extend-safe\\u002dfixes" = ["F4"]\n',
        "sub/pyproject.toml": '[tool.ruff.lint]\nextend-safe-fixes = ["B006"]\n[tool.other]\nextend-safe-fixes = ["X"]\n',
        "broken.toml": "extend-safe-fixes = [",
    }
    assert called_safe(settings) == ("B006", "E711", "F4")
    own = {"ruff.toml": '[lint]\nextend-safe-fixes = ["E711", "F4"]\n'}
    task = Task(root=Path("/project"), scratch=Path("/scratch"), settings=own)
    assert [settles(task, code) for code in ("E711", "F401", "F541", "E712")] == [False, False, True, True]


@pytest.mark.parametrize(
    "text",
    [
        'extend = "/etc/ruff.toml"',
        'extend = "../ruff.toml"',
        'extend = "~/ruff.toml"',
        'extend = "${HOME}/x.toml"',
        'extend = "ruff.conf"',
        'lint.extend-safe-fixes = ["E"]\nlint.fixable = ["E711"]',
    ],
)
def test_what_cannot_be_taken_back_is_refused(text: str) -> None:
    with pytest.raises(WrongShape):
        called_safe({"ruff.toml": text})
    assert not settles(Task(root=Path("/p"), scratch=Path("/s"), settings={"ruff.toml": text}), "E711")


def test_a_diff_becomes_edits_that_make_the_new_text() -> None:
    hunks = "--- a.py\t1 2\n+++ a.py\t1 2\n@@ -1,4 +1,5 @@\n one\n-two\n+2\n+2b\n three\n four\n@@ -9,2 +10,1 @@\n nine\n-ten\n"
    change = changes(hunks, "it")["a.py"]
    assert change.line == 2
    assert [(one.location.line, one.location.end_line, one.text) for one in change.edits("a.py")] == [
        (2, 3, "2\n2b\n"),
        (10, 11, ""),
    ]
    assert not changes(hunks.replace("+2b", "+" + "x" * MOST), "it")["a.py"].edits("a.py")
    assert not changes(hunks.replace("-ten\n", "-ten\n\\ No newline at end of file\n"), "it")["a.py"].edits("a.py")
