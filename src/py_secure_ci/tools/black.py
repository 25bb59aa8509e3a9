"""black --check, which tells whether code is formatted (https://black.readthedocs.io/).

`--verbose` names each file with what it thinks of it, and that is what was looked at. `force-exclude` of the project's
`[tool.black]` leaves files out (told as excluded). Status 123 means that some file could not be formatted, while the
answers for others stand (measured with 26.10.1). A project without settings gets an empty file, so that no folder
above has a say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from py_secure_ci.adapting.black_log import read_log
from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import answer
from py_secure_ci.adapting.layout import Layout
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.project_toml import has_table
from py_secure_ci.adapting.python_syntax import select_python
from py_secure_ci.adapting.selection import pieces
from py_secure_ci.model import Excluded, Gap, Stage
from py_secure_ci.tool import Command, Execution, Fixer, Reading, Task, Tool

UNFORMATTED = Layout("black", "unformatted", "The file is not formatted", "black", "https://black.readthedocs.io/")


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
    log = read_log(task, executions["main"])
    return answer(
        task,
        UNFORMATTED.from_diff(executions["main"].stdout, log.would, task),
        UNFORMATTED.rules(),
        said=(*log.would, *log.fine),
        gaps=[Gap(file, f"black could not format it: {why}") for file, why in log.unsaid.items()],
        excluded=[Excluded(path, f"pyproject.toml ({why})") for path, why in log.left_out.items()],
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
