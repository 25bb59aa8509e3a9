"""What pre-commit prints about each hook, with `--verbose`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from py_secure_ci.adapting.findings import agree
from py_secure_ci.errors import WrongShape
from py_secure_ci.tool import Execution

HOOK = re.compile(r"^.*(Passed|Failed|Skipped)\n- hook id: (.+)\n((?:- .*\n)*)", re.MULTILINE)
MODIFIED = "- files were modified by this hook\n"


@dataclass(frozen=True, slots=True)
class Hook:
    """What pre-commit says of one hook."""

    name: str
    failed: bool
    idle: bool
    changes: bool
    text: str


def hooks_of(execution: Execution) -> list[Hook]:
    """Every hook that it names. Raises WrongShape where there is none, or where the exit status means others."""
    found = list(HOOK.finditer(execution.stdout))
    if not found or re.match(r"An (unexpected )?error has occurred", execution.stdout):
        raise WrongShape(f"pre-commit ran no hook: {execution.stdout[:500].strip()}")
    ends = [*(match.start() for match in found[1:]), len(execution.stdout)]
    hooks = [
        Hook(one[2], one[1] == "Failed", one[1] == "Skipped", MODIFIED in one[3], execution.stdout[one.end() : end])
        for one, end in zip(found, ends, strict=True)
    ]
    agree("pre-commit", execution.status, any(hook.failed for hook in hooks), len(hooks))
    return hooks
