"""What gitleaks writes: leaks as JSON, and a log of level trace that names each file."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath
from typing import Any

from py_secure_ci.errors import WrongShape
from py_secure_ci.reading import as_dict, as_list, load_json
from py_secure_ci.tool import Execution

LEAKS = 77  # the exit status that we ask for
SCANNED = re.compile(r'TRC scanning path path=("(?:[^"\\]|\\.)*"|[^\n]*)$', re.MULTILINE)
ALLOWED = re.compile(
    r'DBG skipping (?:file|directory): global allowlist path=("(?:[^"\\]|\\.)*"|[^\n]*)$', re.MULTILINE
)
EMPTY = re.compile(r'DBG skipping empty file path=("(?:[^"\\]|\\.)*"|[^\n]*)$', re.MULTILINE)
IGNORED = re.compile(r"fingerprint=(\S+):([a-z0-9-]+):(\d+)$", re.MULTILINE)


def entries_of(execution: Execution) -> list[dict[str, Any]]:
    """The leaks of its report. Raises WrongShape where the exit status means others."""
    what = "gitleaks' report"
    entries = [as_dict(one, what) for one in as_list(load_json(execution.stdout, what), what)]
    if (execution.status == LEAKS) != bool(entries):
        raise WrongShape(f"gitleaks ended with exit status {execution.status} and {len(entries)} leaks")
    return entries


def paths_of(log: str) -> tuple[set[str], set[str]]:
    """(the files that were scanned, those that its own list of paths left out). Raises WrongShape: no scan ended."""
    if not re.search(r" INF scanned ~\d", log):
        raise WrongShape("gitleaks did not say that it scanned anything")
    scanned, allowed, empty = ({_path(one) for one in mark.findall(log)} for mark in (SCANNED, ALLOWED, EMPTY))
    return scanned | empty, allowed


def ignored_of(log: str) -> list[tuple[str, str, int]]:
    """(place, rule, line) of what it passed over because of a `.gitleaksignore`."""
    return [(place, rule, int(line)) for place, rule, line in IGNORED.findall(log)]


def _path(said: str) -> str:
    return str(json.loads(said)) if said.startswith('"') else said


def is_below(file: str, skipped: set[str]) -> bool:
    """Whether it was passed over, or a folder that it is in."""
    return bool(skipped & {file, *(str(folder) for folder in PurePosixPath(file).parents)})
