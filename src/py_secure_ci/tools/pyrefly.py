"""pyrefly: static types, fast; experimental (https://pyrefly.org/).

An empty `--config` of ours: rules at their defaults. The summary of `-v` counts the modules that were checked; with
files given by name, which it takes for patterns, the count has to be theirs. It says paths relative to a folder, hence
a second run for the canary. An unreadable file and a syntax error are gaps.
"""

from __future__ import annotations

from collections.abc import Mapping
from glob import escape
from pathlib import Path

from py_secure_ci.adapting.findings import answer, rules_of
from py_secure_ci.adapting.missing_imports import looked_up
from py_secure_ci.adapting.planting import BLINDING, planted
from py_secure_ci.adapting.pyrefly_report import is_unread, planted_in, read_report
from py_secure_ci.adapting.python_syntax import select_python
from py_secure_ci.adapting.selection import absolute_pieces
from py_secure_ci.model import Stage
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

OPTIONS = ("-v", "--output-format=json", "--summary=full", "--color=never", "--use-ignore-files=false")


def _command(task: Task, name: str, base: Path, *files: str) -> Command:
    python = f"--python-interpreter-path={task.python.as_posix()}" if task.python else "--skip-interpreter-query"
    config = ("--config", (task.scratch / "pyrefly.toml").as_posix(), "--search-path", task.root.as_posix())
    options = (*OPTIONS, f"--relative-to={base.as_posix()}", *config, python, *task.options.args)
    argv = ("pyrefly", "check", *options, "--", *(escape((base / file).as_posix()) for file in files))
    # It asks the interpreter with `-c` in the folder that it starts in: in the project's, that would run a `json.py`.
    return Command(name=name, argv=argv, inputs={"pyrefly.toml": ""}, in_scratch=True)


def _commands(task: Task) -> tuple[Command, ...]:
    main = _command(task, "main", task.root, *task.files)
    return (main, _command(task, "canary", task.scratch, *task.canaries))


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    said = read_report(executions["main"], len(task.files), task)
    planted = [planted_in(task.scratch, one) for one in read_report(executions["canary"], len(task.canaries), task)]
    kept, gaps = looked_up("pyrefly", said, task, is_unread, {"missing-import", "missing-source"})
    rules = rules_of(kept, "https://pyrefly.org/en/docs/error-kinds/#{rule}")
    return answer(task, (*kept, *planted), rules, instead=gaps)


TOOL = Tool(
    name="pyrefly",
    stage=Stage.TYPE,
    about="checks types quickly (experimental)",
    uri="https://pyrefly.org/",
    commands=_commands,
    parse=_parse,
    select=select_python,
    canary=planted("pyrefly", "bad-assignment"),
    split=absolute_pieces,
    needs_environment=True,
    text_only=True,
    blind_directive=BLINDING["pyrefly"],
)
