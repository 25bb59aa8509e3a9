"""A tool that the YAML describes, or a report made elsewhere, as a `Tool` like any other.

What such a tool looked at is not known to us, and it has no canary: the report says so. Its exit status says nothing,
since every tool has its own, so its report alone is believed: whole, of the format that the YAML names, never empty.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from py_secure_ci.adapting.external.code_climate import read_code_climate
from py_secure_ci.adapting.external.junit import read_junit
from py_secure_ci.adapting.external.places import Places
from py_secure_ci.adapting.external.sarif import Reader, read_sarif
from py_secure_ci.config.settings import CustomTool
from py_secure_ci.errors import WrongShape
from py_secure_ci.tool import Command, Execution, Reading, Selection, Task, Tool

FORMATS: Mapping[str, Callable[[str, Reader], Reading]] = {
    "sarif": read_sarif,
    "junit": read_junit,
    "codeclimate": read_code_climate,
}
FIRST = {"{": "sarif", "[": "codeclimate", "<": "junit"}  # how a report of each format begins
ANY = frozenset(range(256))
OUTPUT = "report"
COPY = "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer)"


def custom_tool(custom: CustomTool) -> Tool:
    """The adapter of one entry of the YAML."""
    return Tool(
        name=custom.name,
        stage=custom.stage,
        about=f"reads {custom.path}" if custom.path else f"runs {custom.run[0]}, as the YAML says",
        uri="",
        commands=lambda task: (_import(custom, task) if custom.path else _run(custom, task),),
        parse=lambda task, executions: _parse(custom, task, executions),
        select=lambda files, _settings: Selection(files),
        program=custom.run[0] if custom.run else "",
        source="import" if custom.path else "custom",
        unit="known files",
        scoped=False,
    )


def _run(custom: CustomTool, task: Task) -> Command:
    places = {"{output}": (task.scratch / OUTPUT).as_posix(), "{root}": task.root.as_posix()}
    words = tuple(_filled(one, places) for one in (*custom.run, *task.options.args))
    inside = "/" in words[0] and not words[0].startswith("/")
    program = (task.root / words[0]).as_posix() if inside else words[0]
    return Command(
        argv=(program, *words[1:]),
        clean=ANY,
        found=ANY,
        outputs=(OUTPUT,) if any("{output}" in one for one in custom.run) else (),
        network=custom.network,
    )


def _filled(text: str, places: Mapping[str, str]) -> str:
    for mark, path in places.items():
        text = text.replace(mark, path)
    return text


def _import(custom: CustomTool, task: Task) -> Command:
    path = task.root / custom.path
    hint = "Make it before py-secure-ci runs, or take it out of `import`."
    if not os.path.isfile(path):
        raise WrongShape(f"{custom.path}: there is no such file to import", hint=hint)
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(task.root)):
        raise WrongShape(f"{custom.path}: it leads out of the project", hint=hint)
    return Command(argv=(sys.executable, "-I", "-c", COPY, path.as_posix()), found=frozenset({0}))


def _parse(custom: CustomTool, task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    wanted = any("{output}" in one for one in custom.run)
    if wanted and OUTPUT not in main.files:
        raise WrongShape(f"it ended with exit status {main.status} and wrote no report to {{output}}")
    text = (main.files[OUTPUT] if wanted else main.stdout).removeprefix("\ufeff").strip()
    if not text:
        raise WrongShape(f"it ended with exit status {main.status} and an empty report")
    name = custom.format or FIRST.get(text[0], "")
    if name not in FORMATS:
        raise WrongShape("the report is none of SARIF, JUnit and Code Climate")
    reading = FORMATS[name](text, Reader(custom.name, custom.stage, Places(task.root.as_posix(), task.files)))
    note = f"What {custom.name} looked at is not known: its report is taken at its word."
    return Reading(
        findings=reading.findings,
        rules=reading.rules,
        gaps=reading.gaps,
        notes=(*reading.notes, note),
        metrics=reading.metrics,
    )
