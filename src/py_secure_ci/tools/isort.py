"""isort --check, which tells whether imports are sorted (https://isort.readthedocs.io/).

`--verbose` names each file with SUCCESS or ERROR, which is what was looked at; others were skipped by the project's
settings. isort sorts what it cannot parse without a word, so ours parses each file beside it. Without settings of its
own the project gets an empty file and the profile of black, and no folder above has a say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import answer
from py_secure_ci.adapting.layout import Layout
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.python_syntax import select_python, unparsable
from py_secure_ci.adapting.selection import argument, pieces, project_paths
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Excluded, Stage
from py_secure_ci.tool import Command, Execution, Fixer, Reading, Task, Tool

UNSORTED = Layout("isort", "unsorted", "Imports are not sorted", "isort", "https://isort.readthedocs.io/")
FILES = {  # in isort's order, with what stands in a file that holds settings
    ".isort.cfg": r"\[(settings|isort)\]",
    "pyproject.toml": r"\[tool\.isort\]",
    "setup.cfg": r"\[(tool:)?isort\]",
    "tox.ini": r"\[(tool:)?isort\]",
}
FIX = "--atomic --quiet"
FINE = re.compile(r"^SUCCESS: (.*) Everything Looks Good!$", re.MULTILINE)
WRONG = re.compile(r"^ERROR: (.*) Imports are incorrectly sorted and/or formatted\.$", re.MULTILINE)
# To isort these end a line too, in whose place its diff has nothing: what it says of such a file is no edit.
BREAKS = re.compile(r"[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
DIFF = re.compile(r"^(?:---|\+\+\+|@@|[ +\-\\]).*$")
# What makes isort change the code itself. A backslash may hide one of these words in TOML.
WIDER = re.compile(r"(add|remove|force)[_-](imports?|adds)|float[_-]to[_-]top|\\u[0-9a-fA-F]{4}")


def _settings(task: Task) -> str:
    return next((name for name, mark in FILES.items() if re.search(mark, task.settings.get(name, ""))), "")


def _command(words: str) -> Callable[[Task], tuple[Command, ...]]:
    return command_line(
        f"isort {words} --settings-file={{config}} {{args}} -- {{files}} {{planted}}",
        inputs={
            ".isort.cfg": lambda task: f"[settings]\nprofile = black\nsrc_paths = {task.root},{task.root / 'src'}\n"
        },
        config=lambda task: argument(_settings(task)) if _settings(task) else "{scratch}/.isort.cfg",
        syntax=words != FIX,
    )


def _fix(task: Task) -> tuple[Command, ...]:
    if wider := WIDER.search("\n".join((*(task.settings.get(name, "") for name in FILES), *task.options.args))):
        raise WrongShape(f"{wider[0]} in isort's settings changes more than the order of imports")
    return _command(FIX)(task)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main, settings = executions["main"], _settings(task)
    _logo, version, body = main.stdout.partition("VERSION")
    wrong, fine = project_paths(WRONG.findall(main.stderr), task.root), project_paths(FINE.findall(body), task.root)
    if not version or main.status != (1 if wrong else 0):
        raise WrongShape(f"isort ended with exit status {main.status}, which its log does not mean")
    cut = BREAKS.sub(" \n", body)
    diff = "".join(f"{line}\n" for line in cut.split("\n")[1:] if DIFF.match(line))
    found = UNSORTED.from_diff(diff, wrong, task)
    problems = unparsable(task, executions)
    skipped = set(task.files) - {*fine, *wrong, *problems} if settings else ()
    return answer(
        task,
        found if cut == body else (replace(one, edits=()) for one in found),
        UNSORTED.rules(),
        said=(*fine, *wrong),
        problems=problems,
        excluded=[Excluded(file, settings) for file in sorted(skipped)],
    )


TOOL = Tool(
    name="isort",
    stage=Stage.FORMAT,
    about="checks that imports are sorted as isort would",
    uri="https://isort.readthedocs.io/",
    commands=_command("--check-only --diff --verbose"),
    parse=_parse,
    select=select_python,
    canary=planted("isort", "unsorted"),
    fixer=Fixer(turn=2, commands=_fix),
    settings=tuple(FILES),
    split=pieces,
    text_only=True,
    blind_directive=r"isort:\s*skip_file",
)
