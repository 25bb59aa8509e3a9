"""isort --check, which tells whether imports are sorted (https://isort.readthedocs.io/).

`--verbose` names each file with SUCCESS or ERROR, which is what was looked at; others were skipped by the project's
settings. isort sorts what it cannot parse without a word, so ours parses each file beside it. Without settings of its
own the project gets an empty file and the profile of black, and no folder above has a say.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from py_secure_ci.adapting.python_syntax import select_python, syntax_command, syntax_gaps, unparsable
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.adapting.unified_diff import Change, changes
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Finding, Location, Rule, Severity, Stage
from py_secure_ci.tool import Canary, Command, Execution, Fixer, Reading, Task, Tool

FILES = {  # in isort's order, with what stands in a file that holds settings
    ".isort.cfg": r"\[(settings|isort)\]",
    "pyproject.toml": r"\[tool\.isort\]",
    "setup.cfg": r"\[(tool:)?isort\]",
    "tox.ini": r"\[(tool:)?isort\]",
}
FINE = re.compile(r"^SUCCESS: (.*) Everything Looks Good!$", re.MULTILINE)
WRONG = re.compile(r"^ERROR: (.*) Imports are incorrectly sorted and/or formatted\.$", re.MULTILINE)
# What makes isort change the code itself. A backslash may hide one of these words in TOML.
WIDER = re.compile(r"(add|remove|force)[_-](imports?|adds)|float[_-]to[_-]top|\\u[0-9a-fA-F]{4}")
DIFF = re.compile(r"^(?:---|\+\+\+|@@|[ +\-\\]).*$")


def _settings(task: Task) -> str:
    return next((name for name, mark in FILES.items() if re.search(mark, task.settings.get(name, ""))), "")


def _command(task: Task, words: tuple[str, ...]) -> Command:
    name = _settings(task)
    config = argument(name) if name else (task.scratch / ".isort.cfg").as_posix()
    sources = f"src_paths = {task.root.as_posix()},{(task.root / 'src').as_posix()}\n"
    files = (*(argument(file) for file in task.files), *task.canaries)
    argv = ("isort", *words, f"--settings-file={config}", *task.options.args, "--", *files)
    return Command(argv=argv, inputs={".isort.cfg": f"[settings]\nprofile = black\n{sources}"})


def _commands(task: Task) -> tuple[Command, ...]:
    return (_command(task, ("--check-only", "--diff", "--verbose")), syntax_command(task))


def _fix(task: Task) -> tuple[Command, ...]:
    if wider := WIDER.search("\n".join((*(task.settings.get(name, "") for name in FILES), *task.options.args))):
        raise WrongShape(f"{wider[0]} in isort's settings changes more than the order of imports")
    return (_command(task, ("--atomic", "--quiet")),)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    if "VERSION" not in main.stdout:
        raise WrongShape("isort did not even say its name")
    wrong = [project_path(one, task.root) for one in WRONG.findall(main.stderr)]
    fine = {project_path(one, task.root) for one in FINE.findall(main.stdout)}
    start = main.stdout.index("VERSION")
    said = [line for line in main.stdout[start:].split("\n")[1:] if DIFF.match(line)]
    lines = {project_path(one, task.root): at for one, at in changes("\n".join([*said, ""]), "isort").items()}
    if lines.keys() != set(wrong) or main.status != (1 if wrong else 0):
        raise WrongShape(f"isort ended with exit status {main.status}; its diff and its log do not agree")
    problems = unparsable(task, executions)
    looked_at = (fine | set(wrong)) & set(task.files) - problems.keys()
    return Reading(
        findings=tuple(_finding(path, lines[path]) for path in wrong),
        rules=(Rule("unsorted", summary="Imports are not sorted", uri=TOOL.uri),),
        looked_at=frozenset(looked_at),
        gaps=syntax_gaps(problems),
        excluded=tuple(
            Excluded(file, _settings(task))
            for file in task.files
            if _settings(task) and file not in looked_at | problems.keys()
        ),
    )


def _finding(path: str, change: Change) -> Finding:
    return Finding(
        tool="isort",
        rule="unsorted",
        severity=Severity.ERROR,
        message="Imports are not sorted",
        location=Location(path, change.line),
        fix=f"Run: isort -- {shlex.quote(argument(path))}",
        edits=change.edits(path),
        fixable=True,
    )


TOOL = Tool(
    name="isort",
    stage=Stage.FORMAT,
    about="checks that imports are sorted as isort would",
    uri="https://isort.readthedocs.io/",
    commands=_commands,
    parse=_parse,
    select=select_python,
    canary=Canary(files={"canary.py": "import sys\nimport os\n"}, expect=frozenset({"unsorted"})),
    fixer=Fixer(turn=2, commands=_fix),
    settings=tuple(FILES),
    split=pieces,
    text_only=True,
    blind_directive=r"isort:\s*skip_file",
)
