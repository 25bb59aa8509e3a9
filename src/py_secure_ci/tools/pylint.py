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
from typing import Any

from py_secure_ci.adapting.linter_settings import dropped, from_ini, from_toml
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.python_syntax import select_python
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, position, word
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool

TYPES = {  # type -> severity, bit of the exit status
    "error": (Severity.ERROR, 2),
    "warning": (Severity.WARNING, 4),
    "refactor": (Severity.NOTE, 8),
    "convention": (Severity.NOTE, 16),
    "info": (Severity.NOTE, 0),
    "fatal": (Severity.ERROR, 1),
}
ALLOWED = re.compile(
    r"enable|disable|(max|min)-[a-z-]+|[a-z-]+-(rgx|naming-style|names|ids|methods|modules|classes|decorators|builtins)"
)
FILES = {"pylintrc": ".*", ".pylintrc": ".*", "setup.cfg": r"pylint\b.*", "tox.ini": r"pylint\b.*"}
UNREAD = frozenset({"E0001", "E0011", "F0001", "F0002", "F0010", "F0011"})


def _settings(task: Task) -> tuple[dict[str, str], str]:
    texts = task.settings
    for name, section in FILES.items():
        if name in texts and (found := from_ini(texts[name], section, ALLOWED)) is not None:
            return found, name
    found = from_toml(texts.get("pyproject.toml", ""), "pylint", ALLOWED)
    return ({"disable": "C,R"}, "") if found is None else (found, "pyproject.toml")


def _commands(task: Task) -> tuple[Command, ...]:
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in _settings(task)[0].items()]
    options = ("--verbose", "--output-format=json2", "--persistent=no", "--ignore=", "--ignore-patterns=")
    files = (*(argument(file) for file in task.files), *task.canaries)
    return (
        Command(
            argv=(
                *("pylint", f"--rcfile={(task.scratch / 'pylintrc.toml').as_posix()}", *options),
                *("--disable=import-error,no-name-in-module", *task.options.args, "--", *files),
            ),
            inputs={"pylintrc.toml": "[tool.pylint.main]\n" + "".join(lines)},
            found=frozenset(range(1, 32)),
        ),
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    log, _, body = main.stdout.partition("\n{\n")
    what = "pylint's report"
    messages = as_list(field(as_dict(load_json("{\n" + body, what), what), "messages", list, what), what)
    said = [as_dict(one, what) for one in messages]
    if main.status != reduce(int.__or__, (_type(one)[1] for one in said), 0):
        raise WrongShape(f"pylint ended with exit status {main.status}, which its {len(said)} messages do not mean")
    unread = {_path(one, task): field(one, "message", str, what) for one in said if _id(one) in UNREAD}
    linted = {project_path(one, task.root) for one in re.findall(r"^(.*) \(\d+ of \d+\)$", log, re.MULTILINE)}
    findings = [_finding(one, task) for one in said if _id(one) not in UNREAD]
    return Reading(
        findings=tuple(findings),
        rules=tuple({_id(one): _rule(one) for one in said}.values()),
        looked_at=frozenset(linted - unread.keys() - set(task.canaries)),
        gaps=tuple(Gap(path, f"pylint: {reason}") for path, reason in unread.items()),
        notes=dropped(*_settings(task), "pylint") if _settings(task)[1] else (),
    )


def _type(message: dict[str, Any]) -> tuple[Severity, int]:
    return word(TYPES, field(message, "type", str, "pylint's message"), "pylint's message type")


def _id(message: dict[str, Any]) -> str:
    return field(message, "messageId", str, "pylint's message")


def _path(message: dict[str, Any], task: Task) -> str:
    return project_path(field(message, "path", str, "pylint's message"), task.root)


def _finding(one: dict[str, Any], task: Task) -> Finding:
    what = f"pylint's message {_id(one)}"
    column = field(one, "column", int, what) + 1
    line = position(field(one, "line", int, what), what)
    return Finding(
        tool="pylint",
        rule=_id(one),
        severity=_type(one)[0],
        message=field(one, "message", str, what).strip(),
        location=Location(_path(one, task), line, column),
    )


def _rule(one: dict[str, Any]) -> Rule:
    symbol = field(one, "symbol", str, "pylint's message")
    return Rule(_id(one), name=symbol, summary=symbol.replace("-", " ").capitalize(), uri=TOOL.uri)


TOOL = Tool(
    name="pylint",
    stage=Stage.LINT,
    about="lints Python thoroughly: errors, code smells, duplicate code",
    uri="https://pylint.readthedocs.io/",
    commands=_commands,
    parse=_parse,
    select=select_python,
    canary=planted("pylint"),
    settings=(*FILES, "pyproject.toml"),
    split=pieces,
    byte_columns=True,
    blinders=dict.fromkeys((*FILES, "pyproject.toml"), r"^\s*(disable|enable)\b"),
    blind_directive=r"^\s*#\s*pylint:\s*skip-file",
)
