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
from py_secure_ci.adapting.unified_diff import first_lines
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Finding, Location, Rule, Severity, Stage
from py_secure_ci.tool import Canary, Command, Execution, Reading, Task, Tool

FILES = {  # in isort's order, with what stands in a file that holds settings
    ".isort.cfg": r"\[(settings|isort)\]",
    "pyproject.toml": r"\[tool\.isort\]",
    "setup.cfg": r"\[(tool:)?isort\]",
    "tox.ini": r"\[(tool:)?isort\]",
}
FINE = re.compile(r"^SUCCESS: (.*) Everything Looks Good!$", re.MULTILINE)
WRONG = re.compile(r"^ERROR: (.*) Imports are incorrectly sorted and/or formatted\.$", re.MULTILINE)
DIFF = re.compile(r"^(?:---|\+\+\+|@@|[ +\-\\]).*$")


def _settings(task: Task) -> str:
    return next((name for name, mark in FILES.items() if re.search(mark, task.settings.get(name, ""))), "")


def _commands(task: Task) -> tuple[Command, ...]:
    name = _settings(task)
    config = argument(name) if name else (task.scratch / ".isort.cfg").as_posix()
    options = ("--check-only", "--diff", "--verbose", f"--settings-file={config}", *task.options.args)
    files = (*(argument(file) for file in task.files), *task.canaries)
    sources = f"src_paths = {task.root.as_posix()},{(task.root / 'src').as_posix()}\n"
    inputs = {".isort.cfg": f"[settings]\nprofile = black\n{sources}"}
    return (Command(argv=("isort", *options, "--", *files), inputs=inputs), syntax_command(task))


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    if "VERSION" not in main.stdout:
        raise WrongShape("isort did not even say its name")
    wrong = [project_path(one, task.root) for one in WRONG.findall(main.stderr)]
    fine = {project_path(one, task.root) for one in FINE.findall(main.stdout)}
    start = main.stdout.index("VERSION")
    said = [line for line in main.stdout[start:].split("\n")[1:] if DIFF.match(line)]
    lines = {project_path(one, task.root): at for one, at in first_lines("\n".join([*said, ""]), "isort").items()}
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


def _finding(path: str, line: int) -> Finding:
    return Finding(
        tool="isort",
        rule="unsorted",
        severity=Severity.ERROR,
        message="Imports are not sorted",
        location=Location(path, line),
        fix=f"Run: isort -- {shlex.quote(argument(path))}",
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
    settings=tuple(FILES),
    split=pieces,
    text_only=True,
    blind_directive=r"isort:\s*skip_file",
)
