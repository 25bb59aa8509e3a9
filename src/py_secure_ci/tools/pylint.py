"""pylint: errors and code smells (https://pylint.readthedocs.io/).

A pylintrc can run code (`init-hook`, plugins) and leave files out, so pylint gets one of ours, with the project's keys
that choose rules. `--verbose` names every module it lints, which is what was looked at; a message of type fatal, and a
syntax error, mean that a file was not. Imports of others' packages are not looked up: they are not installed beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import reduce

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import Shape, answer, in_words, records, severities, sorted_out, value
from py_secure_ci.adapting.linter_settings import chosen, dropped
from py_secure_ci.adapting.planting import BLINDING, planted
from py_secure_ci.adapting.python_syntax import select_python
from py_secure_ci.adapting.selection import pieces, project_paths
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Rule, Stage
from py_secure_ci.tool import Execution, Reading, Task, Tool

BITS = {"fatal": 1, "error": 2, "warning": 4, "refactor": 8, "convention": 16, "info": 0}  # of the exit status
WORDS = severities("error", "warning", refactor="note", convention="note", info="note", fatal="error")
PLACE = ("line", "column")
SHAPE = Shape(path="path", rule="messageId", message="message", severity="type", words=WORDS, span=PLACE, first=(1, 0))
ALLOWED = re.compile(
    r"enable|disable|(max|min)-[a-z-]+|[a-z-]+-(rgx|naming-style|names|ids|methods|modules|classes|decorators|builtins)"
)
FILES = {  # in pylint's order, with the sections that count
    **{"pylintrc": ".*", ".pylintrc": ".*", "setup.cfg": r"pylint\b.*", "tox.ini": r"pylint\b.*"},
    "pyproject.toml": "pylint",
}
UNREAD = frozenset({"E0001", "E0011", "F0001", "F0002", "F0010", "F0011"})


def _settings(task: Task) -> tuple[dict[str, str], str]:
    return chosen(task.settings, FILES, ALLOWED, {"disable": "C,R"})


def _config(task: Task) -> str:
    lines = [f"{key} = {json.dumps(text, ensure_ascii=False)}\n" for key, text in _settings(task)[0].items()]
    return "[tool.pylint.main]\n" + "".join(lines)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    log, _, body = main.stdout.partition("\n{\n")
    messages = records("{\n" + body, "pylint's report", "messages")
    said = [SHAPE.finding("pylint", one, task) for one in messages]
    if main.status != reduce(int.__or__, (BITS[one["type"]] for one in messages), 0):
        raise WrongShape(f"pylint ended with exit status {main.status}, which its {len(said)} messages do not mean")
    symbols = {one["messageId"]: value(one, "symbol", str, "pylint's message") for one in messages}
    found, gaps = sorted_out("pylint", said, lambda one: one.rule in UNREAD)
    return answer(
        task,
        found,
        [Rule(rule, name=symbol, summary=in_words(symbol), uri=TOOL.uri) for rule, symbol in symbols.items()],
        said=project_paths(re.findall(r"^(.*) \(\d+ of \d+\)$", log, re.MULTILINE), task.root),
        instead=gaps,
        notes=dropped(*_settings(task), "pylint"),
    )


TOOL = Tool(
    name="pylint",
    stage=Stage.LINT,
    about="lints Python thoroughly: errors, code smells, duplicate code",
    uri="https://pylint.readthedocs.io/",
    commands=command_line(
        "pylint --rcfile={scratch}/pylintrc.toml --verbose --output-format=json2 --persistent=no --ignore="
        " --ignore-patterns= --disable=import-error,no-name-in-module {args} -- {files} {planted}",
        inputs={"pylintrc.toml": _config},
        found=range(1, 32),
    ),
    parse=_parse,
    select=select_python,
    canary=planted("pylint"),
    settings=tuple(FILES),
    split=pieces,
    byte_columns=True,
    blinders=dict.fromkeys(FILES, r"^[ \t]*(disable|enable)\b"),
    blind_directive=BLINDING["pylint"],
)
