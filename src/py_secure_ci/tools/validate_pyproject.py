"""validate-pyproject: pyproject.toml against the packaging standards (https://validate-pyproject.readthedocs.io/).

Every schema and the list of classifiers is installed with it: nothing is downloaded. For each file it says whether it
is valid, in the order given; each invalid one has one error on stderr, of which the first line is the message.
A file that is no TOML at all is a gap.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import answer
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.selection import named, pieces, project_path
from py_secure_ci.adapting.text_lines import each_line
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.tool import Execution, Reading, Task, Tool

SAID = re.compile(r"(Valid|Invalid) file: (.*)")
NO_TOML = re.compile(r"\A.*\(at (line \d+, column \d+|end of document)\)\n")
ERROR = re.compile(r"^\[ERROR\] ", re.MULTILINE)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    said = [(project_path(one[2], task.root), one[1]) for one in each_line(TOOL.name, main.stdout, SAID)]
    invalid, errors = [path for path, standing in said if standing == "Invalid"], ERROR.split(main.stderr)[1:]
    if len(errors) != len(invalid) or (main.status == 1) != bool(invalid):
        raise WrongShape(f"validate-pyproject ended with exit status {main.status}, {len(errors)} errors")
    found = list(zip(invalid, errors, strict=True))
    return answer(
        task,
        [_finding(path, error) for path, error in found if not NO_TOML.search(error)],
        [Rule("invalid", summary="pyproject.toml does not follow the standards", uri=TOOL.uri)],
        said=[path for path, _ in said],
        instead=[Gap(path, f"it is no TOML: {said.splitlines()[0]}") for path, said in found if NO_TOML.search(said)],
    )


def _finding(path: str, error: str) -> Finding:
    message = error.splitlines()[0].replace("`", "").strip()
    return Finding(tool=TOOL.name, rule="invalid", severity=Severity.ERROR, message=message, location=Location(path))


TOOL = Tool(
    name="validate-pyproject",
    stage=Stage.CI,
    about="checks pyproject.toml against the packaging standards",
    uri="https://validate-pyproject.readthedocs.io/",
    commands=command_line(
        "validate-pyproject {args} -- {files} {planted}", env={"VALIDATE_PYPROJECT_NO_NETWORK": "1", "NO_NETWORK": "1"}
    ),
    parse=_parse,
    select=named("pyproject.toml"),
    nothing="pyproject.toml",
    canary=planted("validate-pyproject", "invalid"),
    split=pieces,
)
