"""How a tool that calls `git log` itself is made to see every line that the commits since the base added.

A repository can hide lines from `git log --patch`: attributes make a file binary, settings change the patch's form or
name commands. Options and settings of ours win over both. Merges show what they add to their first parent.
"""

from __future__ import annotations

import os
import re

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Gap
from py_secure_ci.tool import History

_OPTIONS = "--diff-merges=first-parent --no-ext-diff --no-textconv --no-show-signature --text --relative"
_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.attributesFile": os.devnull,
    "core.pager": "cat",
    "core.quotePath": "false",
    "color.ui": "false",
    "diff.external": "",
    "diff.noPrefix": "false",
    "diff.mnemonicPrefix": "false",
    "diff.srcPrefix": "a/",
    "diff.dstPrefix": "b/",
    "diff.suppressBlankEmpty": "false",
    "diff.ignoreSubmodules": "all",
    "log.showSignature": "false",
    "log.date": "default",
    "format.pretty": "medium",
    "protocol.allow": "never",
    "safe.directory": "*",
}
_SCANNED = re.compile(r" INF (\d+) commits? scanned\.$", re.MULTILINE)


def log_options(history: History) -> str:
    """The words for `git log`, parted by spaces."""
    return f"{_OPTIONS} {history.base}..HEAD -- ."


def git_environment() -> dict[str, str]:
    """Variables under which git takes no settings but ours and, below them, the repository's."""
    settings = {f"GIT_CONFIG_KEY_{at}": key for at, key in enumerate(_SETTINGS)}
    settings |= {f"GIT_CONFIG_VALUE_{at}": value for at, value in enumerate(_SETTINGS.values())}
    fixed = {
        "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    return {**fixed, **settings}


def history_gaps(history: History, log: str, tool: str) -> tuple[Gap, ...]:
    """What of the history was not looked at. Raises WrongShape if the log tells of an error, or of no number."""
    scanned = _SCANNED.search(log)
    error = re.search(r" ERR (.*)$", log, re.MULTILINE)
    if error or not scanned:
        raise WrongShape(f"{tool} could not read the history: {error[1] if error else 'it names no number of commits'}")
    gaps = [Gap("history", history.problem)] if history.problem else []
    if int(scanned[1]) < history.commits:
        gaps.append(Gap("history", f"{tool} looked at {scanned[1]} of the {history.commits} commits that add lines"))
    return tuple(gaps)


def unread(history: History | None) -> tuple[Gap, ...]:
    """The gap of a run that has a base which is not there."""
    return (Gap("history", history.problem),) if history and not history.base else ()
