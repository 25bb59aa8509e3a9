"""radon: complexity of functions and maintainability of files (https://radon.readthedocs.io/).

The thresholds are ours (`tools.radon.settings`): `complexity` (default 10: more is a finding, more than double that an
error) and `maintainability` (default 20: radon's own lowest rank begins below 10). `radon.cfg` and setup.cfg of the
project are read by radon only where RADONCFG names no other file. `mi` answers for every file: that was looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from py_secure_ci.adapting.complexity import RULES, hard_to_maintain, report_of, too_complex
from py_secure_ci.adapting.findings import answer
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.python_syntax import select_modules
from py_secure_ci.adapting.selection import pieces, targets
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Gap, Stage
from py_secure_ci.reading import as_dict, field
from py_secure_ci.tool import Command, Execution, Reading, Task, Tool


def _command(task: Task, name: str, what: str) -> Command:
    argv = ("radon", what, "--json", *targets(task))
    env = {"RADONCFG": (task.scratch / "radon.cfg").as_posix(), "RADONFILESENCODING": "utf-8-sig"}  # with a mark or not
    return Command(name=name, argv=argv, found=frozenset({0}), inputs={"radon.cfg": "[radon]\n"}, env=env)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    blocks, files = (report_of(executions[name], task) for name in ("main", "files"))
    values = {path: as_dict(value, f"radon's answer for {path}") for path, value in files.items()}
    broken = {path: field(value, "error", str, path) for path, value in values.items() if "error" in value}
    whole = {path: field(value, "mi", float, path) for path, value in values.items() if path not in broken}
    if stray := set(blocks) - set(files):
        raise WrongShape(f"radon's two answers do not agree about {sorted(stray)[0]}")
    most = int(str(task.options.settings.get("complexity", 10)))
    lowest = float(str(task.options.settings.get("maintainability", 20)))
    knots = [one for path, value in blocks.items() if path not in broken for one in too_complex(path, value, most)]
    unkempt = [hard_to_maintain(path, value) for path, value in whole.items() if value < lowest]
    gaps = [Gap(path, f"radon: {reason}") for path, reason in broken.items()]
    return answer(task, (*knots, *unkempt), RULES, said=whole, gaps=gaps)


TOOL = Tool(
    name="radon",
    stage=Stage.LINT,
    about="measures the complexity of functions and the maintainability of files",
    uri="https://radon.readthedocs.io/",
    commands=lambda task: (_command(task, "main", "cc"), _command(task, "files", "mi")),
    parse=_parse,
    select=select_modules,
    canary=planted("radon", "complexity"),
    options={
        "complexity": {"type": "integer", "minimum": 1, "description": "The most that a function may have."},
        "maintainability": {"type": "number", "minimum": 0, "maximum": 100, "description": "The least of a file."},
    },
    split=pieces,
    text_only=True,
)
