"""black --check, which tells whether code is formatted (https://black.readthedocs.io/).

`--verbose` names each file with what it thinks of it, and that is what was looked at. `force-exclude` of the project's
`[tool.black]` leaves files out (told as excluded). Status 123 means that some file could not be formatted, while the
answers for others stand (measured with 26.10.1). A project without settings gets an empty file, so that no folder
above has a say.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from py_secure_ci.adapting.project_toml import tool_table
from py_secure_ci.adapting.python_syntax import select_python
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.adapting.unified_diff import Change, changes
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.tool import Canary, Command, Execution, Fixer, Reading, Task, Tool

WOULD = re.compile(r"^would reformat (.*)$", re.MULTILINE)
FINE = re.compile(
    r"^(.*?) (?:already well formatted, good job\.|wasn't modified on disk since last run\.)$", re.MULTILINE
)
ERROR = re.compile(r"^error: (.*)$", re.MULTILINE)
IGNORED = re.compile(r"^(.*?) ignored: matches the (.*)$", re.MULTILINE)


def _command(task: Task, words: tuple[str, ...]) -> Command:
    text = task.settings.get("pyproject.toml", "")
    own = "black" in text and tool_table(text, "black") is not None
    config = "./pyproject.toml" if own else (task.scratch / "empty.toml").as_posix()
    return Command(
        argv=("black", "--no-cache", "--workers=1", f"--config={config}", *words),
        inputs={"empty.toml": ""},
        clean=frozenset({0, 123}),
        found=frozenset({1, 123}),
        env={"BLACK_CACHE_DIR": task.scratch.as_posix()},
    )


def _fix(task: Task) -> tuple[Command, ...]:
    files = (argument(file) for file in task.files)
    return (_command(task, (*task.options.args, "--quiet", "--safe", "--", *files)),)


def _commands(task: Task) -> tuple[Command, ...]:
    files = (*(argument(file) for file in task.files), *task.canaries)
    options = ("--check", "--diff", "--verbose", "--no-color")
    return (_command(task, (*options, *task.options.args, "--", *files)),)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    would = [project_path(one, task.root) for one in WOULD.findall(main.stderr)]
    fine = {project_path(one, task.root) for one in FINE.findall(main.stderr)}
    errors = ERROR.findall(main.stderr)
    lines = {project_path(one, task.root): change for one, change in changes(main.stdout, "black").items()}
    if lines.keys() != set(would) or main.status != (123 if errors else 1 if would else 0):
        raise WrongShape(f"black ended with exit status {main.status}; its diff and its log do not agree")
    left_out = {project_path(path, task.root): why for path, why in IGNORED.findall(main.stderr)}
    unsaid = [file for file in task.files if file not in {*would, *fine, *left_out}]
    return Reading(
        findings=tuple(_finding(path, lines[path]) for path in would),
        rules=(Rule("unformatted", summary="The file is not formatted", uri=TOOL.uri),),
        looked_at=frozenset((fine | set(would)) & set(task.files)),
        gaps=tuple(Gap(file, f"black could not format it: {_why(file, errors)}") for file in unsaid),
        excluded=tuple(Excluded(path, f"pyproject.toml ({why})") for path, why in left_out.items()),
    )


def _why(file: str, errors: list[str]) -> str:
    return next((error for error in errors if file in error), "it says nothing of the file")


def _finding(path: str, change: Change) -> Finding:
    return Finding(
        tool="black",
        rule="unformatted",
        severity=Severity.ERROR,
        message="The file is not formatted",
        location=Location(path, change.line),
        fix=f"Run: black -- {shlex.quote(argument(path))}",
        edits=change.edits(path),
        fixable=True,
    )


TOOL = Tool(
    name="black",
    stage=Stage.FORMAT,
    about="checks that Python code is formatted as black would",
    uri="https://black.readthedocs.io/",
    commands=_commands,
    parse=_parse,
    select=select_python,
    canary=Canary(files={"canary.py": "x   =  {  'a':1 }\n"}, expect=frozenset({"unformatted"})),
    fixer=Fixer(turn=3, commands=_fix),
    settings=("pyproject.toml",),
    split=pieces,
)
