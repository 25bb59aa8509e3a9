"""What black's verbose log says of each file (measured with 26.10.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from py_secure_ci.adapting.selection import project_path, project_paths
from py_secure_ci.errors import WrongShape
from py_secure_ci.tool import Execution, Task

WOULD = re.compile(r"^would reformat (.*)$", re.MULTILINE)
FINE = re.compile(
    r"^(.*?) (?:already well formatted, good job|wasn't modified on disk since last run)\.$", re.MULTILINE
)
ERROR = re.compile(r"^error: (.*)$", re.MULTILINE)
IGNORED = re.compile(r"^(.*?) ignored: matches the (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Log:
    """Files by what became of them; `unsaid` and `left_out` with the reason."""

    would: tuple[str, ...]
    fine: tuple[str, ...]
    unsaid: Mapping[str, str]
    left_out: Mapping[str, str]


def read_log(task: Task, main: Execution) -> Log:
    """Raises WrongShape where the exit status does not mean what the log says."""
    would, fine = (project_paths(pattern.findall(main.stderr), task.root) for pattern in (WOULD, FINE))
    errors = ERROR.findall(main.stderr)
    if main.status != (123 if errors else 1 if would else 0):
        raise WrongShape(f"black ended with exit status {main.status}, which its log does not mean")
    left_out = {project_path(path, task.root): why for path, why in IGNORED.findall(main.stderr)}
    unsaid = [file for file in task.files if file not in {*would, *fine, *left_out}]
    why = {file: next((one for one in errors if file in one), "it says nothing of the file") for file in unsaid}
    return Log(would, fine, why, left_out)
