"""pyright: static types (https://github.com/microsoft/pyright).

Its wheel carries pyright itself, and node.js comes from another: nothing is downloaded when it runs (checked with the
network cut, 1.1.414). The configuration is ours, with those keys of the project's that choose rules: `ignore` and
`exclude` hide files. It names no file, but counts them: with files given by name the count has to be theirs. A
diagnostic without a rule is a syntax error, or an unreadable file; such files are gaps.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import answer, rules_of
from py_secure_ci.adapting.missing_imports import looked_up
from py_secure_ci.adapting.planting import BLINDING, planted
from py_secure_ci.adapting.pyright_report import config_text, read_report
from py_secure_ci.adapting.python_syntax import select_python, unparsable
from py_secure_ci.adapting.selection import pieces
from py_secure_ci.model import Stage
from py_secure_ci.tool import Execution, Reading, Task, Tool

IMPORTS = frozenset({"reportMissingImports", "reportMissingModuleSource"})
RULES = "https://github.com/microsoft/pyright/blob/main/docs/configuration.md#{rule}"


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    said = read_report(task, executions["main"])
    found, gaps = looked_up("pyright", said, task, lambda _one: False, IMPORTS)
    unread = {one.location.path: f"pyright: {one.message}" for one in found if one.rule == "syntax" and one.location}
    return answer(task, found, rules_of(found, RULES), instead=gaps, problems=unread | unparsable(task, executions))


TOOL = Tool(
    name="pyright",
    stage=Stage.TYPE,
    about="checks types, and looks up imports in the project's environment",
    uri="https://github.com/microsoft/pyright",
    commands=command_line(
        "pyright --outputjson -p {scratch}/pyright/pyrightconfig.json --pythonpath={python} {args} {files} {planted}",
        inputs={"pyright/pyrightconfig.json": config_text},
        env={"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", "PYRIGHT_PYTHON_CACHE_DIR": "{scratch}"},
        syntax=True,
    ),
    parse=_parse,
    select=select_python,
    canary=planted("pyright", "reportAssignmentType"),
    settings=("pyrightconfig.json", "pyproject.toml"),
    split=pieces,
    needs_environment=True,
    text_only=True,
    blinders=dict.fromkeys(("pyrightconfig.json", "pyproject.toml"), r"typeCheckingMode|reportAssignmentType"),
    blind_directive=BLINDING["pyright"],
)
