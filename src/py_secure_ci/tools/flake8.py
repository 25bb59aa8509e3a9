"""flake8: pycodestyle, pyflakes and mccabe (https://flake8.pycqa.org/).

A `[flake8:local-plugins]` section runs code and `exclude` hides files, so flake8 gets a configuration of ours with the
project's keys that choose rules. It names no file that it looked at: ours parses each beside it (E902 and E999 are
gaps as well), and files given by name are left out by nothing but `exclude`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from py_secure_ci.adapting.flake8_lines import CANARY_TEXT, FORMAT, read_lines, unread
from py_secure_ci.adapting.linter_settings import dropped, from_ini
from py_secure_ci.adapting.python_syntax import select_python, syntax_command, syntax_gaps, unparsable
from py_secure_ci.adapting.selection import argument, pieces
from py_secure_ci.model import Severity, Stage
from py_secure_ci.tool import Canary, Command, Execution, Reading, Task, Tool

SELECT = "E4,E7,E9,F"  # for projects that chose nothing: errors, no matters of taste
FILES = (".flake8", "setup.cfg", "tox.ini")
ALLOWED = re.compile(
    r"(extend-)?(select|ignore)|per-file-ignores|max-(line-length|doc-length|complexity)|indent-size|hang-closing|builtins"
)
SEVERITIES = {"E9": Severity.ERROR, "F": Severity.ERROR, "B": Severity.WARNING, "C90": Severity.WARNING}


def _settings(task: Task) -> tuple[dict[str, str], str]:
    for name in FILES:
        if (found := from_ini(task.settings.get(name, ""), "flake8", ALLOWED)) is not None:
            return found, name
    return {"select": SELECT}, ""


def _commands(task: Task) -> tuple[Command, ...]:
    lines = [f"{key} = {value.replace(chr(10), chr(10) + ' ')}\n" for key, value in _settings(task)[0].items()]
    config = (task.scratch / "flake8.ini").as_posix()
    options = ("-v", "-j1", f"--config={config}", "--exclude=", FORMAT, *task.options.args)
    files = (*(argument(file) for file in task.files), *task.canaries)
    return (
        Command(argv=("flake8", *options, "--", *files), inputs={"flake8.ini": "[flake8]\n" + "".join(lines)}),
        syntax_command(task),
    )


def _severity(code: str) -> Severity:
    return next((SEVERITIES[code[:length]] for length in (3, 2, 1) if code[:length] in SEVERITIES), Severity.WARNING)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    findings, rules = read_lines("flake8", executions["main"], task, _severity)
    gaps = (*unread(findings), *syntax_gaps(unparsable(task, executions)))
    return Reading(
        findings=findings,
        rules=rules,
        looked_at=frozenset(task.files) - {gap.subject for gap in gaps},
        gaps=gaps,
        notes=dropped(*_settings(task), "flake8") if _settings(task)[1] else (),
    )


TOOL = Tool(
    name="flake8",
    stage=Stage.LINT,
    about="lints Python: pycodestyle, pyflakes and complexity",
    uri="https://flake8.pycqa.org/",
    commands=_commands,
    parse=_parse,
    select=select_python,
    canary=Canary(files={"canary.py": CANARY_TEXT}, any_rule=True),
    settings=FILES,
    split=pieces,
    blinders=dict.fromkeys(FILES, r"^\s*(select|ignore|extend-ignore|per-file-ignores)\b"),
    blind_directive=r"^\s*#\s*flake8[:=]\s*noqa(\s*:|\s*$)",
)
