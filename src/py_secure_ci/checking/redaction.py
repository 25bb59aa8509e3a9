"""Keeps what a scanner took for a secret out of every output: the code line, and whatever message quotes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from operator import attrgetter

from py_secure_ci.model import Finding

MASK = "[secret]"
# Use of a hard-coded password, or of hard-coded credentials: the line that is shown would hold them.
_SECRET_CWE = frozenset({259, 798})
_SECRET_RULES = frozenset({"B105", "B106", "B107", "S105", "S106", "S107"})
_MIN = 4
_QUOTED = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)\1""", re.DOTALL)
_ASSIGNED = re.compile(r"[=:]\s*([^\s\"'`,;]+)")
# Words that stand in quotes or behind `=` on such lines everywhere and are no secret.
_HARMLESS = frozenset({"true", "false", "none", "null", "utf-8", "utf8", "password", "secret", "token"})


def redact(findings: Iterable[Finding], lines: Callable[[str, int, int], tuple[str, ...]]) -> tuple[Finding, ...]:
    """The findings without any text that a secret finding's line holds in quotes or behind an equals sign.

    `lines(path, first, last)` gives source lines. A finding that shares a line with a secret loses its code line too;
    one that shares the file loses the lines around it, since a key is longer than the line it was seen in.
    """
    kept = tuple(_marked(finding) for finding in findings)
    places: set[tuple[str, int]] = set()
    words: set[str] = set()
    for finding in kept:
        where = finding.location
        if not finding.secret or where is None or where.line is None:
            continue
        last = min(max(where.end_line or where.line, where.line), where.line + 200)
        places |= {(where.path, number) for number in range(where.line, last + 1)}
        for line in lines(where.path, where.line, last):
            words |= set(_values(line))
    if not places:
        return kept
    pattern = re.compile("|".join(map(_sought, sorted(words, key=lambda word: (-len(word), word))))) if words else None
    quiet = frozenset(path for path, _ in places)
    return tuple(_clean(finding, places, quiet, pattern) for finding in kept)


_shown = attrgetter("message", "fix", "code", "before", "after", "edits", "secret")


def _marked(finding: Finding) -> Finding:
    """Any tool may find a secret, not only those whose trade it is."""
    told = finding.rule in _SECRET_RULES or not _SECRET_CWE.isdisjoint(finding.cwe)
    return replace(finding, secret=True) if told and not finding.secret else finding


def _sought(word: str) -> str:
    """How a value is looked for: a plain word only where it is quoted, or half of every sentence would be masked."""
    return rf"(?<=[\"'`]){re.escape(word)}(?=[\"'`])" if word.isalpha() else re.escape(word)


def _values(line: str) -> Iterable[str]:
    found = [match.group(2) for match in _QUOTED.finditer(line)] + _ASSIGNED.findall(line)
    for value in found:
        if len(value) >= _MIN and value.lower() not in _HARMLESS:
            yield value


def _clean(
    finding: Finding, places: set[tuple[str, int]], quiet: frozenset[str], pattern: re.Pattern[str] | None
) -> Finding:
    where = finding.location
    near = where is not None and where.line is not None and (where.path, where.line) in places
    message, fix, code = finding.message, finding.fix, finding.code
    before, after = ((), ()) if where is not None and where.path in quiet else (finding.before, finding.after)
    if pattern is not None:
        message, fix, code = (pattern.sub(MASK, text) for text in (message, fix, code))
        before, after = (tuple(pattern.sub(MASK, line) for line in lines) for lines in (before, after))
    code = "" if near or finding.secret else code
    edits = () if where is not None and where.path in quiet else finding.edits  # they hold more than one line
    secret = finding.secret or near
    if (message, fix, code, before, after, edits, secret) == _shown(finding):
        return finding  # most are, and a copy costs more than the look
    return replace(finding, message=message, fix=fix, code=code, before=before, after=after, edits=edits, secret=secret)
