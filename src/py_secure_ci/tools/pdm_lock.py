"""pdm lock --check: whether pdm.lock still fits pyproject.toml (https://pdm-project.org/).

It compares a hash that the lock holds. The scripts that a project can hang before and after a command are skipped; a
project that adds options to PDM's commands could make it look elsewhere, and is a gap.
"""

from __future__ import annotations

from py_secure_ci.adapting.lock_freshness import MANIFEST, RULE, Check
from py_secure_ci.model import Stage
from py_secure_ci.tool import Canary, Tool

MANIFEST_TEXT = """\
[project]
name = "canary"
version = "1"
requires-python = ">=3.8"
dependencies = ["six"]
"""
LOCK_TEXT = """\
[metadata]
groups = ["default"]
strategy = ["inherit_metadata"]
lock_version = "4.5.1"
content_hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
"""


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
    canary=Canary(files={MANIFEST: MANIFEST_TEXT, "pdm.lock": LOCK_TEXT}, expect=frozenset({RULE})),
    lock="pdm-program",  # not `pdm.lock`: that would be taken for one of its own
    program="pdm",
    distribution="pdm",
    blind_directive=r"^\s*\[tool\.pdm\.options",
)
