"""Which Python files can be parsed at all: a question of its own, for tools that pass over the others in silence.

The answer comes from our own interpreter, which reads each file and runs none of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping

from py_secure_ci.adapting.selection import argument, with_suffix
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Gap
from py_secure_ci.reading import as_list, load_json_lines
from py_secure_ci.tool import Command, Execution, Selection, Task

# A parser's stack ends before Python's own does: the recursion limit stays as it is.
SCRIPT = """\
import ast, json, sys, tokenize, warnings
warnings.simplefilter("ignore")
marks = json.loads(sys.stdin.readline())
for path in json.loads(sys.stdin.readline()):
    count, problem = 0, None
    try:
        with tokenize.open(path) as file:
            text = file.read()
        count = sum(text.lower().count(mark) for mark in marks)
        ast.parse(text)
    except (Exception, MemoryError) as error:
        problem = type(error).__name__ + ": " + str(error)[:200]
    print(json.dumps([path, problem, count]))
"""


def select_python(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    """Modules, scripts and stubs."""
    return Selection(with_suffix(files, frozenset({".py", ".pyi", ".pyw"})))


def select_modules(files: tuple[str, ...], _settings: Mapping[str, str]) -> Selection:
    """Modules and scripts: code that runs, which a stub does not hold."""
    return Selection(with_suffix(files, frozenset({".py", ".pyw"})))


def syntax_command(task: Task, marks: Iterable[str] = ()) -> Command:
    """The command that parses every due file, and counts words (lower case) that make the tool look away."""
    asked = json.dumps([*marks]) + "\n" + json.dumps([argument(file) for file in task.files]) + "\n"
    return Command(name="syntax", argv=(sys.executable, "-I", "-c", SCRIPT), found=frozenset({0}), stdin=asked)


def unparsable(task: Task, executions: Mapping[str, Execution]) -> dict[str, str]:
    """Each due file that cannot be parsed, and why. Raises WrongShape if any file is without an answer."""
    answers = _answers(executions)
    missing = [file for file in task.files if argument(file) not in answers]
    if missing:
        raise WrongShape(f"the syntax check has no answer for {missing[0]}")
    return {file: said for file in task.files if (said := answers[argument(file)][0]) is not None}


def marked(executions: Mapping[str, Execution]) -> int:
    """How often the marks stand in the due files."""
    return sum(count for _, count in _answers(executions).values())


def syntax_gaps(problems: Mapping[str, str]) -> tuple[Gap, ...]:
    """A gap for each file that cannot be parsed."""
    return tuple(Gap(file, f"it cannot be parsed: {said}") for file, said in problems.items())


def _answers(executions: Mapping[str, Execution]) -> dict[str, tuple[str | None, int]]:
    answers: dict[str, tuple[str | None, int]] = {}
    for line in load_json_lines(executions["syntax"].stdout, "the syntax check"):
        path, said, count = as_list(line, "the syntax check")
        answers[str(path)] = (None if said is None else str(said), int(count))
    return answers
