"""flake8: pycodestyle, pyflakes and mccabe (https://flake8.pycqa.org/).

A `[flake8:local-plugins]` section runs code and `exclude` hides files, so flake8 gets a configuration of ours with the
project's keys that choose rules. It names no file that it looked at: ours parses each beside it (E902 and E999 are
gaps as well), and files given by name are left out by nothing but `exclude`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import answer, by_prefix, severities
from py_secure_ci.adapting.flake8_lines import FORMAT, read_lines, unread
from py_secure_ci.adapting.linter_settings import chosen, dropped
from py_secure_ci.adapting.planting import BLINDING, planted
from py_secure_ci.adapting.python_syntax import select_python, unparsable
from py_secure_ci.adapting.selection import pieces
from py_secure_ci.model import Severity, Stage
from py_secure_ci.tool import Execution, Reading, Task, Tool

SELECT = "E4,E7,E9,F"  # for projects that chose nothing: errors, no matters of taste
FILES = (".flake8", "setup.cfg", "tox.ini")
ALLOWED = re.compile(
    r"(extend-)?(select|ignore)|per-file-ignores|max-(line-length|doc-length|complexity)|indent-size|hang-closing|builtins"
)
SEVERITIES = by_prefix(severities(E9="error", F="error"), other=Severity.WARNING)


def _settings(task: Task) -> tuple[dict[str, str], str]:
    return chosen(task.settings, dict.fromkeys(FILES, "flake8"), ALLOWED, {"select": SELECT})


def _config(task: Task) -> str:
    lines = [f"{key} = {value.replace(chr(10), chr(10) + ' ')}\n" for key, value in _settings(task)[0].items()]
    return "[flake8]\n" + "".join(lines)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    findings, rules = read_lines("flake8", executions["main"], task, SEVERITIES)
    problems, notes = unparsable(task, executions), dropped(*_settings(task), "flake8")
    return answer(task, findings, rules, gaps=unread(findings), problems=problems, notes=notes)


TOOL = Tool(
    name="flake8",
    stage=Stage.LINT,
    about="lints Python: pycodestyle, pyflakes and complexity",
    uri="https://flake8.pycqa.org/",
    commands=command_line(
        f"flake8 -v -j1 --config={{scratch}}/flake8.ini --exclude= {FORMAT} {{args}} -- {{files}} {{planted}}",
        inputs={"flake8.ini": _config},
        syntax=True,
    ),
    parse=_parse,
    select=select_python,
    canary=planted("flake8"),
    settings=FILES,
    split=pieces,
    blinders=dict.fromkeys(FILES, r"^[ \t]*(select|ignore|extend-ignore|per-file-ignores)\b"),
    blind_directive=BLINDING["flake8"],
)
