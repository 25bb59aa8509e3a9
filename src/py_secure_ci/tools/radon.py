"""radon: complexity of functions and maintainability of files (https://radon.readthedocs.io/).

The thresholds are ours (`tools.radon.settings`): `complexity` (default 10: more is a finding, more than double that an
error) and `maintainability` (default 20: radon's own lowest rank begins below 10). `radon.cfg` and setup.cfg of the
project are read by radon only where RADONCFG names no other file. `mi` answers for every file: that was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from py_secure_ci.adapting.python_syntax import select_modules
from py_secure_ci.adapting.selection import argument, pieces, project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity, Stage
from py_secure_ci.reading import as_dict, as_list, field, load_json, position, word
from py_secure_ci.tool import Canary, Command, Execution, Reading, Task, Tool

KINDS = {"function": "function", "method": "method", "class": "class"}
RULES = (
    Rule(
        "complexity", summary="A function has too many paths", uri="https://radon.readthedocs.io/en/latest/intro.html"
    ),
    Rule(
        "maintainability", summary="A file is hard to maintain", uri="https://radon.readthedocs.io/en/latest/intro.html"
    ),
)
CANARY_TEXT = "def knot(a):\n" + "".join(f"    if a == {n}:\n        return {n}\n" for n in range(60))


def _commands(task: Task) -> tuple[Command, ...]:
    files = (*(argument(file) for file in task.files), *task.canaries)
    env = {"RADONCFG": (task.scratch / "radon.cfg").as_posix()}
    return tuple(
        Command(
            name=name,
            argv=("radon", what, "--json", "--", *files),
            found=frozenset({0}),
            inputs={"radon.cfg": "[radon]\n"},
            env=env,
        )
        for name, what in (("main", "cc"), ("files", "mi"))
    )


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    blocks, files = (_report(executions[name], task) for name in ("main", "files"))
    values = {path: as_dict(value, f"radon's answer for {path}") for path, value in files.items()}
    broken = {path: field(value, "error", str, path) for path, value in values.items() if "error" in value}
    whole = {path: field(value, "mi", float, path) for path, value in values.items() if path not in broken}
    if stray := set(blocks) - set(files):
        raise WrongShape(f"radon's two answers do not agree about {sorted(stray)[0]}")
    lowest = float(str(task.options.settings.get("maintainability", 20)))
    return Reading(
        findings=(
            *(one for path, value in blocks.items() if path not in broken for one in _complex(path, value, task)),
            *(_unkempt(path, value) for path, value in whole.items() if value < lowest),
        ),
        rules=RULES,
        looked_at=frozenset(whole.keys() & set(task.files)),
        gaps=tuple(Gap(path, f"radon: {reason}") for path, reason in broken.items()),
    )


def _report(execution: Execution, task: Task) -> dict[str, Any]:
    report = as_dict(load_json(execution.stdout, "radon's report"), "radon's report")
    return {project_path(path, task.root): value for path, value in report.items()}


def _complex(path: str, value: object, task: Task) -> Iterator[Finding]:
    most = int(str(task.options.settings.get("complexity", 10)))
    for one in as_list(value, f"radon's answer for {path}"):
        block = as_dict(one, path)
        kind = word(KINDS, field(block, "type", str, path), "radon's type")
        paths, name = field(block, "complexity", int, path), field(block, "name", str, path)
        line = position(block.get("lineno"), path)
        if paths > most and kind != "class":  # a class is the mean of its methods
            severity = Severity.ERROR if paths > 2 * most else Severity.WARNING
            message = f"The {kind} {name} has a cyclomatic complexity of {paths}, more than {most}"
            yield Finding(
                tool="radon", rule="complexity", severity=severity, message=message, location=Location(path, line)
            )


def _unkempt(path: str, value: float) -> Finding:
    message = f"The file has a maintainability index of {value:.0f} of 100"
    location = Location(path, 1)
    return Finding(tool="radon", rule="maintainability", severity=Severity.WARNING, message=message, location=location)


TOOL = Tool(
    name="radon",
    stage=Stage.LINT,
    about="measures the complexity of functions and the maintainability of files",
    uri="https://radon.readthedocs.io/",
    commands=_commands,
    parse=_parse,
    select=select_modules,
    canary=Canary(files={"canary.py": CANARY_TEXT}, expect=frozenset({"complexity"})),
    split=pieces,
    text_only=True,
)
