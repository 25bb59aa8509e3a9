"""uv lock --check: whether uv.lock still fits pyproject.toml (https://docs.astral.sh/uv/).

Without network, cache and builds uv answers where everything is static: a lock that fits is taken as it is, and of one
that does not its log names the reason before the resolution fails for lack of a network.
"""

from __future__ import annotations

from py_secure_ci.adapting.lock_freshness import RULE, Check
from py_secure_ci.adapting.planting import planted
from py_secure_ci.model import Stage
from py_secure_ci.tool import Tool


def _argv(folder: str) -> tuple[str, ...]:
    return (
        *("uv", "--directory", folder, "--no-config", "--no-cache", "--no-progress", "--offline", "--verbose"),
        *("lock", "--check", "--no-build", "--no-python-downloads"),
    )


CHECK = Check(
    tool="uv-lock",
    lock="uv.lock",
    argv=_argv,
    fresh=r"^DEBUG Existing `uv\.lock` satisfies workspace requirements$",
    stale=r"^DEBUG (?:Resolving despite|Ignoring) existing lockfile due to (.*)$",
    unable=frozenset({2}),
    fix="Run `uv lock` and commit the result.",
)
TOOL = Tool(
    name="uv-lock",
    stage=Stage.SCA,
    about="tells whether uv.lock still fits its manifest",
    uri="https://docs.astral.sh/uv/",
    commands=CHECK.commands,
    parse=CHECK.parse,
    select=CHECK.select,
    split=CHECK.split,
    canary=planted("uv-lock", RULE),
    lock="uv-program",  # not `uv.lock`: that would be taken for one of its own
    program="uv",
    distribution="uv",
)
