"""What flake8 writes in a format of ours, one finding a line; its `-v` log counts them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from py_secure_ci.adapting.selection import project_path
from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Finding, Gap, Location, Rule, Severity
from py_secure_ci.tool import Execution, Task

FORMAT = "--format=%(row)d\t%(col)d\t%(code)s\t%(path)s\t%(text)s"
_LINE = re.compile(r"(\d+)\t(\d+)\t([A-Z]+\d+)\t([^\t]+)\t(.+)")
_COUNT = re.compile(r"Found a total of \d+ violations and reported (\d+)$", re.MULTILINE)
_UNREAD = frozenset({"E902", "E999"})


def read_lines(
    tool: str, execution: Execution, task: Task, severity: Callable[[str], Severity], tags: tuple[str, ...] = ()
) -> tuple[tuple[Finding, ...], tuple[Rule, ...]]:
    """Findings and their rules. A line of another form, or another number of lines than counted, is a wrong shape."""
    count = _COUNT.search(execution.stderr)
    lines = execution.stdout.split("\n")
    if count is None or lines.pop() or len(lines) != int(count[1]) or (execution.status == 1) != bool(lines):
        raise WrongShape(f"flake8 wrote {len(lines)} lines, its log and exit status {execution.status} mean others")
    findings, rules = [], {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise WrongShape(f"flake8 wrote a line of no known form: {line[:200]!r}")
        row, column, code, path, text = match.groups()
        # pyflakes counts bytes, pycodestyle characters
        place = Location(project_path(path, task.root), int(row) or None, int(column) if code[0] in "EW" else None)
        findings.append(Finding(tool=tool, rule=code, severity=severity(code), message=text.strip(), location=place))
        rules[code] = Rule(code, summary=re.sub(r"'[^']*'", "…", text.strip()), uri=_uri(code), tags=tags)
    return tuple(findings), tuple(rules.values())


def unread(findings: Iterable[Finding]) -> tuple[Gap, ...]:
    """A gap for each file that flake8 could not read or parse."""
    return tuple(
        Gap(one.location.path, f"flake8: {one.message}", one.location.line)
        for one in findings
        if one.location and one.rule in _UNREAD
    )


def _uri(code: str) -> str:
    family = {"E": "pycodestyle.pycqa.org/en/latest/intro.html#error-codes", "D": "github.com/dlint-py/dlint"}
    return f"https://{family.get(code[0], 'flake8.pycqa.org/en/latest/user/error-codes.html')}"
