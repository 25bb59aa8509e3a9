"""ty: static types, fast; experimental (https://docs.astral.sh/ty/).

An empty `--config-file` of ours: rules at their defaults. The log of `-vv` names each file that it checks, which is
what was looked at; an unreadable file and a syntax error are gaps. Columns count code points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import Shape, answer, records, rules_of, severities
from py_secure_ci.adapting.missing_imports import looked_up
from py_secure_ci.adapting.planting import BLINDING, planted
from py_secure_ci.adapting.python_syntax import select_python
from py_secure_ci.adapting.selection import pieces, project_paths
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Severity, Stage
from py_secure_ci.tool import Execution, Reading, Task, Tool

POINTS = tuple(f"location.positions.{point}.{key}" for point in ("begin", "end") for key in ("line", "column"))
# Its words for Code Climate: `major` is its error, `minor` its warning.
WORDS = severities(blocker="error", critical="error", major="error", minor="warning", info="note")
SHAPE = Shape(
    path="location.path", rule="check_name", message="description", severity="severity", words=WORDS, span=POINTS
)
CHECKED = re.compile(r" DEBUG Checking file '(.*)'$", re.MULTILINE)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main = executions["main"]
    found = [SHAPE.finding("ty", one, task) for one in records(main.stdout, "ty's report")]
    said = [replace(one, message=one.message.removeprefix(f"{one.rule}: ").strip()) for one in found]
    if (main.status == 0 and any(one.severity is Severity.ERROR for one in said)) or (main.status == 1 and not said):
        raise WrongShape(f"ty ended with exit status {main.status} and {len(said)} diagnostics")
    kept, gaps = looked_up("ty", said, task, lambda one: one.rule in {"invalid-syntax", "io"}, {"import-not-found"})
    rules = rules_of(kept, "https://docs.astral.sh/ty/reference/rules/#{rule}")
    return answer(task, kept, rules, said=project_paths(CHECKED.findall(main.stderr), task.root), instead=gaps)


TOOL = Tool(
    name="ty",
    stage=Stage.TYPE,
    about="checks types quickly (experimental)",
    uri="https://docs.astral.sh/ty/",
    commands=command_line(
        "ty check -vv --output-format=gitlab --no-progress --color=never --config-file {scratch}/ty.toml"
        " --python={python} {args} -- {files} {planted}",
        inputs={"ty.toml": ""},
    ),
    parse=_parse,
    select=select_python,
    canary=planted("ty", "invalid-assignment"),
    split=pieces,
    needs_environment=True,
    blind_directive=BLINDING["ty"],
)
