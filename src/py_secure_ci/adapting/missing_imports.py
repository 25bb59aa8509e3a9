"""Imports that a type checker cannot look up because the project has no environment: that is ours to tell, as a gap."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from py_secure_ci.adapting.findings import sorted_out
from py_secure_ci.adapting.module_names import module_names
from py_secure_ci.model import Finding, Gap
from py_secure_ci.tool import Task

_NAME = re.compile(r"[\"'`]([^\"'`]+)[\"'`]")


def looked_up(
    tool: str, found: Iterable[Finding], task: Task, is_unread: Callable[[Finding], bool], imports: Collection[str]
) -> tuple[list[Finding], tuple[Gap, ...]]:
    """The findings, and the gaps that stand for files that were not read and modules that were not looked up.

    `imports`: the rules of imports that lead nowhere. One of the project's own modules needs no environment, and stays
    a finding.
    """
    kept, gaps = sorted_out(tool, found, is_unread)
    own = {"", *(name.split(".")[0] for name in module_names(task.files).values())}
    lost = [one for one in kept if one.rule in imports] if task.python is None else []
    missing = [one for one in lost if _top(one) not in own]
    return [one for one in kept if one not in missing], (*gaps, *lost_imports(one.message for one in missing))


def lost_imports(messages: Iterable[str]) -> tuple[Gap, ...]:
    """One gap that names the modules: the first word in quotes of each message, or all of one that quotes nothing."""
    modules = sorted({next(iter(_NAME.findall(said)), said) for said in messages})
    if not modules:
        return ()
    return (Gap("imports", f"no environment of the project to look up: {', '.join(modules)}"),)


def _top(one: Finding) -> str:
    """The package that an import is about; empty for a relative one, which is the project's own as well."""
    return next(iter(_NAME.findall(one.message)), "").split(".")[0]
