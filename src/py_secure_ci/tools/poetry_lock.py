"""poetry check --lock: whether poetry.lock still fits pyproject.toml (https://python-poetry.org/).

It compares a hash that the lock holds. Its plugins stay off. What else it says of the manifest (a README that was not
copied along) is no matter here, if that is all it says.
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
package = []

[metadata]
lock-version = "2.1"
python-versions = ">=3.8"
content-hash = "0000000000000000000000000000000000000000000000000000000000000000"
"""


def _argv(folder: str) -> tuple[str, ...]:
    return ("poetry", "--directory", folder, "--no-plugins", "--no-interaction", "--no-ansi", "check", "--lock")


CHECK = Check(
    tool="poetry-lock",
    lock="poetry.lock",
    argv=_argv,
    fresh=r"^All set!$|\A\s*(?:Warning: .+\s*)+\Z",
    besides=r"\s*(?:(?:Error: (?!.*poetry\.lock)|Warning: ).+\n\s*)+",
    stale=r"^Error: pyproject\.toml changed significantly since poetry\.lock was last generated\.",
    fix="Run `poetry lock` and commit the result.",
    stdout="(All set!)?",
)
TOOL = Tool(
    name="poetry-lock",
    stage=Stage.SCA,
    about="tells whether poetry.lock still fits its manifest",
    uri="https://python-poetry.org/",
    commands=CHECK.commands,
    parse=CHECK.parse,
    select=CHECK.select,
    split=CHECK.split,
    canary=Canary(files={MANIFEST: MANIFEST_TEXT, "poetry.lock": LOCK_TEXT}, expect=frozenset({RULE})),
    lock="poetry-program",  # not `poetry.lock`: that would be taken for one of its own
    program="poetry",
    distribution="poetry",
)
