"""Where a unified diff changes each file first."""

from __future__ import annotations

import re

from py_secure_ci.errors import WrongShape

_OLD = re.compile(r"--- (.*?)(?::before)?\t\S+ \S+")
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def first_lines(text: str, what: str) -> dict[str, int]:
    """File as the diff names it -> first line (of the old text) that changes. Anything but whole hunks raises."""
    lines = text.split("\n")
    if lines.pop():
        raise WrongShape(f"{what}: the diff ends inside a line")
    found: dict[str, int] = {}
    path, at = "", 0
    while at < len(lines):
        if head := _OLD.fullmatch(lines[at]):
            path, at = head[1], at + 2
        elif (hunk := _HUNK.fullmatch(lines[at])) and path:
            first, at = _hunk(lines, at + 1, hunk, what)
            found.setdefault(path, first)
        else:
            raise WrongShape(f"{what}: this is no part of a diff: {lines[at][:100]!r}")
    return found


def _hunk(lines: list[str], at: int, hunk: re.Match[str], what: str) -> tuple[int, int]:
    """The first changed line and the index after the hunk."""
    old, new = (int(hunk[number]) if hunk[number] else 1 for number in (2, 4))
    line, first = int(hunk[1]), 0
    while old > 0 or new > 0:
        if at >= len(lines) or lines[at][:1] not in {" ", "+", "-", "", "\\"}:
            raise WrongShape(f"{what}: a hunk of the diff is cut off")
        sign = lines[at][:1] or " "
        first = first or (line if sign in "+-" else 0)
        old, new, line = old - (sign in " -"), new - (sign in " +"), line + (sign in " -")
        at += 1
    while at < len(lines) and lines[at].startswith("\\"):
        at += 1
    return max(first, 1), at
