"""black --check, which tells whether code is formatted (https://black.readthedocs.io/).

`--verbose` names each file with what it thinks of it, and that is what was looked at. `force-exclude` of the project's
`[tool.black]` leaves files out (told as excluded). Status 123 means that some file could not be formatted, while the
answers for others stand (measured with 26.10.1). A project without settings gets an empty file, so that no folder
above has a say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import answer
from py_secure_ci.adapting.layout import Layout
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.project_toml import has_table
from py_secure_ci.adapting.python_syntax import select_python
from py_secure_ci.adapting.selection import pieces, project_path, project_paths
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Gap, Stage
from py_secure_ci.tool import Command, Execution, Fixer, Reading, Task, Tool

UNFORMATTED = Layout("black", "unformatted", "The file is not formatted", "black", "https://black.readthedocs.io/")
WOULD = re.compile(r"^would reformat (.*)$", re.MULTILINE)
FINE = re.compile(
    r"^(.*?) (?:already well formatted, good job|wasn't modified on disk since last run)\.$", re.MULTILINE
)
ERROR = re.compile(r"^error: (.*)$", re.MULTILINE)
IGNORED = re.compile(r"^(.*?) ignored: matches the (.*)$", re.MULTILINE)


def _command(words: str) -> Callable[[Task], tuple[Command, ...]]:
    return command_line(
        f"black --no-cache --workers=1 --config={{config}} {words} -- {{files}} {{planted}}",
        inputs={"empty.toml": ""},
        env={"BLACK_CACHE_DIR": "{scratch}"},
        clean={0, 123},
        found={1, 123},
        config=lambda task: "./pyproject.toml" if has_table(task, "black") else "{scratch}/empty.toml",
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    would, fine = (project_paths(pattern.findall(main.stderr), task.root) for pattern in (WOULD, FINE))
    errors = ERROR.findall(main.stderr)
    if main.status != (123 if errors else 1 if would else 0):
        raise WrongShape(f"black ended with exit status {main.status}, which its log does not mean")
    left_out = {project_path(path, task.root): why for path, why in IGNORED.findall(main.stderr)}
    unsaid = [file for file in task.files if file not in {*would, *fine, *left_out}]
    why = {file: next((one for one in errors if file in one), "it says nothing of the file") for file in unsaid}
    return answer(
        task,
        UNFORMATTED.from_diff(main.stdout, would, task),
        UNFORMATTED.rules(),
        said=(*would, *fine),
        gaps=[Gap(file, f"black could not format it: {said}") for file, said in why.items()],
        excluded=[Excluded(path, f"pyproject.toml ({why})") for path, why in left_out.items()],
    )


TOOL = Tool(
    name="black",
    stage=Stage.FORMAT,
    about="checks that Python code is formatted as black would",
    uri="https://black.readthedocs.io/",
    commands=_command("--check --diff --verbose --no-color {args}"),
    parse=_parse,
    select=select_python,
    canary=planted("black", "unformatted"),
    fixer=Fixer(turn=3, commands=_command("{args} --quiet --safe")),
    settings=("pyproject.toml",),
    split=pieces,
)
