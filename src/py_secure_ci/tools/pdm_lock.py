"""pdm lock --check: whether pdm.lock still fits pyproject.toml (https://pdm-project.org/).

It compares a hash that the lock holds. The scripts that a project can hang before and after a command are skipped; a
project that adds options to PDM's commands could make it look elsewhere, and is a gap.
"""

from __future__ import annotations

from py_secure_ci.adapting.lock_freshness import RULE, Check
from py_secure_ci.adapting.planting import planted
from py_secure_ci.model import Stage
from py_secure_ci.tool import Tool


def _argv(folder: str) -> tuple[str, ...]:
    return ("pdm", "lock", "--project", folder, "--check", "--skip", ":all")


CHECK = Check(
    tool="pdm-lock",
    lock="pdm.lock",
    argv=_argv,
    fresh="",
    stale=r"Lockfile doesn't satisfy the project requirements",
    fix="Run `pdm lock` and commit the result.",
    env={"PDM_CHECK_UPDATE": "0"},
)
TOOL = Tool(
    name="pdm-lock",
    stage=Stage.SCA,
    about="tells whether pdm.lock still fits its manifest",
    uri="https://pdm-project.org/",
    commands=CHECK.commands,
    parse=CHECK.parse,
    select=CHECK.select,
    split=CHECK.split,
    canary=planted("pdm-lock", RULE),
    lock="pdm-program",  # not `pdm.lock`: that would be taken for one of its own
    program="pdm",
    distribution="pdm",
    blind_directive=r"^[ \t]*\[tool\.pdm\.options",
)
