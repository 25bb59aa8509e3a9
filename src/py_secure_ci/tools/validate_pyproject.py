"""validate-pyproject: pyproject.toml against the packaging standards (https://validate-pyproject.readthedocs.io/).

Every schema and the list of classifiers is installed with it: nothing is downloaded. For each file it says whether it
is valid, in the order given; each invalid one has one error on stderr, of which the first line is the message.
A file that is no TOML at all is a gap.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.tool import Canary, Command, Execution, Reading, Selection, Task, Tool

SAID = re.compile(r"(Valid|Invalid) file: (.*)")
NO_TOML = re.compile(r"\A.*\(at (line \d+, column \d+|end of document)\)\n")
ERROR = re.compile(r"^\[ERROR\] ", re.MULTILINE)


def _select(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    return Selection(tuple(file for file in files if PurePosixPath(file).name == "pyproject.toml"))


def _commands(task: Task) -> tuple[Command, ...]:
    files = (*(argument(file) for file in task.files), *task.canaries)
    env = {"VALIDATE_PYPROJECT_NO_NETWORK": "1", "NO_NETWORK": "1"}
    return (Command(argv=("validate-pyproject", *task.options.args, "--", *files), env=env),)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    lines = main.stdout.split("\n")
    said = [match for line in lines if (match := SAID.fullmatch(line))]
    errors = ERROR.split(main.stderr)[1:]
    invalid = [project_path(one[2], task.root) for one in said if one[1] == "Invalid"]
    if lines.pop() or len(said) != len(lines) or len(errors) != len(invalid) or (main.status == 1) != bool(invalid):
        raise WrongShape(f"validate-pyproject ended with exit status {main.status}, {len(errors)} errors")
    found = dict(zip(invalid, errors, strict=True))
    gaps = {path: error for path, error in found.items() if NO_TOML.search(error)}
    return Reading(
        findings=tuple(_finding(path, error) for path, error in found.items() if path not in gaps),
        rules=(Rule("invalid", summary="pyproject.toml does not follow the standards", uri=TOOL.uri),),
        looked_at=frozenset(project_path(one[2], task.root) for one in said) & set(task.files) - gaps.keys(),
        gaps=tuple(Gap(path, f"it is no TOML: {error.splitlines()[0]}") for path, error in gaps.items()),
    )


def _finding(path: str, error: str) -> Finding:
    message = error.splitlines()[0].replace("`", "").strip()
    location = Location(path)
    return Finding(
        tool="validate-pyproject", rule="invalid", severity=Severity.ERROR, message=message, location=location
    )


TOOL = Tool(
    name="validate-pyproject",
    stage=Stage.CI,
    about="checks pyproject.toml against the packaging standards",
    uri="https://validate-pyproject.readthedocs.io/",
    commands=_commands,
    parse=_parse,
    select=_select,
    canary=Canary(files={"pyproject.toml": '[project]\nversion = "1"\n'}, expect=frozenset({"invalid"})),
    split=pieces,
)
