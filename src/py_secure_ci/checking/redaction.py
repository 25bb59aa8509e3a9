"""Keeps what a scanner took for a secret out of every output: the code line, and whatever message quotes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from operator import attrgetter

from py_secure_ci.checking.word_tree import any_of
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
    suspects: set[str] = set()
    for finding in kept:
        where = finding.location
        if not finding.secret or where is None or where.line is None:
            continue
        last = min(max(where.end_line or where.line, where.line), where.line + 200)
        places |= {(where.path, number) for number in range(where.line, last + 1)}
        suspects.update(lines(where.path, where.line, last))  # many findings may be of one line
    if not places:
        return kept
    quiet = frozenset(path for path, _ in places)
    masked = _masking({value for line in suspects for value in _values(line)})
    return tuple(_clean(finding, places, quiet, masked) for finding in kept)


_shown = attrgetter("message", "fix", "code", "before", "after", "edits", "secret")


def _marked(finding: Finding) -> Finding:
    """Any tool may find a secret, not only those whose trade it is."""
    told = finding.rule in _SECRET_RULES or not _SECRET_CWE.isdisjoint(finding.cwe)
    return replace(finding, secret=True) if told and not finding.secret else finding


def _masking(words: set[str]) -> Callable[[str], str]:
    """What masks the words in a text: a plain word only where it is quoted, or half of every sentence would go.

    No other word is the beginning of a plain one, so that the longest is masked at each place all the same.
    """
    if not words:
        return lambda text: text
    plain = any_of(word for word in words if word.isalpha())
    other = any_of(word for word in words if not word.isalpha())
    quoted = rf"(?<=[\"'`])(?:{plain})(?=[\"'`])" if plain else ""
    pattern = re.compile("|".join(filter(None, (other, quoted))))
    return cache(lambda text: pattern.sub(MASK, text))  # lines around findings come again and again


def _values(line: str) -> Iterable[str]:
    found = [match.group(2) for match in _QUOTED.finditer(line)] + _ASSIGNED.findall(line)
    for value in found:
        if len(value) >= _MIN and value.lower() not in _HARMLESS:
            yield value


def _clean(
    finding: Finding, places: set[tuple[str, int]], quiet: frozenset[str], masked: Callable[[str], str]
) -> Finding:
    where = finding.location
    near = where is not None and where.line is not None and (where.path, where.line) in places
    message, fix, code = masked(finding.message), masked(finding.fix), masked(finding.code)
    around = ((), ()) if where is not None and where.path in quiet else (finding.before, finding.after)
    before, after = (tuple(map(masked, lines)) for lines in around)
    code = "" if near or finding.secret else code
    edits = () if where is not None and where.path in quiet else finding.edits  # they hold more than one line
    secret = finding.secret or near
    if (message, fix, code, before, after, edits, secret) == _shown(finding):
        return finding  # most are, and a copy costs more than the look
    return replace(finding, message=message, fix=fix, code=code, before=before, after=after, edits=edits, secret=secret)
