"""What a unified diff changes in each file: the place, and the edits that make the old text the new."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from py_secure_ci.errors import WrongShape
from py_secure_ci.model import Edit, Location

MOST = 4096  # characters of all edits of a finding: more than that nobody reads in a report
_OLD = re.compile(r"\ufeff?--- (.*?)(?::before)?\t\S+ \S+\r?")  # black begins and ends lines as the file does
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\r?")


@dataclass(frozen=True, slots=True)
class Run:
    """Lines `first` up to, not with, `end` of the old text that become `text`."""

    first: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one file; `line` is the first of the old text that changes."""

    line: int
    runs: tuple[Run, ...]

    def with_more(self, other: Change) -> Change:
        """The changes of two hunks; half a fix is no fix."""
        return Change(self.line, (*self.runs, *other.runs) if self.runs and other.runs else ())

    def edits(self, path: str) -> tuple[Edit, ...]:
        """The replacements, or none where they are long, or where a line's missing break would get lost."""
        return short(Edit(Location(path, one.first, 1, one.end, 1), one.text) for one in self.runs)


def short(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """All of the edits, or none if they are more than anybody reads."""
    kept = tuple(edits)
    return kept if sum(len(one.text) for one in kept) <= MOST else ()


def changes(text: str, what: str) -> dict[str, Change]:
    """File as the diff names it -> what changes. Anything but whole hunks raises WrongShape."""
    lines = text.split("\n")
    if lines.pop():
        raise WrongShape(f"{what}: the diff ends inside a line")
    found: dict[str, Change] = {}
    path, at = "", 0
    while at < len(lines):
        if head := _OLD.fullmatch(lines[at]):
            path, at = head[1], at + 2
        elif (hunk := _HUNK.fullmatch(lines[at])) and path:
            end = _end(lines, at + 1, hunk, what)
            known = found.get(path)
            change = _change(lines[at + 1 : end], int(hunk[1]))
            found[path] = known.with_more(change) if known else change
            at = end
        else:
            raise WrongShape(f"{what}: this is no part of a diff: {lines[at][:100]!r}")
    return found


def _end(lines: list[str], at: int, hunk: re.Match[str], what: str) -> int:
    """The index after the hunk."""
    old, new = (int(hunk[number]) if hunk[number] else 1 for number in (2, 4))
    while old > 0 or new > 0:
        if at >= len(lines) or lines[at][:1] not in {" ", "+", "-", "", "\\"}:
            raise WrongShape(f"{what}: a hunk of the diff is cut off")
        sign = lines[at][:1] or " "
        old, new = old - (sign in " -"), new - (sign in " +")
        at += 1
    while at < len(lines) and lines[at].startswith("\\"):
        at += 1
    return at


def _change(lines: list[str], first: int) -> Change:
    runs: list[Run] = []
    line = max(first, 1)
    for said in lines:
        sign, text = said[:1] or " ", said[1:]
        if sign in "+-":
            last = runs[-1] if runs and runs[-1].end == line else Run(line, line, "")
            runs = [one for one in runs if one is not last]
            line += sign == "-"
            runs.append(Run(last.first, line, last.text + (f"{text}\n" if sign == "+" else "")))
        else:
            line += sign == " "
    start = runs[0].first if runs else max(first, 1)
    whole = not any(said.startswith("\\") for said in lines)  # else a file's last line has no break to replace
    return Change(start, tuple(runs) if whole else ())
