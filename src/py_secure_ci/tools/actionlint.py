"""actionlint: GitHub workflows, with the types of their expressions (https://github.com/rhysd/actionlint).

The program comes from PATH: the Python package of that name downloads it when it is installed, which a lock cannot
vouch for. A configuration of the project's can switch messages off, so it counts only if our YAML names it as
`tools.actionlint.config`. `-verbose` names each file with the number of its errors, which is what was looked at and has
to be what was reported. shellcheck and pyflakes would come from PATH as well, and are off. Invalid YAML is a gap.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping

from py_secure_ci.adapting.command_line import command_line
from py_secure_ci.adapting.findings import Shape, agree, answer, in_words, records, rules_of, sorted_out, value
from py_secure_ci.adapting.planting import planted
from py_secure_ci.adapting.selection import argument, pieces, project_path, workflows
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Severity, Stage
from py_secure_ci.tool import Execution, Reading, Task, Tool

# It has one word for all.
SHAPE = Shape(path="filepath", rule="kind", message="message", words={"": Severity.ERROR}, span=("line", "column"))
DOCS = "https://github.com/rhysd/actionlint/blob/main/docs/checks.md"
TOTAL = re.compile(r"^verbose: Found total (\d+) errors in \d+ ms for (.*)$", re.MULTILINE)


def _parse(task: Task, executions: Mapping[str, Execution]) -> Reading:
    main, what = executions["main"], "actionlint's report"
    said = [{**one, "filepath": _path(value(one, "filepath", str, what), task)} for one in records(main.stdout, what)]
    agree("actionlint", main.status, bool(said), len(said))
    told = {_path(path, task): int(count) for count, path in TOTAL.findall(main.stderr)}
    if Counter(one["filepath"] for one in said) != Counter(told):
        raise WrongShape("actionlint's log counts other errors than its report has")
    found = [SHAPE.finding("actionlint", one, task) for one in said]
    kept, gaps = sorted_out("actionlint", found, lambda one: one.message.startswith("could not parse as YAML"))
    return answer(task, kept, rules_of(kept, DOCS, in_words), said=told, instead=gaps)


def _path(said: str, task: Task) -> str:
    """The planted file's path is relative, too."""
    return project_path(posixpath.normpath(posixpath.join(task.root.as_posix(), said)), task.root)


TOOL = Tool(
    name="actionlint",
    stage=Stage.CI,
    about="checks GitHub workflows, with the types of their expressions",
    uri="https://github.com/rhysd/actionlint",
    commands=command_line(
        "actionlint -no-color -verbose -shellcheck= -pyflakes= -format={{.|json}} -config-file={config} {args}"
        " -- {files} {planted}",
        inputs={"actionlint.yaml": "{}\n"},
        config=lambda task: argument(task.options.config) if task.options.config else "{scratch}/actionlint.yaml",
    ),
    parse=_parse,
    select=workflows,
    canary=planted("actionlint", "expression"),
    source="path",
    split=pieces,
    text_only=True,
)
